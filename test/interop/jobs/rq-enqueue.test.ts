/** Every way to enqueue, field by field: what RQ itself writes for a call, and what is written here for the same one. */
import { type RqEnqueueOptions, RqQueue } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { databaseOf } from "./rq-database.js";

/** Jobs that others depend on, by what has become of them. */
const PARENTS = ["waiting", "finished", "failed", "canceled"] as const;

const HOUR = 3600;
const soon = (seconds: number) => new Date(Date.now() + seconds * 1000);

interface Case {
  readonly title: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly options?: () => RqEnqueueOptions;
  /** The first major version of rq that has it. */
  readonly since?: 2;
}

const CASES: readonly Case[] = [
  { title: "nothing but a name" },
  { title: "arguments", args: [1, "é", null, [1.5, true]], kwargs: { b: { c: "d" } } },
  { title: "arguments that take long to describe", args: ["x".repeat(300), "y".repeat(1000)] },
  { title: "quotes and lines", args: ["it's", 'say "hi"', "a\nb\\"], kwargs: { q: "'\"" } },
  { title: "an id", options: () => ({ id: "My_own-1" }) },
  { title: "a description", options: () => ({ description: "a sum, für Ann" }) },
  { title: "an empty description", options: () => ({ description: "" }) },
  { title: "a timeout", options: () => ({ timeout: 700 }) },
  { title: "a timeout in hours", options: () => ({ timeout: "2h" }) },
  { title: "a timeout in days", options: () => ({ timeout: "1d" }) },
  { title: "no timeout", options: () => ({ timeout: -1 }) },
  { title: "a result that is not kept", options: () => ({ resultTtl: 0 }) },
  { title: "a result kept for ever", options: () => ({ resultTtl: -1 }) },
  { title: "a result kept for minutes", options: () => ({ resultTtl: "10m" }) },
  { title: "a failure that is not kept", options: () => ({ failureTtl: 0 }) },
  { title: "a failure kept for ever", options: () => ({ failureTtl: -1 }) },
  { title: "a failure kept for an hour", options: () => ({ failureTtl: "1h" }) },
  { title: "a lifetime", options: () => ({ ttl: 9000 }) },
  { title: "meta", options: () => ({ meta: { user: 7, tags: ["a"] } }) },
  { title: "empty meta", options: () => ({ meta: {} }) },
  { title: "at the front", options: () => ({ atFront: true }) },
  { title: "at a time", options: () => ({ at: soon(HOUR) }) },
  { title: "at a time that is past", options: () => ({ at: soon(-HOUR) }) },
  { title: "in some seconds", options: () => ({ in: 2 * HOUR }) },
  { title: "at a time, with a lifetime", options: () => ({ at: soon(HOUR), ttl: 500 }) },
  { title: "at a time, to the front", options: () => ({ at: soon(HOUR), atFront: true }) },
  { title: "at a time, with all else", options: () => ({ at: soon(HOUR), meta: { a: 1 }, retry: { max: 1 } }) },
  { title: "retries", options: () => ({ retry: { max: 3 } }) },
  { title: "retries after a pause", options: () => ({ retry: { max: 3, interval: 60 } }) },
  { title: "retries after pauses", options: () => ({ retry: { max: 3, interval: [10, 30, 60] } }) },
  { title: "more retries than pauses", options: () => ({ retry: { max: 5, interval: [10, 30] } }) },
  { title: "after one that waits", options: () => ({ dependsOn: "waiting" }) },
  { title: "after one that has finished", options: () => ({ dependsOn: "finished" }) },
  { title: "after one that failed", options: () => ({ dependsOn: "failed" }) },
  { title: "after one that was canceled", options: () => ({ dependsOn: "canceled" }) },
  { title: "after several", options: () => ({ dependsOn: ["finished", "waiting", "failed"] }) },
  { title: "after several that have finished", options: () => ({ dependsOn: ["finished", "finished"] }) },
  { title: "after one, which may fail", options: () => ({ dependsOn: { jobs: ["waiting"], allowFailure: true } }) },
  { title: "after one, to the front", options: () => ({ dependsOn: { jobs: ["waiting"], atFront: true } }) },
  { title: "after some in a dependency", options: () => ({ dependsOn: { jobs: ["waiting", "finished"] } }) },
  { title: "after one, with a lifetime", options: () => ({ dependsOn: "waiting", ttl: 9000 }) },
  {
    title: "callbacks",
    options: () => ({ onSuccess: "rq_jobs.done", onFailure: "rq_jobs.undone" }),
  },
  {
    title: "callbacks with times",
    options: () => ({
      onSuccess: { func: "rq_jobs.done", timeout: 10 },
      onFailure: { func: "rq_jobs.undone", timeout: "5m" },
      onStopped: { func: "rq_jobs.halted", timeout: 20 },
    }),
    since: 2,
  },
  { title: "a callback when it is stopped", options: () => ({ onStopped: "rq_jobs.halted" }), since: 2 },
  { title: "repetitions", options: () => ({ repeat: { times: 3 } }), since: 2 },
  { title: "repetitions after a pause", options: () => ({ repeat: { times: 3, interval: 60 } }), since: 2 },
  { title: "repetitions after pauses", options: () => ({ repeat: { times: 3, interval: [10, 20] } }), since: 2 },
  { title: "a group", options: () => ({ group: "nightly" }), since: 2 },
];

