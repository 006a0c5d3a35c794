/** When a message is settled and how: early and late acknowledgement, prefetch, shutdowns, lost connections, rate limits. */
import { describe, expect, test } from "vitest";
import type { Celery } from "../client/app.js";
import { MemoryBroker } from "../memory/broker.js";
import { MemoryResultStore } from "../memory/result-store.js";
import { MemoryTransport } from "../memory/transport.js";
import { TaskRevokedError, TimeLimitExceeded } from "../protocol/python-exceptions.js";
import { gate, makeApp, startWorker, until } from "./worker.fixture.js";

const timeoutMs = 20_000;
const queued = (app: Celery): Promise<number> => app.transport.queueLength("celery");

/** A task that waits for the test, or for its own end. */
function holding(options = {}) {
  const { passed, open } = gate<string>();
  const runs: boolean[] = [];
  const define = (app: Celery): void => {
    app.task("hold", options, (context) => {
      runs.push(context.deliveryInfo.redelivered);
      return Promise.race([
        passed,
        new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason))),
      ]);
    });
    app.task("quick", () => "quick");
  };
  return { define, runs, release: () => open("done") };
}

describe("a connection that is lost while a task runs", () => {
  test.each([
    ["late acks: the task runs again elsewhere", { acksLate: true }, [false, true]],
    ["early acks: it does not", {}, [false]],
  ])("%s", async (_, options, expected) => {
    const broker = new MemoryBroker();
    const backend = new MemoryResultStore();
    const { define, runs, release } = holding(options);
    const connection = new MemoryTransport(broker);
    const first = await startWorker({ broker: connection, backend }, define);
    await first.app.sendTask("hold", { taskId: "held" });
    await until(() => runs.length === 1);
    await connection.close();
    const second = await startWorker({ broker: new MemoryTransport(broker), backend }, define);
    await until(() => runs.length === expected.length);
    expect(await (await second.app.sendTask("quick")).get({ timeoutMs })).toBe("quick");
    release();
    expect(await second.app.result("held").get({ timeoutMs })).toBe("done");
    expect(runs).toEqual(expected);
  });
});

test("what waits for a slot when its connection is lost runs elsewhere, and only there", async () => {
  const broker = new MemoryBroker();
  const backend = new MemoryResultStore();
  const connection = new MemoryTransport(broker);
  const held = gate();
  const ran: string[] = [];
  const defineIn = (place: string) => (app: Celery) => {
    app.task("hold", () => held.passed);
    app.task("quick", () => void ran.push(place));
  };
  const first = await startWorker({ broker: connection, backend }, defineIn("first"), { concurrency: 1 });
  const hold = await first.app.sendTask("hold");
  await until(() => first.worker.active.length === 1);
  await first.app.sendTask("quick");
  await until(async () => (await queued(first.app)) === 0);
  // Nobody says so: a broker may close no more than the channel.
  await connection.close();
  held.open();
  await hold.get({ timeoutMs });
  await first.worker.stop();
  const second = await startWorker({ broker: new MemoryTransport(broker), backend }, defineIn("second"));
  await until(() => ran.length === 1);
  await second.worker.stop();
  expect(ran).toEqual(["second"]);
});

test("what waits for its time or for a slot is kept when a connection is lost whose messages stay ours, as with Redis", async () => {
  const connection = new MemoryTransport();
  const { define, release } = holding();
  const { app, worker } = await startWorker({ broker: connection }, define, { concurrency: 1 });
  const hold = await app.sendTask("hold");
  await until(() => worker.active.length === 1);
  await app.sendTask("quick", { countdown: 3600 });
  const quick = await app.sendTask("quick");
  const held = async (kind: string) => Object.values(await app.control.inspect(kind, {}, { limit: 1 })).flat().length;
  await until(async () => (await held("scheduled")) === 1 && (await held("reserved")) === 1);
  connection.emit("disconnect", new Error("gone"));
  expect(await held("scheduled")).toBe(1);
  release();
  for (const result of [hold, quick]) await result.get({ timeoutMs });
});

