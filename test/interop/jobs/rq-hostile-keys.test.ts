/**
 * Keys of RQ's that hold another kind of value than RQ keeps there, under Python's worker and ours. Ours does what can be done
 * without them, tells of the rest, and loses no job; RQ's fails jobs that have run, or lets them lie.
 */
import { RqQueue, RqWorker, type RqWorkerOptions } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { closeAfterEach } from "../kept.js";

/** The jobs of each case: "child" and "sibling" wait for "job", whatever becomes of it; "next" is behind it. */
const IDS = ["job", "child", "sibling", "next"] as const;
const ALL = "finished, finished, finished, finished";
/** Of a job that is no hash. */
const NO_JOB = "no job";

interface OtherKind {
  readonly key: string;
  /** What "job" does. Default: it returns. */
  readonly func?: "rq_jobs.add" | "rq_jobs.fail";
  /** What becomes of the four by our worker, in their order. */
  readonly becomes: string;
  /** And by `rq worker`, 1.13 and 2.3. */
  readonly rq: readonly [one: string, two: string];
  readonly told: RegExp;
}

const OTHER_KINDS: readonly OtherKind[] = [
  {
    key: "rq:results:job",
    becomes: ALL,
    // In the registries of finished and of failed jobs at once.
    rq: ["failed, finished, finished, finished", "failed, finished, finished, finished"],
    told: /^Cannot XADD rq:results:job: it holds another kind of value than RQ keeps there$/,
  },
  {
    key: "rq:results:job",
    func: "rq_jobs.fail",
    becomes: "failed, finished, finished, finished",
    rq: ["failed, deferred, deferred, finished", "failed, deferred, deferred, finished"],
    told: /^Cannot XADD rq:results:job/,
  },
  {
    key: "rq:job:job:dependents",
    becomes: "finished, deferred, deferred, finished",
    rq: ["failed, deferred, deferred, finished", "failed, deferred, deferred, finished"],
    told: /^Cannot enqueue the jobs waiting for job: WRONGTYPE /,
  },
  {
    key: "rq:job:child",
    becomes: `finished, ${NO_JOB}, finished, finished`,
    rq: [`failed, ${NO_JOB}, deferred, finished`, `failed, ${NO_JOB}, deferred, finished`],
    told: /^Cannot enqueue job child waiting for job: WRONGTYPE /,
  },
  {
    key: "rq:job::child:dependencies",
    becomes: "finished, deferred, finished, finished",
    rq: ["failed, deferred, deferred, finished", "failed, deferred, deferred, finished"],
    told: /^Cannot enqueue job child waiting for job: WRONGTYPE /,
  },
  {
    key: "rq:executions:job",
    becomes: ALL,
    // rq 1 has no executions. The worker of rq 2 ends, and the job with it.
    rq: [ALL, "queued, deferred, deferred, queued"],
    told: /^Cannot (ZADD|ZREM) rq:executions:job/,
  },
  {
    key: "rq:deferred:default",
    becomes: ALL,
    rq: ["failed, finished, finished, finished", "queued, deferred, deferred, queued"],
    told: /^$/,
  },
  { key: "rq:queues", becomes: ALL, rq: ["failed, finished, finished, finished", ALL], told: /^$/ },
];

