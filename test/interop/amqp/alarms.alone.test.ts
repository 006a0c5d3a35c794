/** RabbitMQ short of memory or disk, and one that stands still: publishing waits, somebody is told, and nothing is lost. */
import { once } from "node:events";
import { type AmqpError, amqp, connect, pickled } from "@brine/amqp-adapter";
import { dumps } from "@brine/codec";
import { expect, it } from "vitest";
import { describeEachGeneration, describeOurBroker } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy } from "../tcp-proxy.js";

describeEachGeneration("amqp alarms", (set) => {
  const keep = closeAfterEach();

  describeOurBroker(set, () => {
    it.each([
      { alarm: "memory", raise: ["set_vm_memory_high_watermark", "0"], end: ["set_vm_memory_high_watermark", "0.9"] },
      { alarm: "disk", raise: ["set_disk_free_limit", "1000000GB"], end: ["set_disk_free_limit", "1MB"] },
    ])("a $alarm alarm makes publishing wait, and is told", async ({ alarm, raise, end }) => {
      const isolation = await set.isolate();
      const queue = isolation.name(alarm);
      const connection = keep(await connect(isolation.amqp.url));
      const told: string[] = [];
      connection.on("blocked", (reason) => told.push(reason));
      connection.on("unblocked", () => told.push("unblocked"));
      const channel = pickled(await connection.createChannel());
      await channel.assertQueue(queue);
      const transport = keep(amqp(isolation.amqp.url));
      const warnings: AmqpError[] = [];
      transport.on("warning", (error) => warnings.push(error as AmqpError));
      await transport.connect();
      const beside = keep(await connect(isolation.amqp.url));
      const consumer = pickled(await beside.createChannel());

      await set.amqp.rabbitmqctl(...raise);
      const sent: Promise<void>[] = [];
      const abort = new AbortController();
      let confirmed = 0;
      try {
        for (let i = 0; i < 500; i++) sent.push(channel.sendToQueue(queue, i).then(() => void confirmed++));
        sent.push(transport.publish(MESSAGE, { exchange: "", routingKey: queue }).then(() => void confirmed++));
        await eventually(() => expect(told).toEqual([expect.stringContaining(alarm)]));
        expect(connection.isBlocked).toBe(true);
        await eventually(() => expect(warnings).toHaveLength(1));
        expect(warnings[0]).toMatchObject({ code: "blocked", message: expect.stringContaining(alarm) });
        const waiting = channel.sendToQueue(queue, "given up", { signal: abort.signal });
        const aborted = expect(waiting).rejects.toMatchObject({ name: "AbortError" });
        abort.abort();
        await aborted;
        expect(confirmed).toBe(0);
        // Who does not publish is not blocked.
        expect(await consumer.get(queue)).toBe(false);
      } finally {
        await set.amqp.rabbitmqctl(...end);
      }
      await Promise.all(sent);
      await eventually(() => expect(told).toEqual([expect.stringContaining(alarm), "unblocked"]));
      expect(connection.isBlocked).toBe(false);
      const values = new Set<unknown>();
      await consumer.consume(queue, (message) => void values.add(message.value), { noAck: true });
      await eventually(() => {
        for (let i = 0; i < 500; i++) expect(values).toContain(i);
        expect(values).toContain("by transport");
      });
    });

    it("a transport that publishes goes on consuming, which ends the alarm", async () => {
      const isolation = await set.isolate();
      const [queue, results] = [isolation.name("work"), isolation.name("results")];
      const beside = keep(await connect(isolation.amqp.url));
      const checker = pickled(await beside.createChannel());
      for (const name of [queue, results]) await checker.assertQueue(name);
      const transport = keep(amqp(isolation.amqp.url));
      const warnings: AmqpError[] = [];
      transport.on("warning", (error) => warnings.push(error as AmqpError));
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const published: Promise<void>[] = [];
      let handled = 0;
      await transport.consume(
        [{ name: queue }],
        async (delivery) => {
          published.push(transport.publish(MESSAGE, { exchange: "", routingKey: results }));
          await held;
          handled++;
          await delivery.ack();
        },
        { prefetch: 1 },
      );
      const alone = keep(amqp(isolation.amqp.url));
      const sent = Array.from({ length: 5 }, () => alone.publish(MESSAGE, { exchange: "", routingKey: queue }));
      await Promise.all(sent);
      await eventually(() => expect(published).toHaveLength(1));
      await published[0];
      await set.amqp.rabbitmqctl("set_vm_memory_high_watermark", "0");
      try {
        published.push(transport.publish(MESSAGE, { exchange: "", routingKey: results }));
        await eventually(() => expect(warnings).toContainEqual(expect.objectContaining({ code: "blocked" })));
        release();
        await eventually(() => expect(handled).toBe(5));
      } finally {
        await set.amqp.rabbitmqctl("set_vm_memory_high_watermark", "0.9");
      }
      await Promise.all(published);
      expect(published).toHaveLength(6);
    });

    it("a connection that is lost while it is blocked is not blocked for ever", async () => {
      const isolation = await set.isolate();
      const proxy = keep(await startProxy(isolation.amqp.url));
      const connection = keep(await connect(proxy.url, { backOff: { initialDelayMs: 20 } }));
      const queue = isolation.name("lost");
      const channel = pickled(await connection.createChannel());
      channel.on("lost", () => undefined);
      await channel.assertQueue(queue);
      await set.amqp.rabbitmqctl("set_vm_memory_high_watermark", "0");
      let sent: Promise<void>;
      try {
        const blocked = once(connection, "blocked");
        sent = channel.sendToQueue(queue, "kept");
        await blocked;
        const events = Promise.all([once(connection, "unblocked"), once(connection, "reconnect")]);
        // It is sent again, and blocked again.
        const again = events.then(async () => {
          if (!connection.isBlocked) await once(connection, "blocked");
        });
        proxy.cut();
        await again;
      } finally {
        await set.amqp.rabbitmqctl("set_vm_memory_high_watermark", "0.9");
      }
      await sent;
      await eventually(async () => expect(await channel.get(queue)).toMatchObject({ value: "kept" }));
    });

    it("a broker that stands still is noticed by its heartbeat, and gets everything once it goes on", async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("still");
      const options = { heartbeatSeconds: 1, connectTimeoutMs: 4000, backOff: { initialDelayMs: 20, maxDelayMs: 200 } };
      const connection = keep(await connect(isolation.amqp.url, options));
      connection.on("warning", () => undefined);
      const channel = pickled(await connection.createChannel());
      channel.on("lost", () => undefined);
      await channel.assertQueue(queue);
      const arrived = new Set<unknown>();
      await channel.consume(queue, (message) => void arrived.add(message.value), { autoAck: true });
      await channel.sendToQueue(queue, "before");
      await eventually(() => expect(arrived).toContain("before"));

      const lost = once(connection, "disconnect");
      const back = once(connection, "reconnect");
      // Its own shell stops it, as nobody else could tell it to go on.
      await set.amqp.rabbitmqctl(
        "eval",
        'P = os:getpid(), spawn(fun() -> os:cmd("sleep 0.5; kill -STOP " ++ P ++ "; sleep 15; kill -CONT " ++ P) end).',
      );
      const sent: Promise<void>[] = [];
      for (let i = 0; i < 300; i++) sent.push(channel.sendToQueue(queue, i));
      expect((await lost)[0]).toMatchObject({ message: expect.stringContaining("Heartbeat timeout") });
      for (let i = 300; i < 400; i++) sent.push(channel.sendToQueue(queue, i));
      await back;
      await Promise.all(sent);
      await eventually(() => {
        for (let i = 0; i < 400; i++) expect(arrived).toContain(i);
      });
    });
  });
});

const MESSAGE = {
  body: dumps("by transport"),
  contentType: "application/x-python-serialize",
  contentEncoding: "binary",
  headers: {},
  properties: { deliveryMode: 2 as const },
};
