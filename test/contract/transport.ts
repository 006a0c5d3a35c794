/** What Celery relies on in a broker, as a suite: run it for every implementation of `Transport`. */
import { randomUUID } from "node:crypto";
import type { Consumer, Delivery, Exchange, Queue, Transport, TransportMessage } from "@brine/celery";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../interop/eventually.js";

export interface TransportContract {
  /** Another connection to the same broker each time. */
  make(): Promise<Transport> | Transport;
  /** Which of two priorities is served first. */
  readonly firstPriority: "higher" | "lower";
  /** Message properties beyond those every transport carries. */
  readonly carriesExpiration: boolean;
  /** A message rejected without requeue goes to the queue's dead-letter exchange. */
  readonly deadLetters: boolean;
}

const message = (text: string, more: Partial<TransportMessage> = {}): TransportMessage => ({
  body: Buffer.from(text),
  contentType: "application/json",
  contentEncoding: "utf-8",
  headers: { task: "t", id: text },
  properties: { correlationId: text, replyTo: "r", deliveryMode: 2 },
  ...more,
});
const textOf = (delivery: Delivery) => Buffer.from(delivery.body).toString();

export function testTransport(name: string, contract: TransportContract): void {
  describe(`the transport contract: ${name}`, () => {
    let transport: Transport;
    let other: Transport;
    let queue: Queue & { name: string };

    beforeEach(async () => {
      transport = await contract.make();
      other = await contract.make();
      await Promise.all([transport.connect(), other.connect()]);
      queue = { name: `contract-${randomUUID()}` };
      await transport.declareQueue(queue);
    });

    afterEach(async () => {
      await transport.deleteQueue(queue.name).catch(() => {});
      await Promise.all([transport.close(), other.close()]);
    });

    const publish = (text: string, more?: Partial<TransportMessage>) =>
      other.publish(message(text, more), { exchange: "", routingKey: queue.name });

    async function collect(
      settle: (delivery: Delivery) => void = (delivery) => void delivery.ack(),
      options: Parameters<Transport["consume"]>[2] = {},
      queues: readonly Queue[] = [queue],
    ): Promise<{ deliveries: Delivery[]; consumer: Consumer; have(count: number): Promise<Delivery[]> }> {
      const deliveries: Delivery[] = [];
      const onMessage = (delivery: Delivery): void => {
        deliveries.push(delivery);
        settle(delivery);
      };
      const consumer = await transport.consume(queues, onMessage, options);
      const have = async (count: number): Promise<Delivery[]> => {
        await eventually(() => expect(deliveries.length).toBeGreaterThanOrEqual(count));
        return deliveries;
      };
      return { deliveries, consumer, have };
    }

    test("carries body, content type, headers and properties unchanged", async () => {
      const body = Uint8Array.from({ length: 256 }, (_, i) => i);
      const headers = {
        text: "grüße",
        nothing: null,
        yes: true,
        pair: [null, 300],
        small: 5,
        large: 2 ** 40,
        negative: -1,
        fraction: 0.5,
        nested: { list: [1, { deep: "x" }] },
      };
      const expiration = contract.carriesExpiration ? { expiration: "60000" } : {};
      const properties = { correlationId: "c", replyTo: "r", deliveryMode: 2, priority: 0, ...expiration } as const;
      await publish("", {
        body,
        headers,
        properties,
        contentType: "application/x-python-serialize",
        contentEncoding: "binary",
      });
      const { have } = await collect();
      const [delivery] = await have(1);
      expect(Uint8Array.from(delivery!.body)).toEqual(body);
      expect(delivery).toMatchObject({ contentType: "application/x-python-serialize", contentEncoding: "binary" });
      expect(delivery!.properties).toMatchObject(properties);
      expect({ ...delivery!.headers }).toMatchObject(headers);
      expect(delivery).toMatchObject({ exchange: "", routingKey: queue.name, queue: queue.name, redelivered: false });
    });

    test("headers have no prototype, so that only own keys exist", async () => {
      await publish("a");
      const [delivery] = await (await collect()).have(1);
      expect(Object.getPrototypeOf(delivery!.headers)).toBeNull();
    });

    test("delivers in order, each message once", async () => {
      for (let i = 0; i < 20; i++) await publish(String(i));
      const deliveries = await (await collect()).have(20);
      expect(deliveries.map(textOf)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
      expect(await transport.queueLength(queue.name)).toBe(0);
    });

    test("holds back what exceeds the prefetch until something is settled", async () => {
      for (let i = 0; i < 5; i++) await publish(String(i));
      const { deliveries, have, consumer } = await collect(() => {}, { prefetch: 2 });
      await have(2);
      expect(await transport.queueLength(queue.name)).toBe(3);
      await deliveries[0]!.ack();
      await have(3);
      await consumer.setPrefetch(4);
      await have(5);
      for (const delivery of deliveries) await delivery.ack();
    });

    test("reject with requeue delivers again, marked so; without it is gone", async () => {
      await publish("again");
      let times = 0;
      const { have } = await collect(
        (delivery) => void (times++ === 0 ? delivery.reject({ requeue: true }) : delivery.ack()),
      );
      const [first, second] = await have(2);
      expect([textOf(first!), textOf(second!)]).toEqual(["again", "again"]);
      expect([first!.redelivered, second!.redelivered]).toEqual([false, true]);
    });

    test("reject without requeue drops the message, and dead-letters where the queue says so", async () => {
      await publish("bad");
      const { have } = await collect((delivery) => void delivery.reject({ requeue: false }));
      await have(1);
      await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
      if (!contract.deadLetters) return;
      const dead = { name: `${queue.name}-dead` };
      const source = {
        name: `${queue.name}-source`,
        arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name },
      };
      for (const one of [dead, source]) await transport.declareQueue(one);
      const rejecting = await collect((delivery) => void delivery.reject({ requeue: false }), {}, [source]);
      await other.publish(message("bad"), { exchange: "", routingKey: source.name });
      await rejecting.have(1);
      await eventually(async () => expect(await transport.queueLength(dead.name)).toBe(1));
      for (const one of [dead, source]) await transport.deleteQueue(one.name);
    });

    test("a second settlement does nothing", async () => {
      await publish("once");
      const [delivery] = await (await collect(() => {})).have(1);
      await delivery!.ack();
      await delivery!.ack();
      await delivery!.reject({ requeue: true });
      expect(await transport.queueLength(queue.name)).toBe(0);
    });

    test("what is unsettled goes back when the connection closes", async () => {
      await publish("unfinished");
      const { have, deliveries } = await collect(() => {});
      await have(1);
      await transport.close();
      // Too late: it does nothing.
      expect(deliveries[0]!.alive).toBe(false);
      await deliveries[0]!.ack();
      await eventually(async () => expect(await other.queueLength(queue.name)).toBe(1));
      transport = await contract.make();
      await transport.connect();
      const [again] = await (await collect()).have(1);
      expect(textOf(again!)).toBe("unfinished");
    });

    test("cancel stops deliveries; delivered messages can still be settled", async () => {
      await publish("first");
      const { have, deliveries, consumer } = await collect(() => {}, { prefetch: 1 });
      await have(1);
      await consumer.cancel();
      await deliveries[0]!.ack();
      await publish("second");
      expect(await transport.queueLength(queue.name)).toBe(1);
      expect(deliveries).toHaveLength(1);
    });

    test("noAck messages count as settled", async () => {
      const { have } = await collect(() => {}, { noAck: true });
      for (let i = 0; i < 3; i++) await publish(String(i));
      await have(3);
      await transport.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect(await other.queueLength(queue.name)).toBe(0);
    });

    test("queues join and leave a consumer while it runs", async () => {
      const second = { name: `${queue.name}-2` };
      await transport.declareQueue(second);
      const { have, deliveries, consumer } = await collect();
      await consumer.addQueue(second);
      await other.publish(message("two"), { exchange: "", routingKey: second.name });
      const [delivery] = await have(1);
      expect(delivery!.queue).toBe(second.name);
      await consumer.cancelQueue(second.name);
      await other.publish(message("three"), { exchange: "", routingKey: second.name });
      await publish("four");
      await have(2);
      expect(deliveries.map(textOf)).toEqual(["two", "four"]);
      await transport.deleteQueue(second.name);
    });

    describe.each([
      ["direct", "red", ["red"]],
      ["topic", "video.*", ["video.encode"]],
      ["fanout", "", ["", ""]],
    ] as const)("a %s exchange", (type, bindingKey, keys) => {
      test(`routes by ${bindingKey || "nothing"}`, async () => {
        const exchange: Exchange = { name: `contract-${type}-${randomUUID()}`, type, durable: false };
        const bound = {
          name: `${queue.name}-${type}`,
          exchange,
          routingKey: bindingKey,
          durable: false,
          autoDelete: true,
        };
        await transport.declareQueue(bound);
        const { have, deliveries } = await collect(undefined, {}, [bound]);
        await other.declareExchange(exchange);
        for (const routingKey of keys)
          await other.publish(message(routingKey || "empty"), { exchange: exchange.name, routingKey });
        if (type !== "fanout")
          await other.publish(message("not for us"), { exchange: exchange.name, routingKey: "blue.x.y" });
        await have(keys.length);
        expect(deliveries.map(textOf).sort()).toEqual(keys.map((key) => key || "empty").sort());
      });
    });

    test("serves priorities in the broker's order", async () => {
      const priorities = { name: `${queue.name}-priority`, arguments: { "x-max-priority": 9 } };
      await transport.declareQueue(priorities);
      for (const priority of [3, 0, 9]) {
        const properties = { deliveryMode: 2 as const, priority };
        await other.publish(message(String(priority), { properties }), { exchange: "", routingKey: priorities.name });
      }
      const { have } = await collect(undefined, { prefetch: 1 }, [priorities]);
      const order = (await have(3)).map(textOf);
      expect(order).toEqual(contract.firstPriority === "higher" ? ["9", "3", "0"] : ["0", "3", "9"]);
      await transport.deleteQueue(priorities.name);
    });

    test("purges", async () => {
      for (let i = 0; i < 3; i++) await publish(String(i));
      expect(await transport.purgeQueue(queue.name)).toBe(3);
      expect(await transport.queueLength(queue.name)).toBe(0);
    });
  });
}
