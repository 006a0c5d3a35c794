/** Python services send tasks to a Node worker, which runs them, answers, and looks like any other worker. */
import { setTimeout } from "node:timers/promises";
import { type BadMessage, type Celery, Ignore, Reject, type Worker } from "@brine/celery";
import { type Decimal, type PyDateTime, pyExceptions, Tuple, tuple } from "@brine/codec";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { COMBINATIONS, connectApp, type Point, pythonEnvironment, WAIT } from "../setting.js";
import { progressSeen, SEEN } from "./progress-seen.js";

interface Answer {
  readonly state: string;
  readonly repr: string;
  readonly class?: string;
  readonly message?: string;
  readonly traceback?: string;
}

describeEachGeneration("consume from Python clients", (set) => {
  describe.each(COMBINATIONS)("broker %s, results %s", (broker, backend) => {
    let app: Celery;
    let worker: Worker;
    let python: PythonPeer;
    const warnings: Error[] = [];
    const bad: BadMessage[] = [];

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("consume");
      app = connectApp(isolation, [broker, backend], { taskDefaultQueue: queue, taskTrackStarted: true });
      defineTasks(app);
      worker = app.worker({ name: "node", concurrency: 4, mingle: false, sendTaskEvents: true });
      worker.on("warning", (warning) => warnings.push(warning));
      worker.on("badMessage", (message) => bad.push(message));
      await worker.start();
      python = await set.python.spawn("celery_client.py", [], {
        env: pythonEnvironment(isolation, [broker, backend], queue),
      });
    });

    beforeEach(() => {
      // What another try left.
      for (const seen of [warnings, bad]) seen.length = 0;
    });

    afterEach(() => {
      expect(warnings.splice(0).map(String)).toEqual([]);
    });

    afterAll(async () => {
      await python?.close();
      await app?.close();
    });

    const send = (task: string, args = "()", kwargs = "{}", options = "{}") =>
      python.request<string>("send", { task, args, kwargs, options });
    const get = (id: string) => python.request<Answer>("get", { id });
    const call = async (task: string, args?: string, kwargs?: string, options?: string) =>
      get(await send(task, args, kwargs, options));

    test("a task runs and Python gets the result", async () => {
      expect(await call("node.add", "(2, 3)")).toMatchObject({ state: "SUCCESS", repr: "5" });
      expect(await call("node.add", "(2**80, 1)")).toMatchObject({ repr: String(2n ** 80n + 1n) });
      expect(await call("node.sub", "(5,)", "{'y': 2}")).toMatchObject({ repr: "3" });
    });

    test("Python's types arrive as the codec's and go back unchanged", async () => {
      expect(await call("node.describe", "(values.rich(),)")).toMatchObject({
        repr: "{'decimal': '1.10', 'day': 29, 'point': 3, 'tuple': True, 'big': 1208925819614629174706176}",
      });
      const pair = "((1, (2, ())), {'d': decimal.Decimal('1.10'), 'p': models.Point(1, 2), 's': {1}, 'b': b'\\x00'})";
      expect(await call("node.echo", pair)).toMatchObject({
        repr: "((1, (2, ())), {'d': Decimal('1.10'), 'p': Point(x=1, y=2), 's': {1}, 'b': b'\\x00'})",
      });
    });

    test("an error becomes a Python exception of its class", async () => {
      expect(await call("node.fail", "('TypeError',)")).toMatchObject({ class: "TypeError", message: "from node" });
      expect(await call("node.fail", "('ValueError',)")).toMatchObject({
        class: "ValueError",
        message: "('from node', 42)",
      });
      const custom = await call("node.fail", "('Custom',)");
      expect(custom.class).toMatch(/PaymentError$/);
      expect(custom).toMatchObject({ message: "from node" });
      expect(custom.traceback).toContain("messages/consume.test");
      const unknown = await call("node.nope");
      expect(unknown).toMatchObject({ class: "celery.exceptions.NotRegistered" });
      expect(bad.splice(0)).toMatchObject([{ kind: "unknown-task" }]);
    });

    test("progress, retries and results without a value are seen", async () => {
      const id = await send("node.progress", "(2,)");
      const states = await python.request<[string, string][]>("states", { id, tell: SEEN });
      expect(states.map(([state]) => state)).toContain("PROGRESS");
      expect(states.at(-1)).toEqual(["SUCCESS", "2"]);
      expect(await call("node.retry", "(2,)")).toMatchObject({ repr: "2" });
      expect(await call("node.nothing")).toMatchObject({ state: "SUCCESS", repr: "None" });
    });

    test("countdown, expiry, links and time limits are honoured", async () => {
      // All at once, as each takes its time.
      const begun = Date.now();
      const late = await send("node.add", "(1, 1)", "{}", "{'countdown': 1}");
      const expired = await send("node.add", "(1, 1)", "{}", "{'expires': 3, 'countdown': 4}");
      const killed = await send("node.hang", "()", "{}", "{'time_limit': 1}");
      const stopped = await send("node.hang", "()", "{}", "{'soft_time_limit': 1}");
      expect(await get(late)).toMatchObject({ repr: "2" });
      expect(Date.now() - begun).toBeGreaterThanOrEqual(950);
      expect(await get(killed)).toMatchObject({ class: "billiard.exceptions.TimeLimitExceeded" });
      expect(await get(stopped)).toMatchObject({ class: "billiard.exceptions.SoftTimeLimitExceeded" });
      expect(await get(expired)).toMatchObject({ class: "celery.exceptions.TaskRevokedError" });
    });

    test("a Python canvas runs its steps here", async () => {
      const chain = "chain(signature('node.add', (1, 2)), signature('node.mul', (10,)), signature('node.add', (1,)))";
      expect(await get(await python.request("canvas", { expression: chain }))).toMatchObject({ repr: "31" });
      const group = "group(signature('node.add', (i, i)) for i in range(3))";
      expect(await get(await python.request("canvas", { expression: group }))).toMatchObject({ repr: "[0, 2, 4]" });
      const map =
        "app.tasks['add'].s() and signature('celery.starmap', kwargs={'task': dict(signature('node.add')), 'it': [(1, 2), (3, 4)]})";
      expect(await get(await python.request("canvas", { expression: map }))).toMatchObject({ repr: "[3, 7]" });
    });

    if (backend === "redis")
      test("the parts and the body of a Python chord run here", async () => {
        const header = "[signature('node.add', (i, i)) for i in range(3)]";
        const chord = `chord(${header}, signature('node.sum'))`;
        expect(await get(await python.request("canvas", { expression: chord }))).toMatchObject({ repr: "6" });
        const flow = `chain(group(${header}), signature('node.sum'), signature('node.mul', (2,)))`;
        expect(await get(await python.request("canvas", { expression: flow }))).toMatchObject({ repr: "12" });
        const failing = `chord([signature('node.add', (1, 1)), signature('node.fail', ('ValueError',))], signature('node.sum'))`;
        const failed = await python.request<string>("canvas", { expression: failing });
        // Python's client shows the error of the part first, which is the parent of the body.
        expect(await get(failed)).toMatchObject({ class: "ValueError" });
        await expect(app.result(failed).get(WAIT)).rejects.toMatchObject({
          pythonClass: "celery.exceptions.ChordError",
        });
      });

    test("celery inspect and control see it", async () => {
      const { hostname } = worker;
      const inspect = async (method: string, args?: string) =>
        (await python.request<Record<string, { repr: string }> | null>("inspect", {
          method,
          destination: [hostname],
          ...(args === undefined ? {} : { args }),
        }))![hostname]!.repr;
      expect(await python.request("ping", { destination: [hostname] })).toEqual([{ [hostname]: { ok: "pong" } }]);
      expect(await inspect("registered")).toContain("'node.add'");
      const id = await send("node.wait");
      while (!(await inspect("active")).includes(id)) await setTimeout(50);
      expect(await inspect("query_task", `(${JSON.stringify(id)},)`)).toContain("active");
      await python.request("revoke", { id, terminate: true });
      expect(await get(id)).toMatchObject({ class: "celery.exceptions.TaskRevokedError", message: "terminated" });
      expect(await inspect("stats")).toContain("'total'");
      expect(await inspect("active_queues")).toContain("consume");
      expect(await inspect("conf")).toContain("task_serializer");
    });

    test("a revoked task does not run", async () => {
      const id = await send("node.add", "(1, 1)", "{}", "{'countdown': 600}");
      await python.request("revoke", { id });
      expect(await get(id)).toMatchObject({ class: "celery.exceptions.TaskRevokedError", message: "revoked" });
    });

    test("celery events sees its heartbeats and tasks", async () => {
      const listening = python.request<Record<string, unknown>[]>("events", {
        wanted: ["worker-heartbeat", "task-received", "task-started", "task-succeeded"],
        timeout: 30,
      });
      const ping = setInterval(
        () => void app.sendTask("node.add", { args: [1, 2], ignoreResult: true }).catch(() => {}),
        300,
      );
      const seen = await listening.finally(() => clearInterval(ping));
      const succeeded = seen.find((event) => event.type === "task-succeeded");
      expect(succeeded).toMatchObject({ hostname: worker.hostname, result: "3" });
      expect(seen.find((event) => event.type === "worker-heartbeat")).toMatchObject({ sw_ident: "brine" });
    });

    test("Ignore and Reject do what they say", async () => {
      await send("node.ignore");
      expect(await call("node.reject", "()")).toMatchObject({ repr: "'second time'" });
    });
  });
});

