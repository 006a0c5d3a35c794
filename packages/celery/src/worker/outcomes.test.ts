/** How a run ends, and in which order that is told: to the result store, to the chord, to the broker, and to who listens to events. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumeOptions, Consumer, Delivery, PublishOptions, Queue, TransportMessage } from "@brine/codec/kombu";
import { describe, expect, test } from "vitest";
import type { Celery } from "../client/app.js";
import { chord } from "../client/canvas/canvas.js";
import { MemoryResultStore } from "../memory/result-store.js";
import { MemoryTransport } from "../memory/transport.js";
import { SoftTimeLimitExceeded } from "../protocol/python-exceptions.js";
import { Ignore, Reject } from "./execution/control-flow.js";
import { startWorker, until } from "./worker.fixture.js";

const timeoutMs = 20_000;
/** Long enough for what does not wait to come first. */
const pause = (): Promise<void> => sleep(10);

/** Stores slowly, and notes what it has stored. */
class NotingStore extends MemoryResultStore {
  constructor(log: string[]) {
    super();
    const { addPart } = this.chord;
    Object.assign(this.chord, {
      addPart: async (...args: Parameters<typeof addPart>) => {
        await pause();
        log.push("part");
        return addPart.apply(this.chord, args);
      },
    });
    this.#log = log;
  }

  readonly #log: string[];

  override async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
    await pause();
    this.#log.push(/STARTED|RETRY|FAILURE|REVOKED|SUCCESS/.exec(Buffer.from(value).toString("latin1"))?.[0] ?? "?");
    await super.set(key, value, expiresSeconds);
  }
}

type Event = Readonly<Record<string, unknown>>;

/** Notes how tasks are settled, and the events that are sent. */
class NotingTransport extends MemoryTransport {
  readonly events: Event[] = [];
  readonly #log: string[];

  constructor(log: string[]) {
    super();
    this.#log = log;
  }

  override consume(
    queues: readonly Queue[],
    onMessage: (delivery: Delivery) => void,
    options?: ConsumeOptions,
  ): Promise<Consumer> {
    const note = (text: string) => void this.#log.push(text);
    const noting = (delivery: Delivery): Delivery => ({
      ...delivery,
      get alive() {
        return delivery.alive;
      },
      async ack() {
        await pause();
        note("ack");
        await delivery.ack();
      },
      async reject(how) {
        note(how.requeue ? "requeue" : "reject");
        await delivery.reject(how);
      },
    });
    return super.consume(
      queues,
      (delivery) => onMessage(delivery.queue === "celery" ? noting(delivery) : delivery),
      options,
    );
  }

  override async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    if (options.exchange === "celeryev") {
      const events = [JSON.parse(Buffer.from(message.body).toString())].flat() as Event[];
      this.events.push(...events.filter(({ type }) => String(type).startsWith("task-")));
    }
    await super.publish(message, options);
  }
}

function define(app: Celery, log: string[]): void {
  app.task("succeeds", { acksLate: true }, () => 1);
  app.task("fails", { acksLate: true }, () => {
    throw new TypeError("no");
  });
  app.task("rejects", { acksLate: true }, () => {
    throw new Reject("no");
  });
  app.task("ignores", { acksLate: true }, () => {
    throw new Ignore();
  });
  app.task("retries", { acksLate: true, autoRetry: { for: [TypeError] }, maxRetries: 1, defaultRetryDelay: 0 }, () => {
    throw new TypeError("again");
  });
  app.task("hangs", { acksLate: true }, () => new Promise(() => {}));
  for (const [name, acksLate] of [
    ["tracked", true],
    ["early", false],
  ] as const) {
    app.task(name, { acksLate, trackStarted: true }, () => {
      log.push("run");
      return 1;
    });
  }
  app.task("body", (_, results: unknown) => results);
}

async function start(): Promise<{ app: Celery; log: string[]; transport: NotingTransport; stop: () => Promise<void> }> {
  const log: string[] = [];
  const transport = new NotingTransport(log);
  const settings = { broker: transport, backend: new NotingStore(log) };
  const { app, worker } = await startWorker(settings, (a) => define(a, log), { sendTaskEvents: true });
  return { app, log, transport, stop: () => worker.stop() };
}

const RUN = ["task-received", "task-started"];