test("of several tasks that wait, revoking one leaves the others", async () => {
  const { define, release } = holding();
  const { app, worker } = await startWorker({}, define, { concurrency: 1 });
  const hold = await app.sendTask("hold");
  await until(() => worker.active.length === 1);
  const [first, second] = [await app.sendTask("quick"), await app.sendTask("quick")];
  await until(async () => (await queued(app)) === 0);
  await first.revoke();
  await expect(first.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
  release();
  for (const result of [hold, second]) await result.get({ timeoutMs });
});

test("workerCancelLongRunningTasksOnConnectionLoss aborts late tasks of a lost connection, and only those", async () => {
  const broker = new MemoryBroker();
  const backend = new MemoryResultStore();
  const connection = new MemoryTransport(broker);
  const reasons: string[] = [];
  const { passed, open } = gate();
  const define = (app: Celery): void => {
    for (const [name, acksLate] of [
      ["late", true],
      ["early", false],
    ] as const) {
      app.task(name, { acksLate }, (context) => {
        context.signal.addEventListener("abort", () => reasons.push(`${name}: ${context.signal.reason.message}`));
        return passed;
      });
    }
  };
  const settings = { broker: connection, backend, workerCancelLongRunningTasksOnConnectionLoss: true };
  const { app, worker } = await startWorker(settings, define);
  for (const name of ["late", "early"]) await app.sendTask(name, { taskId: name });
  await until(() => worker.active.length === 2);
  await connection.close();
  connection.emit("disconnect", new Error("gone"));
  await until(() => worker.active.length === 1);
  expect(reasons).toEqual(["late: cancelled by Celery"]);
  expect(await app.result("late").state()).toBe("RETRY");
  const second = await startWorker({ broker: new MemoryTransport(broker), backend }, define);
  await until(() => second.worker.active.length === 1);
  open();
  for (const id of ["late", "early"]) await second.app.result(id).get({ timeoutMs });
});

test("workerDeduplicateSuccessfulTasks does not run again what was redelivered after a success", async () => {
  for (const [workerDeduplicateSuccessfulTasks, runs] of [
    [false, 2],
    [true, 1],
  ] as const) {
    const broker = new MemoryBroker();
    const settings = { backend: new MemoryResultStore(), workerDeduplicateSuccessfulTasks };
    let count = 0;
    const connection = new MemoryTransport(broker);
    const define = (app: Celery): void =>
      void app.task("once", { acksLate: true }, async () => {
        count += 1;
        // The result is stored, and its acknowledgement lost.
        if (count === 1) await connection.close();
        return count;
      });
    const first = await startWorker({ ...settings, broker: connection }, define);
    await first.app.sendTask("once", { taskId: "once" });
    expect(await first.app.result("once").get({ timeoutMs })).toBe(1);
    const second = await startWorker({ ...settings, broker: new MemoryTransport(broker) }, define, { concurrency: 1 });
    // The redelivered one comes first, and one at a time.
    second.app.task("after", () => "after");
    await (await second.app.sendTask("after")).get({ timeoutMs });
    expect(count).toBe(runs);
  }
});

test("a late task that fails is acknowledged, or dead-lettered where it says so", async () => {
  const { app } = await startWorker({}, (a) => {
    const fail = (): never => {
      throw new Error("no");
    };
    a.task("acked", { acksLate: true }, fail);
    a.task("rejected", { acksLate: true, acksOnFailureOrTimeout: false }, fail);
  });
  const dead = { name: "dead", exchange: { name: "dead", type: "fanout" as const } };
  await app.transport.declareQueue(dead);
  const args = { "x-dead-letter-exchange": "dead" };
  await app.transport.declareQueue({ name: "watched", arguments: args });
  await app.worker({ mingle: false, queues: [{ name: "watched", arguments: args }], name: "other" }).start();
  for (const name of ["acked", "rejected"]) {
    await (await app.sendTask(name, { queue: "watched" })).get({ timeoutMs, propagate: false });
  }
  await until(async () => (await app.transport.queueLength("dead")) === 1);
  expect(await app.transport.queueLength("watched")).toBe(0);
});

describe("prefetch", () => {
  test.each([
    ["concurrency times the multiplier is taken, the rest is left to others", 2, 8],
    ["0 takes everything", 0, 0],
  ])("%s", async (_, prefetchMultiplier, left) => {
    const { define, release } = holding({ acksLate: true });
    const options = { concurrency: 1, prefetchMultiplier };
    const { app, worker } = await startWorker({}, define, options);
    const sent = await Promise.all(Array.from({ length: 10 }, () => app.sendTask("hold")));
    await until(async () => worker.active.length === 1 && (await queued(app)) === left);
    release();
    for (const result of sent) expect(await result.get({ timeoutMs })).toBe("done");
    expect(await queued(app)).toBe(0);
  });
});

test("a task that was waited for gives its additional place back when its time has come", async () => {
  const { define, release } = holding({ acksLate: true });
  const { app, worker } = await startWorker({}, define, { concurrency: 1, prefetchMultiplier: 1 });
  const hold = await app.sendTask("hold", { countdown: 0.05 });
  await until(() => worker.active.length === 1);
  const quick = await app.sendTask("quick");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await queued(app)).toBe(1);
  release();
  for (const result of [hold, quick]) await result.get({ timeoutMs });
});