class PaymentError extends Error {
  override name = "PaymentError";
}

function defineTasks(app: Celery): void {
  const rejected = new Set<string>();
  app.task("node.add", (_, x: number | bigint, y: number | bigint) =>
    typeof x === "bigint" || typeof y === "bigint" ? BigInt(x) + BigInt(y) : x + y,
  );
  app.task("node.mul", (_, x: number, y: number) => x * y);
  app.task("node.sub", { parameters: ["x", "y"] }, (_, x: number, y: number) => x - y);
  app.task("node.sum", (_, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
  app.task("node.echo", (_, ...args: unknown[]) => tuple(...args));
  app.task("node.nothing", () => undefined);
  app.task("node.describe", (_, rich: Record<string, unknown>) => ({
    decimal: (rich.decimal as Decimal).toString(),
    day: (rich.datetime as PyDateTime).day,
    point: (rich.point as Point).x + (rich.point as Point).y,
    tuple: rich.tuple instanceof Tuple,
    big: rich.big,
  }));
  app.task("node.fail", (_, kind: string) => {
    if (kind === "TypeError") throw new TypeError("from node");
    if (kind === "ValueError") throw new pyExceptions.ValueError("from node", 42);
    throw new PaymentError("from node");
  });
  const progress = progressSeen(app);
  app.task("node.progress", async (context, steps: number) => {
    for (let step = 0; step < steps; step++) {
      await progress(context, { step });
    }
    return steps;
  });
  app.task("node.retry", (context, failures: number) => {
    if (context.retries < failures) throw context.retry({ error: new Error("again"), countdown: 0.05 });
    return context.retries;
  });
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  app.task("node.hang", (context) => untilAborted(context.signal));
  app.task("node.wait", (context) => untilAborted(context.signal));
  app.task("node.ignore", () => {
    throw new Ignore();
  });
  app.task("node.reject", { acksLate: true }, ({ id }) => {
    if (rejected.has(id)) return "second time";
    rejected.add(id);
    throw new Reject("not now", { requeue: true });
  });
}
