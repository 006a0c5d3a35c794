/** The RabbitMQ transport against a real broker: what Celery relies on. */
import { type AmqpTransport, amqp, type Delivery, type Queue } from "@brine/amqp-adapter";
import { connect } from "amqplib";
import { describe, expect, it } from "vitest";
import type { Isolation } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";

const message = (text: string, more: { headers?: Record<string, unknown>; properties?: object } = {}) => ({
  body: Buffer.from(text),
  contentType: "application/json",
  contentEncoding: "utf-8",
  headers: more.headers ?? {},
  properties: { deliveryMode: 2 as const, ...more.properties },
});

describeEachGeneration("amqp transport", (set) => {
  const kept = closeAfterEach();

  async function start(): Promise<{ transport: AmqpTransport; isolation: Isolation; warnings: Error[] }> {
    const isolation = await set.isolate();
    const transport = kept(amqp(isolation.amqp.url, { backOff: { initialDelayMs: 20, maxDelayMs: 200 } }));
    const warnings: Error[] = [];
    transport.on("warning", (warning) => warnings.push(warning));
    await transport.connect();
    return { transport, isolation, warnings };
  }

  /** Consumes and collects; nothing is settled. */
  async function collect(transport: AmqpTransport, queues: readonly Queue[], options = {}) {
    const deliveries: Delivery[] = [];
    const consumer = await transport.consume(queues, (delivery) => void deliveries.push(delivery), options);
    const texts = () => deliveries.map((delivery) => Buffer.from(delivery.body).toString());
    return { deliveries, consumer, texts };
  }

  it("never shows a password", async () => {
    const { transport } = await start();
    expect(transport.description).not.toContain("guest:");
    expect(transport.description).toMatch(/^amqp:\/\//);
  });

  it("carries a message with everything that is on it", async () => {
    const { transport, isolation } = await start();
    const exchange = { name: isolation.name("direct"), type: "direct" as const };
    const queue = { name: isolation.name("all"), exchange, routingKey: "key", arguments: { "x-max-priority": 10 } };
    expect(await transport.declareQueue(queue)).toBe(queue.name);
    const headers = { task: "t", timelimit: [300, 240], big: 2n ** 60n, nothing: null };
    const properties = {
      correlationId: "c",
      replyTo: "r",
      priority: 5,
      expiration: "60000",
      messageId: "m",
      type: "x",
      timestamp: 1,
    };
    await transport.publish(message("body", { headers, properties }), { exchange: exchange.name, routingKey: "key" });
    const { deliveries } = await collect(transport, [queue]);
    await eventually(() => expect(deliveries).toHaveLength(1));
    const delivery = deliveries[0] as Delivery;
    expect(delivery).toMatchObject({
      contentType: "application/json",
      contentEncoding: "utf-8",
      properties: { ...properties, deliveryMode: 2 },
      exchange: exchange.name,
      routingKey: "key",
      queue: queue.name,
      redelivered: false,
      alive: true,
    });
    expect({ ...delivery.headers }).toEqual(headers);
    expect(Object.getPrototypeOf(delivery.headers)).toBeNull();
    await delivery.ack();
    await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
  });

  it("delivers higher priorities first", async () => {
    const { transport, isolation } = await start();
    const queue = { name: isolation.name("priority"), arguments: { "x-max-priority": 10 } };
    await transport.declareQueue(queue);
    for (const priority of [0, 9, 3, 6]) {
      await transport.publish(message(String(priority), { properties: { priority } }), {
        exchange: "",
        routingKey: queue.name,
      });
    }
    const { texts } = await collect(transport, [queue]);
    await eventually(() => expect(texts()).toEqual(["9", "6", "3", "0"]));
  });

  it("rejects to a dead-letter exchange, requeues, and settles once", async () => {
    const { transport, isolation } = await start();
    const dead = { name: isolation.name("dead") };
    const queue = {
      name: isolation.name("settle"),
      arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name },
    };
    await transport.declareQueue(dead);
    await transport.declareQueue(queue);
    await transport.publish(message("1"), { exchange: "", routingKey: queue.name });
    const { deliveries } = await collect(transport, [queue]);
    await eventually(() => expect(deliveries).toHaveLength(1));
    await deliveries[0]?.reject({ requeue: true });
    await deliveries[0]?.ack();
    await eventually(() => expect(deliveries).toHaveLength(2));
    expect(deliveries[1]?.redelivered).toBe(true);
    await deliveries[1]?.reject({ requeue: false });
    await eventually(async () => expect(await transport.queueLength(dead.name)).toBe(1));
    expect(await transport.purgeQueue(dead.name)).toBe(1);
    await transport.deleteQueue(dead.name);
    await expect(transport.queueLength(dead.name)).rejects.toMatchObject({ code: "not-found" });
  });

  describe("what the broker refuses", () => {
    it("and what amqplib refuses is an error at once, not tried again", async () => {
      const { transport, isolation } = await start();
      const name = "n".repeat(256);
      await expect(transport.declareQueue({ name })).rejects.toMatchObject({ code: "bad-option" });
      await expect(transport.queueLength(name)).rejects.toMatchObject({ code: "bad-option" });
      await expect(transport.publish(message("1"), { exchange: "", routingKey: name })).rejects.toMatchObject({
        code: "bad-option",
      });
      await transport.declareQueue({ name: isolation.name("after") });
    });

    it("is a typed error of that operation, and nothing else fails", async () => {
      const { transport, isolation, warnings } = await start();
      const queue = { name: isolation.name("steady") };
      await transport.declareQueue(queue);
      const { texts } = await collect(transport, [queue]);
      const to = (exchange: string, routingKey: string, more = {}) => ({ exchange, routingKey, ...more });
      const good = () => transport.publish(message("ok"), to("", queue.name));
      const results = await Promise.allSettled([
        good(),
        transport.publish(message("x"), to("no-such-exchange", "k")),
        good(),
        transport.publish(message("x"), to("", "no-such-queue", { mandatory: true })),
        transport.publish(message("x", { properties: { expiration: "soon" } }), to("", queue.name)),
        transport.publish(message("x", { headers: { f: () => 1 } }), to("", queue.name)),
        transport.publish(message("x", { headers: { long: "x".repeat(70_000) } }), to("", queue.name)),
        good(),
        transport.declareQueue({ ...queue, durable: false }),
        transport.queueLength("no-such-queue"),
        transport.bindExchange("no-such-exchange", "nor-this", "#"),
        transport.consume([{ name: "no-such-queue" }], () => undefined),
        good(),
      ]);
      const codes = results.map((result) =>
        result.status === "fulfilled" ? "ok" : (result.reason as { code: string }).code,
      );
      expect(codes).toEqual([
        "ok",
        "not-found",
        "ok",
        "returned",
        "precondition-failed",
        "bad-header",
        "bad-option",
        "ok",
        "precondition-failed",
        "not-found",
        "not-found",
        "not-found",
        "ok",
      ]);
      // At least once: those next to a refused one were sent again.
      await eventually(() => expect(texts().length).toBeGreaterThanOrEqual(4));
      expect(new Set(texts())).toEqual(new Set(["ok"]));
      expect(warnings).toEqual([]);
    });

    it("may be the message itself, by a full queue", async () => {
      const { transport, isolation } = await start();
      const queue = { name: isolation.name("full"), arguments: { "x-max-length": 2, "x-overflow": "reject-publish" } };
      await transport.declareQueue(queue);
      const results = await Promise.allSettled(
        Array.from({ length: 4 }, () => transport.publish(message("x"), { exchange: "", routingKey: queue.name })),
      );
      const refused = results.filter((result) => result.status === "rejected");
      expect(refused.length).toBeGreaterThanOrEqual(1);
      for (const { reason } of refused) expect(reason).toMatchObject({ name: "PublishError", code: "nacked" });
    });
  });

  it("publishes without confirms where it is told to, and closes only once all is written", async () => {
    const { transport, isolation } = await start();
    const queue = { name: isolation.name("unconfirmed") };
    await transport.declareQueue(queue);
    const client = amqp(isolation.amqp.url, { confirmPublish: false });
    // Small ones go in batches, large ones as amqplib sends them: neither overtakes the other.
    const texts = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat(n % 10 === 0 ? 20_000 : 10)}`);
    const sending = texts.map((text) => client.publish(message(text), { exchange: "", routingKey: queue.name }));
    await Promise.all(sending);
    await client.close();
    const { texts: arrived } = await collect(transport, [queue]);
    await eventually(() => expect(arrived()).toHaveLength(300));
    expect(arrived()).toEqual(texts);
  });

  it("gives up a publish that is aborted while there is no connection", async () => {
    const unreachable = kept(amqp("amqp://127.0.0.1:1", { closeTimeoutMs: 50 }));
    const publish = unreachable.publish(message("x"), {
      exchange: "",
      routingKey: "q",
      signal: AbortSignal.timeout(50),
    });
    await expect(publish).rejects.toMatchObject({ name: "TimeoutError" });
  });

  describe("prefetch", () => {
    it("is shared by classic queues and can change while consuming", async () => {
      const { transport, isolation } = await start();
      const queues = [{ name: isolation.name("a") }, { name: isolation.name("b") }];
      for (const queue of queues) {
        await transport.declareQueue(queue);
        for (let count = 0; count < 10; count++)
          await transport.publish(message("x"), { exchange: "", routingKey: queue.name });
      }
      const { deliveries, consumer } = await collect(transport, queues, { prefetch: 4 });
      await eventually(() => expect(deliveries).toHaveLength(4));
      await consumer.setPrefetch(6);
      await eventually(() => expect(deliveries).toHaveLength(6));
      await deliveries[0]?.ack();
      await eventually(() => expect(deliveries).toHaveLength(7));
      await consumer.cancelQueue(queues[0]?.name as string);
      await consumer.cancel();
      // Still settled after the end of consuming.
      for (const delivery of deliveries) await delivery.ack();
      const left = async () =>
        (await Promise.all(queues.map(({ name }) => transport.queueLength(name)))).reduce((a, b) => a + b);
      await eventually(async () => expect(await left()).toBe(13));
    });

    it("belongs to each quorum queue, next to classic ones", async () => {
      const { transport, isolation } = await start();
      const classic = { name: isolation.name("classic") };
      const quorum = { name: isolation.name("quorum"), arguments: { "x-queue-type": "quorum" } };
      for (const queue of [classic, quorum]) {
        await transport.declareQueue(queue);
        for (let count = 0; count < 5; count++)
          await transport.publish(message("x"), { exchange: "", routingKey: queue.name });
      }
      const { deliveries } = await collect(transport, [classic, quorum], { prefetch: 2 });
      await eventually(() => expect(deliveries).toHaveLength(4));
      expect(deliveries.filter((delivery) => delivery.queue === quorum.name)).toHaveLength(2);
      for (const delivery of deliveries) await delivery.ack();
      await eventually(() => expect(deliveries).toHaveLength(8));
    });

    it("survives a queue that is a quorum queue without saying so", async () => {
      const { transport, isolation } = await start();
      const name = isolation.name("surprise");
      await transport.declareQueue({ name, arguments: { "x-queue-type": "quorum" } });
      await transport.publish(message("x"), { exchange: "", routingKey: name });
      // Another process, which knows the queue by its name only.
      const other = kept(amqp(isolation.amqp.url, { backOff: { initialDelayMs: 20 } }));
      const { deliveries } = await collect(other, [{ name }], { prefetch: 1 });
      await eventually(() => expect(deliveries).toHaveLength(1));
      await deliveries[0]?.ack();
      await eventually(async () => expect(await transport.queueLength(name)).toBe(0));
    });
  });

  describe("consumers", () => {
    it("come back when the broker cancels them because the queue was deleted", async () => {
      const { transport, isolation, warnings } = await start();
      const exchange = { name: isolation.name("ex"), type: "topic" as const };
      const queue = { name: isolation.name("deleted"), exchange, routingKey: "a.*" };
      const other = { name: isolation.name("kept") };
      for (const each of [queue, other]) await transport.declareQueue(each);
      const { deliveries } = await collect(transport, [queue, other]);
      await transport.publish(message("1"), { exchange: "", routingKey: other.name });
      await eventually(() => expect(deliveries).toHaveLength(1));
      const outside = await connect(isolation.amqp.url);
      await (await outside.createChannel()).deleteQueue(queue.name);
      await outside.close();
      await eventually(() => expect(warnings).toHaveLength(1));
      expect(warnings[0]).toMatchObject({ code: "consumer-cancelled" });
      await eventually(() =>
        transport.publish(message("2"), { exchange: exchange.name, routingKey: "a.b", mandatory: true }),
      );
      await eventually(() => expect(deliveries).toHaveLength(2));
      expect(deliveries[0]?.alive).toBe(true);
    });

    it("exclude others when exclusive, and can leave one queue", async () => {
      const { transport, isolation } = await start();
      const queues = [{ name: isolation.name("one") }, { name: isolation.name("two") }];
      for (const queue of queues) await transport.declareQueue(queue);
      const { consumer } = await collect(transport, queues.slice(0, 1), { exclusive: true });
      await expect(collect(transport, queues.slice(0, 1))).rejects.toMatchObject({
        name: "ChannelError",
        code: "access-refused",
      });
      await consumer.addQueue(queues[1] as Queue);
      await consumer.addQueue(queues[1] as Queue);
      await consumer.cancelQueue(queues[0]?.name as string);
      await collect(transport, queues.slice(0, 1));
    });

    it("outlive a callback that throws", async () => {
      const { transport, isolation, warnings } = await start();
      const queue = { name: await transport.declareQueue({ name: isolation.name("throws") }) };
      let calls = 0;
      await transport.consume([queue], (delivery) => {
        calls++;
        if (calls === 1) throw new Error("callback");
        void delivery.ack();
      });
      for (const text of ["1", "2"]) await transport.publish(message(text), { exchange: "", routingKey: queue.name });
      await eventually(() => expect(calls).toBe(2));
      expect(warnings).toMatchObject([{ code: "handler-failed" }]);
      await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
    });

    it("settle nothing with noAck", async () => {
      const { transport, isolation } = await start();
      const queue = { name: await transport.declareQueue({ name: isolation.name("noack") }) };
      const { deliveries } = await collect(transport, [queue], { noAck: true, prefetch: 1 });
      for (let count = 0; count < 5; count++)
        await transport.publish(message("x"), { exchange: "", routingKey: queue.name });
      await eventually(() => expect(deliveries).toHaveLength(5));
      await deliveries[0]?.ack();
      await deliveries[1]?.reject({ requeue: true });
      await transport.publish(message("x"), { exchange: "", routingKey: queue.name });
      await eventually(() => expect(deliveries).toHaveLength(6));
    });
  });

  it("waits for publishes under way when it closes, and gives unsettled messages back", async () => {
    const { transport, isolation } = await start();
    const observer = kept(amqp(isolation.amqp.url));
    const queue = { name: await transport.declareQueue({ name: isolation.name("closing") }) };
    await transport.publish(message("0"), { exchange: "", routingKey: queue.name });
    const { deliveries, consumer } = await collect(transport, [queue], { prefetch: 1 });
    await eventually(() => expect(deliveries).toHaveLength(1));
    await consumer.cancel();
    const sent = Array.from({ length: 500 }, (_, n) =>
      transport.publish(message(`${n}`), { exchange: "", routingKey: queue.name }),
    );
    await transport.close();
    expect((await Promise.allSettled(sent)).every((result) => result.status === "fulfilled")).toBe(true);
    await eventually(async () => expect(await observer.queueLength(queue.name)).toBe(501));
    await expect(transport.publish(message("x"), { exchange: "", routingKey: "q" })).rejects.toMatchObject({
      code: "closed",
    });
    expect(deliveries[0]?.alive).toBe(false);
  });
});
