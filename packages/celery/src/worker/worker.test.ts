/** Client and worker of one process over the in-memory broker. What Python sees is tested against real services. */
import { type PyException, pyExceptions, Tuple } from "@brine/codec";
import { afterEach, describe, expect, test } from "vitest";
import { Celery } from "../client/app.js";
import { chain, chord, group, map, starmap } from "../client/canvas/canvas.js";
import type { CelerySettings } from "../client/settings/settings.js";
import {
  NotRegistered,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  TimeLimitExceeded,
} from "../protocol/python-exceptions.js";
import { Ignore, Reject } from "./execution/control-flow.js";
import { gate, until } from "./worker.fixture.js";

const open: Celery[] = [];

async function start(settings: Partial<CelerySettings> = {}, define: (app: Celery) => void = () => {}, options = {}) {
  const app = new Celery({
    broker: "memory://",
    backend: "memory://",
    taskSerializer: "pickle",
    resultSerializer: "pickle",
    acceptContent: ["pickle", "json"],
    ...settings,
  });
  open.push(app);
  app.task("add", (_, x: number, y: number) => x + y);
  app.task("mul", (_, x: number, y: number) => x * y);
  app.task("xsum", (_, numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
  app.task("fail", (_, message: string) => {
    throw new pyExceptions.ValueError(message, 42);
  });
  define(app);
  const worker = app.worker({ mingle: false, concurrency: 2, ...options });
  await worker.start();
  return { app, worker };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

describe.each([["memory://"], ["rpc://"]])("a task with the backend %s", (backend) => {
  test("runs and gives its result", async () => {
    const { app } = await start({ backend });
    expect(await (await app.sendTask("add", { args: [2, 3] })).get({ timeoutMs: 20_000 })).toBe(5);
  });

  test("fails with Python's class, arguments, traceback and id", async () => {
    const { app } = await start({ backend });
    const result = await app.sendTask("fail", { args: ["bad"] });
    const error = await result.get({ timeoutMs: 20_000 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(pyExceptions.ValueError);
    expect(error).toMatchObject({ pythonClass: "builtins.ValueError", taskId: result.id });
    expect((error as PyException).args).toEqual(Tuple.from<unknown>(["bad", 42]));
    expect((error as { traceback: string }).traceback).toContain("ValueError");
  });

  test("reports progress in order", async () => {
    const { app } = await start({ backend, taskTrackStarted: true }, (a) => {
      a.task("progress", async (context) => {
        for (let step = 0; step < 3; step++) {
          await context.updateState("PROGRESS", { step });
          await new Promise((resolve) => setImmediate(resolve));
        }
        return "done";
      });
    });
    const states: unknown[] = [];
    const result = await app.sendTask("progress");
    for await (const { state, meta, result: value } of result.states({ timeoutMs: 20_000 }))
      states.push([state, meta ?? value]);
    expect(states.at(-1)).toEqual(["SUCCESS", "done"]);
    expect(states).toContainEqual(["PROGRESS", { step: 2 }]);
  });

  test("retries until it succeeds", async () => {
    const { app } = await start({ backend }, (a) => {
      a.task("flaky", (context, failures: number) => {
        if (context.retries < failures) throw context.retry({ error: new Error("again"), countdown: 0.01 });
        return context.retries;
      });
    });
    expect(await (await app.sendTask("flaky", { args: [2] })).get({ timeoutMs: 20_000 })).toBe(2);
    const exhausted = await app.sendTask("flaky", { args: [9] });
    await expect(exhausted.get({ timeoutMs: 20_000 })).rejects.toThrow("again");
  });

  test("runs links, chains and maps", async () => {
    const { app } = await start({ backend });
    const add = app.tasks.get("add")!;
    const mul = app.tasks.get("mul")!;
    expect(await (await chain(add.s(2, 3), mul.s(10), add.s(1)).delay()).get({ timeoutMs: 20_000 })).toBe(51);
    const linked = await app.sendTask("add", { args: [1, 1], link: mul.s(7) });
    await linked.get({ timeoutMs: 20_000 });
    const [child] = await linked.children();
    expect(await child!.get({ timeoutMs: 20_000 })).toBe(14);
    expect(
      await (
        await starmap(add.s(), [
          [1, 2],
          [3, 4],
        ]).delay()
      ).get({ timeoutMs: 20_000 }),
    ).toEqual([3, 7]);
    expect(await (await map(app.signature("xsum"), [[1, 2], [3]]).delay()).get({ timeoutMs: 20_000 })).toEqual([3, 3]);
    expect(await (await group(add.s(1, 1), add.s(2, 2)).delay()).get({ timeoutMs: 20_000 })).toEqual([2, 4]);
  });
});

describe("chords", () => {
  test("a chord runs its body with all results, in order", async () => {
    const { app } = await start();
    const add = app.tasks.get("add")!;
    const xsum = app.tasks.get("xsum")!;
    expect(
      await (await chord([add.s(1, 1), add.s(2, 2), add.s(3, 3)], xsum.s()).delay()).get({ timeoutMs: 20_000 }),
    ).toBe(12);
  });

  test("a group in a chain becomes a chord, with chains and groups nested in it", async () => {
    const { app } = await start();
    const [add, mul, xsum] = ["add", "mul", "xsum"].map((name) => app.tasks.get(name)!);
    const flow = chain(add!.s(1, 1), group(add!.s(1), chain(mul!.s(2), add!.s(1))), xsum!.s(), mul!.s(10));
    expect(await (await flow.delay()).get({ timeoutMs: 20_000 })).toBe(80);
    app.task("same", (_, value: unknown) => value);
    const nested = chord([group(add!.s(1, 1), add!.s(2, 2)), add!.s(1, 0)], app.tasks.get("same")!.s());
    expect(await (await nested.delay()).get({ timeoutMs: 20_000 })).toEqual([2, 4, 1]);
  });

  test("a chord with a failed part fails with ChordError", async () => {
    const { app } = await start();
    const [add, fail, xsum] = ["add", "fail", "xsum"].map((name) => app.tasks.get(name)!);
    const result = await chord([add!.s(1, 1), fail!.s("broken")], xsum!.s()).delay();
    await expect(result.get({ timeoutMs: 20_000 })).rejects.toMatchObject({
      pythonClass: "celery.exceptions.ChordError",
    });
  });

  test("a failing step fails what is left of its chain", async () => {
    const { app } = await start();
    const [fail, add] = ["fail", "add"].map((name) => app.tasks.get(name)!);
    const result = await chain(fail!.s("no"), add!.s(1), add!.s(2)).delay();
    await expect(result.get({ timeoutMs: 20_000 })).rejects.toBeInstanceOf(pyExceptions.ValueError);
  });
});

describe("what is not run", () => {
  test("an unknown task fails with NotRegistered", async () => {
    const { app } = await start();
    await expect((await app.sendTask("nope")).get({ timeoutMs: 20_000 })).rejects.toBeInstanceOf(NotRegistered);
  });

  test("an expired task is revoked", async () => {
    const { app } = await start();
    const result = await app.sendTask("add", { args: [1, 1], countdown: 0.6, expires: 0.5 });
    await expect(result.get({ timeoutMs: 20_000 })).rejects.toBeInstanceOf(TaskRevokedError);
  });

  test("a revoked task is revoked, also while it waits for its time", async () => {
    const { app } = await start();
    const result = await app.sendTask("add", { args: [1, 1], countdown: 60 });
    await app.control.ping();
    await result.revoke();
    await expect(result.get({ timeoutMs: 20_000 })).rejects.toThrow("revoked");
  });

  test("a revoked task that waits for a slot or for its rate limit is revoked at once", async () => {
    const hold = gate();
    const { app, worker } = await start(
      {},
      (a) => {
        a.task("hold", () => hold.passed);
        a.task("rare", { rateLimit: "1/h" }, () => 1);
      },
      { concurrency: 1 },
    );
    const holding = await app.sendTask("hold");
    await (await app.sendTask("rare")).forget();
    const waiting = await Promise.all([app.sendTask("add", { args: [1, 1] }), app.sendTask("rare")]);
    const reserved = async () => (await app.control.inspect("reserved"))[worker.hostname] as unknown[];
    await until(async () => (await reserved()).length === 3);
    for (const result of waiting) {
      await result.revoke();
      await expect(result.get({ timeoutMs: 20_000 })).rejects.toThrow("revoked");
    }
    expect(await reserved()).toHaveLength(1);
    hold.open();
    await holding.get({ timeoutMs: 20_000 });
  });

  test("waiting tasks do not keep others from running", async () => {
    const { app } = await start({}, () => {}, { concurrency: 1, prefetchMultiplier: 1 });
    for (let i = 0; i < 5; i++) await app.sendTask("add", { args: [i, i], countdown: 30 });
    expect(await (await app.sendTask("add", { args: [2, 2] })).get({ timeoutMs: 20_000 })).toBe(4);
  });
});

describe("limits and ends", () => {
  test("a hard limit ends the wait and aborts the signal", async () => {
    const reasons: unknown[] = [];
    const { app } = await start({}, (a) => {
      a.task(
        "hang",
        (context) =>
          new Promise(() => context.signal.addEventListener("abort", () => reasons.push(context.signal.reason))),
      );
    });
    await expect((await app.sendTask("hang", { timeLimit: 0.05 })).get({ timeoutMs: 20_000 })).rejects.toBeInstanceOf(
      TimeLimitExceeded,
    );
    expect(reasons[0]).toBeInstanceOf(TimeLimitExceeded);
  });

  test("a soft limit aborts the signal, and the task decides", async () => {
    const { app } = await start({}, (a) => {
      a.task(
        "soft",
        (context) => new Promise((resolve) => context.signal.addEventListener("abort", () => resolve("cleaned up"))),
      );
      a.task(
        "softer",
        (context) =>
          new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason))),
      );
    });
    expect(await (await app.sendTask("soft", { softTimeLimit: 0.05 })).get({ timeoutMs: 20_000 })).toBe("cleaned up");
    const softer = await app.sendTask("softer", { softTimeLimit: 0.05 });
    await expect(softer.get({ timeoutMs: 20_000 })).rejects.toBeInstanceOf(SoftTimeLimitExceeded);
  });

  test("revoke with terminate stops a running task", async () => {
    let begun: () => void = () => {};
    const isRunning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { app } = await start({}, (a) => {
      a.task("hang", () => {
        begun();
        return new Promise(() => {});
      });
    });
    const result = await app.sendTask("hang");
    await isRunning;
    await result.revoke({ terminate: true });
    await expect(result.get({ timeoutMs: 20_000 })).rejects.toThrow("terminated");
  });

  test("stop waits for what runs and gives back what waits", async () => {
    let finish: (value: string) => void = () => {};
    const { app, worker } = await start(
      {},
      (a) => {
        a.task(
          "slow",
          () =>
            new Promise<string>((resolve) => {
              finish = resolve;
            }),
        );
      },
      { concurrency: 1 },
    );
    const slow = await app.sendTask("slow");
    const waiting = await app.sendTask("add", { args: [1, 1] });
    while (worker.active.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const stopped = worker.stop();
    finish("done");
    await stopped;
    expect(await slow.get({ timeoutMs: 20_000 })).toBe("done");
    expect(await waiting.state()).toBe("PENDING");
    expect(await app.transport.queueLength("celery")).toBe(1);
  });

  test("Ignore stores nothing, Reject requeues", async () => {
    let rejections = 0;
    const { app } = await start({}, (a) => {
      a.task("ignore", () => {
        throw new Ignore();
      });
      a.task("reject", { acksLate: true }, () => {
        if (rejections++ === 0) throw new Reject("not now", { requeue: true });
        return "second time";
      });
    });
    const ignored = await app.sendTask("ignore");
    expect(await (await app.sendTask("reject")).get({ timeoutMs: 20_000 })).toBe("second time");
    expect(await ignored.state()).toBe("PENDING");
  });
});

test("a value the serializer cannot carry is a failure that says so", async () => {
  const { app } = await start({ resultSerializer: "json" }, (a) => {
    a.task("set", () => new Set([1]));
  });
  await expect((await app.sendTask("set")).get({ timeoutMs: 20_000 })).rejects.toMatchObject({
    pythonClass: "builtins.TypeError",
  });
});

test("parameters by name are bound as in Python", async () => {
  const { app } = await start({}, (a) => {
    a.task("sub", { parameters: ["x", "y"] }, (_, x: number, y: number) => x - y);
  });
  expect(await (await app.sendTask("sub", { args: [5], kwargs: { y: 2 } })).get({ timeoutMs: 20_000 })).toBe(3);
  const wrong = await app.sendTask("sub", { args: [5], kwargs: { z: 2 } });
  await expect(wrong.get({ timeoutMs: 20_000 })).rejects.toThrow("sub() got an unexpected keyword argument 'z'");
});

test("remote control answers ping, inspect and rate limits", async () => {
  const { app, worker } = await start();
  const node = worker.hostname;
  const one = { destination: [node] };
  expect({ ...(await app.control.ping(one)) }).toEqual({ [node]: { ok: "pong" } });
  expect((await app.control.inspect("registered", {}, one))[node]).toEqual(["add", "fail", "mul", "xsum"]);
  expect((await app.control.inspect("nope", {}, one))[node]).toEqual({ error: "KeyError('nope')" });
  expect((await app.control.rateLimit("add", "1/h", one))[node]).toEqual({ ok: "new rate limit set successfully" });
  expect((await app.control.inspect("stats", {}, one))[node]).toMatchObject({ pid: process.pid });
});