test("a task that was revoked before it came is not waited for until its time", async () => {
  const { define } = holding();
  const { app, worker } = await startWorker({}, define);
  await app.control.revoke("later");
  await until(async () => Object.values(await app.control.inspect("revoked", {}, { limit: 1 })).flat().length === 1);
  const later = await app.sendTask("quick", { taskId: "later", countdown: 3600 });
  await expect(later.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
  await worker.stop();
  expect(await queued(app)).toBe(0);
});

describe("a cold shutdown", () => {
  test("gives a late task back, tells nobody that it ended, and the next worker runs it", async () => {
    const { define, runs, release } = holding({ acksLate: true });
    const { app, worker } = await startWorker({}, define);
    const result = await app.sendTask("hold");
    await until(() => runs.length === 1);
    await worker.stop({ cold: true });
    expect(await queued(app)).toBe(1);
    expect(await result.state()).toBe("PENDING");
    await app.worker({ mingle: false }).start();
    await until(() => runs.length === 2);
    release();
    expect(await result.get({ timeoutMs })).toBe("done");
    expect(runs).toEqual([false, true]);
  });

  test("ends an early one, and says so: nobody else will run it", async () => {
    const { define, runs } = holding();
    const { app, worker } = await startWorker({}, define);
    const result = await app.sendTask("hold");
    await until(() => runs.length === 1);
    await worker.stop({ cold: true });
    expect(await queued(app)).toBe(0);
    await expect(result.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
  });

  test("is what a warm one becomes when its time is up", async () => {
    const { define, runs } = holding({ acksLate: true });
    const { app, worker } = await startWorker({}, define);
    await app.sendTask("hold");
    await until(() => runs.length === 1);
    await worker.stop({ timeoutMs: 10 });
    expect(await queued(app)).toBe(1);
  });

  test("gives back what waits for its time", async () => {
    const { app, worker } = await startWorker({}, (a) => void a.task("later", () => 1));
    await app.sendTask("later", { countdown: 60 });
    await until(async () => (await queued(app)) === 0);
    await worker.stop({ cold: true });
    expect(await queued(app)).toBe(1);
  });
});

test("a rate limit holds its own task only, and is off with workerDisableRateLimits", async () => {
  const define = (app: Celery): void => {
    app.task("slow", { rateLimit: "1/h" }, () => "slow");
    app.task("quick", () => "quick");
  };
  const { app } = await startWorker({}, define);
  expect(await (await app.sendTask("slow")).get({ timeoutMs })).toBe("slow");
  const waits = await app.sendTask("slow");
  expect(await (await app.sendTask("quick")).get({ timeoutMs })).toBe("quick");
  expect(await waits.state()).toBe("PENDING");
  const free = await startWorker({ workerDisableRateLimits: true }, define);
  for (let i = 0; i < 3; i++) expect(await (await free.app.sendTask("slow")).get({ timeoutMs })).toBe("slow");
  const general = await startWorker({ taskDefaultRateLimit: "1/h" }, define);
  expect(await (await general.app.sendTask("quick")).get({ timeoutMs })).toBe("quick");
  const second = await general.app.sendTask("quick");
  expect(await (await general.app.sendTask("slow")).get({ timeoutMs })).toBe("slow");
  expect(await second.state()).toBe("PENDING");
});

test("a task that expires while it waits for a slot is not run", async () => {
  const { define, runs, release } = holding();
  const { app } = await startWorker({}, define, { concurrency: 1 });
  await app.sendTask("hold");
  await until(() => runs.length === 1);
  const late = await app.sendTask("quick", { expires: 0.05 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  release();
  await expect(late.get({ timeoutMs })).rejects.toThrow("expired");
});

test("time limits: the message's own come before the task's, and those before the settings'", async () => {
  const limits: number[] = [];
  const { app } = await startWorker({ taskTimeLimit: 5000, taskSoftTimeLimit: 4000 }, (a) => {
    const see = (context: { deadline: Date | undefined }): void => {
      // In thousands of seconds: some have passed on a busy machine.
      limits.push(Math.round(((context.deadline?.getTime() ?? 0) - Date.now()) / 1_000_000));
    };
    a.task("own", { timeLimit: 2000 }, see);
    a.task("general", see);
    a.task("hang", { timeLimit: 0.03 }, () => new Promise(() => {}));
  });
  await (await app.sendTask("general")).get({ timeoutMs });
  await (await app.sendTask("own")).get({ timeoutMs });
  await (await app.sendTask("own", { timeLimit: 1000 })).get({ timeoutMs });
  expect(limits).toEqual([5, 2, 1]);
  await expect((await app.sendTask("hang")).get({ timeoutMs })).rejects.toBeInstanceOf(TimeLimitExceeded);
});

test("a worker whose options are no numbers is refused", () => {
  const app = makeApp();
  expect(() => app.worker({ concurrency: 0 })).toThrow("concurrency is 0");
  expect(() => app.worker({ autoscale: { min: 0, max: 2 } })).toThrow("autoscale.min is 0");
});