describeEachGeneration("RQ, keys of another kind", (set: ServiceSet) => {
  const keep = closeAfterEach();
  let at: Address;
  let client: Redis;
  let queue: RqQueue;
  const generation = set.versions.rq?.startsWith("1.") ? 1 : 2;

  beforeAll(async () => {
    at = (await set.isolate()).redis();
    client = new Redis(at.url);
    queue = new RqQueue("default", { client });
  });

  afterAll(() => client.quit());

  beforeEach(() => client.flushdb());

  const told: (Error & { readonly code?: string })[] = [];
  const worker = (options: Partial<RqWorkerOptions> = {}) => {
    told.length = 0;
    const handlers = {
      "rq_jobs.add": ([a]: readonly unknown[]) => a,
      "rq_jobs.fail": ([message]: readonly unknown[]) => {
        throw new Error(String(message));
      },
    };
    const onError = (error: Error) => void told.push(error);
    return keep(new RqWorker(["default"], handlers, { client, format: 2, onError, ...options }));
  };

  const spoil = async (key: string) => {
    await client.del(key);
    await client.rpush(key, "not RQ's");
  };

  const becameOf = async () => {
    const statuses = IDS.map((id) => client.hget(`rq:job:${id}`, "status").catch(() => NO_JOB));
    return (await Promise.all(statuses)).join(", ");
  };

  /** No job is in between, and none counts as running. */
  const expectNothingHeld = async () => {
    expect(await client.lrange("rq:queue:default:intermediate", 0, -1)).toEqual([]);
    expect(await client.zrange("rq:wip:default", "0", "-1")).toEqual([]);
  };

  const prepare = async ({ key, func = "rq_jobs.add" }: OtherKind) => {
    await client.flushdb();
    await queue.enqueue(func, [1], {}, { id: "job" });
    const after = { dependsOn: { jobs: ["job"], allowFailure: true } };
    for (const id of ["child", "sibling"]) await queue.enqueue("rq_jobs.add", [2], {}, { id, ...after });
    await queue.enqueue("rq_jobs.add", [3], {}, { id: "next" });
    await spoil(key);
  };

  test.for(OTHER_KINDS)("a list at $key, by our worker", async (row) => {
    await prepare(row);
    await worker().run({ burst: true });
    expect(await becameOf()).toBe(row.becomes);
    await expectNothingHeld();
    expect(await client.lrange(row.key, 0, -1)).toEqual(["not RQ's"]);
    for (const { message, code } of told) expect([message, code]).toEqual([expect.stringMatching(row.told), "job"]);
    expect(told.length > 0).toBe(row.told.source !== "^$");
    // It is over for Redis, too: nothing that has a time to live is kept for ever.
    expect(await client.ttl("rq:job:job")).toBeGreaterThan(0);
  });

  test.for(OTHER_KINDS)("a list at $key, by `rq worker`", async (row) => {
    await prepare(row);
    const args = ["-c", "import rq.cli; rq.cli.main()", "worker", "--burst", "--url", at.pythonUrl, "default"];
    const running = await set.python.start(args);
    keep({ close: () => running.kill() });
    await running.exited;
    expect(await becameOf(), running.log()).toBe(row.rq[generation - 1]);
  });

  test.each(["started", "finished", "failed"])("a list at the registry of %s jobs ends a burst", async (registry) => {
    const job = await queue.enqueue("rq_jobs.add", [1]);
    const key = `rq:${registry === "started" ? "wip" : registry}:default`;
    await spoil(key);
    await expect(worker().run({ burst: true })).rejects.toThrow(/^WRONGTYPE /);
    expect(await queue.jobIds()).toEqual([job.id]);
  });

  test("a worker that stays begins no job of which nobody would know, and goes on when somebody has put it right", async () => {
    const staying = worker();
    const running = staying.run();
    await expect.poll(() => client.exists(`rq:worker:${staying.name}`)).toBe(1);
    await spoil("rq:wip:default");
    const job = await queue.enqueue("rq_jobs.add", [1], {}, { id: "job" });
    await expect
      .poll(() => told.map(({ message }) => message))
      .toContainEqual("Cannot begin job job: rq:wip:default holds another kind of value than RQ keeps there");
    expect(await job.status()).toBe("queued");
    expect(await client.lrange("rq:queue:default:intermediate", 0, -1)).toEqual(["job"]);
    expect(await client.keys("rq:execution*")).toEqual([]);
    await client.del("rq:wip:default");
    // As maintenance does it after a minute.
    await client.lmove("rq:queue:default:intermediate", "rq:queue:default", "LEFT", "RIGHT");
    expect(await job.result({ timeoutMs: 60_000 })).toBe(1);
    await staying.close();
    await running;
  });

  test("a job that cannot be tried again has failed, and one that cannot be repeated has finished", async () => {
    const retry = { max: 2, interval: 60 };
    const repeat = { times: 2, interval: 60 };
    const failing = await queue.enqueue("rq_jobs.fail", ["boom"], {}, { id: "failing", retry });
    const repeated = await queue.enqueue("rq_jobs.add", [1], {}, { id: "repeated", repeat });
    await spoil("rq:scheduled:default");
    await worker().run({ burst: true });
    await expect(failing.result()).rejects.toThrow(/failed: Error: boom/);
    expect((await queue.registry("failed")).map(({ id }) => id)).toEqual(["failing"]);
    expect([await repeated.status(), await client.ttl("rq:job:repeated")]).toEqual(["finished", expect.any(Number)]);
    expect(await client.ttl("rq:job:repeated")).toBeGreaterThan(0);
    expect(told.map(({ message }) => message.split(":", 2)[0])).toEqual(["Cannot ZADD rq", "Cannot ZADD rq"]);
    await expectNothingHeld();
  });

  test("what is no job holds up none of those that are due, ready or abandoned", async () => {
    await client.rpush("rq:job:list", "not RQ's");
    await client.zadd("rq:scheduled:default", 1, "list");
    await client.zadd("rq:ready:default", 1, "list");
    const due = await queue.enqueue("rq_jobs.add", [1], {}, { id: "due", at: new Date(0) });
    await expect(queue.enqueueDue()).rejects.toThrow(/^Cannot enqueue job list that is due: WRONGTYPE /);
    expect([await due.status(), await queue.registry("scheduled")]).toEqual(["queued", []]);
    const abandoned = await queue.enqueue("rq_jobs.add", [1], {}, { id: "abandoned" });
    const untold = await queue.enqueue("rq_jobs.add", [1], {}, { id: "untold" });
    for (const { id } of [untold, abandoned]) {
      await client.lrem("rq:queue:default", 1, id);
      await client.hset(`rq:job:${id}`, "status", "started");
      await client.zadd("rq:wip:default", 1, id);
    }
    await spoil("rq:results:untold");
    const cleaned = await queue.cleanRegistries();
    expect(cleaned).toMatchObject({
      abandoned: ["abandoned", "untold"],
      errors: [{ code: "job", message: expect.stringMatching(/^Cannot enqueue job list that is ready: WRONGTYPE /) }],
    });
    expect([await abandoned.status(), await untold.status()]).toEqual(["failed", "failed"]);
    await expectNothingHeld();
  });

  test("whoever asks is told, and what cannot be done leaves a job where it was", async () => {
    const failed = await queue.enqueue("rq_jobs.fail", ["boom"], {}, { id: "failed" });
    await worker().run({ burst: true });
    const waiting = await queue.enqueue("rq_jobs.add", [1], {}, { id: "waiting" });
    const refused = { name: "RedisAdapterError", code: "job" };
    const refuses = (what: Promise<unknown>, action: string) =>
      expect(what, action).rejects.toMatchObject({
        ...refused,
        message: expect.stringMatching(new RegExp(`^Cannot ${action}: .* another kind of value than RQ keeps there$`)),
      });

    const result = refuses(waiting.result({ timeoutMs: 60_000 }), "read job waiting");
    await spoil("rq:results:waiting");
    await result;
    await refuses(waiting.results(), "read job waiting");

    await spoil("rq:canceled:default");
    await refuses(waiting.cancel(), "cancel job waiting");
    expect([await waiting.status(), await queue.jobIds()]).toEqual(["queued", ["waiting"]]);
    await client.del("rq:canceled:default");

    await client.rename("rq:queue:default", "aside");
    await client.set("rq:queue:default", "not RQ's");
    await refuses(failed.requeue(), "enqueue job failed again");
    expect((await queue.registry("failed")).map(({ id }) => id)).toEqual(["failed"]);
    await refuses(queue.enqueue("rq_jobs.add", [], {}, { id: "new" }), "enqueue job new");
    expect(await client.exists("rq:job:new")).toBe(0);
    await refuses(queue.length(), "read rq:queue:default");
    expect(await waiting.delete()).toBe(true);
    await client.del("rq:queue:default");

    await spoil("rq:job:failed");
    for (const read of [failed.status(), failed.info(), failed.call(), failed.meta(), failed.result(), failed.stop()])
      await refuses(read, "read job failed");
    await refuses(failed.delete(), "delete job failed");
    await refuses(failed.setMeta({}), "save the meta of job failed");
  });
});
