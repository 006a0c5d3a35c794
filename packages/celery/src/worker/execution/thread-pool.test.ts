/** Tasks with a module, in real threads. */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pyExceptions } from "@brine/codec";
import { describe, expect, test } from "vitest";
import type { Celery } from "../../client/app.js";
import { SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError } from "../../protocol/python-exceptions.js";
import { startWorker, until } from "../worker.fixture.js";

const timeoutMs = 20_000;
const source = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const SPIN = source("export default () => { for (;;); }");

test("a module runs in a thread, with arguments in their places and any cloneable value as the result", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("double", { module: source("export default (x) => x * 2") });
    a.task("sub", { parameters: ["x", "y"], module: source("export default async (x, y) => new Set([x - y])") });
  });
  expect(await (await app.sendTask("double", { args: [21] })).get({ timeoutMs })).toBe(42);
  const sub = await app.sendTask("sub", { args: [5], kwargs: { y: 2 } });
  expect(await sub.get({ timeoutMs })).toEqual(new Set([3]));
});

describe("a thread's errors", () => {
  test("keep JavaScript's and Python's class, and their cause", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("range", { module: source("export default () => { throw new RangeError('too far') }") });
      a.task("named", {
        module: source(
          "export default () => { throw Object.assign(new Error('bad'), { pythonClass: 'builtins.KeyError', args: ['k'] }) }",
        ),
      });
    });
    const range = (await app.sendTask("range")).get({ timeoutMs });
    await expect(range).rejects.toBeInstanceOf(pyExceptions.ValueError);
    await expect(range).rejects.toThrow("too far");
    const named = (await app.sendTask("named")).get({ timeoutMs });
    await expect(named).rejects.toBeInstanceOf(pyExceptions.KeyError);
  });

  test("are the task's own when a value cannot be cloned, on either way", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("function", { module: source("export default () => () => 1") });
      a.task("double", { module: source("export default (x) => x * 2") });
      a.task("none", { module: source("export const x = 1") });
    });
    await expect((await app.sendTask("function")).get({ timeoutMs })).rejects.toThrow("could not be cloned");
    await expect((await app.sendTask("none")).get({ timeoutMs })).rejects.toThrow("no function as its default export");
    expect(await (await app.sendTask("double", { args: [2] })).get({ timeoutMs })).toBe(4);
  });
});

test("a hard limit ends a thread that does not look up, and the next task has another", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("spin", { module: SPIN, timeLimit: 0.2 });
    a.task("double", { module: source("export default (x) => x * 2") });
  });
  await expect((await app.sendTask("spin")).get({ timeoutMs })).rejects.toBeInstanceOf(TimeLimitExceeded);
  expect(await (await app.sendTask("double", { args: [1] })).get({ timeoutMs })).toBe(2);
});

test("revoke with terminate ends the thread", async () => {
  const { app, worker } = await startWorker({}, (a) => {
    a.task("spin", { module: SPIN });
  });
  const result = await app.sendTask("spin");
  await until(() => worker.active.length === 1);
  await result.revoke({ terminate: true });
  await expect(result.get({ timeoutMs })).rejects.toThrow("terminated");
  await until(() => worker.active.length === 0);
});

