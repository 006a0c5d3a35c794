/** Remote control of a Node worker: every command of Celery's `worker/control.py`, by what it does. */
import { describe, expect, test } from "vitest";
import type { Celery } from "../../client/app.js";
import { TaskRevokedError } from "../../protocol/python-exceptions.js";
import { gate, startWorker, until } from "../worker.fixture.js";

const timeoutMs = 20_000;

/** Sends a command to the one worker and gives its answer. */
const asker =
  (app: Celery) =>
  async (method: string, args: Record<string, unknown> = {}): Promise<unknown> =>
    Object.values(await app.control.broadcast(method, args, { timeoutMs, limit: 1 }))[0];

function hanging(): { define: (app: Celery) => void; release: () => void } {
  const { passed, open } = gate();
  return {
    define: (app) => {
      app.task("hang", { rateLimit: "100/s" }, (context, _arg?: unknown) =>
        Promise.race([
          passed,
          new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason))),
        ]),
      );
      app.task("add", (_, x: number, y: number) => x + y);
    },
    release: () => open(),
  };
}

describe("inspect", () => {
  test("shows what runs, what waits for a slot and what for its time", async () => {
    const { define, release } = hanging();
    const { app, worker } = await startWorker({}, define, { concurrency: 1 });
    const ask = asker(app);
    await app.sendTask("add", { args: [1, 2], taskId: "later", countdown: 60 });
    await app.sendTask("hang", { args: [{ deep: 1 }], taskId: "active", priority: 3 });
    await until(() => worker.active.length === 1);
    await app.sendTask("add", { args: [1, 2], taskId: "waits" });
    await until(async () => ((await ask("reserved")) as unknown[]).length === 1);
    expect(await ask("active")).toMatchObject([
      { id: "active", name: "hang", worker_pid: process.pid, delivery_info: { priority: 3, routing_key: "celery" } },
    ]);
    expect(await ask("reserved")).toMatchObject([{ id: "waits", time_start: null }]);
    expect(await ask("scheduled")).toMatchObject([{ priority: 6, request: { id: "later" } }]);
    expect(await ask("dump_active", { safe: true })).toMatchObject([{ args: "({'deep': 1},)" }]);
    expect(await ask("query_task", { ids: ["active", "later", "unknown"] })).toMatchObject({
      active: ["active", { id: "active" }],
      later: ["reserved", { id: "later" }],
    });
    release();
  });

  test("tells of tasks, queues, settings and itself", async () => {
    const { define } = hanging();
    const { app } = await startWorker({ taskAcksLate: true, controlExchange: "other" }, define);
    const ask = asker(app);
    expect(await ask("ping")).toEqual({ ok: "pong" });
    expect(await ask("registered")).toEqual(["add", "hang [rate_limit=100/s]"]);
    expect(await ask("registered", { taskinfoitems: ["max_retries"], builtins: true })).toContain(
      "celery.map [max_retries=3]",
    );
    expect(await ask("active_queues")).toMatchObject([{ name: "celery", exchange: { type: "direct" }, durable: true }]);
    expect(await ask("conf")).toEqual({
      broker_url: "memory://",
      result_backend: "memory://",
      task_serializer: "pickle",
      result_serializer: "pickle",
      accept_content: ["pickle", "json"],
      task_acks_late: true,
      control_exchange: "other",
    });
    expect(await ask("conf", { with_defaults: true })).toMatchObject({
      worker_prefetch_multiplier: 4,
      task_publish_retry_policy: { max_retries: 3, interval_start: 0 },
    });
    expect(await ask("report")).toMatchObject({
      ok: expect.stringMatching(/software -> brine(?:.|\n)*task_acks_late: True/),
    });
    expect(await ask("clock")).toEqual({ clock: expect.any(Number) });
    expect(await ask("memsample")).toMatch(/^\d+\.\dMB$/);
    expect(await ask("memdump")).toMatch(/^- {4}> \d+\.\dMB,\n- rss \(end\): \d+\.\dMB\.\n$/);
    expect(await ask("objgraph")).toMatchObject({ error: expect.stringContaining("objgraph") });
    expect(await ask("hello", { from_node: "somebody@else", revoked: { "an-id": [1.5, "an-id"] } })).toMatchObject({
      revoked: { "an-id": [expect.anything(), "an-id"] },
    });
    expect(await ask("revoked")).toEqual(["an-id"]);
    expect(await ask("stats")).toMatchObject({
      pid: process.pid,
      prefetch_count: 8,
      pool: { "max-concurrency": 2, processes: [process.pid] },
      rusage: { utime: expect.any(Number) },
    });
    expect(await ask("nope")).toEqual({ error: "KeyError('nope')" });
  });

  test("conf shows queues and routes by Python's names", async () => {
    const { app } = await startWorker({
      taskQueues: [{ name: "video", exchange: { name: "media", type: "topic" }, routingKey: "video.#" }],
      taskRoutes: [{ "film.*": { queue: "video", routingKey: "video.film" }, plain: "celery" }, () => undefined],
    });
    expect(await asker(app)("conf")).toMatchObject({
      task_queues: [{ name: "video", exchange: { name: "media", type: "topic" }, routing_key: "video.#" }],
      task_routes: [
        { "film.*": { queue: "video", routing_key: "video.film" }, plain: "celery" },
        expect.stringContaining("function"),
      ],
    });
  });
});

