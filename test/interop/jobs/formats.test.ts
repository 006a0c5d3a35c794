/**
 * Jobs in the forms of arq, huey and dramatiq, to and from CPython. The libraries are not in Debian: stand-ins of the standard
 * library read and write what they would. That the forms are theirs is shown by the captures of the real ones.
 */
import { PyException } from "@brine/codec";
import { ArqQueue } from "@brine/redis-adapter/arq";
import { DramatiqQueue } from "@brine/redis-adapter/dramatiq";
import { HueyQueue, type JobError } from "@brine/redis-adapter/huey";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";

const WAIT = { timeoutMs: 60_000 };

describeEachGeneration("job formats", (set: ServiceSet) => {
  let python: PythonPeer;
  let client: Redis;

  beforeAll(async () => {
    const at = (await set.isolate()).redis();
    python = await set.python.spawn("job_formats.py", [at.pythonUrl]);
    client = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error as JobError);

  test("arq: enqueued, run by Python, and its results awaited", async () => {
    const queue = new ArqQueue({ client });
    const good = await queue.enqueue<number>("add", [1, 2], { c: 3 }, { id: "mine" });
    expect(await queue.enqueue("add", [], {}, { id: "mine" })).toBeUndefined();
    const bad = await queue.enqueue("add", [1, "x"], {}, { deferBy: 3_600_000 });
    expect(await Promise.all([good!.status(), bad!.status()])).toEqual(["queued", "deferred"]);
    expect(await good!.def()).toMatchObject({ func: "add", args: [1, 2], kwargs: { c: 3 } });
    expect((await queue.queued()).map(({ id }) => id)).toEqual(["mine", bad!.id]);
    // A day after they are due, whose time is the score in milliseconds.
    expect(await client.pttl("arq:job:mine")).toBeGreaterThan(86_000_000);
    expect(await client.pttl(`arq:job:${bad!.id}`)).toBeGreaterThan(86_000_000 + 3_600_000);
    const [, late] = await queue.queued();
    expect(late!.due.getTime() - (await bad!.def())!.enqueuedAt.getTime()).toBe(3_600_000);
    const waiting = good!.result(WAIT);
    expect(await python.request("arq")).toEqual([
      expect.stringMatching(/^\{'t': None, 'f': 'add', 'a': \(1, 2\), 'k': \{'c': 3\}, 'et': \d+\}$/),
      expect.stringContaining("'a': (1, 'x')"),
    ]);
    expect(await waiting).toBe(6);
    expect(await good!.status()).toBe("complete");
    const error = await failure(bad!.result(WAIT));
    expect(error).toMatchObject({ name: "JobError", jobId: bad!.id, cause: { pythonClass: "builtins.TypeError" } });
    expect((error as JobError).cause).toBeInstanceOf(PyException);
    await expect(queue.job("nobody").result({ timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });

    const running = await queue.enqueue("add", [1], {}, { deferBy: 3_600_000 });
    await running!.abort();
    // Made due, so that a worker takes it and finds that it is to drop it.
    expect(await client.zscore("arq:queue", running!.id)).toBe("1");
    expect(Number(await client.zscore("arq:abort", running!.id))).toBeGreaterThan(1.7e12);
    await client.set(`arq:in-progress:${running!.id}`, "1");
    expect(await running!.status()).toBe("in_progress");
    expect(await queue.job("nobody").status()).toBe("not_found");
  });

  test.each([
    { version: 3, fields: 15, prioritized: false },
    { version: 3, fields: 15, prioritized: true },
    { version: 2, fields: 12, prioritized: false },
    { version: 2, fields: 12, prioritized: true },
  ] as const)("huey $version: tasks are run by Python, and read; prioritized: $prioritized", async (form) => {
    const { version, fields, prioritized: priority } = form;
    const queue = new HueyQueue("my-app", { client, prioritized: priority, version });
    const good = await queue.enqueue<number>("tasks.add", [1, 2], { c: 3 }, { retries: 2, priority: 1 });
    const late = await queue.enqueue<number>("tasks.add", [4], {}, { eta: new Date("2030-01-02T03:04:05.006Z") });
    const bad = await queue.enqueue("tasks.add", [1, "x"]);
    expect((await queue.pending()).map(({ args }) => args)).toEqual([[1, 2], [4], [1, "x"]]);
    expect(await python.request("huey", { name: "myapp", priority, fields })).toEqual([
      ["Message", "tasks.add", "None", "(1, 2)", "{'c': 3}", 2],
      ["Message", "tasks.add", "datetime.datetime(2030, 1, 2, 3, 4, 5, 6000)", "(4,)", "{}", 0],
      ["Message", "tasks.add", "None", "(1, 'x')", "{}", 0],
    ]);
    expect(await good.result({ ...WAIT, preserve: true })).toBe(6);
    expect(await good.result(WAIT)).toBe(6);
    await expect(good.result({ timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
    expect(await late.result(WAIT)).toBe(4);
    expect(await failure(bad.result(WAIT))).toMatchObject({
      cause: { pythonClass: "builtins.TypeError", message: expect.stringMatching(/unsupported operand/) },
      traceback: "a traceback",
    });

    await python.request("huey_enqueue", { name: "myapp", priority, fields });
    const theirs = { id: "their-id", name: "tasks.add", args: [1, new Set([2])], kwargs: { c: null }, retries: 2 };
    const [waiting] = await queue.pending();
    expect(waiting).toMatchObject({ ...theirs, retryDelay: 10, priority: 5 });
    expect(waiting!.fields).toHaveLength(fields);
    expect(String(waiting!.eta)).toMatch(/^2030-01-02[ T]03:04:05/);
    expect(await queue.scheduled()).toMatchObject([{ task: theirs, due: 1893553445 }]);
  });

  test.each([
    { encoder: "pickle", args: ["(1, 2)", "(1, 'x')"] },
    { encoder: "json", args: ["[1, 2]", "[1, 'x']"] },
  ] as const)("dramatiq: enqueued in $encoder, run by Python, and its results awaited", async ({ encoder, args }) => {
    const queue = new DramatiqQueue("default", { client, encoder });
    const good = await queue.enqueue<number>("add", [1, 2], { c: 3 });
    const bad = await queue.enqueue("add", [1, "x"]);
    const late = await queue.enqueue("add", [5], {}, { delay: 1000 });
    expect(await queue.messages()).toMatchObject([{ args: [1, 2] }, { args: [1, "x"] }]);
    expect(await queue.messages({ delayed: true })).toMatchObject([
      { queueName: "default.DQ", messageId: late.id, options: { eta: expect.any(Number) } },
    ]);
    const waiting = good.result(WAIT);
    expect(await python.request("dramatiq", { queue: "default", encoder })).toEqual([
      ["default", "add", args[0], "{'c': 3}"],
      ["default", "add", args[1], "{}"],
    ]);
    expect(await waiting).toBe(6);
    // It is still there.
    expect(await good.result()).toBe(6);
    expect(await failure(bad.result(WAIT))).toMatchObject({ cause: { pythonClass: "builtins.TypeError" } });
    await expect(late.result({ timeoutMs: 30 })).rejects.toMatchObject({ code: "timeout" });
  });
});
