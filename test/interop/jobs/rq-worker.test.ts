/** Our RQ worker beside Python's: what each leaves in Redis, and how ours ends. */
import { repr } from "@brine/codec";
import { type RqEnqueueOptions, RqQueue, RqRetry, RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { closeAfterEach } from "../kept.js";
import { HeldJobs } from "./held-jobs.js";
import { databaseOf } from "./rq-database.js";

const YEAR = 365 * 86_400;
/** Fields of a job that say nothing when they are empty or the default; whether they are there differs from version to version of rq. */
const UNSAID = new Set([
  "group_id",
  "stopped_callback_name",
  "enqueue_at_front",
  "success_callback_timeout",
  "failure_callback_timeout",
]);

interface Job {
  readonly id: string;
  readonly func: string;
  readonly args?: readonly unknown[];
  readonly python?: object;
  readonly node?: RqEnqueueOptions;
  /** The first major version of rq that has it. Default 1. */
  readonly since?: 2;
}

/** Jobs, by what they use of RQ, as either side enqueues them. */
const JOBS: readonly Job[] = [
  { id: "good", func: "rq_jobs.add", args: [1, 2] },
  { id: "none", func: "rq_jobs.nothing" },
  { id: "bad", func: "rq_jobs.fail", args: ["boom"] },
  {
    id: "kept",
    func: "rq_jobs.add",
    args: [1],
    python: { timeout: 600, result_ttl: -1, description: "a sum", meta: { user: 7 } },
    node: { timeout: 600, resultTtl: -1, description: "a sum", meta: { user: 7 } },
  },
  { id: "brief", func: "rq_jobs.add", args: [1], python: { result_ttl: 0 }, node: { resultTtl: 0 } },
  { id: "lasting", func: "rq_jobs.add", args: [1], python: { ttl: 9000 }, node: { ttl: 9000 } },
  { id: "forgotten", func: "rq_jobs.fail", args: ["x"], python: { failure_ttl: 700 }, node: { failureTtl: 700 } },
  { id: "unkept", func: "rq_jobs.fail", args: ["x"], python: { failure_ttl: 0 }, node: { failureTtl: 0 } },
  { id: "again", func: "rq_jobs.fail", args: ["x"], python: { retry: { max: 2 } }, node: { retry: { max: 2 } } },
  {
    id: "later",
    func: "rq_jobs.fail",
    args: ["x"],
    python: { retry: { max: 2, interval: [700, 900] } },
    node: { retry: { max: 2, interval: [700, 900] } },
  },
  { id: "after-good", func: "rq_jobs.add", args: [5], python: { depends_on: "good" }, node: { dependsOn: "good" } },
  { id: "after-bad", func: "rq_jobs.add", args: [6], python: { depends_on: "bad" }, node: { dependsOn: "bad" } },
  {
    id: "even-so",
    func: "rq_jobs.add",
    args: [7],
    python: { depends_on: { jobs: ["bad"], allow_failure: true } },
    node: { dependsOn: { jobs: ["bad"], allowFailure: true } },
  },
  {
    id: "told",
    func: "rq_jobs.add",
    args: [3],
    python: { on_success: "rq_jobs.done", on_failure: "rq_jobs.undone" },
    node: { onSuccess: "rq_jobs.done", onFailure: "rq_jobs.undone" },
  },
  {
    id: "told-bad",
    func: "rq_jobs.fail",
    args: ["x"],
    python: { on_success: "rq_jobs.done", on_failure: "rq_jobs.undone" },
    node: { onSuccess: "rq_jobs.done", onFailure: "rq_jobs.undone" },
  },
  {
    id: "told-late",
    func: "rq_jobs.add",
    args: [3],
    python: { on_success: { func: "rq_jobs.slow", timeout: 1 } },
    node: { onSuccess: { func: "rq_jobs.slow", timeout: 1 } },
    since: 2,
  },
  {
    id: "soon",
    func: "rq_jobs.fail",
    args: ["x"],
    python: { ttl: 9000, retry: { max: 1 }, failure_ttl: -1 },
    node: { ttl: 9000, retry: { max: 1 }, failureTtl: -1 },
  },
  {
    id: "after-both",
    func: "rq_jobs.add",
    args: [8],
    python: { depends_on: ["good", "none"], ttl: 9000 },
    node: { dependsOn: ["good", "none"], ttl: 9000 },
  },
  {
    id: "weekly",
    func: "rq_jobs.add",
    args: [9],
    python: { repeat: { times: 2, interval: [700, 900] } },
    node: { repeat: { times: 2, interval: [700, 900] } },
    since: 2,
  },
  {
    id: "thrice",
    func: "rq_jobs.add",
    args: [9],
    python: { repeat: { times: 2 } },
    node: { repeat: { times: 2 } },
    since: 2,
  },
  // What a function returns counts beside the retries that its job was enqueued with.
  { id: "returned", func: "rq_jobs.again", args: [2], since: 2 },
  {
    id: "returned-on",
    func: "rq_jobs.again",
    args: [1],
    python: { retry: { max: 1 }, on_success: "rq_jobs.done", on_failure: "rq_jobs.undone" },
    node: { retry: { max: 1 }, onSuccess: "rq_jobs.done", onFailure: "rq_jobs.undone" },
    since: 2,
  },
  {
    id: "after-returned",
    func: "rq_jobs.add",
    args: [1],
    python: { depends_on: "returned" },
    node: { dependsOn: "returned" },
    since: 2,
  },
  { id: "grouped", func: "rq_jobs.add", args: [1], python: { group: "g" }, node: { group: "g" }, since: 2 },
];

describeEachGeneration("RQ, side by side", (set: ServiceSet) => {
  let python: PythonPeer;
  let client: Redis;
  let url: string;
  let version: number;
  let format: 1 | 2;
  const keep = closeAfterEach();

  beforeAll(async () => {
    const at = (await set.isolate()).redis();
    url = at.pythonUrl;
    python = await set.python.spawn("rq_peer.py", [url]);
    version = Number.parseFloat(await python.request<string>("version"));
    format = version < 2 ? 1 : 2;
    client = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const note = (id: string, text: string) => client.rpush("done", `${id} ${text}`);
  const newWorker = (handlers: ConstructorParameters<typeof RqWorker>[1] = {}) =>
    keep(new RqWorker(["default"], handlers, { client, format }));

  const rq = async (...args: string[]) => {
    const program = ["-c", "import rq.cli; rq.cli.main()", args[0]!, "--url", url, ...args.slice(1)];
    const running = await set.python.start(program);
    keep({ close: () => running.kill() });
    return running;
  };

  const enqueue = {
    Python: ({ id, func, args = [], python: options = {} }: Job) =>
      python.request("enqueue", { queue: "default", func, args, job_id: id, ...options }),
    Node: ({ id, func, args = [], node: options = {} }: Job) =>
      new RqQueue("default", { client }).enqueue(func, args, {}, { id, ...options }),
  };
  const work = {
    Python: () => python.request("work", { queues: ["default"] }),
    "rq worker": async () => {
      const running = await rq("worker", "--burst", "default");
      await running.exited;
    },
    Node: async () => {
      const handlers = {
        "rq_jobs.add": ([a, b = 0]: readonly unknown[]) => (a as number) + (b as number),
        "rq_jobs.nothing": () => null,
        "rq_jobs.again": ([max]: readonly unknown[]) => new RqRetry({ max: max as number }),
        "rq_jobs.fail": ([message]: readonly unknown[]) => {
          throw Object.assign(new Error(message as string), { name: "ValueError" });
        },
      };
      const worker = new RqWorker(["default"], handlers, {
        client,
        format,
        callbacks: {
          "rq_jobs.done": ({ id }, outcome) => note(id, outcome.type === "success" ? repr(outcome.result) : "?"),
          "rq_jobs.slow": () => new Promise(() => {}),
          "rq_jobs.undone": ({ id }, outcome) =>
            note(id, outcome.type === "failure" ? `ValueError ${(outcome.error as Error).message}` : "?"),
        },
      });
      await worker.run({ burst: true });
    },
  };

  /** All of the database, but for what is meant to differ. */
  async function everything(left = (_field: string) => false): Promise<Record<string, unknown>> {
    const all = await databaseOf(client, {
      isLeftOut: (field, value, key) =>
        left(field) ||
        // Of a job that repeats, rq 2.3 writes the last result where rq 0 kept it.
        (field === "result" && key.startsWith("rq:job:")) ||
        (UNSAID.has(field) && /^(0|60)?$/.test(value)) ||
        // rq 2.4 began to say who ran a job.
        (field === "worker_name" && key.startsWith("rq:results:") && version < 2.4) ||
        (field === "worker_name" && key.startsWith("rq:execution:")),
      // When it was deferred, or never: rq 2 drops what is deferred for too long, rq 1 does not.
      isUnscored: (key) => key.startsWith("rq:deferred:"),
    });
    const entries = Object.entries(all)
      // Who belongs to a worker, of rq 2.10.
      .filter(([key]) => !/^rq:worker:.*:executions$/.test(key))
      .map(([key, { lifetime, holds }]) => {
        // rq leaves the results of a failed job for ever; here they go with their job, after a year.
        // While a job runs, rq's worker counts with dying; one in a single process that is busy does not.
        if (/^rq:worker:<name>$/.test(key)) return [key, { holds }] as const;
        const isFailure = key.startsWith("rq:results:") && JSON.stringify(holds).includes("exc_string");
        return [key, { lifetime: isFailure && lifetime > YEAR - 1000 ? -1 : lifetime, holds }] as const;
      });
    return Object.fromEntries(entries);
  }

  test("leave the same of every kind of job, whoever enqueued it and whoever ran it", async () => {
    const jobs = JOBS.filter(({ since = 1 }) => since <= format);
    const runs: [name: string, left: Record<string, unknown>][] = [];
    for (const by of ["Python", "Node"] as const) {
      for (const worker of ["Python", "rq worker", "Node"] as const) {
        await client.flushdb();
        for (const job of jobs) await enqueue[by](job);
        await work[worker]();
        runs.push([`enqueued by ${by}, run by ${worker}`, await everything()]);
      }
    }
    const [[, expected], ...others] = runs as [(typeof runs)[0], ...typeof runs];
    for (const [name, left] of others) expect([name, left]).toEqual([name, expected]);
    // Nothing was overlooked.
    for (const { id } of jobs.filter(({ id }) => id !== "brief" && id !== "unkept"))
      expect(expected).toHaveProperty([`rq:job:${id}`]);
    // Four times, Python begins a process for each of some twenty jobs.
  }, 600_000);

  test.each(["returns", "throws"])(
    "a handler that %s a Retry has its job run again, as often as that says",
    async (how) => {
      const queue = new RqQueue("default", { client });
      const job = await queue.enqueue<number>("rq_jobs.again", [], {}, { failureTtl: 700 });
      const failing = await queue.enqueue("rq_jobs.never", []);
      const later = await queue.enqueue("rq_jobs.later", []);
      let runs = 0;
      const retry = (max: number, interval: readonly number[] = [0]) => {
        const made = new RqRetry({ max, interval });
        if (how === "throws") throw made;
        return made;
      };
      const handlers = {
        "rq_jobs.again": () => (++runs < 3 ? retry(5) : runs),
        "rq_jobs.never": () => retry(1),
        "rq_jobs.later": () => retry(5, [700, 900]),
      };
      const waiting = [job.result({ timeoutMs: 60_000 }), failing.result({ timeoutMs: 60_000 })] as const;
      const failed = expect(waiting[1]).rejects.toMatchObject({
        name: "RqJobError",
        status: "failed",
        message: expect.stringContaining("Job failed after 1 retry attempts"),
      });
      await newWorker(handlers).run({ burst: true });
      expect(await waiting[0]).toBe(3);
      await failed;
      expect((await job.info())!.numberOfRetries).toBe(2);
      // rq 1 could not read what it does not know.
      const told = format === 2 ? ["retried", "retried"] : [];
      expect((await job.results()).map(({ type }) => type)).toEqual(["successful", ...told]);

      // One that has a pause is counted, too, and waits for a scheduler.
      const due = async () =>
        Math.round((Number(await client.zscore("rq:scheduled:default", later.id)) - Date.now() / 1000) / 100);
      expect([await later.status(), await due()]).toEqual(["scheduled", 7]);
      const facts = (id: string) => python.request<Record<string, unknown>>("job", { id });
      const retries = (count: number) => (format === 2 ? count : null);
      expect(await facts(job.id)).toMatchObject({ status: "finished", result: "3", number_of_retries: retries(2) });
      expect(await facts(failing.id)).toMatchObject({ status: "failed", number_of_retries: retries(1) });
      expect(await facts(later.id)).toMatchObject({ number_of_retries: retries(1) });
      if (format === 2) expect((await facts(job.id)).results).toEqual(["SUCCESSFUL", "RETRIED", "RETRIED"]);
    },
  );

  test("what a Python function returned is read here, and goes on in a worker of ours", async () => {
    const queue = new RqQueue("default", { client });
    const facts = (id: string) => python.request<Record<string, unknown>>("job", { id });
    const enqueueAgain = async (job_id: string, ...args: unknown[]) => {
      await python.request("enqueue", { queue: "default", func: "rq_jobs.again", args, job_id });
      await python.request("work", { queues: ["default"], max_jobs: 1 });
      return queue.job(job_id);
    };
    const job = await enqueueAgain("job", 3);
    if (format === 1) {
      // To rq 1 it is a result like any other.
      expect(await facts("job")).toMatchObject({ status: "finished", result: expect.stringContaining("Retry object") });
      return;
    }
    expect([await job.status(), (await job.info())!.numberOfRetries]).toEqual(["queued", 1]);
    const results = async () => (await job.results()).map(({ type, value }) => [type, value]);
    expect(await results()).toEqual([["retried", null]]);
    let runs = 0;
    const again = () => {
      runs++;
      return new RqRetry({ max: 3 });
    };
    await newWorker({ "rq_jobs.again": again }).run({ burst: true });
    expect([runs, await job.status(), (await job.info())!.numberOfRetries]).toEqual([3, "failed", 3]);
    // Where it is kept, it is of a class that nobody here knows.
    const kept = Buffer.from("\x80\x04crq.job\nRetry\n.", "latin1").toString("base64");
    await client.xadd("rq:results:job", "*", "type", "4", "return_value", kept);
    expect((await results())[0]).toEqual(["retried", null]);

    // rq 2.3 does not count those with an interval.
    const later = await enqueueAgain("later", 5, [700]);
    expect(await later.status()).toBe("scheduled");
    if (version < 2.4) expect(await facts("later")).toMatchObject({ number_of_retries: null, results: [] });
  });

  /** Workers that hold on to jobs, until they are let go. */
  const hold = {
    "rq worker": async () => {
      const running = await rq("worker", "default");
      const end = async () => {
        // The process that runs the job outlives the worker.
        await client.lpush("go", 1);
        await running.kill();
      };
      return { end };
    },
    Node: async () => {
      const callbacks = {
        "rq_jobs.halted": ({ id }: { readonly id: string }) => note(id, "stopped"),
        "rq_jobs.undone": ({ id }: { readonly id: string }) => note(id, "failed"),
      };
      const held = new HeldJobs();
      const worker = new RqWorker(["default"], { "rq_jobs.hold": held.handler }, { client, format, callbacks });
      const running = worker.run();
      const end = async () => {
        held.close();
        await worker.close();
        await running;
      };
      return { end };
    },
  };
  type Holder = keyof typeof hold;

  /** What the database holds after `act`, with a job that runs, in either kind of worker. */
  const withHeld = async (
    job: Job,
    act: (id: string, worker: string) => Promise<unknown>,
    left?: (field: string) => boolean,
  ) => {
    const seen: Record<string, unknown> = {};
    for (const holder of Object.keys(hold) as Holder[]) {
      await client.flushdb();
      await enqueue.Node(job);
      const worker = await hold[holder]();
      try {
        await expect.poll(() => client.hget(`rq:job:${job.id}`, "status")).toBe("started");
        const [key] = await client.smembers("rq:workers");
        await act(job.id, key!.slice("rq:worker:".length));
        seen[holder] = await everything(left);
      } finally {
        await worker.end();
      }
    }
    return seen;
  };

  test("show the same while a job runs", async () => {
    const seen = await withHeld({ id: "held", func: "rq_jobs.hold" }, async () => {
      await expect.poll(() => client.hget("rq:job:held", "last_heartbeat")).not.toBe("");
    });
    expect(seen.Node).toEqual(seen["rq worker"]);
    expect(seen.Node).toHaveProperty(["rq:wip:default"]);
  });

  /** What RQ's worker does not know of a job whose process died. */
  const isOfHorse = (field: string) => /^(ended_at|last_heartbeat|worker_name|total_working_time)$/.test(field);
  const ENDED = /^(finished|failed|stopped|scheduled)$/;
  const untilEnded = (id: string) => expect.poll(() => client.hget(`rq:job:${id}`, "status")).toMatch(ENDED);

  test.for([
    { title: "stopped", command: "stop_job", options: {}, since: 1 },
    { title: "stopped, with retries left", command: "stop_job", options: { retry: { max: 1, interval: 900 } } },
    { title: "stopped, which is told", command: "stop_job", options: { onStopped: "rq_jobs.halted" }, since: 2 },
    { title: "killed", command: "kill_horse", options: {} },
    // Who would call it dies with the job.
    { title: "killed, whose failure is not told", command: "kill_horse", options: { onFailure: "rq_jobs.undone" } },
    { title: "killed, with retries left", command: "kill_horse", options: { retry: { max: 1, interval: 900 } } },
  ])("leave the same of a job that was $title", async ({ command, options, since = 1 }, context) => {
    if (since > format) return context.skip("rq 1 has no such callback");
    const seen = await withHeld(
      { id: "held", func: "rq_jobs.hold", node: options },
      async (id, worker) => {
        await python.request("command", { name: command, args: [command === "stop_job" ? id : worker] });
        await untilEnded(id);
        await expect.poll(() => client.hget(`rq:worker:${worker}`, "state")).toBe("idle");
      },
      isOfHorse,
    );
    expect(seen.Node).toEqual(seen["rq worker"]);
    if (command === "kill_horse") expect(seen.Node).not.toHaveProperty(["done"]);
  });

  test("a worker that is closed twice at once ends once, when its job is done", async () => {
    const held = new HeldJobs();
    let begun = () => {};
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const worker = newWorker({
      "rq_jobs.add": () => {
        begun();
        return held.handler().then(() => "done");
      },
    });
    keep(held);
    const queue = new RqQueue("default", { client });
    const [job, next] = [await queue.enqueue("rq_jobs.add", [1]), await queue.enqueue("rq_jobs.add", [2])];
    const running = worker.run();
    await started;
    const ended: string[] = [];
    const closing = [worker.close(), worker.close(), worker[Symbol.asyncDispose]()].map((each) =>
      each.then(() => ended.push("closed")),
    );
    // It is still there, with its job, and takes no other.
    expect(await python.request("workers")).toMatchObject([{ name: worker.name, state: "busy" }]);
    expect(ended).toEqual([]);
    held.close();
    await Promise.all([...closing, running]);
    expect(await job.result()).toBe("done");
    expect([await next.status(), await queue.length()]).toEqual(["queued", 1]);
    expect(await python.request("workers")).toEqual([]);
    expect(await client.keys("*:intermediate")).toEqual([]);
    await worker.close();
    expect(() => worker.run()).toThrow(expect.objectContaining({ code: "closed" }));
  });

  test("a worker that was closed before it ran does not run", async () => {
    const worker = newWorker();
    await worker.close();
    expect(() => worker.run()).toThrow(expect.objectContaining({ code: "closed" }));
    expect(await client.keys("*")).toEqual([]);
  });

  test("a job that comes while its worker closes waits in its queue, or is run", async () => {
    const queue = new RqQueue("default", { client });
    for (let round = 0; round < 15; round++) {
      const worker = newWorker({ "rq_jobs.add": () => 1 });
      const running = worker.run();
      await expect.poll(() => client.hget(`rq:worker:${worker.name}`, "state"), { interval: 5 }).toBe("idle");
      const [, job] = await Promise.all([worker.close(), queue.enqueue("rq_jobs.add")]);
      await running;
      expect(["queued", "finished"]).toContain(await job.status());
      expect([round, await client.lrange("rq:queue:default:intermediate", 0, -1)]).toEqual([round, []]);
      await client.flushdb();
    }
  });

  test("Python's commands end our worker, after its job", async () => {
    const worker = newWorker({ "rq_jobs.add": ([a]) => a });
    const job = await new RqQueue("default", { client }).enqueue("rq_jobs.add", [1]);
    const running = worker.run();
    expect(await job.result({ timeoutMs: 60_000 })).toBe(1);
    await python.request("command", { name: "shutdown", args: [worker.name] });
    await running;
    expect(await python.request("workers")).toEqual([]);
  });
});
