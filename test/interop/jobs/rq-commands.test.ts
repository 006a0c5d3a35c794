/** RQ's command line, its other serializer, and canceled jobs, with our queues and workers. */
import { RqQueue, RqWorker, type RqWorkerOptions } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { closeAfterEach } from "../kept.js";
import { databaseOf } from "./rq-database.js";

/** Enqueues with rq's JSON, or tells what came of a job. */
const IN_JSON = `
import sys
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

url, id = sys.argv[1:]
connection = Redis.from_url(url)
if not Job.exists(id, connection=connection):
    queue = Queue(connection=connection, serializer=JSONSerializer)
    queue.enqueue("rq_jobs.add", args=(1, 2), kwargs={}, meta={"für": "Ann"}, job_id=id)
else:
    job = Job.fetch(id, connection=connection, serializer=JSONSerializer)
    print(job.return_value(), job.get_meta())
`;

describeEachGeneration("RQ, commands", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let client: Redis;
  let queue: RqQueue;
  const keep = closeAfterEach();

  beforeAll(async () => {
    at = (await set.isolate()).redis();
    python = await set.python.spawn("rq_peer.py", [at.pythonUrl]);
    client = new Redis(at.url);
    queue = new RqQueue("default", { client });
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const format = set.versions.rq?.startsWith("1.") ? 1 : 2;
  const newWorker = (handlers: ConstructorParameters<typeof RqWorker>[1], options: Partial<RqWorkerOptions> = {}) =>
    keep(new RqWorker(["default"], handlers, { client, format, ...options }));

  /** Runs `rq` to its end; what it wrote. */
  const rq = async (command: string, ...args: string[]) => {
    const start = ["-c", "import rq.cli; rq.cli.main()", command, "--url", at.pythonUrl, ...args];
    const running = await set.python.start(start);
    keep({ close: () => running.kill() });
    expect(await running.exited, running.log()).toBe(0);
    return running.log();
  };

  test("`rq requeue` enqueues what failed here, one or all, and `requeue()` what failed there", async () => {
    const failing = (id: string) => queue.enqueue("rq_jobs.fail", ["boom"], {}, { id, meta: { user: id } });
    const jobs = [await failing("a"), await failing("b"), await failing("c")];
    const fail = () => {
      throw new Error("not yet");
    };
    await newWorker({ "rq_jobs.fail": fail }).run({ burst: true });
    await rq("requeue", "--queue", "default", "b");
    expect(await queue.jobIds()).toEqual(["b"]);
    await rq("requeue", "--queue", "default", "--all");
    expect(new Set(await queue.jobIds())).toEqual(new Set(["a", "b", "c"]));
    expect(await queue.registry("failed")).toEqual([]);
    const waiting = Promise.all(jobs.map((job) => job.result({ timeoutMs: 60_000 })));
    await newWorker({ "rq_jobs.fail": (_args, _kwargs, { meta }) => meta.user }).run({ burst: true });
    expect(await waiting).toEqual(["a", "b", "c"]);

    const theirs = await failing("theirs");
    await python.request("work", { queues: ["default"] });
    expect(await theirs.status()).toBe("failed");
    expect([await theirs.requeue({ atFront: true }), await theirs.requeue()]).toEqual([true, false]);
    await newWorker({ "rq_jobs.fail": () => 1 }).run({ burst: true });
    expect(await theirs.result()).toBe(1);
  });

  test("`rq suspend` and `rq resume` hold our worker, and let it go on", async () => {
    const worker = newWorker({ "rq_jobs.add": ([a]) => a });
    const running = worker.run();
    const state = () => client.hget(`rq:worker:${worker.name}`, "state");
    await rq("suspend");
    const job = await queue.enqueue("rq_jobs.add", [1]);
    // It may have been waiting for a job already.
    await expect.poll(async () => (await job.status()) === "finished" || (await state()) === "suspended").toBe(true);
    await expect.poll(state).toBe("suspended");
    const next = await queue.enqueue("rq_jobs.add", [2]);
    expect(await rq("info", "--raw")).toMatch(/suspended default/);
    expect(await next.status()).toBe("queued");
    await rq("resume");
    expect(await Promise.all([job.result({ timeoutMs: 60_000 }), next.result({ timeoutMs: 60_000 })])).toEqual([1, 2]);
    await rq("suspend", "--duration", "1");
    const after = await queue.enqueue("rq_jobs.add", [3]);
    expect(await after.result({ timeoutMs: 60_000 })).toBe(3);
    await worker.close();
    await running;
  });

  test("`rq info` counts our jobs", async () => {
    await queue.enqueueMany([{ func: "rq_jobs.add" }, { func: "rq_jobs.add", options: { in: 60 } }]);
    await new RqQueue("other", { client }).enqueue("rq_jobs.add");
    const counts = await rq("info", "--raw", "--only-queues");
    for (const name of ["default", "other"]) expect(counts).toMatch(new RegExp(`queue ${name} 1\\b`));
    const lines = await rq("empty", "default");
    expect([lines.includes("1 jobs removed from default"), await queue.length()]).toEqual([true, 0]);
    expect(await rq("empty", "--all")).toContain("1 jobs removed from other");
  });

  test("jobs in rq's JSON, either way", async () => {
    const json = new RqQueue("default", { client, serializer: "json" });
    const job = await json.enqueue<number>("rq_jobs.add", [1], { b: 2 }, { meta: { für: "Ann" } });
    const waiting = job.result({ timeoutMs: 60_000 });
    await rq("worker", "--burst", "--serializer", "rq.serializers.JSONSerializer", "default");
    expect([await waiting, await job.meta()]).toEqual([3, { für: "Ann" }]);

    const ask = async () => (await set.python.run(IN_JSON, [at.pythonUrl, "theirs"])).stdout.toString().trim();
    await ask();
    const add = ([a, b]: readonly unknown[]) => ({ sum: Number(a) + Number(b) });
    await newWorker({ "rq_jobs.add": add }, { serializer: "json" }).run({ burst: true });
    expect(await ask()).toBe("{'sum': 3} {'für': 'Ann'}");

    // As in RQ, a worker with another serializer fails the job.
    const foreign = await json.enqueue("rq_jobs.add", [1]);
    await newWorker({ "rq_jobs.add": () => 1 }).run({ burst: true });
    await expect(json.job(foreign.id).result()).rejects.toMatchObject({ name: "RqJobError", status: "failed" });
  });

  test.each([false, true])(
    "a job is canceled as Python cancels it; those that wait for it are enqueued: %s",
    async (enqueue) => {
      const seen: unknown[] = [];
      for (const by of ["Python", "Node"]) {
        await client.flushdb();
        const job = await queue.enqueue("rq_jobs.add", [1], {}, { id: "job" });
        await queue.enqueue("rq_jobs.add", [2], {}, { id: "other" });
        await queue.enqueue("rq_jobs.add", [3], {}, { id: "child", dependsOn: "job" });
        await queue.enqueue("rq_jobs.add", [4], {}, { id: "both", dependsOn: ["job", "other"] });
        if (by === "Python") await python.request("cancel", { id: "job", enqueue_dependents: enqueue });
        else expect(await job.cancel({ enqueueDependents: enqueue })).toBe(true);
        seen.push(await databaseOf(client, { isUnscored: (key) => key.startsWith("rq:deferred:") }));
        expect(await queue.job("child").status()).toBe(enqueue ? "queued" : "deferred");
      }
      expect(seen[1]).toEqual(seen[0]);
    },
  );
});
