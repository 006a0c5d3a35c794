/** Celery 5.5's own native delayed delivery and this one's: what either side delays, the broker holds, and the other runs. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Celery } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CeleryWorker, Isolation, PythonPeer } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { connectApp, pythonEnvironment } from "./setting.js";

interface CameFrom {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly exchange: string;
}

const SECONDS = 2;
/** The broker counts from the moment it has the message, in whole seconds, by a clock of its own. */
const TOLERANCE_MS = 50;
const COUNT = 20;

/** An exchange of one of the levels: the last one that the task came through, which depends on the bits of its delay. */
const LEVEL = /^celery_delayed_/;

describeEachGeneration("delayed delivery with Celery's", (set) => {
  const [major = 0, minor = 0] = (set.versions.celery ?? "").split(".").map(Number);
  if (major < 5 || (major === 5 && minor < 5)) {
    test(`needs Celery 5.5, this is ${set.versions.celery}`, (context) =>
      context.skip("native delayed delivery is of 5.5"));
    return;
  }

  /** The same on both sides: without it Celery's worker waits by itself. */
  const python = (isolation: Isolation, queue: string) => ({
    task_default_queue: queue,
    task_default_exchange: isolation.name("topic"),
    task_default_exchange_type: "topic",
    task_default_routing_key: queue,
    task_default_queue_type: "quorum",
  });

  const node = (isolation: Isolation, queue: string) =>
    connectApp(isolation, ["amqp", "rpc"], {
      taskDefaultQueue: queue,
      taskDefaultExchange: isolation.name("topic"),
      taskDefaultExchangeType: "topic",
      taskDefaultQueueType: "quorum",
    });

  describe("from Node to a Python worker", () => {
    let app: Celery;
    let worker: CeleryWorker;

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("delayed-python");
      app = node(isolation, queue);
      const config = python(isolation, queue);
      worker = await set.python.celeryWorker({ broker: "amqp", backend: "rpc", isolation, queue, config });
    });

    afterAll(async () => {
      await app?.close();
      await worker?.kill();
    });

    test("a task with a countdown comes out of the broker when it is due", async () => {
      const task = app.task<[], CameFrom>("came_from");
      const due = Date.now() + SECONDS * 1000;
      const sent = await Promise.all(Array.from({ length: COUNT }, () => task.applyAsync({ countdown: SECONDS })));
      const results = await Promise.all(sent.map((result) => result.get({ timeoutMs: 30_000 })));
      expect(results.filter(({ exchange }) => !LEVEL.test(exchange))).toEqual([]);
      expect(results.filter(({ at }) => at * 1000 < due - TOLERANCE_MS)).toEqual([]);
    });

    test("an eta does as well, and what is due at once goes the usual way", async () => {
      const task = app.task<[], CameFrom>("came_from");
      const eta = new Date(Date.now() + SECONDS * 1000);
      const [later, now] = await Promise.all([task.applyAsync({ eta }), task.delay()]);
      const result = await later.get({ timeoutMs: 30_000 });
      expect(result.exchange).toMatch(LEVEL);
      expect(result.at * 1000).toBeGreaterThanOrEqual(eta.getTime() - TOLERANCE_MS);
      expect((await now.get({ timeoutMs: 30_000 })).exchange).not.toMatch(LEVEL);
    });

    test("a retry by Python with a countdown is delayed and ends well", async () => {
      const result = await app.sendTask("retry", { args: [2], kwargs: { countdown: 1 } });
      expect(await result.get({ timeoutMs: 30_000 })).toBe(2);
    });
  });

  describe("from Python to a Node worker", () => {
    let app: Celery;
    let client: PythonPeer;

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("delayed-node");
      app = node(isolation, queue);
      app.task("came_from", { acksLate: true }, (context) => ({
        at: Date.now() / 1000,
        exchange: context.deliveryInfo.exchange,
      }));
      await app.worker({ mingle: false }).start();
      const CONFIG = JSON.stringify(python(isolation, queue));
      client = await set.python.spawn("celery_client.py", [], {
        env: pythonEnvironment(isolation, ["amqp", "rpc"], queue, { CONFIG }),
      });
    });

    afterAll(async () => {
      await client?.close();
      await app?.close();
    });

    test("a task with a countdown comes out of the broker when it is due", async () => {
      const due = Date.now() + SECONDS * 1000;
      const ids: string[] = [];
      for (let i = 0; i < COUNT; i++) {
        ids.push(await client.request<string>("send", { task: "came_from", options: `{'countdown': ${SECONDS}}` }));
      }
      for (const id of ids) {
        const { json } = await client.request<{ readonly json: string }>("get", { id });
        const result = JSON.parse(json) as CameFrom;
        expect(result.exchange).toMatch(LEVEL);
        expect(result.at * 1000).toBeGreaterThanOrEqual(due - TOLERANCE_MS);
      }
    });
  });

  test("a task delayed before any worker ran is run by the one that comes", async () => {
    const isolation = await set.isolate();
    const queue = isolation.name("delayed-early");
    const app = node(isolation, queue);
    try {
      const result = await app.sendTask<CameFrom>("came_from", { countdown: SECONDS });
      while ((await app.transport.queueLength(queue)) === 0) await sleep(50);
      const config = python(isolation, queue);
      const worker = await set.python.celeryWorker({ broker: "amqp", backend: "rpc", isolation, queue, config });
      try {
        expect((await result.get({ timeoutMs: 30_000 })).exchange).toMatch(LEVEL);
      } finally {
        await worker.kill();
      }
    } finally {
      await app.close();
    }
  });
});