describe("a task that looks at its signal", () => {
  /** Has a thread load the task's module, which may take longer than a short limit on a busy machine. */
  const load = async (app: Celery, name: string) =>
    (await app.sendTask(name, { args: [true], softTimeLimit: 60, timeLimit: 60 })).get({ timeoutMs: 60_000 });

  test("is told of its soft limit in a loop that waits for nothing, and may still give a result", async () => {
    const { app } = await startWorker({}, (a) => {
      const count = source(
        "export default function (isEmpty) { let n = 0; while (!isEmpty && !this.signal.aborted) n++; return [this.name, n > 0] }",
      );
      a.task("count", { module: count, softTimeLimit: 0.3 });
      a.task("rethrow", {
        module: source("export default function (isEmpty) { while (!isEmpty) this.signal.throwIfAborted(); }"),
        softTimeLimit: 0.3,
      });
    });
    for (const name of ["count", "rethrow"]) await load(app, name);
    expect(await (await app.sendTask("count")).get({ timeoutMs })).toEqual(["count", true]);
    await expect((await app.sendTask("rethrow")).get({ timeoutMs })).rejects.toBeInstanceOf(SoftTimeLimitExceeded);
  });

  test("is told by an event when it waits, and of being terminated", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "brine-signal-"));
    const mark = path.join(folder, "mark");
    const wait = source(`
      import { writeFileSync } from "node:fs";
      import { setInterval } from "node:timers/promises";
      export default async function (mark) {
        this.signal.addEventListener("abort", () => writeFileSync(mark, this.signal.reason.pythonClass));
        writeFileSync(mark + "-begun", "");
        for await (const _ of setInterval(5, undefined, { signal: this.signal }));
      }`);
    const { app } = await startWorker({}, (a) => {
      a.task("wait", { module: wait });
    });
    try {
      const result = await app.sendTask("wait", { args: [mark] });
      await until(() => existsSync(`${mark}-begun`));
      await result.revoke({ terminate: true });
      await expect(result.get({ timeoutMs })).rejects.toThrow("terminated");
      await until(() => existsSync(mark) && readFileSync(mark, "utf8") !== "");
      expect(readFileSync(mark, "utf8")).toBe("billiard.exceptions.Terminated");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("is ended by its hard limit all the same", async () => {
    const { app, worker } = await startWorker({}, (a) => {
      const stubborn = source("export default function (isEmpty) { while (!isEmpty) this.signal.aborted; }");
      a.task("stubborn", { module: stubborn, softTimeLimit: 0.2, timeLimit: 0.6 });
    });
    await load(app, "stubborn");
    await expect((await app.sendTask("stubborn")).get({ timeoutMs })).rejects.toBeInstanceOf(TimeLimitExceeded);
    await until(() => worker.active.length === 0);
  });
});

test("a task that goes on after its soft limit can still be terminated", async () => {
  const { app, worker } = await startWorker({}, (a) => {
    a.task("on", { softTimeLimit: 0.05 }, async (context) => {
      await once(context.signal, "abort");
      await new Promise(() => {});
    });
  });
  const result = await app.sendTask("on");
  await until(() => worker.active[0]?.stop.isAborted === true);
  await result.revoke({ terminate: true });
  await expect(result.get({ timeoutMs })).rejects.toThrow("terminated");
});

describe("a lost thread", () => {
  const EXIT = source("export default () => process.exit(7)");

  test("fails its task with WorkerLostError", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("exit", { module: EXIT, acksLate: true });
    });
    const lost = (await app.sendTask("exit")).get({ timeoutMs });
    await expect(lost).rejects.toBeInstanceOf(WorkerLostError);
    await expect(lost).rejects.toThrow("exited with code: 7");
    expect(await app.transport.queueLength("celery")).toBe(0);
  });

  test("gives a late message back with rejectOnWorkerLost, and tells nobody that it failed", async () => {
    // Dies in the first thread, as one that ran out of memory would; the second finds the mark that it left.
    const once = source(`
      import { existsSync, writeFileSync } from "node:fs";
      export default (mark) => {
        if (existsSync(mark)) return "second time";
        writeFileSync(mark, "");
        process.exit(1);
      }`);
    const { app } = await startWorker({}, (a) => {
      a.task("once", { module: once, acksLate: true, rejectOnWorkerLost: true });
    });
    const folder = await mkdtemp(path.join(tmpdir(), "brine-lost-"));
    try {
      const result = await app.sendTask("once", { args: [path.join(folder, "mark")] });
      const states: string[] = [];
      for await (const { state } of result.states({ timeoutMs })) states.push(state);
      expect(states).toEqual(["SUCCESS"]);
      expect(await result.get()).toBe("second time");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
