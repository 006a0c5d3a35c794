/** What the broker, the network or a peer does wrong to a channel of values: each is reported, bounded, and over at some point. */
import { once } from "node:events";
import { createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import {
  type AmqpConnection,
  type ConnectionOptions,
  connect,
  pickled,
  RpcClient,
  serveRpc,
} from "@brine/amqp-adapter";
import { type ConsumeMessage, connect as connectBare } from "amqplib";
import { describe, expect, it } from "vitest";
import type { Isolation } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy, type TcpProxy } from "../tcp-proxy.js";

describeEachGeneration("amqp failures", (set) => {
  const keep = closeAfterEach();

  interface Setting {
    readonly isolation: Isolation;
    readonly connection: AmqpConnection;
    readonly proxy: TcpProxy;
    readonly name: (label: string) => string;
  }

  async function start(options: ConnectionOptions = {}, query = ""): Promise<Setting> {
    const isolation = await set.isolate();
    const proxy = keep(await startProxy(isolation.amqp.url));
    const connection = keep(await connect(proxy.url + query, { backOff: { initialDelayMs: 20 }, ...options }));
    return { isolation, connection, proxy, name: isolation.name };
  }

  /** What the process warns of while `work` runs. */
  async function warningsOf(work: (warnings: string[]) => Promise<void>): Promise<string[]> {
    const warnings: string[] = [];
    const listen = (warning: Error) => void warnings.push(warning.message);
    process.on("warning", listen);
    try {
      await work(warnings);
    } finally {
      process.off("warning", listen);
    }
    return warnings;
  }

  describe("a dead-letter exchange that is not there", () => {
    it.each(["exchange", "queue"] as const)(
      "(%s) rejects what cannot be decoded, and comes back to no message twice",
      async (missing) => {
        const { isolation, connection, name } = await start();
        const queue = name("undecodable");
        const target = { exchange: missing === "exchange" ? name("gone") : "", routingKey: name("gone") };
        const jobs = pickled(await connection.createChannel(), { onDecodeError: { deadLetter: target } });
        const failures: { code?: string }[] = [];
        let seen = 0;
        jobs.on("handlerError", (error) => failures.push(error as { code?: string }));
        jobs.on("lost", () => undefined);
        await jobs.assertQueue(queue, { deadLetterExchange: "", deadLetterRoutingKey: name("dead") });
        await jobs.assertQueue(name("dead"));
        const values: unknown[] = [];
        await jobs.consume(queue, (message) => void values.push(message.value), {
          autoAck: true,
          onUndecodable: () => void seen++,
        });
        const bare = keep(await connectBare(isolation.amqp.url));
        const sender = await bare.createConfirmChannel();
        for (let i = 0; i < 3; i++)
          sender.sendToQueue(queue, Buffer.from("no pickle"), { contentType: "application/x-python-serialize" });
        await sender.waitForConfirms();
        await eventually(async () => expect((await sender.checkQueue(name("dead"))).messageCount).toBe(3));
        await jobs.sendToQueue(queue, "good");
        await eventually(() => expect(values).toEqual(["good"]));
        expect(failures.length).toBeGreaterThan(0);
        expect(new Set(failures.map((failure) => failure.code))).toEqual(
          new Set([missing === "exchange" ? "not-found" : "returned"]),
        );
        expect(seen).toBeLessThanOrEqual(6);
      },
    );
  });

  describe("operations that fail", () => {
    it.each(["recovering", "bare"] as const)(
      "reject with typed errors on a %s channel, and it goes on",
      async (kind) => {
        const { isolation, connection, name } = await start();
        const bare = keep(await connectBare(isolation.amqp.url));
        const make = async () =>
          pickled(kind === "bare" ? await bare.createConfirmChannel() : await connection.createChannel());
        const fresh = async () => {
          const channel = await make();
          channel.on("lost", () => undefined);
          return channel;
        };
        const missing = name("missing");
        const notFound = { name: "ChannelError", code: "not-found", replyCode: 404 };
        await expect((await fresh()).get(missing)).rejects.toMatchObject(notFound);
        await expect((await fresh()).consume(missing, () => undefined)).rejects.toMatchObject(notFound);
        const channel = await fresh();
        await channel.assertQueue(name("declared"));
        await expect(channel.assertQueue(name("declared"), { durable: false })).rejects.toMatchObject({
          name: "ChannelError",
          code: "precondition-failed",
        });
        const other = await fresh();
        await expect(other.assertQueue("x".repeat(300))).rejects.toMatchObject({
          name: "AmqpError",
          code: "bad-option",
        });
        await expect(other.consume("x".repeat(300), () => undefined)).rejects.toMatchObject({ code: "bad-option" });
        await expect(other.get("x".repeat(300))).rejects.toMatchObject({ code: "bad-option" });
        await expect(other.prefetch("many" as never)).rejects.toMatchObject({ code: "bad-option" });
        if (kind === "recovering") {
          await other.assertQueue(name("declared"));
          await other.sendToQueue(name("declared"), 1);
        }
      },
    );

    it("says so when the connection has no channel left", async () => {
      const { connection } = await start({}, "?channelMax=3");
      const channels = [];
      for (let i = 0; i < 3; i++) channels.push(await connection.createChannel());
      await expect(connection.createChannel()).rejects.toMatchObject({
        code: "channel-error",
        message: expect.stringContaining("channel"),
      });
      await channels[0]?.close();
      await connection.createChannel();
    });
  });

  it("a channel whose setup fails is given back, also when it is to be replaced", async () => {
    const { connection, proxy } = await start({}, "?channelMax=2");
    const setup = async () => {
      throw new Error("not yet");
    };
    for (let i = 0; i < 3; i++) await expect(connection.createChannel({ setup })).rejects.toThrow("not yet");
    let setups = 0;
    const channel = await connection.createChannel({
      // As when a database that it needs is slower to come back than the broker.
      setup: async () => {
        if (setups++ % 5 !== 0) throw new Error("not yet");
      },
    });
    const warnings: Error[] = [];
    connection.on("warning", (warning) => warnings.push(warning));
    const back = once(channel, "reopen");
    proxy.cut();
    await back;
    const warning = { code: "handler-failed", message: "Cannot set up a channel again: not yet" };
    expect(warnings).toMatchObject(Array.from({ length: 4 }, () => warning));
    await connection.createChannel();
  });

  it("messages of a channel that closes over a request that could not be written can be settled, without effect", async () => {
    const { connection, name } = await start();
    const queue = name("settled");
    const channel = await connection.createChannel();
    await channel.assertQueue(queue);
    await channel.sendToQueue(queue, Buffer.from("message"));
    const messages: ConsumeMessage[] = [];
    await channel.consume(queue, (message) => message && messages.push(message));
    await eventually(() => expect(messages).toHaveLength(1));
    const back = once(channel, "reopen");
    const unwritable = channel.assertQueue(name("other"), { arguments: { "x-max-length": 1n } });
    await expect(unwritable).rejects.toMatchObject({ code: "bad-option" });
    channel.ack(messages[0] as ConsumeMessage);
    await back;
    await eventually(() => expect(messages).toHaveLength(2));
    expect(messages[1]?.fields.redelivered).toBe(true);
    channel.ack(messages[1] as ConsumeMessage);
  });

  it("queues that the broker named come back under their name", async () => {
    const { connection, proxy } = await start();
    const channel = await connection.createChannel();
    const wrapped = pickled(channel);
    wrapped.on("lost", () => undefined);
    const { queue } = await wrapped.assertQueue("", { exclusive: true, autoDelete: true });
    const values: unknown[] = [];
    await wrapped.consume(queue, (message) => void values.push(message.value), { autoAck: true });
    for (let cut = 0; cut < 3; cut++) {
      const back = once(channel, "reopen");
      proxy.cut();
      await back;
      await wrapped.sendToQueue(queue, cut, { mandatory: true });
      await eventually(() => expect(values).toEqual(Array.from({ length: cut + 1 }, (_, i) => i)));
    }
  });

  it("a consumer whose queue is deleted is told, or the process is warned", async () => {
    const { connection, name } = await start();
    const channel = await connection.createChannel();
    const wrapped = pickled(channel);
    const raw = await channel.raw;
    const cancelled: string[] = [];
    for (const label of ["heard", "unheard"]) await wrapped.assertQueue(name(label));
    await wrapped.consume(name("heard"), () => undefined, { onCancel: () => void cancelled.push("heard") });
    await wrapped.consume(name("unheard"), () => undefined);
    const warnings = await warningsOf(async (warned) => {
      for (const label of ["heard", "unheard"]) await raw.deleteQueue(name(label));
      await eventually(() => expect(cancelled).toEqual(["heard"]));
      await eventually(() => expect(warned.length).toBeGreaterThan(0));
    });
    expect(warnings).toEqual([expect.stringContaining(name("unheard"))]);
  });

  it("a message that does not fit a frame is refused, and what is published beside it arrives", async () => {
    const { connection, proxy, name } = await start({}, "?frameMax=4096");
    const queue = name("frames");
    const wrapped = pickled(await connection.createChannel());
    await wrapped.assertQueue(queue);
    const results = await Promise.allSettled([
      wrapped.sendToQueue(queue, 1),
      wrapped.sendToQueue(queue, 2, { headers: { text: "x".repeat(5000) } }),
      wrapped.sendToQueue(queue, Buffer.alloc(20_000), { headers: { text: "x".repeat(5000) } }),
      wrapped.sendToQueue(queue, Buffer.alloc(20_000)),
      wrapped.sendToQueue(queue, 3, { headers: { text: "x".repeat(100_000) } }),
    ]);
    expect(results.map((result) => (result.status === "rejected" ? result.reason.code : "ok"))).toEqual([
      "ok",
      "channel-error",
      "channel-error",
      "ok",
      "bad-option",
    ]);
    expect(proxy.accepted).toBeLessThan(10);
  });

  it("everything under way on a bare channel that the broker closes is settled, and says why", async () => {
    const isolation = await set.isolate();
    const bare = keep(await connectBare(isolation.amqp.url));
    const wrapped = pickled(await bare.createConfirmChannel());
    wrapped.on("lost", () => undefined);
    const queue = isolation.name("innocent");
    await wrapped.assertQueue(queue);
    const results = await Promise.allSettled([
      wrapped.sendToQueue(queue, 1),
      wrapped.publish(isolation.name("no-exchange"), "k", 2),
      ...Array.from({ length: 50 }, (_, i) => wrapped.sendToQueue(queue, i)),
    ]);
    const guilty = results[1] as PromiseRejectedResult;
    expect(guilty.reason).toMatchObject({ code: "not-found" });
    for (const result of results) {
      if (result.status === "fulfilled" || result === guilty) continue;
      expect(result.reason).toMatchObject({
        name: "PublishError",
        code: "unconfirmed",
        message: expect.stringContaining("no-exchange"),
      });
    }
    await expect(wrapped.sendToQueue(queue, 1)).rejects.toMatchObject({
      code: "closed",
      message: expect.stringContaining("no-exchange"),
    });
  });

  describe("close", () => {
    it("does not wait for a broker that has stopped answering", async () => {
      const { connection, proxy, name } = await start({ closeTimeoutMs: 200 });
      const channel = await connection.createChannel();
      await channel.assertQueue(name("frozen"));
      proxy.freeze();
      const lost = pickled(channel).sendToQueue(name("frozen"), 1);
      const rejected = expect(lost).rejects.toMatchObject({ code: "closed" });
      await connection.close();
      await rejected;
    });

    it("ends an attempt to connect that is under way", async () => {
      const silent = createServer((socket) => void sockets.push(socket));
      const sockets: import("node:net").Socket[] = [];
      silent.listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as { port: number };
      try {
        const accepted = once(silent, "connection");
        const aborting = new AbortController();
        const connecting = connect(`amqp://127.0.0.1:${port}`, {
          signal: aborting.signal,
          connectTimeoutMs: 3_600_000,
        });
        const aborted = expect(connecting).rejects.toMatchObject({ name: "AbortError" });
        await accepted;
        const [socket] = sockets;
        const ended = once(socket!, "close");
        socket!.resume();
        const warnings = await warningsOf(async () => {
          aborting.abort();
          await aborted;
          await ended;
          await setImmediate();
        });
        expect(warnings).toEqual([]);
      } finally {
        silent.close();
      }
    });
  });

  describe("remote calls", () => {
    it("that were given up are not sent once the broker is back", async () => {
      const { connection, proxy, name } = await start({ backOff: { initialDelayMs: 20, maxDelayMs: 50 } });
      const queue = name("given-up");
      const channel = await connection.createChannel();
      await channel.assertQueue(queue);
      const wrapped = pickled(channel);
      wrapped.on("lost", () => undefined);
      const client = new RpcClient(wrapped, { replyTo: "queue" });
      await expect(client.call(queue, "first", { timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout" });
      proxy.freeze();
      await expect(client.call(queue, "late", { timeoutMs: 20, expiration: "600000" })).rejects.toMatchObject({
        code: "timeout",
      });
      const abort = new AbortController();
      const aborted = client.call(queue, "aborted", { signal: abort.signal });
      const rejected = expect(aborted).rejects.toMatchObject({ name: "AbortError" });
      await eventually(() => expect(client.pending).toBe(1));
      abort.abort();
      await rejected;
      const back = once(channel, "reopen");
      proxy.cut();
      await back;
      await wrapped.sendToQueue(queue, "last");
      const raw = await channel.raw;
      await eventually(async () => expect((await raw.checkQueue(queue)).messageCount).toBe(1));
      expect(await wrapped.get(queue)).toMatchObject({ value: "last" });
    });

    it("go on after the client's queue was deleted, and leave no queue behind", async () => {
      const { connection, name } = await start();
      const queue = name("served");
      const channel = await connection.createChannel();
      const wrapped = pickled(channel);
      await wrapped.assertQueue(queue);
      const replyTos: string[] = [];
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const serverChannel = pickled(await connection.createChannel());
      const server = await serveRpc(serverChannel, queue, async (value, message) => {
        replyTos.push(message.replyTo ?? "");
        if (value === "hold") await held;
        return value;
      });
      const client = new RpcClient(wrapped, { replyTo: "queue" });
      const waiting = client.call(queue, "hold");
      const rejected = expect(waiting).rejects.toMatchObject({ name: "RpcError", code: "consumer-cancelled" });
      await eventually(() => expect(replyTos).toHaveLength(1));
      const raw = await channel.raw;
      await raw.deleteQueue(replyTos[0]!);
      await rejected;
      release();
      expect(await client.call(queue, 7)).toBe(7);
      expect(replyTos[1]).not.toBe(replyTos[0]);
      await client.close();
      await server.close();
      const checker = await connection.createChannel();
      await expect((await checker.raw).checkQueue(replyTos[1]!)).rejects.toThrow("NOT_FOUND");
    });

    it("time out while there is no connection", async () => {
      const { connection, proxy } = await start();
      const channel = await connection.createChannel();
      const lost = once(channel, "lost");
      await proxy.close();
      await lost;
      const client = new RpcClient(pickled(channel));
      const failing = client.call("queue", 1, { timeoutMs: 50 });
      await expect(failing).rejects.toMatchObject({ name: "RpcError", code: "timeout" });
      const aborted = client.call("queue", 1, { signal: AbortSignal.timeout(50) });
      await expect(aborted).rejects.toMatchObject({ name: "TimeoutError" });
      await client.close();
      await connection.close();
    });

    it("with an address for the answer that nobody has are handled like any other", async () => {
      const { isolation, connection, name } = await start();
      const queue = name("hostile");
      const wrapped = pickled(await connection.createChannel());
      await wrapped.assertQueue(queue);
      const lost: Error[] = [];
      wrapped.on("lost", (error) => lost.push(error));
      const handled: unknown[] = [];
      const server = await serveRpc(wrapped, queue, (value) => handled.push(value));
      const bare = keep(await connectBare(isolation.amqp.url));
      const sender = pickled(await bare.createConfirmChannel());
      // RabbitMQ wants a consumer of its pseudo-queue from who names that.
      await sender.consume("amq.rabbitmq.reply-to", () => undefined, { noAck: true });
      const addresses = [
        "nobody",
        queue,
        "amq.rabbitmq.reply-to",
        "amq.rabbitmq.reply-to.rubbish",
        "amq.gen-x",
        "x".repeat(255),
      ];
      for (const replyTo of addresses) await sender.sendToQueue(queue, replyTo.slice(0, 30), { replyTo });
      await sender.sendToQueue(queue, "last");
      // One more: the server's answer to the request that named its own queue.
      await eventually(() => expect(handled).toHaveLength(addresses.length + 2));
      expect(handled).toContain("last");
      expect(await sender.get(queue)).toBe(false);
      await server.close();
    });
  });

  it("a broker that cannot be reached is a warning of the process if nobody listens", async () => {
    const warnings = await warningsOf(async (warned) => {
      const connecting = connect("amqp://127.0.0.1:1", { maxConnectAttempts: 2, backOff: { initialDelayMs: 1 } });
      await expect(connecting).rejects.toMatchObject({ code: "unreachable" });
      await eventually(() => expect(warned.length).toBeGreaterThan(0));
    });
    expect(warnings).toEqual([expect.stringMatching(/127\.0\.0\.1:1.*ECONNREFUSED.*attempt 1 of 2/)]);
  });

  it("a virtual host that is not there is refused at once, by name", async () => {
    const { isolation } = await start();
    const url = new URL(isolation.amqp.url);
    url.pathname = "/no-such-vhost";
    await expect(connect(url.href)).rejects.toMatchObject({
      code: "access-refused",
      message: expect.stringContaining("no-such-vhost"),
    });
  });
});
