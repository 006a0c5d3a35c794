/** A result that cannot be stored: what becomes of its message, and of whoever waits. */
import { describe, expect, test } from "vitest";
import type { Celery } from "../client/app.js";
import { MemoryResultStore } from "../memory/result-store.js";
import { gate, makeApp, startWorker, until } from "./worker.fixture.js";

const timeoutMs = 20_000;
const queued = (app: Celery): Promise<number> => app.transport.queueLength("celery");

/** A store that is there and takes nothing. */
class FullStore extends MemoryResultStore {
  override async set(): Promise<void> {
    throw new Error("OOM command not allowed");
  }
}

describe("a store that takes nothing", () => {
  test("does not keep a message that is no task of this worker", async () => {
    const dead = { name: "dead" };
    const args = { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead" };
    const taskQueues = [{ name: "celery", arguments: args }];
    const warnings: string[] = [];
    const { app, worker } = await startWorker({ backend: new FullStore(), taskQueues, taskSerializer: "json" });
    worker.on("warning", ({ message }) => warnings.push(message));
    await app.transport.declareQueue(dead);
    await app.sendTask("unknown");
    await until(async () => (await app.transport.queueLength("dead")) === 1);
    const undecodable = { body: Buffer.from("{"), contentType: "application/json", contentEncoding: "utf-8" };
    const headers = { task: "unknown", id: "id" };
    await app.transport.publish({ ...undecodable, headers, properties: {} }, { exchange: "", routingKey: "celery" });
    await until(() => warnings.length === 2);
    expect(warnings).toEqual(["OOM command not allowed", "OOM command not allowed"]);
    // Nothing is left that would come back.
    await worker.stop();
    expect(await queued(app)).toBe(0);
    expect(await app.transport.queueLength("dead")).toBe(1);
  });
});

/** Takes nothing the first so many times. */
class BusyStore extends MemoryResultStore {
  attempts = 0;
  readonly #refusals: number;

  constructor(refusals: number) {
    super();
    this.#refusals = refusals;
  }

  override async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
    if (this.attempts++ < this.#refusals) throw new Error("LOADING Redis is loading the dataset in memory");
    await super.set(key, value, expiresSeconds);
  }
}

describe("a store that is away for a moment", () => {
  test("is asked three times more, and the task runs once", async () => {
    const backend = new BusyStore(3);
    let runs = 0;
    const { app } = await startWorker({ backend }, (a) => void a.task("one", { acksLate: true }, () => ++runs));
    expect(await (await app.sendTask("one")).get({ timeoutMs })).toBe(1);
    expect([runs, backend.attempts]).toEqual([1, 4]);
  });

  test.each([
    ["a task with late acks goes back to its queue", true, 1],
    ["any other does not", false, 0],
  ])("is given up after that, with a warning: %s", async (_, acksLate, left) => {
    const backend = new BusyStore(4);
    const warnings: string[] = [];
    const { app, worker } = await startWorker(
      { backend },
      (a) => void a.task("one", { acksLate }, () => void worker.stop()),
    );
    worker.on("warning", ({ message }) => warnings.push(message));
    await app.sendTask("one");
    await until(() => warnings.length === 1);
    await worker.stop();
    expect(warnings).toEqual(["LOADING Redis is loading the dataset in memory"]);
    expect(backend.attempts).toBe(4);
    expect(await queued(app)).toBe(left);
  });

  test("does not hold up the shutdown of a worker that could not say that a task has begun", async () => {
    const asked = gate();
    const go = gate();
    class Store extends FullStore {
      override async set(): Promise<void> {
        asked.open();
        await go.passed;
        await super.set();
      }
    }
    let runs = 0;
    const { app, worker } = await startWorker({ backend: new Store() }, (a) => {
      a.task("tracked", { acksLate: true, trackStarted: true }, () => ++runs);
    });
    await app.sendTask("tracked");
    await asked.passed;
    const stopping = worker.stop();
    await until(() => !worker.isRunning);
    go.open();
    await stopping;
    expect(runs).toBe(0);
    expect(await queued(app)).toBe(1);
  });
});

test.each(["expired", "revoked"])("a shutdown waits until it is told that a task is %s", async (reason) => {
  const asked = gate();
  const go = gate();
  const order: string[] = [];
  class Store extends MemoryResultStore {
    override async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
      asked.open();
      await go.passed;
      order.push("told");
      await super.set(key, value, expiresSeconds);
    }
  }
  const { app, worker } = await startWorker({ backend: new Store() }, (a) => void a.task("never", () => null));
  // Delivered in time, and too late when its own has come.
  const options = reason === "expired" ? { expires: 0.3, countdown: 0.4 } : { countdown: 3600 };
  const result = await app.sendTask("never", options);
  if (reason === "revoked") await result.revoke();
  await asked.passed;
  const stopping = worker.stop().then(() => order.push("stopped"));
  await Promise.race([stopping, new Promise((resolve) => setTimeout(resolve, 100))]);
  go.open();
  await stopping;
  expect(order).toEqual(["told", "stopped"]);
  expect(await queued(app)).toBe(0);
});

