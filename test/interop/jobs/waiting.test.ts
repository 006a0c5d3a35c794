/**
 * Thousands who wait for results while connections are cut, workers are killed, and Redis is killed, frozen and started again:
 * each ends with its result, or when its time is over.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis, type RedisOptions } from "ioredis";
import { describe, expect, test } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { type RedisNode, startRedisNode } from "../../services/redis-topologies.js";
import { closeAfterEach } from "../kept.js";
import { within } from "../redis/redis-load.js";
import { startProxy } from "../tcp-proxy.js";

const JOBS = 3000;
const MISSING = "no redis-server is installed here";
/** So that what was written is there after a kill. */
const LASTING = ["--appendonly", "yes", "--appendfsync", "always"];

describe("waiting for results of RQ", () => {
  const keep = closeAfterEach();

  const connect = (url: string, options: RedisOptions = {}) => {
    const settings = { retryStrategy: () => 50, ...options, replyMapping: "legacy" } as const;
    const client = new Redis(url, settings);
    client.on("error", () => {});
    keep({ close: () => client.disconnect() });
    return client;
  };

  const start = async (...argv: string[]) => {
    const topology = await startRedisNode(argv);
    if (topology === undefined) return undefined;
    keep({ close: () => topology.dispose() });
    const node: RedisNode = topology.nodes[0]!;
    return { node, url: `redis://${node.host}:${node.port}` };
  };

  /** As a worker does it, without one. */
  const finish = async (client: Redis, ids: readonly string[]) => {
    const pipeline = client.pipeline();
    for (const id of ids) {
      pipeline.xadd(`rq:results:${id}`, "*", "type", "1");
      pipeline.hset(`rq:job:${id}`, "status", "finished");
    }
    await pipeline.exec();
  };

  test("thousands: connections cut, Redis killed and started again", async (context) => {
    const server = await start(...LASTING);
    if (server === undefined) return context.skip(MISSING);
    const proxy = keep(await startProxy(server.url));
    // A client that gives commands up at once: a wait is no command.
    const client = connect(proxy.url, { maxRetriesPerRequest: 1 });
    const queue = new RqQueue("default", { client });
    const jobs = await queue.enqueueMany(
      Array.from({ length: JOBS }, (_, i) => ({ func: "rq_jobs.add", options: { id: `j${i}` } })),
    );
    const ids = jobs.map(({ id }) => id);
    const waiting = Promise.allSettled(jobs.map((job) => job.result({ timeoutMs: 150_000 })));
    const hopeless = Promise.allSettled(
      jobs.slice(0, 500).map((_, i) => queue.job(`j${JOBS - 1 - i}`).result({ timeoutMs: 5000 + i })),
    );
    const admin = connect(server.url, { maxRetriesPerRequest: null });
    await finish(admin, ids.slice(0, 500));
    proxy.cut();
    await finish(admin, ids.slice(500, 1000));
    proxy.cut();
    await server.node.kill();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await server.node.start();
    await finish(admin, ids.slice(1000, 2000));
    // The subscriber's alone.
    await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
    await finish(admin, ids.slice(2000, 2500));
    const late = await hopeless;
    expect(late.filter((each) => each.status === "fulfilled")).toEqual([]);
    for (const each of late) expect(each).toMatchObject({ reason: { code: "timeout" } });
    await finish(admin, ids.slice(2500));
    expect((await waiting).filter((each) => each.status === "rejected")).toEqual([]);
  });

  test("over connections that are frozen: a deadline is kept, and the next connections bring the result", async (context) => {
    const server = await start();
    if (server === undefined) return context.skip(MISSING);
    const proxy = keep(await startProxy(server.url));
    const client = connect(proxy.url);
    const admin = connect(server.url);
    const [first, second, third] = await new RqQueue("default", { client }).enqueueMany([
      { func: "rq_jobs.add", options: { id: "first" } },
      { func: "rq_jobs.add", options: { id: "second" } },
      { func: "rq_jobs.add", options: { id: "third" } },
    ]);
    const waiting = second!.result();
    // The client's own, and the two that all who wait share; and the server reports to the one what the other has read.
    await expect.poll(() => proxy.accepted).toBe(3);
    await expect.poll(async () => String(await admin.client("LIST")).includes("flags=t")).toBe(true);
    proxy.freeze();
    // None of them is known to be lost, and the client is not told.
    await expect(within(first!.result({ timeoutMs: 300 }))).rejects.toMatchObject({ code: "timeout" });
    const aborted = within(third!.result({ signal: AbortSignal.timeout(200) }));
    await expect(aborted).rejects.toMatchObject({ name: "TimeoutError" });
    await finish(admin, ["second"]);
    // Their client never gives its frozen connection up; those of the wait are.
    expect(await waiting).toBeNull();
  });

  test("from a server that is frozen, and thawed", async (context) => {
    const server = await start();
    if (server === undefined) return context.skip(MISSING);
    const client = connect(server.url);
    const queue = new RqQueue("default", { client });
    const job = await queue.enqueue("rq_jobs.add", [], {}, { id: "job" });
    const waiting = job.result({ timeoutMs: 120_000 });
    await server.node.freeze();
    try {
      await expect(within(job.result({ timeoutMs: 300 }))).rejects.toMatchObject({ code: "timeout" });
    } finally {
      await server.node.thaw();
    }
    await finish(connect(server.url), ["job"]);
    expect(await waiting).toBeNull();
  });
});

