/** Channels that outlive their connection. */
import { type AmqpConnection, connect, pickled, type RecoveringChannel } from "@brine/amqp-adapter";
import { expect, it } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy, type TcpProxy } from "../tcp-proxy.js";

describeEachGeneration("amqp channels", (set) => {
  const keep = closeAfterEach();

  async function start(): Promise<{ connection: AmqpConnection; proxy: TcpProxy; name: (label: string) => string }> {
    const { amqp: address, name } = await set.isolate();
    const proxy = keep(await startProxy(address.url));
    const connection = keep(await connect(proxy.url, { backOff: { initialDelayMs: 20 } }));
    return { connection, proxy, name };
  }

  const reopened = (channel: RecoveringChannel) => new Promise<void>((resolve) => channel.once("reopen", resolve));

  it("are set up again, consume again with their prefetch, and settle only their own messages", async () => {
    const { connection, proxy, name } = await start();
    const queue = name("jobs");
    let setups = 0;
    const channel = await connection.createChannel({
      prefetch: 2,
      setup: async (raw) => {
        setups++;
        await raw.assertQueue(queue);
      },
    });
    const jobs = pickled(channel);
    const lost: Error[] = [];
    jobs.on("lost", (error) => lost.push(error));
    for (let index = 0; index < 5; index++) await jobs.sendToQueue(queue, { index });
    const messages: { value: unknown; redelivered: boolean; ack(): void }[] = [];
    await jobs.consume(queue, (message) => void messages.push(message));
    await eventually(() => expect(messages).toHaveLength(2));
    const back = reopened(channel);
    proxy.cut();
    await back;
    expect([setups, lost.length]).toEqual([2, 1]);
    await eventually(() => expect(messages).toHaveLength(4));
    // Tags of the lost channel; on the new one they would be other messages'.
    for (const message of messages.slice(0, 2)) message.ack();
    expect(messages.slice(2).map((message) => message.redelivered)).toEqual([true, true]);
    messages[2]?.ack();
    await eventually(() => expect(messages).toHaveLength(5));
    for (const message of messages.slice(3)) message.ack();
    await eventually(() => expect(messages).toHaveLength(7));
    for (const message of messages.slice(5)) message.ack();
    const raw = await channel.raw;
    await eventually(async () => expect((await raw.checkQueue(queue)).messageCount).toBe(0));
    expect(await jobs.get(queue)).toBe(false);
    await channel.close();
    await expect(jobs.sendToQueue(queue, 1)).rejects.toMatchObject({ code: "closed" });
  });

  it("come back after the broker closed them, with the consumer", async () => {
    const { connection, name } = await start();
    const queue = name("refused");
    const channel = await connection.createChannel();
    const wrapped = pickled(channel);
    await wrapped.assertQueue(queue);
    const values: unknown[] = [];
    const { consumerTag } = await wrapped.consume(queue, (message) => void values.push(message.value), {
      autoAck: true,
    });
    const results = await Promise.allSettled([
      wrapped.publish("no-such-exchange", "k", 1),
      wrapped.sendToQueue(queue, 2),
      wrapped.sendToQueue(queue, 3, { mandatory: true }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    await eventually(() => expect(new Set(values)).toEqual(new Set([2, 3])));
    await wrapped.cancel(consumerTag);
    await wrapped.sendToQueue(queue, 4);
    const message = await eventually(async () => {
      const found = await wrapped.get(queue);
      if (!found) throw new Error("not there yet");
      return found;
    });
    expect(message.value).toBe(4);
    message.ack();
  });

  it("cannot be had when their setup fails the first time", async () => {
    const { connection, name } = await start();
    const queue = name("declared");
    await connection.createChannel({ setup: (raw) => raw.assertQueue(queue) });
    const other = connection.createChannel({ setup: (raw) => raw.assertQueue(queue, { durable: false }) });
    await expect(other).rejects.toThrow("PRECONDITION_FAILED");
    await expect(connection.createChannel({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(connection.isReady).toBe(true);
  });
});
