/** Real RQ and ours on the same queues. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PyDate, repr, tuple } from "@brine/codec";
import { RqJobError, RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { closeAfterEach } from "../kept.js";
import { killClients } from "../redis/redis-clients.js";
import { HeldJobs } from "./held-jobs.js";

interface JobFacts {
  readonly status: string;
  readonly result: string;
  readonly traceback: string | null;
  readonly worker: string;
}

describeEachRedis("RQ", (set: ServiceSet) => {
  const keep = closeAfterEach();
  let python: PythonPeer;
  let at: Address;
  let client: Redis;

  beforeAll(async () => {
    at = (await set.isolate()).redis();
    python = await set.python.spawn("rq_peer.py", [at.pythonUrl]);
    client = new Redis(at.url);
    // It is lost while Redis is killed, and connects again.
    client.on("error", () => {});
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const newWorker = (
    handlers: ConstructorParameters<typeof RqWorker>[1],
    options: Partial<ConstructorParameters<typeof RqWorker>[2]> = {},
  ) => keep(new RqWorker(["default"], handlers, { client, format: set.generation === "5.2" ? 1 : 2, ...options }));
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
    const waiting = added.result({ timeoutMs: 60_000 });
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

  test("hundreds who wait share two connections, and each stops waiting on its own", async () => {
    const own = new Redis(at.url, { connectionName: "who-waits" });
    keep({ close: () => own.disconnect() });
    const mine = new RqQueue("default", { client: own });
    const connections = async () => String(await client.client("LIST")).split("name=who-waits").length - 1;
    const jobs = await Promise.all(Array.from({ length: 200 }, (_, i) => mine.enqueue("rq_jobs.add", [i])));
    const results = Promise.allSettled(jobs.map((job) => job.result({ timeoutMs: 60_000 })));
    const canceled = await mine.enqueue("rq_jobs.add", [1], {}, { id: "to-cancel" });
    const unheard = await mine.enqueue("rq_jobs.add", [1], {}, { in: 3600 });
    const controller = new AbortController();
    const waits = Promise.allSettled([
      canceled.result({ timeoutMs: 60_000 }),
      unheard.result({ timeoutMs: 500 }),
      unheard.result({ signal: controller.signal }),
    ]);
    await expect.poll(connections).toBe(3);
    await canceled.cancel();
    controller.abort(new Error("enough"));
    expect(await waits).toMatchObject([
      { reason: { message: expect.stringContaining("canceled") } },
      { reason: { code: "timeout" } },
      { reason: { message: "enough" } },
    ]);
    expect(await connections()).toBe(3);
    // Reports go missing with their connection; the waits do not.
    await killClients(client, "pubsub");
    await python.request("work", { queues: ["default"] });
    expect(await results).toEqual(jobs.map((_, value) => ({ status: "fulfilled", value })));
    const forever = unheard.result().catch((error: unknown) => error);
    await expect.poll(connections).toBe(3);
    await own.quit();
    expect(await forever).toMatchObject({ code: "closed" });
    await expect.poll(connections).toBe(0);
  });

  test("who may not ask Redis to be told looks for itself", async (context) => {
    if (!set.redis.isOurs) context.skip("the Redis was given by URL, and its users are not ours to add to");
    await client.call("ACL", "SETUSER", "who-waits", "on", ">secret", "~*", "&*", "+@all", "-client|tracking");
    const own = new Redis(at.url, { username: "who-waits", password: "secret", connectionName: "refused" });
    keep({ close: () => own.disconnect() });
    const jobs = [0, 1].map((i) => new RqQueue("default", { client: own }).enqueue("rq_jobs.add", [i]));
    const [first, second] = await Promise.all(jobs);
    const result = first!.result({ timeoutMs: 60_000 });
    await expect.poll(async () => String(await client.client("LIST")).split("name=refused").length - 1).toBe(1);
    await python.request("work", { queues: ["default"] });
    expect([await result, await second!.result({ timeoutMs: 60_000 })]).toEqual([0, 1]);
    await own.quit();
    await client.call("ACL", "DELUSER", "who-waits");
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
    expect(await child.result({ timeoutMs: 60_000 })).toBe(2);

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
    const worker = newWorker({
      "rq_jobs.add": (_args, _kwargs, { signal: stopped }) =>
        new Promise((_, reject) => stopped.addEventListener("abort", () => reject(stopped.reason))),
      "rq_jobs.fail": () => {
        if (++tries < 3) throw new Error("not yet");
        return tries;
      },
    });
    const running = worker.run({ signal: signal.signal });
    const retried = await python.request<string>("enqueue", {
      queue: "default",
      func: "rq_jobs.fail",
      args: ["x"],
      retry: { max: 3 },
    });
    expect(await queue().job(retried).result({ timeoutMs: 60_000 })).toBe(3);
    await expect
      .poll(() => python.request("workers"))
      .toMatchObject([{ name: worker.name, queues: ["default"], successful: 1, failed: 2 }]);
    const endless = queue().job(
      await python.request<string>("enqueue", { queue: "default", func: "rq_jobs.add", args: [1] }),
    );
    await expect.poll(() => endless.status()).toBe("started");
    expect(await python.request("registry", { queue: "default", name: "started" })).toEqual([
      expect.stringContaining(endless.id),
    ]);
    expect(await endless.stop()).toBe(true);
    await expect(endless.result({ timeoutMs: 60_000 })).rejects.toThrow(RqJobError);
    expect(await endless.status()).toBe("stopped");
    const short = await queue().enqueue("rq_jobs.add", [1], {}, { timeout: 1 });
    await expect(short.result({ timeoutMs: 60_000 })).rejects.toThrow(/maximum timeout/);
    signal.abort();
    await running;
    expect(await python.request("workers")).toEqual([]);
  });

  test("meta, callbacks and everything RQ notes of a job", async () => {
    const called: unknown[] = [];
    const note = (context: { readonly func: string }, outcome: unknown) => void called.push([context.func, outcome]);
    const options = { onSuccess: "rq_jobs.done", onFailure: { func: "rq_jobs.undone", timeout: 5 } };
    const good = await queue().enqueue("rq_jobs.add", [2], {}, { ...options, meta: { step: 1 }, group: "nightly" });
    const bad = await queue().enqueue("rq_jobs.fail", ["boom"], {}, options);
    const unheard = await queue().enqueue("rq_jobs.add", [3], {}, { onSuccess: "rq_jobs.nobody" });
    const worker = new RqWorker(
      ["default"],
      {
        "rq_jobs.add": async ([a], _kwargs, { meta, saveMeta }) => {
          await saveMeta({ ...meta, step: 2 });
          return a;
        },
        "rq_jobs.fail": ([message]) => {
          throw new RangeError(String(message));
        },
      },
      { client, callbacks: { "rq_jobs.done": note, "rq_jobs.undone": note }, format: set.generation === "5.2" ? 1 : 2 },
    );
    await worker.run({ burst: true });
    expect(called).toMatchObject([
      ["rq_jobs.add", { type: "success", result: 2 }],
      ["rq_jobs.fail", { type: "failure", error: new RangeError("boom") }],
    ]);
    expect(await good.info()).toMatchObject({
      status: "finished",
      origin: "default",
      workerName: worker.name,
      group: "nightly",
      timeout: 180,
      onSuccess: "rq_jobs.done",
    });
    expect(await python.request("job", { id: good.id })).toMatchObject({ meta: "{'step': 2}", status: "finished" });
    expect(await queue().groupIds("nightly")).toEqual([good.id]);
    expect(await bad.results()).toMatchObject([
      { type: "failed", traceback: expect.stringMatching(/RangeError: boom/) },
    ]);
    // As in RQ: a success callback that cannot be called fails the job.
    expect(await unheard.status()).toBe("failed");
    expect([await good.delete(), await good.delete(), await good.status()]).toEqual([true, false, undefined]);
    expect(await python.request("registry", { queue: "default", name: "finished" })).toEqual([]);
  });

  test("what is due is enqueued by our scheduler, and jobs repeat", async () => {
    let runs = 0;
    const worker = newWorker({ "rq_jobs.add": () => ++runs }, { withScheduler: true, format: 2 });
    const late = await queue().enqueue("rq_jobs.add", [], {}, { at: new Date(Date.now() - 1000) });
    expect(await late.status()).toBe("scheduled");
    const running = worker.run();
    expect(await late.result({ timeoutMs: 60_000 })).toBe(1);
    expect(await client.exists("rq:scheduler-lock:default")).toBe(1);
    const repeated = await queue().enqueue("rq_jobs.add", [], {}, { repeat: { times: 2, interval: [0, 1] } });
    await expect.poll(async () => (await repeated.results()).map(({ value }) => value)).toEqual([4, 3, 2]);
    await worker.close();
    await running;
    expect(await client.exists("rq:scheduler-lock:default")).toBe(0);
  });

  test("the `rq` command runs jobs from here, and shows our worker", async () => {
    const rq = async (...args: string[]) => {
      const program = ["-c", "import rq.cli; rq.cli.main()", args[0]!, "--url", at.pythonUrl, ...args.slice(1)];
      const running = await set.python.start(program);
      keep({ close: () => running.kill() });
      return running;
    };
    const due = await queue().enqueue("rq_jobs.add", [1], {}, { at: new Date(Date.now() - 1000) });
    const failing = await queue().enqueue("rq_jobs.fail", ["boom"], {}, { retry: { max: 1 } });
    const python = await rq("worker", "--burst", "--with-scheduler", "default");
    await python.exited;
    expect(await due.result({ timeoutMs: 60_000 }), python.log()).toBe(1);
    await expect(failing.result({ timeoutMs: 60_000 })).rejects.toThrow(/ValueError: boom/);
    expect((await failing.info())?.retriesLeft).toBe(0);

    const worker = newWorker({}, { name: "node-worker", format: "auto" });
    const running = worker.run();
    await expect.poll(() => client.hget("rq:worker:node-worker", "state")).toBe("idle");
    const info = await rq("info", "--raw");
    await info.exited;
    expect(info.log()).toMatch(/node-worker \(\S+ [\d.:]+ \d+\) idle default/);
    await worker.close();
    await running;
  });

  test("what cannot be decoded is a DecodeError with its key, and fails the job that it is of", async () => {
    const job = await queue().enqueue("rq_jobs.add", [1], {}, { meta: { user: 7 } });
    const secret = Buffer.from("\x80\x04csecret_module\nSecret\n.", "latin1");
    await client.hset(`rq:job:${job.id}`, { data: secret, meta: secret, status: "finished" });
    await client.xadd(`rq:results:${job.id}`, "*", "type", "1", "return_value", secret.toString("base64"));
    const info = (await job.info())!;
    const asked = [job.call(), job.meta(), job.result(), job.results(), (async () => info.call())()];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { name: "DecodeError", dialect: "rq", code: "decode" },
      });
      const { key, head } = (outcome as PromiseRejectedResult).reason as {
        readonly key: string;
        readonly head: string;
      };
      expect(key).toMatch(new RegExp(`^rq:(job|results):${job.id}$`));
      expect(head).toHaveLength(32);
    }
    await client.del(`rq:results:${job.id}`);
    await client.hset(`rq:job:${job.id}`, "status", "queued");
    await workOff({ "rq_jobs.add": ([a]) => a });
    expect(await job.status()).toBe("failed");
    await expect(job.result()).rejects.toThrow(/Cannot decode the rq value .*secret_module/);
  });

  test("a suspended worker takes nothing, and a killed horse's job fails", async () => {
    const held = new HeldJobs();
    const worker = newWorker({ "rq_jobs.add": held.handler, "rq_jobs.nothing": () => null });
    keep(held);
    await python.request("suspend");
    const running = worker.run();
    await expect.poll(() => python.request("workers")).toMatchObject([{ name: worker.name, state: "suspended" }]);
    const job = await queue().enqueue("rq_jobs.nothing");
    expect(await job.status()).toBe("queued");
    await python.request("resume");
    expect(await job.result({ timeoutMs: 60_000 })).toBeNull();
    const hanging = await queue().enqueue("rq_jobs.add");
    await expect.poll(() => hanging.status()).toBe("started");
    await python.request("command", { name: "kill_horse", args: [worker.name] });
    await expect(hanging.result({ timeoutMs: 60_000 })).rejects.toThrow(/Work-horse terminated/);
    await python.request("command", { name: "shutdown", args: [worker.name] });
    await running;
  });

  test.each(["Python", "Node"])("a job whose worker was killed is found by %s's maintenance", async (finder) => {
    const once = await queue().enqueue("rq_jobs.add", [1]);
    const again = await queue().enqueue("rq_jobs.add", [2], {}, { retry: { max: 1 } });
    for (const job of [once, again]) {
      const script = fileURLToPath(new URL("./rq-hanging-worker.mjs", import.meta.url));
      const child = spawn(process.execPath, [script, at.url, set.generation === "5.2" ? "1" : "2"]);
      keep({ close: () => child.kill("SIGKILL") });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      expect(await job.status()).toBe("started");
    }
    // Its heartbeat would have had 90 seconds more.
    const now = new Date(Date.now() + 100_000);
    if (finder === "Python") await python.request("clean", { queue: "default", timestamp: now.getTime() / 1000 });
    else {
      const { abandoned, retried } = await queue().cleanRegistries({ now });
      // Those of one second come in the order of their ids, which are random.
      expect([new Set(abandoned), retried]).toEqual([new Set([once.id, again.id]), [again.id]]);
      await expect(once.result()).rejects.toThrow(/AbandonedJobError/);
    }
    expect([await once.status(), await again.status()]).toEqual(["failed", "queued"]);
    expect(await python.request("registry", { queue: "default", name: "started" })).toEqual([]);
    expect((await queue().registry("failed")).map(({ id }) => id)).toEqual([once.id]);
    await python.request("work", { queues: ["default"] });
    expect(await again.result()).toBe(2);
  });

  test("an abandoned job's failure callback is called, and what waits for it even so begins", async () => {
    const parent = await queue().enqueue("rq_jobs.add", [1], {}, { onFailure: "rq_jobs.undone" });
    const unheard = await queue().enqueue("rq_jobs.add", [1], {}, { onFailure: "rq_jobs.nobody", retry: { max: 1 } });
    const patient = await queue().enqueue("rq_jobs.add", [2], {}, { dependsOn: parent.id });
    const lenient = await queue().enqueue(
      "rq_jobs.add",
      [3],
      {},
      { dependsOn: { jobs: [parent.id], allowFailure: true } },
    );
    for (const { id } of [parent, unheard]) {
      await client.lrem("rq:queue:default", 1, id);
      await client.hset(`rq:job:${id}`, "status", "started");
      await client.zadd("rq:wip:default", 1, set.generation === "5.2" ? id : `${id}:${"0f".repeat(16)}`);
    }
    const called: unknown[] = [];
    const cleaned = await queue().cleanRegistries({
      callbacks: { "rq_jobs.undone": ({ id, func }, outcome) => void called.push([id, func, outcome]) },
    });
    expect(called).toMatchObject([
      [parent.id, "rq_jobs.add", { type: "failure", error: { name: "AbandonedJobError" } }],
    ]);
    expect(cleaned.errors).toMatchObject([{ code: "job", message: expect.stringContaining("rq_jobs.nobody") }]);
    expect([await parent.status(), await patient.status(), await lenient.status()]).toEqual([
      "failed",
      "deferred",
      "queued",
    ]);
    await python.request("work", { queues: ["default"] });
    expect([await lenient.result(), await unheard.result()]).toEqual([3, 1]);
  });

  test("jobs with what rq 2.10 brought are run, and none is forgotten", async () => {
    // As rq 2.10 writes them: two may be in queues or run at a time.
    const limited = (id: string) =>
      client.hset(`rq:job:${id}`, { rate_limit_key: "mail", rate_limit_concurrency: 2, status: "rate_limited" });
    await client.sadd("rq:rl-keys", "mail");
    await client.hset("rq:rl:mail", "concurrency", 2);
    const jobs = await Promise.all(
      [0, 1, 2, 3, 4].map((i) => queue().enqueue("rq_jobs.add", [i], {}, { id: `j${i}` })),
    );
    await client.del("rq:queue:default");
    for (const [i, { id }] of jobs.entries()) {
      await limited(id);
      await client.zadd("rq:rl:mail:rate_limited", i, id);
    }
    const webhooks = [
      { url: "https://example.org/", job_status: "finished", method: "POST", headers: null, timeout: 5 },
    ];
    await client.hset("rq:job:j0", "webhooks", JSON.stringify(webhooks));
    expect(await jobs[0]!.info()).toMatchObject({
      status: "rate_limited",
      rateLimit: { key: "mail", concurrency: 2 },
      webhooks: [{ url: "https://example.org/", jobStatus: "finished", method: "POST", headers: {}, timeout: 5 }],
    });
    // A process died between a job's end and the queue; a canceled and a deleted job make room, too.
    const ready = await queue().enqueue("rq_jobs.add", [9]);
    await client.lrem("rq:queue:default", 1, ready.id);
    await client.hset(`rq:job:${ready.id}`, "status", "ready_to_enqueue");
    await client.zadd("rq:ready:default", 1, ready.id);
    expect((await queue().registry("ready")).map(({ id }) => id)).toEqual([ready.id]);
    await queue().cleanRegistries();
    expect(await queue().jobIds()).toEqual([ready.id, "j0", "j1"]);
    expect(await jobs[1]!.cancel()).toBe(true);
    expect(await queue().jobIds()).toEqual([ready.id, "j0", "j2"]);
    expect(await jobs[3]!.delete()).toBe(true);
    expect(await client.zrange("rq:rl:mail:rate_limited", "0", "-1")).toEqual(["j4"]);
    // One that fails is tried again on its place.
    await client.hset("rq:job:j2", { retries_left: 1, retry_intervals: "[0]" });
    const errors: Error[] = [];
    const ran: unknown[] = [];
    const add = ([n]: readonly unknown[]) => {
      if (ran.push(n) === 3) throw new Error("not yet");
      return n;
    };
    const options = { client, onError: (error: Error) => errors.push(error), format: 2 } as const;
    await new RqWorker(["default"], { "rq_jobs.add": add }, options).run({ burst: true });
    expect(ran).toEqual([9, 0, 2, 4, 2]);
    expect(await Promise.all(jobs.map((job) => job.status()))).toEqual([
      "finished",
      "canceled",
      "finished",
      undefined,
      "finished",
    ]);
    expect(errors).toMatchObject([{ code: "unsupported", message: expect.stringContaining("webhooks") }]);
    expect(await client.hget("rq:job:j0", "webhooks")).toBe(JSON.stringify(webhooks));
    await queue().cleanRegistries();
    expect(await client.keys("rq:rl*")).toEqual([]);
  });
});
