/** Quorum queues, and unsettled messages: what RabbitMQ does to a consumer that does not settle, and what is left then. */
import { once } from "node:events";
import { amqp, connect, type Delivery, pickled } from "@brine/amqp-adapter";
import { beforeAll, expect, it } from "vitest";
import { describeEachGeneration, describeOurBroker } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy } from "../tcp-proxy.js";

describeEachGeneration("amqp quorum queues", (set) => {
  const keep = closeAfterEach();

  it("deliver a message that kills its consumer a limited number of times, then dead-letter it", async () => {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const options = { backOff: { initialDelayMs: 20, maxDelayMs: 100 } };
    const connection = keep(await connect(proxy.url, options));
    const sender = pickled(await keep(await connect(address.url)).createChannel());
    const [queue, dead] = [name("limited"), name("dead")];
    await sender.assertQueue(dead);
    await sender.assertQueue(queue, {
      deadLetterExchange: "",
      deadLetterRoutingKey: dead,
      arguments: { "x-queue-type": "quorum", "x-delivery-limit": 3 },
    });
    const seen: [value: unknown, count: unknown][] = [];
    const channel = await connection.createChannel({ prefetch: 1 });
    const consumer = pickled(channel);
    consumer.on("lost", () => undefined);
    await consumer.consume(queue, (message) => {
      const { value } = message;
      seen.push([value, message.headers["x-delivery-count"] ?? 0]);
      if (value === "poison") proxy.cut();
      else message.ack();
    });
    await sender.sendToQueue(queue, "poison", { mandatory: true });
    await sender.sendToQueue(queue, "fine", { mandatory: true });
    await eventually(() => expect(seen).toContainEqual(["fine", expect.anything()]));
    const poisoned = seen.filter(([value]) => value === "poison");
    expect(poisoned.map(([, count]) => count)).toEqual([0, 1, 2, 3]);
    const left = await eventually(async () => {
      const message = await sender.get(dead, { noAck: true });
      if (message === false) throw new Error("not there yet");
      return message;
    });
    expect(left.value).toBe("poison");
    const [death] = left.headers["x-death"] as [{ reason: string }];
    expect(death.reason).toBe("delivery_limit");
  });

  describeOurBroker(set, () => {
    /** `undefined`: as configured. */
    const setConsumerTimeout = (ms: number | undefined) =>
      set.amqp.rabbitmqctl(
        "eval",
        ms === undefined
          ? "application:set_env(rabbit, consumer_timeout, 1800000), application:set_env(rabbit, channel_tick_interval, 60000)."
          : `application:set_env(rabbit, consumer_timeout, ${ms}), application:set_env(rabbit, channel_tick_interval, 100).`,
      );

    beforeAll(async () => {
      await setConsumerTimeout(8000);
      return () => setConsumerTimeout(undefined);
    });

    it.each(["classic", "quorum"])(
      "a %s queue's message unsettled for too long comes again, on a channel",
      async (type) => {
        const { amqp: address, name } = await set.isolate();
        const connection = keep(await connect(address.url));
        const channel = await connection.createChannel({ prefetch: 1 });
        const values = pickled(channel);
        const queue = name(type);
        await values.assertQueue(queue, { arguments: { "x-queue-type": type } });
        const seen: [unknown, boolean][] = [];
        const lost = once(values, "lost");
        await values.consume(queue, (message) => {
          seen.push([message.value, message.redelivered]);
          if (message.redelivered || message.value === "next") message.ack();
        });
        await values.sendToQueue(queue, "slow");
        expect((await lost)[0]).toMatchObject({
          code: "precondition-failed",
          message: expect.stringContaining("timed out"),
        });
        await eventually(() =>
          expect(seen).toEqual([
            ["slow", false],
            ["slow", true],
          ]),
        );
        await values.sendToQueue(queue, "next");
        await eventually(() => expect(seen.at(-1)?.[0]).toBe("next"));
      },
    );

    it("a message unsettled for too long comes again, on the transport", async () => {
      const { amqp: address, name } = await set.isolate();
      const transport = keep(amqp(address.url));
      const warnings: Error[] = [];
      transport.on("warning", (error) => warnings.push(error));
      const queue = { name: name("transport"), arguments: { "x-queue-type": "quorum" } };
      await transport.declareQueue(queue);
      const seen: boolean[] = [];
      let slow: Delivery | undefined;
      await transport.consume(
        [queue],
        (delivery) => {
          seen.push(delivery.redelivered);
          if (delivery.redelivered) void delivery.ack();
          else slow = delivery;
        },
        { prefetch: 1 },
      );
      await transport.publish(MESSAGE, { exchange: "", routingKey: queue.name });
      await eventually(() => expect(seen).toEqual([false, true]));
      expect(warnings.map((warning) => warning.message)).toContainEqual(expect.stringContaining("timed out"));
      // Too late: it is another's by now.
      await slow?.ack();
      await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
    });
  });
});

const MESSAGE = {
  body: Buffer.from("1"),
  contentType: "application/data",
  contentEncoding: "binary",
  headers: {},
  properties: { deliveryMode: 2 as const },
};