describe("a task that", () => {
  test.each([
    ["succeeds", ["SUCCESS", "ack"], [...RUN, "task-succeeded"], { result: "1", runtime: expect.any(Number) }],
    [
      "fails",
      ["FAILURE", "ack"],
      [...RUN, "task-failed"],
      { exception: "TypeError('no')", traceback: expect.stringContaining("TypeError: no") },
    ],
    ["rejects", ["FAILURE", "reject"], [...RUN, "task-rejected"], { requeue: false }],
    ["ignores", ["ack"], RUN, {}],
    [
      "retries",
      ["RETRY", "ack", "FAILURE", "ack"],
      [...RUN, "task-retried", ...RUN, "task-failed"],
      { exception: "TypeError('again')" },
    ],
    ["tracked", ["STARTED", "run", "SUCCESS", "ack"], [...RUN, "task-succeeded"], { result: "1" }],
    ["early", ["ack", "STARTED", "run", "SUCCESS"], [...RUN, "task-succeeded"], { result: "1" }],
  ])("%s", async (name, order, events, last) => {
    const { app, log, transport, stop } = await start();
    const { id } = await app.sendTask(name);
    await until(() => log.length === order.length);
    await stop();
    expect(log).toEqual(order);
    expect(transport.events.map(({ type }) => type)).toEqual(events);
    expect(transport.events.every(({ uuid }) => uuid === id)).toBe(true);
    expect(transport.events.at(-1)).toMatchObject(last);
  });

  test("is terminated", async () => {
    const { app, log, transport, stop } = await start();
    const result = await app.sendTask("hangs");
    await until(() => transport.events.length === 2);
    await result.revoke({ terminate: true, signal: "SIGKILL" });
    await until(() => log.length === 2);
    await stop();
    expect(log).toEqual(["REVOKED", "ack"]);
    expect(transport.events.at(-1)).toMatchObject({
      type: "task-revoked",
      uuid: result.id,
      terminated: true,
      signum: 9,
      expired: false,
    });
  });

  test("is revoked before it begins", async () => {
    const { app, log, transport, stop } = await start();
    const result = await app.sendTask("succeeds", { countdown: 3600 });
    await until(() => transport.events.length === 1);
    await result.revoke();
    await until(() => log.length === 2);
    await stop();
    expect(log).toEqual(["REVOKED", "ack"]);
    expect(transport.events.at(-1)).toMatchObject({
      type: "task-revoked",
      terminated: false,
      signum: null,
      expired: false,
    });
  });
});

describe("a part of a chord is counted after its result is stored, and before it is acknowledged:", () => {
  test.each([
    ["succeeds", ["SUCCESS", "part", "ack"]],
    ["fails", ["FAILURE", "part"]],
  ])("%s", async (name, order) => {
    const { app, log, stop } = await start();
    const sent = await chord([app.signature(name)], app.signature("body")).delay();
    await sent.get({ timeoutMs, propagate: false });
    await stop();
    expect(log.slice(0, order.length)).toEqual(order);
    expect(log.filter((entry) => entry === "ack").length).toBe(name === "fails" ? 1 : 2);
  });
});

test("a part of a chord that is terminated fails its body", async () => {
  const { app, transport } = await start();
  const sent = await chord([app.signature("hangs")], app.signature("body")).delay();
  await until(() => transport.events.length === 2);
  await app.control.revoke(String(transport.events[0]?.uuid), { terminate: true });
  await expect(sent.get({ timeoutMs })).rejects.toThrow("terminated");
});

describe("an AbortError is", () => {
  test("why the run was stopped, where it was", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("waits", { softTimeLimit: 0.01 }, (context) => sleep(3_600_000, undefined, { signal: context.signal }));
    });
    const sent = await app.sendTask("waits");
    await expect(sent.get({ timeoutMs })).rejects.toBeInstanceOf(SoftTimeLimitExceeded);
  });

  test("an error like any other, where it was not", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("aborts", () => sleep(3_600_000, undefined, { signal: AbortSignal.abort() }));
    });
    await expect((await app.sendTask("aborts")).get({ timeoutMs })).rejects.toThrow("The operation was aborted");
  });
});

test.each([
  ["by the task", { ignoreResult: true, storeErrorsEvenIfIgnored: true }, {}],
  ["by the settings", {}, { taskIgnoreResult: true, taskStoreErrorsEvenIfIgnored: true }],
])("of results that are ignored only failures are stored where it is so wanted: %s", async (_, options, settings) => {
  const log: string[] = [];
  const { app, worker } = await startWorker({ backend: new NotingStore(log), ...settings }, (a) => {
    a.task("succeeds", options, () => 1);
    a.task("fails", options, () => {
      throw new TypeError("no");
    });
    a.task("quiet", { ...options, storeErrorsEvenIfIgnored: false }, () => {
      throw new TypeError("no");
    });
  });
  for (const name of ["succeeds", "quiet", "fails"]) await app.sendTask(name);
  await until(() => log.length === 1);
  await worker.stop();
  expect(log).toEqual(["FAILURE"]);
});
