/** Celery 5.5's own native delayed delivery and this one's: what either side delays, the broker holds, and the other runs. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { Isolation } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { closeAfterEach } from "../../kept.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";

interface CameFrom {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly exchange: string;
}

/** Within them a busy machine has the levels declared: what is due before goes the usual way. */
const SECONDS = 6;
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

  const keep = closeAfterEach();
  /** What the Node side warned of; a broker that cannot delay is one such warning, with the reason. */
  let warnings: string[] = [];

  afterEach(() => {
    warnings = [];
  });

  /** An app of its own vhost for each test: the levels are the vhost's, and one that failed to start stays so. */
  async function nodeSide(label: string) {
    const isolation = await set.isolate();
    const queue = isolation.name(label);
    const app = connectApp(isolation, ["amqp", "rpc"], {
      taskDefaultQueue: queue,
      taskDefaultExchange: isolation.name("topic"),
      taskDefaultExchangeType: "topic",
      taskDefaultQueueType: "quorum",
      logger: { warn: (message) => void warnings.push(message) },
    });
    return { app: keep(app), isolation, queue };
  }

  /** The same on the Python side: without it Celery's worker waits by itself. */
  const pythonSettings = (isolation: Isolation, queue: string) => ({
    task_default_queue: queue,
    task_default_exchange: isolation.name("topic"),
    task_default_exchange_type: "topic",
    task_default_routing_key: queue,
    task_default_queue_type: "quorum",
  });

  async function startPythonWorker(isolation: Isolation, queue: string) {
    const config = pythonSettings(isolation, queue);
    const worker = await set.python.celeryWorker({ broker: "amqp", backend: "rpc", isolation, queue, config });
    keep({ close: () => worker.kill() });
  }

  describe("from Node to a Python worker", () => {
    async function start() {
      const { app, isolation, queue } = await nodeSide("delayed-python");
      await startPythonWorker(isolation, queue);
      return app;
    }

    test("a task with a countdown comes out of the broker when it is due", async () => {
      const app = await start();
      const task = app.task<[], CameFrom>("came_from");
      const due = Date.now() + SECONDS * 1000;
      const sent = await Promise.all(Array.from({ length: COUNT }, () => task.applyAsync({ countdown: SECONDS })));
      const results = await Promise.all(sent.map((result) => result.get(WAIT)));
      expect(warnings).toEqual([]);
      expect(results.filter(({ exchange }) => !LEVEL.test(exchange))).toEqual([]);
      expect(results.filter(({ at }) => at * 1000 < due - TOLERANCE_MS)).toEqual([]);
    });

    test("an eta does as well, and what is due at once goes the usual way", async () => {
      const app = await start();
      const task = app.task<[], CameFrom>("came_from");
      const eta = new Date(Date.now() + SECONDS * 1000);
      const [later, now] = await Promise.all([task.applyAsync({ eta }), task.delay()]);
      const result = await later.get(WAIT);
      expect(warnings).toEqual([]);
      expect(result.exchange).toMatch(LEVEL);
      expect(result.at * 1000).toBeGreaterThanOrEqual(eta.getTime() - TOLERANCE_MS);
      expect((await now.get(WAIT)).exchange).not.toMatch(LEVEL);
    });

    test("a retry by Python with a countdown is delayed and ends well", async () => {
      const app = await start();
      const result = await app.sendTask("retry", { args: [2], kwargs: { countdown: 1 } });
      expect(await result.get(WAIT)).toBe(2);
    });
  });

  test("from Python to a Node worker, a task with a countdown comes out of the broker when it is due", async () => {
    const { app, isolation, queue } = await nodeSide("delayed-node");
    app.task("came_from", { acksLate: true }, (context) => ({
      at: Date.now() / 1000,
      exchange: context.deliveryInfo.exchange,
    }));
    await app.worker({ mingle: false }).start();
    const CONFIG = JSON.stringify(pythonSettings(isolation, queue));
    const env = pythonEnvironment(isolation, ["amqp", "rpc"], queue, { CONFIG });
    const client = keep(await set.python.spawn("celery_client.py", [], { env }));

    const due = Date.now() + SECONDS * 1000;
    const ids: string[] = [];
    for (let i = 0; i < COUNT; i++) {
      ids.push(await client.request<string>("send", { task: "came_from", options: `{'countdown': ${SECONDS}}` }));
    }
    for (const id of ids) {
      const { json } = await client.request<{ readonly json: string }>("get", { id });
      const result = JSON.parse(json) as CameFrom;
      expect(warnings).toEqual([]);
      expect(result.exchange).toMatch(LEVEL);
      expect(result.at * 1000).toBeGreaterThanOrEqual(due - TOLERANCE_MS);
    }
  });

  test("a task delayed before any worker ran is run by the one that comes", async () => {
    const { app, isolation, queue } = await nodeSide("delayed-early");
    const result = await app.sendTask<CameFrom>("came_from", { countdown: SECONDS });
    while ((await app.transport.queueLength(queue)) === 0) await sleep(50);
    await startPythonWorker(isolation, queue);
    expect((await result.get(WAIT)).exchange).toMatch(LEVEL);
    expect(warnings).toEqual([]);
  });
});
