/** Real RQ and ours on the same queues. */
import { setTimeout as delay } from "node:timers/promises";
import { PyDate, repr, tuple } from "@brine/codec";
import { RqJobError, RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../services/index.js";
import { describeEachGeneration } from "../services/inject.js";

interface JobFacts {
  readonly status: string;
  readonly result: string;
  readonly traceback: string | null;
  readonly worker: string;
}

describeEachGeneration("RQ", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let client: Redis;

  beforeAll(async () => {
    at = (await set.isolate()).redis();
    python = await set.python.spawn("rq_peer.py", [at.pythonUrl]);
    client = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const queue = (name = "default") => new RqQueue(name, { client });
  const workOff = async (handlers: ConstructorParameters<typeof RqWorker>[1], queues = ["default"]) => {
    const errors: Error[] = [];
    const worker = new RqWorker(queues, handlers, {
      client,
      onError: (error) => errors.push(error),
      format: set.generation === "5.2" ? 1 : 2,
    });
    await worker.run({ burst: true });
    expect(errors).toEqual([]);
    return worker;
  };

  test("Python's worker runs what is enqueued here, and its results are read here", async () => {
    const added = await queue().enqueue(
      "rq_jobs.add",
      [1],
      { b: 2 },
      { meta: { user: 7 }, timeout: "1h", resultTtl: 600 },
    );
    const described = await queue().enqueue("rq_jobs.describe", [], { when: PyDate.from("2024-02-29") });
    const nothing = await queue().enqueue("rq_jobs.nothing");
    const failing = await queue().enqueue("rq_jobs.fail", ["boom"]);
    expect(await queue().length()).toBe(4);
    expect(await python.request("job", { id: added.id })).toMatchObject({
      status: "queued",
      func: "rq_jobs.add",
      args: "(1,)",
      kwargs: "{'b': 2}",
      meta: "{'user': 7}",
      description: "rq_jobs.add(1, b=2)",
      timeout: 3600,
      origin: "default",
    });
    const waiting = added.result({ timeoutMs: 20_000 });
    await python.request("work", { queues: ["default"] });
    expect(await waiting).toBe(3);
    expect(repr(await described.result())).toBe(
      "{'kwargs': {'when': datetime.date(2024, 2, 29)}, 'when': datetime.date(2024, 1, 1), 'pair': (1, 'x')}",
    );
    expect(await nothing.result()).toBeNull();
    await expect(failing.result()).rejects.toThrow(/failed: ValueError: boom/);
    const error = await failing.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RqJobError);
    expect((error as RqJobError).traceback).toContain("raise ValueError(message)");
    expect([await added.status(), await failing.status()]).toEqual(["finished", "failed"]);
    expect((await queue().registry("failed")).map(({ id }) => id)).toEqual([failing.id]);
  });

  test("jobs wait for those they depend on, are canceled and enqueued again, in both directions", async () => {
    const parent = await queue().enqueue("rq_jobs.add", [1]);
    const child = await queue().enqueue("rq_jobs.add", [2], {}, { dependsOn: parent.id });
    const late = await queue().enqueue("rq_jobs.add", [3], {}, { in: 3600 });
    expect(await child.status()).toBe("deferred");
    expect(await python.request("registry", { queue: "default", name: "deferred" })).toEqual([child.id]);
    expect(await python.request("registry", { queue: "default", name: "scheduled" })).toEqual([late.id]);
    await expect(queue().enqueue("rq_jobs.add", [], {}, { dependsOn: "nobody" })).rejects.toThrow(/nobody/);
    await expect(queue().enqueue("rq_jobs.add", [], {}, { id: parent.id, unique: true })).rejects.toThrow(/exists/);
    await python.request("work", { queues: ["default"] });
    expect(await child.result({ timeoutMs: 5000 })).toBe(2);

    const canceled = await queue().enqueue("rq_jobs.add", [4]);
    expect(await canceled.cancel()).toBe(true);
    expect(await canceled.cancel()).toBe(false);
    expect(await queue().length()).toBe(0);
    expect(await python.request("job", { id: canceled.id })).toMatchObject({ status: "canceled" });
    await expect(canceled.result()).rejects.toThrow(/canceled/);
    expect(await canceled.requeue()).toBe(true);
    await python.request("work", { queues: ["default"] });
    expect(await canceled.result()).toBe(4);
  });

  test("our worker runs what Python enqueued, and Python reads its results, registries and counts", async () => {
    const enqueue = (func: string, args: unknown[] = [], options = {}) =>
      python.request<string>("enqueue", { queue: "default", func, args, ...options });
    const sum = await enqueue("rq_jobs.add", [1], { kwargs: { b: 2 } });
    const none = await enqueue("rq_jobs.nothing");
    const bad = await enqueue("rq_jobs.fail", ["boom"]);
    const unknown = await enqueue("rq_jobs.describe");
    const child = await enqueue("rq_jobs.add", [5], { depends_on: sum });
    const seen: unknown[] = [];
    await workOff({
      "rq_jobs.add": ([a], { b }, context) => {
        seen.push(context.func, context.queue);
        return tuple(a, b ?? null);
      },
      "rq_jobs.nothing": () => undefined,
      "rq_jobs.fail": ([message]) => {
        throw new TypeError(String(message));
      },
    });
    const facts = (id: string) => python.request<JobFacts>("job", { id });
    expect(await facts(sum)).toMatchObject({ status: "finished", result: "(1, 2)" });
    expect(await facts(none)).toMatchObject({ status: "finished", result: "None" });
    expect(await facts(bad)).toMatchObject({ status: "failed" });
    expect((await facts(bad)).traceback).toMatch(/TypeError: boom/);
    expect((await facts(unknown)).traceback).toMatch(/no handler/);
    expect(await facts(child)).toMatchObject({ status: "finished", result: "(5, None)" });
    expect(seen).toEqual(["rq_jobs.add", "default", "rq_jobs.add", "default"]);
    const registry = (name: string) => python.request<string[]>("registry", { queue: "default", name });
    expect((await registry("finished")).sort()).toEqual([sum, none, child].sort());
    expect((await registry("failed")).sort()).toEqual([bad, unknown].sort());
    expect(await registry("started")).toEqual([]);
    expect(await registry("deferred")).toEqual([]);
    expect(await client.keys("rq:queue:*")).toEqual([]);
  });

  test("our worker is one of the workers that Python sees, retries, and obeys commands", async () => {
    const signal = new AbortController();
    let tries = 0;
    const worker = new RqWorker(
      ["default"],
      {
        "rq_jobs.add": (_args, _kwargs, { signal: stopped }) =>
          new Promise((_, reject) => stopped.addEventListener("abort", () => reject(stopped.reason))),
        "rq_jobs.fail": () => {
          if (++tries < 3) throw new Error("not yet");
          return tries;
        },
      },
      { client, format: set.generation === "5.2" ? 1 : 2 },
    );
    const running = worker.run({ signal: signal.signal });
    const retried = await python.request<string>("enqueue", {
      queue: "default",
      func: "rq_jobs.fail",
      args: ["x"],
      retry: { max: 3 },
    });
    expect(await queue().job(retried).result({ timeoutMs: 20_000 })).toBe(3);
    expect(await python.request("workers")).toMatchObject([
      { name: worker.name, queues: ["default"], successful: 1, failed: 2 },
    ]);
    const endless = queue().job(
      await python.request<string>("enqueue", { queue: "default", func: "rq_jobs.add", args: [1] }),
    );
    await expect.poll(() => endless.status()).toBe("started");
    expect(await python.request("registry", { queue: "default", name: "started" })).toEqual([
      expect.stringContaining(endless.id),
    ]);
    expect(await endless.stop()).toBe(true);
    await expect(endless.result({ timeoutMs: 5000 })).rejects.toThrow(RqJobError);
    expect(await endless.status()).toBe("stopped");
    const short = await queue().enqueue("rq_jobs.add", [1], {}, { timeout: 1 });
    await expect(short.result({ timeoutMs: 10_000 })).rejects.toThrow(/maximum timeout/);
    signal.abort();
    await running;
    await delay(10);
    expect(await python.request("workers")).toEqual([]);
  });
});