describe("resultExtended with arguments that the result serializer cannot carry", () => {
  const settings = { resultExtended: true, resultSerializer: "json" };

  test("does not lose the result: they are stored as text", async () => {
    const { app } = await startWorker(settings, (a) => {
      a.task("size", (_, set: ReadonlySet<number>) => set.size);
      a.task("fail", () => {
        throw new Error("no");
      });
    });
    const args = [new Set([1, 2])];
    const size = await app.sendTask("size", { args, kwargs: { of: new Set([3]) } });
    expect(await size.get({ timeoutMs })).toBe(2);
    const failed = await app.sendTask("fail", { args });
    await expect(failed.get({ timeoutMs })).rejects.toThrow("no");
    const store = (await app.backend.get(size.id))?.meta.extended;
    expect(store).toMatchObject({ name: "size", args: "({1, 2},)", kwargs: "{'of': {3}}" });
  });
});

describe("resultExpires", () => {
  test.each([0, null])("%j: for ever", async (resultExpires) => {
    const seen: unknown[] = [];
    class Store extends MemoryResultStore {
      override async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
        seen.push(expiresSeconds);
        await super.set(key, value, expiresSeconds);
      }
    }
    const { app } = await startWorker({ backend: new Store(), resultExpires }, (a) => void a.task("one", () => 1));
    await (await app.sendTask("one")).get({ timeoutMs });
    expect(seen).toEqual([undefined]);
  });

  test.each([-1, Number.NaN, "1d"])("%j is refused", (resultExpires) => {
    expect(() => makeApp({ resultExpires: resultExpires as number })).toThrow("resultExpires");
  });
});

/** Takes its time with values that say so. */
class SlowStore extends MemoryResultStore {
  readonly stored: string[] = [];
  readonly #slow: string;

  constructor(slow: string) {
    super();
    this.#slow = slow;
  }

  override async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
    const text = Buffer.from(value).toString("latin1");
    const [state = "?"] = /PROGRESS|RETRY|FAILURE|SUCCESS/.exec(text) ?? [];
    if (state === this.#slow) await new Promise((resolve) => setTimeout(resolve, 50));
    this.stored.push(state);
    await super.set(key, value, expiresSeconds);
  }
}

describe("a store that takes its time", () => {
  test("has the state of a retry before that of the run that follows it", async () => {
    const backend = new SlowStore("RETRY");
    const { app } = await startWorker({ backend }, (a) => {
      a.task("fails", { maxRetries: 1 }, (context) => {
        throw context.retry({ error: new Error("no"), countdown: 0 });
      });
    });
    const result = await app.sendTask("fails");
    await until(() => backend.stored.length === 2);
    expect(backend.stored).toEqual(["RETRY", "FAILURE"]);
    await expect(result.get({ timeoutMs })).rejects.toThrow("no");
  });

  test("has the progress of a task, waited for or not, before its end", async () => {
    const backend = new SlowStore("PROGRESS");
    const { app } = await startWorker({ backend }, (a) => {
      a.task("progress", (context) => {
        void context.updateState("PROGRESS", { step: 1 });
        throw new Error("no");
      });
    });
    const result = await app.sendTask("progress");
    await until(() => backend.stored.length === 2);
    expect(backend.stored).toEqual(["PROGRESS", "FAILURE"]);
    await expect(result.get({ timeoutMs })).rejects.toThrow("no");
  });
});

test("a task that passed its time limit and runs on can tell nobody of progress any more", async () => {
  const { passed, open } = gate();
  const updated = gate();
  const { app } = await startWorker({}, (a) => {
    a.task("runs on", { timeLimit: 0.01 }, async (context) => {
      await passed;
      await context.updateState("PROGRESS", null);
      updated.open();
    });
  });
  const result = await app.sendTask("runs on");
  await expect(result.get({ timeoutMs })).rejects.toThrow();
  open();
  await updated.passed;
  expect(await result.state()).toBe("FAILURE");
});

test("progress that cannot be stored and that nobody waits for does not end the process", async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", onUnhandled);
  const warnings: string[] = [];
  const logger = { warn: (message: string) => void warnings.push(message) };
  try {
    const { app } = await startWorker({ logger }, (a) => {
      a.task("progress", (context) => {
        void context.updateState("SUCCESS", null);
        return "done";
      });
    });
    expect(await (await app.sendTask("progress")).get({ timeoutMs })).toBe("done");
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("Cannot set state SUCCESS")]);
  } finally {
    process.off("unhandledRejection", onUnhandled);
  }
});