describeEachGeneration("waiting for results of RQ, while workers are killed", (set) => {
  /** Which of the jobs end the worker that runs them: the first Python's, the other one ours. */
  const DEADLY = { 20: "rq_jobs.die", 200: "rq_jobs.hold" } as const;
  const WAITING = 2000;
  const keep = closeAfterEach();

  test("each who waits gets the result of its job", async () => {
    const at = (await set.isolate()).redis();
    const format = set.versions.rq?.startsWith("1.") ? 1 : 2;
    const client = new Redis(at.url);
    keep({ close: () => client.disconnect() });
    const queue = new RqQueue("default", { client });
    const deadly = new Map(Object.entries(DEADLY).map(([i, func]) => [Number(i), func]));
    const jobs = await queue.enqueueMany(
      Array.from({ length: WAITING }, (_, i) => ({
        func: deadly.get(i) ?? "rq_jobs.add",
        args: deadly.has(i) ? [] : [i],
        options: { id: `j${i}`, retry: { max: 1 } },
      })),
    );
    const waiting = Promise.allSettled(jobs.map((job) => job.result()));
    const finished = () => client.zcard("rq:finished:default");

    const args = ["-c", "import rq.cli; rq.cli.main()", "worker", "--url", at.pythonUrl, "default"];
    const python = await set.python.start(args);
    keep({ close: () => python.kill() });
    await python.exited;
    expect(await finished()).toBe(20);

    const script = fileURLToPath(new URL("./rq-hanging-worker.mjs", import.meta.url));
    const node = spawn(process.execPath, [script, at.url, `${format}`, "rq_jobs.hold"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    keep({ close: () => node.kill("SIGKILL") });
    await once(node.stdout, "data");
    node.kill("SIGKILL");
    await once(node, "exit");
    // All before it, but the one that ended Python's.
    expect(await finished()).toBe(199);

    expect(await Promise.all([...deadly.keys()].map((i) => jobs[i]!.status()))).toEqual(["started", "started"]);
    const { retried } = await queue.cleanRegistries({ now: new Date(Date.now() + 200_000) });
    expect(new Set(retried)).toEqual(new Set(["j20", "j200"]));
    const again = { "rq_jobs.die": () => "alive", "rq_jobs.hold": () => "let go" };
    const handlers = { "rq_jobs.add": ([i]: readonly unknown[]) => i, ...again };
    await keep(new RqWorker(["default"], handlers, { client, format, concurrency: 50 })).run({ burst: true });

    const results = (await waiting).map((each) => (each.status === "fulfilled" ? each.value : each.reason));
    const expected: unknown[] = Array.from({ length: WAITING }, (_, i) => i);
    [expected[20], expected[200]] = ["alive", "let go"];
    expect(results).toEqual(expected);
    expect(await finished()).toBe(WAITING);
    // Each has ended once.
    const lengths = await Promise.all(jobs.map(({ id }) => client.xlen(`rq:results:${id}`)));
    expect(lengths.filter((length) => length !== 1)).toEqual([]);
  }, 300_000);
});