describe("revoke", () => {
  test("takes one id or many, and says which it stopped", async () => {
    const { define } = hanging();
    const { app, worker } = await startWorker({}, define);
    const ask = asker(app);
    expect(await ask("revoke", { task_id: ["a", "b"] })).toEqual({ ok: "tasks a, b flagged as revoked" });
    expect(await ask("revoke", { task_id: "c", terminate: true })).toEqual({ ok: "terminate: tasks unknown" });
    const result = await app.sendTask("hang", { taskId: "d" });
    await until(() => worker.active.length === 1);
    expect(await ask("terminate", { task_id: "d", signal: "KILL" })).toEqual({ ok: "terminate: d" });
    await expect(result.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
    expect(await ask("revoked")).toEqual(["a", "b", "c", "d"]);
  });

  test("by stamp with terminate leaves what another command flagged", async () => {
    const { define, release } = hanging();
    const { app, worker } = await startWorker({}, define, { concurrency: 3 });
    const ask = asker(app);
    const flagged = await app.sendTask("hang", { stamps: { batch: "a" } });
    const byId = await app.sendTask("hang");
    const meant = await app.sendTask("hang", { stamps: { batch: 7 } });
    await until(() => worker.active.length === 3);
    await ask("revoke", { task_id: byId.id });
    await ask("revoke_by_stamped_headers", { headers: { batch: "a" } });
    // The text is another stamp than the number.
    expect(await ask("revoke_by_stamped_headers", { headers: ["batch=7"], terminate: true })).toEqual({
      ok: "headers {'batch': '7'} were not terminated",
    });
    await ask("revoke_by_stamped_headers", { headers: { batch: 7 }, terminate: true });
    await expect(meant.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
    expect(worker.active.map(({ id }) => id).sort()).toEqual([flagged.id, byId.id].sort());
    release();
    await Promise.all([flagged.get({ timeoutMs }), byId.get({ timeoutMs })]);
  });

  test("by stamp reaches those that wait, and those that run with terminate", async () => {
    const { define, release } = hanging();
    const { app, worker } = await startWorker({}, define);
    const ask = asker(app);
    const running = await app.sendTask("hang", { stamps: { batch: ["x", "y"] } });
    const later = await app.sendTask("hang", { stamps: { batch: "x" }, countdown: 60 });
    const other = await app.sendTask("hang", { stamps: { batch: "z" } });
    await until(async () => worker.active.length === 2 && ((await ask("scheduled")) as unknown[]).length === 1);
    expect(await ask("revoke_by_stamped_headers", { headers: ["batch=x"] })).toEqual({
      ok: "headers {'batch': 'x'} flagged as revoked, but not terminated",
    });
    await expect(later.get({ timeoutMs })).rejects.toThrow("revoked");
    expect(await ask("revoke_by_stamped_headers", { headers: { batch: "x" }, terminate: true })).toEqual({
      ok: "headers {'batch': 'x'} revoked",
    });
    await expect(running.get({ timeoutMs })).rejects.toThrow("terminated");
    release();
    expect(await other.get({ timeoutMs })).toBeNull();
  });
});

describe("limits", () => {
  test("rate_limit and time_limit hold for the next task, and say what they cannot do", async () => {
    const { define } = hanging();
    const { app } = await startWorker({}, define);
    const ask = asker(app);
    expect(await ask("rate_limit", { task_name: "add", rate_limit: "1/h" })).toEqual({
      ok: "new rate limit set successfully",
    });
    expect(await (await app.sendTask("add", { args: [1, 1] })).get({ timeoutMs })).toBe(2);
    const second = await app.sendTask("add", { args: [2, 2] });
    await until(async () => ((await ask("reserved")) as unknown[]).length === 1);
    expect(await second.state()).toBe("PENDING");
    expect(await ask("rate_limit", { task_name: "add", rate_limit: 0 })).toEqual({
      ok: "rate limit disabled successfully",
    });
    expect(await (await app.sendTask("add", { args: [3, 3] })).get({ timeoutMs })).toBe(6);
    expect(await ask("rate_limit", { task_name: "add", rate_limit: "fast" })).toMatchObject({
      error: expect.stringContaining("Invalid rate limit string"),
    });
    expect(await ask("rate_limit", { task_name: "nope", rate_limit: "1/s" })).toEqual({ error: "unknown task" });
    expect(await ask("time_limit", { task_name: "nope", hard: 1 })).toEqual({ error: "unknown task" });
    expect(await ask("time_limit", { task_name: "hang", hard: 0.05, soft: null })).toEqual({
      ok: "time limits set successfully",
    });
    await expect((await app.sendTask("hang")).get({ timeoutMs })).rejects.toMatchObject({
      pythonClass: "billiard.exceptions.TimeLimitExceeded",
    });
  });
});

describe("the pool", () => {
  test("grows and shrinks, never to nothing", async () => {
    const { define, release } = hanging();
    const { app, worker } = await startWorker({}, define, { concurrency: 1 });
    const ask = asker(app);
    const sent = [await app.sendTask("hang"), await app.sendTask("hang"), await app.sendTask("hang")];
    await until(() => worker.active.length === 1);
    expect(Object.values(await app.control.poolGrow(2, { limit: 1 }))).toEqual([{ ok: "pool will grow" }]);
    await until(() => worker.active.length === 3);
    expect(await ask("stats")).toMatchObject({ pool: { "max-concurrency": 3 }, prefetch_count: 12 });
    expect(Object.values(await app.control.poolShrink(7, { limit: 1 }))).toEqual([{ ok: "pool will shrink" }]);
    expect(await ask("stats")).toMatchObject({ pool: { "max-concurrency": 1 } });
    expect(await ask("autoscale", { max: 3 })).toEqual({ error: "ValueError('Autoscale not enabled')" });
    release();
    for (const result of sent) await result.get({ timeoutMs });
  });

  test("follows the load with autoscale", async () => {
    const { define, release } = hanging();
    const { app, worker } = await startWorker({}, define, { autoscale: { min: 1, max: 2 } });
    const ask = asker(app);
    const sent = [await app.sendTask("hang"), await app.sendTask("hang"), await app.sendTask("hang")];
    await until(() => worker.active.length === 2);
    expect(await ask("pool_grow")).toMatchObject({ error: expect.stringContaining("not supported with autoscale") });
    const answer = await app.control.autoscale({ max: 3, min: 1 }, { limit: 1 });
    expect(Object.values(answer)).toEqual([{ ok: "autoscale now max=3 min=1" }]);
    // What is not given stays, unless the other goes beyond it.
    for (const [limits, ok] of [
      [{ min: 2 }, "max=3 min=2"],
      [{ min: 5 }, "max=5 min=5"],
      [{ max: 4 }, "max=4 min=4"],
      [{ max: 6 }, "max=6 min=4"],
      [{ max: 3, min: 1 }, "max=3 min=1"],
    ] as const)
      expect(await ask("autoscale", limits)).toEqual({ ok: `autoscale now ${ok}` });
    await until(() => worker.active.length === 3);
    release();
    for (const result of sent) await result.get({ timeoutMs });
    await until(async () => {
      const { autoscaler } = (await ask("stats")) as { autoscaler: { current: number } };
      return autoscaler.current === 1;
    });
  });

  test("restarts its threads where that is allowed", async () => {
    expect(await asker((await startWorker()).app)("pool_restart")).toEqual({
      error: "ValueError('Pool restarts not enabled')",
    });
    const counter = "data:text/javascript,let n = 0; export default () => ++n";
    const { app } = await startWorker({ workerPoolRestarts: true }, (a) => void a.task("count", { module: counter }));
    const count = async () => (await app.sendTask("count")).get({ timeoutMs });
    expect([await count(), await count()]).toEqual([1, 2]);
    expect(Object.values(await app.control.poolRestart({ limit: 1 }))).toEqual([{ ok: "reload started" }]);
    expect(await count()).toBe(1);
  });
});

test("queues are added and dropped while it runs", async () => {
  const { define } = hanging();
  const { app } = await startWorker({}, define);
  const ask = asker(app);
  expect(await ask("add_consumer", { queue: "more", exchange: null, exchange_type: "direct" })).toEqual({
    ok: "add consumer more",
  });
  expect(await (await app.sendTask("add", { args: [1, 2], queue: "more" })).get({ timeoutMs })).toBe(3);
  expect(await ask("cancel_consumer", { queue: "more" })).toEqual({ ok: "no longer consuming from more" });
  expect(((await ask("active_queues")) as unknown[]).length).toBe(1);
  await app.sendTask("add", { args: [1, 2], queue: "more" });
  expect(await app.transport.queueLength("more")).toBe(1);
});

test("events are switched on and off", async () => {
  const ask = asker((await startWorker()).app);
  expect(await ask("enable_events")).toEqual({ ok: "task events enabled" });
  expect(await ask("enable_events")).toEqual({ ok: "task events already enabled" });
  expect(await ask("disable_events")).toEqual({ ok: "task events disabled" });
  expect(await ask("disable_events")).toEqual({ ok: "task events already disabled" });
});

test("shutdown is a warm one", async () => {
  const { define, release } = hanging();
  const { app, worker } = await startWorker({}, define);
  const result = await app.sendTask("hang");
  await until(() => worker.active.length === 1);
  const stopped = new Promise<void>((resolve) => worker.once("stopped", resolve));
  await app.control.shutdown();
  await until(() => !worker.isRunning);
  release();
  await stopped;
  expect(await result.state()).toBe("SUCCESS");
});

test.each([["pickle"], ["json"]])("answers in the cluster's serializer, %s", async (serializer) => {
  const settings = { taskSerializer: serializer, acceptContent: [serializer] };
  const { app, worker } = await startWorker(settings, (a) => void a.task("add", (_, x: number) => x));
  expect({ ...(await app.control.ping({ timeoutMs, limit: 1 })) }).toEqual({ [worker.hostname]: { ok: "pong" } });
});