/** Fields that rq 1 neither writes nor reads. */
const UNKNOWN_TO_1 = new Set([
  "group_id",
  "stopped_callback_name",
  "success_callback_timeout",
  "failure_callback_timeout",
]);

/** The same call in Python: what `rq_peer.py` takes. */
function inPython({ args = [], kwargs = {} }: Case, options: RqEnqueueOptions): Record<string, unknown> {
  const { dependsOn } = options;
  const depends_on =
    typeof dependsOn === "object" && "jobs" in dependsOn
      ? { jobs: dependsOn.jobs, allow_failure: dependsOn.allowFailure, enqueue_at_front: dependsOn.atFront }
      : dependsOn;
  const values: Record<string, unknown> = {
    queue: "default",
    func: "rq_jobs.add",
    args,
    kwargs,
    job_id: options.id,
    timeout: options.timeout,
    result_ttl: options.resultTtl,
    failure_ttl: options.failureTtl,
    ttl: options.ttl,
    meta: options.meta,
    description: options.description,
    at_front: options.atFront,
    at: options.at === undefined ? undefined : options.at.getTime() / 1000,
    seconds: options.in,
    retry: options.retry,
    repeat: options.repeat,
    depends_on,
    group: options.group,
    on_success: options.onSuccess,
    on_failure: options.onFailure,
    on_stopped: options.onStopped,
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

describeEachGeneration("RQ, enqueued", (set: ServiceSet) => {
  let python: PythonPeer;
  let client: Redis;
  let queue: RqQueue;
  let major: number;

  beforeAll(async () => {
    const at = (await set.isolate()).redis();
    python = await set.python.spawn("rq_peer.py", [at.pythonUrl]);
    major = Number((await python.request<string>("version")).split(".")[0]);
    client = new Redis(at.url);
    queue = new RqQueue("default", { client });
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  /** Jobs to depend on, made by Python, are the same for all cases. */
  let parents: readonly (readonly [key: string, lifetime: number, dump: Buffer])[];

  beforeAll(async () => {
    const parent = (id: (typeof PARENTS)[number], func = "rq_jobs.add") =>
      python.request("enqueue", { queue: "default", func, args: [1], job_id: id });
    await parent("finished");
    await parent("failed", "rq_jobs.fail");
    await python.request("work", { queues: ["default"] });
    await parent("canceled");
    await python.request("cancel", { id: "canceled" });
    await parent("waiting");
    await client.del("rq:clean_registries:default");
    const keys = await client.keys("*");
    parents = await Promise.all(
      keys.map(async (key) => [key, Math.max(await client.pttl(key), 0), (await client.dumpBuffer(key))!] as const),
    );
  });

  const prepare = async () => {
    await client.flushdb();
    await Promise.all(parents.map((parent) => client.restore(...parent)));
  };

  const look = () =>
    databaseOf(client, {
      isLeftOut: (field) => major === 1 && UNKNOWN_TO_1.has(field),
      // rq 2 fails what has been deferred past its score; rq 1 writes the time, and reads nothing.
      isUnscored: (key) => major === 1 && key.startsWith("rq:deferred:"),
    });

  test.for(CASES)("with $title", async (row, context) => {
    if (major < (row.since ?? 1)) return context.skip(`rq ${major} has no such thing`);
    const options = { id: "job", ...row.options?.() };
    await prepare();
    await python.request("enqueue", inPython(row, options));
    const theirs = await look();
    await prepare();
    await queue.enqueue("rq_jobs.add", row.args, row.kwargs, options);
    expect(await look()).toEqual(theirs);
  });

  test("many at once, in their order", async () => {
    const calls: Case[] = [
      { title: "first", options: () => ({ id: "a" }) },
      { title: "to the front", args: [1], options: () => ({ id: "b", atFront: true, timeout: "1h" }) },
      { title: "last", kwargs: { b: 2 }, options: () => ({ id: "c", retry: { max: 2 }, meta: { user: 7 }, ttl: 900 }) },
    ];
    await prepare();
    await python.request("enqueue_many", {
      queue: "default",
      calls: calls.map((row) => inPython(row, row.options!())),
    });
    const theirs = await look();
    await prepare();
    const jobs = await queue.enqueueMany(
      calls.map(({ args, kwargs, options }) => ({ func: "rq_jobs.add", args, kwargs, options: options!() })),
    );
    expect(await look()).toEqual(theirs);
    expect(jobs.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(await queue.jobIds()).toEqual(["b", "waiting", "a", "c"]);
  });

  test("many of which one is refused: the others are there, and one that cannot be sent keeps all back", async () => {
    await prepare();
    const refused = queue.enqueueMany([
      { func: "rq_jobs.add", options: { id: "a" } },
      { func: "rq_jobs.add", options: { id: "b", dependsOn: "nobody" } },
      { func: "rq_jobs.add", options: { id: "c", dependsOn: "a" } },
    ]);
    await expect(refused).rejects.toMatchObject({ name: "RqJobError", jobId: "b" });
    expect([await queue.job("a").status(), await queue.job("c").status()]).toEqual(["queued", "deferred"]);
    const bad = queue.enqueueMany([
      { func: "rq_jobs.add", options: { id: "d" } },
      { func: "x", args: [Symbol("no")] },
    ]);
    await expect(bad).rejects.toThrow();
    expect(await queue.job("d").status()).toBeUndefined();
  });

  test("as RQ does not: what it would lose, or never run", async () => {
    // RQ waits for the end of one that has ended.
    const lenient = { dependsOn: { jobs: ["failed"], allowFailure: true } };
    await prepare();
    await python.request("enqueue", inPython({ title: "" }, { id: "job", ...lenient }));
    expect(await queue.job("job").status()).toBe("deferred");
    await prepare();
    await queue.enqueue("rq_jobs.add", [], {}, { id: "job", ...lenient });
    expect(await queue.job("job").status()).toBe("queued");

    // RQ forgets where it was to go while it waited.
    for (const by of ["Python", "Node"]) {
      await prepare();
      const options = { id: "job", dependsOn: "waiting", atFront: true };
      await (by === "Python"
        ? python.request("enqueue", inPython({ title: "" }, options))
        : queue.enqueue("rq_jobs.add", [], {}, options));
      expect(await client.hget("rq:job:job", "enqueue_at_front")).toBe(by === "Python" ? null : "1");
    }

    // RQ leaves the lifetime of the result of a job that had this id before.
    for (const by of ["Python", "Node"]) {
      await prepare();
      await (by === "Python"
        ? python.request("enqueue", inPython({ title: "" }, { id: "finished" }))
        : queue.enqueue("rq_jobs.add", [], {}, { id: "finished" }));
      expect((await client.ttl("rq:job:finished")) > 0).toBe(by === "Python");
    }
  });

  test("what RQ refuses, and what it would misunderstand, is refused", async () => {
    await prepare();
    const before = await look();
    const refused: readonly RqEnqueueOptions[] = [
      { timeout: 0 },
      { ttl: 0 },
      { ttl: -1 },
      { retry: { max: 0 } },
      { retry: { max: 1, interval: -1 } },
      { id: "" },
      { id: "a b" },
      { id: "a:b" },
      { at: new Date(Number.NaN) },
      { in: Number.NaN },
      // RQ would run it at its time, whatever has become of the other.
      { dependsOn: "waiting", at: soon(HOUR) },
      { dependsOn: ["finished"], in: 5 },
      { timeout: "soon" as "1h" },
    ];
    for (const options of refused) {
      await expect(queue.enqueue("rq_jobs.add", [], {}, options), JSON.stringify(options)).rejects.toMatchObject({
        code: "bad-option",
      });
    }
    expect(await look()).toEqual(before);
  });
});
