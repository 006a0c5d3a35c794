/** Consumers whose queue is deleted, or who are cancelled, while the broker's answer is on its way. */
import { once } from "node:events";
import { amqp, connect, type Delivery } from "@brine/amqp-adapter";
import { expect, it } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { type HeldAnswers, startProxy } from "../tcp-proxy.js";

/** What a client sends to consume from a queue: `basic.consume`, up to the queue's name. */
const consumeFrom = (queue: string) => `\x00\x3c\x00\x14\x00\x00${String.fromCharCode(queue.length)}${queue}`;
/** To declare one, or to ask whether it is there: `queue.declare`. */
const declareOf = (queue: string) => `\x00\x32\x00\x0a\x00\x00${String.fromCharCode(queue.length)}${queue}`;
/** How many consumers of ours the broker has named: in `basic.consume-ok` and in `basic.cancel`. */
const tagsIn = (held: HeldAnswers) => held.text.split("brine-").length - 1;

describeEachGeneration("late answers", (set) => {
  const keep = closeAfterEach();

  async function start() {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const observer = await keep(await connect(address.url)).createChannel();
    const raw = await observer.raw;
    return { proxy, raw, name };
  }

  async function startTransport() {
    const { proxy, raw, name } = await start();
    const transport = keep(amqp(proxy.url, { backOff: { initialDelayMs: 20, maxDelayMs: 200 } }));
    const warnings: Error[] = [];
    transport.on("warning", (warning) => warnings.push(warning));
    const texts: string[] = [];
    const onMessage = (delivery: Delivery) => {
      texts.push(Buffer.from(delivery.body).toString());
      void delivery.ack();
    };
    return { proxy, raw, name, transport, warnings, texts, onMessage };
  }

  it("a queue that is deleted as soon as it is consumed is consumed again", async () => {
    const { proxy, raw, name, transport, texts, onMessage } = await startTransport();
    const queue = { name: name("deleted") };
    await transport.declareQueue(queue);
    const held = proxy.hold(consumeFrom(queue.name));
    const consuming = transport.consume([queue], onMessage);
    await eventually(() => expect(tagsIn(held)).toBe(1));
    await raw.deleteQueue(queue.name);
    await eventually(() => expect(tagsIn(held)).toBe(2));
    held.release();
    await consuming;
    await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
    raw.sendToQueue(queue.name, Buffer.from("again"));
    await eventually(() => expect(texts).toEqual(["again"]));
  });

  it("a queue that is deleted again while others are still being restored is consumed again", async () => {
    const { proxy, raw, name, transport, texts, onMessage } = await startTransport();
    const queues = [{ name: name("first") }, { name: name("second") }] as const;
    for (const queue of queues) await transport.declareQueue(queue);
    await transport.consume(queues, onMessage);
    const held = proxy.hold(consumeFrom(queues[1].name));
    for (const queue of queues) await raw.deleteQueue(queue.name);
    await eventually(() => expect(tagsIn(held)).toBe(1));
    await raw.deleteQueue(queues[0].name);
    await eventually(() => expect(tagsIn(held)).toBe(2));
    held.release();
    for (const queue of queues) {
      await eventually(async () => expect(await transport.queueLength(queue.name)).toBe(0));
      raw.sendToQueue(queue.name, Buffer.from(queue.name));
    }
    await eventually(() => expect(texts.sort()).toEqual(queues.map((queue) => queue.name)));
  });

  it("a queue that is added while the consumer is being cancelled is not consumed", async () => {
    const { proxy, raw, name, transport, onMessage } = await startTransport();
    const queue = { name: await transport.declareQueue({ name: name("added") }) };
    const consumer = await transport.consume([], onMessage);
    const held = proxy.hold(declareOf(queue.name));
    const adding = consumer.addQueue(queue);
    await eventually(() => expect(held.text).toContain(queue.name));
    await consumer.cancel();
    held.release();
    await expect(adding).rejects.toMatchObject({ code: "closed" });
    expect((await raw.checkQueue(queue.name)).consumerCount).toBe(0);
  });

  it("a channel comes back although the queue of a consumer was deleted as soon as it was consumed", async () => {
    const { proxy, raw, name } = await start();
    const connection = keep(await connect(proxy.url, { backOff: { initialDelayMs: 20 } }));
    const channel = await connection.createChannel();
    const queue = name("deleted");
    await raw.assertQueue(queue);
    const messages: unknown[] = [];
    const held = proxy.hold(consumeFrom(queue));
    const consuming = channel.consume(queue, (message) => void messages.push(message));
    await eventually(() => expect(tagsIn(held)).toBe(1));
    await raw.deleteQueue(queue);
    await eventually(() => expect(tagsIn(held)).toBe(2));
    held.release();
    await consuming;
    expect(messages).toEqual([null]);
    const warnings: Error[] = [];
    connection.on("warning", (warning) => warnings.push(warning));
    const back = once(channel, "reopen");
    proxy.cut();
    await back;
    expect(warnings.filter(({ message }) => message.includes(queue))).toEqual([]);
  });
});
