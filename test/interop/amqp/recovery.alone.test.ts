/** What is left after connections are cut and brokers restarted: every message, counted. */
import { amqp, type Delivery, type Queue } from "@brine/amqp-adapter";
import { describe, expect, it } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { TEST_MS } from "../../services/patience.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { soakCount, soakTimeoutMs } from "../soak.js";
import { startProxy } from "../tcp-proxy.js";

const MESSAGES = soakCount(2_000);

const message = (index: number) => ({
  body: Buffer.from(String(index)),
  contentType: "application/data",
  contentEncoding: "binary",
  headers: { index },
  properties: { deliveryMode: 2 as const, correlationId: `m${index}` },
});

describeEachGeneration("amqp recovery", (set) => {
  const keep = closeAfterEach();
  const transport = (url: string | readonly string[], options = {}) =>
    keep(amqp(url, { backOff: { initialDelayMs: 20, maxDelayMs: 500 }, ...options }));

  /** Publishes and consumes `MESSAGES` messages while `disturb` is called every so often; gives how often each arrived. */
  async function exchangeMessages(url: string, queue: Queue, disturb: (published: number) => Promise<void> | void) {
    const publisher = transport(url);
    const worker = transport(url);
    await publisher.declareQueue(queue);
    const arrivals = new Map<number, number>();
    const redelivered = new Set<number>();
    const consumer = await worker.consume(
      [queue],
      (delivery: Delivery) => {
        const index = Number(Buffer.from(delivery.body).toString());
        expect(delivery.headers.index).toBe(index);
        arrivals.set(index, (arrivals.get(index) ?? 0) + 1);
        if (delivery.redelivered) redelivered.add(index);
        void delivery.ack();
      },
      { prefetch: 50 },
    );
    const confirmed: Promise<void>[] = [];
    for (let index = 0; index < MESSAGES; index++) {
      confirmed.push(publisher.publish(message(index), { exchange: "", routingKey: queue.name }));
      if (index % 50 === 49) await confirmed.at(-1);
      if (index % 400 === 200) await disturb(index);
    }
    await Promise.all(confirmed);
    await eventually(async () => {
      expect(arrivals.size).toBe(MESSAGES);
      expect(await publisher.queueLength(queue.name)).toBe(0);
    }, soakTimeoutMs(60_000));
    await consumer.cancel();
    return { arrivals, redelivered, publisher };
  }

  it(
    `loses none of ${MESSAGES} messages when the connection is cut again and again`,
    async () => {
      const { amqp: address, name } = await set.isolate();
      const proxy = keep(await startProxy(address.url));
      let cuts = 0;
      const { arrivals, redelivered } = await exchangeMessages(proxy.url, { name: name("cut") }, () => {
        cuts++;
        proxy.cut();
      });
      expect(cuts).toBe(Math.ceil((MESSAGES - 200) / 400));
      expect(proxy.accepted).toBeGreaterThan(cuts);
      const twice = [...arrivals].filter(([, count]) => count > 1);
      // At least once: resent without a confirm, or redelivered without an ack; never more than one batch each cut.
      expect(twice.length).toBeLessThanOrEqual(cuts * 100);
      expect([...redelivered].every((index) => arrivals.has(index))).toBe(true);
    },
    soakTimeoutMs(TEST_MS),
  );

  it(
    `loses none of ${MESSAGES} persistent messages when RabbitMQ restarts`,
    async (context) => {
      if (!set.amqp.isOurs) context.skip("the broker was given by URL and is not ours to restart");
      const { amqp: address, name } = await set.isolate();
      let restarted = 0;
      await exchangeMessages(address.url, { name: name("restart") }, async (published) => {
        if (published !== 1000) return;
        restarted++;
        await set.amqp.restart();
      });
      expect(restarted).toBe(1);
    },
    soakTimeoutMs(TEST_MS),
  );

  it(
    `loses none of ${MESSAGES} persistent messages when RabbitMQ is killed`,
    async (context) => {
      if (!set.amqp.isOurs) context.skip("the broker was given by URL and is not ours to kill");
      const { amqp: address, name } = await set.isolate();
      await exchangeMessages(address.url, { name: name("kill") }, async (published) => {
        if (published !== 1000) return;
        // A queue that was declared a moment ago can otherwise be unknown to RabbitMQ 3.10 after a kill.
        await set.amqp.rabbitmqctl("eval", "mnesia:sync_log().");
        await set.amqp.kill();
        await set.amqp.start();
      });
    },
    soakTimeoutMs(TEST_MS),
  );

  it("rejects what was unconfirmed, when told to", async () => {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const publisher = transport(proxy.url, { unconfirmed: "reject" });
    const queue = await publisher.declareQueue({ name: name("reject") });
    await publisher.publish(message(0), { exchange: "", routingKey: queue });
    proxy.freeze();
    const lost = publisher.publish(message(1), { exchange: "", routingKey: queue });
    const refused = expect(lost).rejects.toMatchObject({ name: "PublishError", code: "unconfirmed" });
    setImmediate(() => proxy.cut());
    await refused;
    await publisher.publish(message(2), { exchange: "", routingKey: queue });
  });

  it("notices a connection that is open but dead by its heartbeat", async () => {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const publisher = transport(proxy.url, { heartbeatSeconds: 1 });
    const queue = await publisher.declareQueue({ name: name("heartbeat") });
    const reconnected = new Promise<void>((resolve) => publisher.on("reconnect", resolve));
    const lost = new Promise<Error>((resolve) => publisher.on("disconnect", resolve));
    proxy.freeze();
    expect((await lost).message).toContain("Heartbeat timeout");
    await reconnected;
    await publisher.publish(message(1), { exchange: "", routingKey: queue });
    expect(await publisher.queueLength(queue)).toBe(1);
  });

  it("moves on to the next host", async () => {
    const { amqp: address, name } = await set.isolate();
    const first = keep(await startProxy(address.url));
    const second = keep(await startProxy(address.url));
    const publisher = transport([first.url, second.url]);
    const queue = await publisher.declareQueue({ name: name("hosts") });
    expect([first.accepted, second.accepted]).toEqual([1, 0]);
    const reconnected = new Promise<void>((resolve) => publisher.on("reconnect", resolve));
    await first.close();
    await reconnected;
    await publisher.publish(message(1), { exchange: "", routingKey: queue });
    expect(second.accepted).toBe(1);
  });

  it("declares exclusive queues and bindings again, and consumes from them", async () => {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const worker = transport(proxy.url);
    const exchange = { name: name("fanout"), type: "fanout" as const, durable: false, autoDelete: true };
    const queue = { name: "", exchange, exclusive: true, durable: false, autoDelete: true };
    const generated = await worker.declareQueue(queue);
    const bodies: string[] = [];
    await worker.consume([{ ...queue, name: generated }], (delivery) => {
      bodies.push(Buffer.from(delivery.body).toString());
      void delivery.ack();
    });
    const reconnected = new Promise<void>((resolve) => worker.on("reconnect", resolve));
    proxy.cut();
    await reconnected;
    await worker.publish(message(7), { exchange: exchange.name, routingKey: "", mandatory: true });
    await eventually(() => expect(bodies).toEqual(["7"]));
  });

  it("marks deliveries of a lost connection, and settling them does nothing", async () => {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const worker = transport(proxy.url);
    const queue = { name: await worker.declareQueue({ name: name("alive") }) };
    const deliveries: Delivery[] = [];
    await worker.consume([queue], (delivery) => void deliveries.push(delivery));
    await worker.publish(message(1), { exchange: "", routingKey: queue.name });
    await eventually(() => expect(deliveries).toHaveLength(1));
    expect(deliveries[0]?.alive).toBe(true);
    proxy.cut();
    await eventually(() => expect(deliveries).toHaveLength(2));
    expect(deliveries[0]?.alive).toBe(false);
    expect(deliveries[1]).toMatchObject({ alive: true, redelivered: true });
    await deliveries[0]?.ack();
    await deliveries[1]?.ack();
    await deliveries[1]?.ack();
    await eventually(async () => expect(await worker.queueLength(queue.name)).toBe(0));
  });

  describe("the first connection", () => {
    it("fails at once with a wrong password, which no message shows", async () => {
      const url = new URL(set.amqp.url);
      url.password = "wrong-password";
      const error = await transport(url.href)
        .connect()
        .catch((reason: Error) => reason);
      expect(error).toMatchObject({ name: "ConnectionError", code: "access-refused" });
      expect(String(error)).not.toContain("wrong-password");
    });

    it("gives up after the attempts allowed", async () => {
      const unreachable = transport("amqp://127.0.0.1:1", { maxConnectAttempts: 3 });
      const warnings: Error[] = [];
      unreachable.on("warning", (warning) => warnings.push(warning));
      await expect(unreachable.connect()).rejects.toMatchObject({ code: "unreachable" });
      expect(warnings).toHaveLength(2);
    });

    it("stops waiting when aborted", async () => {
      const unreachable = transport("amqp://127.0.0.1:1");
      await expect(unreachable.connect(AbortSignal.timeout(50))).rejects.toMatchObject({ name: "TimeoutError" });
    });
  });
});
