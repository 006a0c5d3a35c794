/** Calls between Node and Python, in both directions. */
import { connect as connectRecovering, pickled, RpcClient, serveRpc } from "@brine/amqp-adapter";
import { tuple } from "@brine/codec";
import { type ChannelModel, connect } from "amqplib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Isolation, PythonPeer } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy } from "../tcp-proxy.js";

interface Answer {
  readonly repr: string;
  readonly error: string | null;
  readonly content_type: string;
}

describeEachGeneration("kombu rpc", (set) => {
  let isolation: Isolation;
  let python: PythonPeer;
  let connection: ChannelModel;
  const keep = closeAfterEach();

  beforeAll(async () => {
    isolation = await set.isolate();
    python = await set.python.spawn("kombu_amqp.py");
    connection = await connect(isolation.amqp.url);
    connection.on("error", () => undefined);
  });

  afterAll(async () => {
    await connection?.close();
    await python?.close();
  });

  let queues = 0;
  /** A queue of this try of a test's own. */
  const newQueue = (label: string) => isolation.name(`${label}-${++queues}`);
  const newChannel = async () => pickled(await connection.createConfirmChannel());

  it.each(["direct", "queue"] as const)(
    "calls a Python server, 50 calls in flight, answers to a %s reply",
    async (replyTo) => {
      const queue = newQueue(`python-${replyTo}`);
      const url = isolation.amqp.pythonUrl;
      await python.request("serve_calls", {
        url,
        queue,
        function: "lambda body: (body[0] + body[1], body)",
        count: 50,
      });
      const client = new RpcClient(await newChannel(), { replyTo });
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => client.call(queue, tuple(index, 1))));
      expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => tuple(index + 1, tuple(index, 1))));
      expect(client.pending).toBe(0);
      await client.close();
    },
  );

  it.each(["pickle", "json"])("serves Python callers in %s, the format they called in", async (serializer) => {
    const channel = await newChannel();
    const queue = newQueue(`node-${serializer}`);
    await channel.assertQueue(queue);
    const server = await serveRpc(channel, queue, async (value) => ({ twice: (value as { n: number }).n * 2 }), {
      prefetch: 5,
    });
    const request = { url: isolation.amqp.pythonUrl, queue, body: "{'n': i}", serializer, count: 20 };
    const answers = await python.request<Answer[]>("call", request);
    expect(answers.map((answer) => answer.repr)).toEqual(Array.from({ length: 20 }, (_, n) => `{'twice': ${n * 2}}`));
    expect(new Set(answers.map((answer) => answer.content_type))).toEqual(
      new Set([serializer === "json" ? "application/json" : "application/x-python-serialize"]),
    );
    await server.close();
  });

  it("answers Python with an exception when the handler throws", async () => {
    const channel = await newChannel();
    const queue = newQueue("throws");
    await channel.assertQueue(queue);
    const server = await serveRpc(channel, queue, () => {
      throw new RangeError("too far");
    });
    const url = isolation.amqp.pythonUrl;
    const [pickle] = await python.request<Answer[]>("call", { url, queue, body: "1" });
    expect(pickle?.error).toBe("RangeError");
    expect(pickle?.repr).toContain("too far");
    const [json] = await python.request<Answer[]>("call", { url, queue, body: "1", serializer: "json" });
    expect(json).toMatchObject({
      error: "RangeError",
      repr: "{'exc_type': 'RangeError', 'exc_message': ['too far'], 'exc_module': 'builtins'}",
    });
    await server.close();
  });

  it("rejects calls with the remote exception, a timeout, an abort, or a missing queue", async () => {
    const channel = await newChannel();
    const queue = newQueue("errors");
    await channel.assertQueue(queue);
    const client = new RpcClient(await newChannel(), { timeoutMs: 60_000 });
    const unroutable = () =>
      expect(client.call(isolation.name("nowhere"), 1)).rejects.toMatchObject({
        name: "PublishError",
        code: "returned",
      });
    const waiting = async () => (await channel.channel.checkQueue(queue)).messageCount;
    // Nobody serves yet. Once the client has its first answer, what it is given is sent at once, and in order.
    await unroutable();
    await expect(client.call(queue, 1, { timeoutMs: 50 })).rejects.toMatchObject({ name: "RpcError", code: "timeout" });
    await unroutable();
    await eventually(async () => expect(await waiting()).toBe(0));
    const abort = new AbortController();
    const aborted = expect(client.call(queue, 1, { signal: abort.signal })).rejects.toThrow("no longer");
    await eventually(async () => expect(await waiting()).toBe(1));
    abort.abort(new Error("no longer"));
    await aborted;
    await expect(client.call(queue, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    await expect(client.call(queue, Symbol("x"))).rejects.toMatchObject({ name: "EncodeError" });
    const handled: unknown[] = [];
    const server = await serveRpc(channel, queue, (value) => {
      handled.push(value);
      if (value === "fail") throw new TypeError("no");
      return value === "odd" ? () => 1 : value;
    });
    await expect(client.call(queue, "fail")).rejects.toMatchObject({
      code: "remote-error",
      message: expect.stringContaining("no"),
    });
    await expect(client.call(queue, "odd")).rejects.toMatchObject({ code: "remote-error" });
    await expect(client.call(queue, new Set([1]))).resolves.toEqual(new Set([1]));
    // What timed out expired in the queue; what was aborted did not, its caller gave no time.
    expect(handled).toEqual([1, "fail", "odd", new Set([1])]);
    expect(client.pending).toBe(0);
    await server.close();
    await client.close();
  });

  it("rejects what is under way when the client is closed or the channel is lost", async () => {
    const channel = await newChannel();
    const queue = newQueue("closing");
    await channel.assertQueue(queue);
    const client = new RpcClient(channel);
    const first = expect(client.call(queue, 1)).rejects.toMatchObject({ name: "RpcError", code: "closed" });
    await eventually(() => expect(client.pending).toBe(1));
    await client.close();
    await first;
    const second = expect(client.call(queue, 1)).rejects.toMatchObject({ name: "RpcError", code: "connection-lost" });
    await eventually(() => expect(client.pending).toBe(1));
    await channel.channel.close();
    await second;
  });

  it("answers every call of a client and a server whose connections are cut, with a reply queue", async () => {
    const proxy = keep(await startProxy(isolation.amqp.url));
    const recovering = keep(await connectRecovering(proxy.url, { backOff: { initialDelayMs: 20 } }));
    const queue = newQueue("cut");
    const setup = { setup: (raw: { assertQueue(name: string): Promise<unknown> }) => raw.assertQueue(queue) };
    const serverChannel = pickled(await recovering.createChannel(setup));
    keep(await serveRpc(serverChannel, queue, (value) => (value as number) + 1, { prefetch: 10 }));
    const client = keep(
      new RpcClient(pickled(await recovering.createChannel()), { replyTo: "queue", timeoutMs: 60_000 }),
    );
    const calls: Promise<number>[] = [];
    for (let index = 0; index < 200; index++) {
      calls.push(client.call<number>(queue, index));
      if (index % 50 === 25) {
        await calls[index - 20];
        proxy.cut();
      }
    }
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(proxy.accepted).toBeGreaterThan(1);
  });
});
