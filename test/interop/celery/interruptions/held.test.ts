/** Messages that a worker holds: until they are due, however long that is, and when it stops before it has begun them. */
import { setTimeout as sleep } from "node:timers/promises";
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { type RedisTransportOptions, redis } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { Isolation } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";
import { type BrokerKind, WAIT } from "../setting.js";

const BROKERS = ["amqp", "redis"] as const;
/** Its holder renews it every quarter of that, a busy machine later. */
const VISIBILITY_SECONDS = 8;
/** In it, a Python worker starts and looks for what is not renewed. */
const COUNTDOWN_SECONDS = 20;
const TASKS = 300;
const RESTARTS = 6;

describeEachGeneration("messages that a worker holds", (set) => {
  const kept = closeAfterEach();

  function connect(kind: BrokerKind, isolation: Isolation, queue: string, options: RedisTransportOptions = {}): Celery {
    const broker = kind === "amqp" ? amqp(isolation.amqp.url) : redis(isolation.redis(0).url, options);
    return kept(new Celery({ broker, taskDefaultQueue: queue }));
  }

  test("a task that is due after the visibility timeout runs once, beside a Python worker", async () => {
    const isolation = await set.isolate();
    const queue = isolation.name("held");
    const client = new Redis(isolation.redis(1).url);
    kept({ close: () => client.disconnect() });
    const app = connect("redis", isolation, queue, { visibilityTimeoutSeconds: VISIBILITY_SECONDS });
    app.task("mark", { acksLate: true }, (_, n: number) => client.hincrby("marks", String(n), 1));
    const worker = await app.worker({ mingle: false }).start();
    await app.sendTask("mark", { args: [1], countdown: COUNTDOWN_SECONDS });
    const held = async () =>
      (await app.control.inspect("scheduled", {}, { destination: [worker.hostname], ...WAIT }))[worker.hostname];
    await eventually(async () => expect(await held()).toHaveLength(1));
    const python = await set.python.celeryWorker({
      broker: "redis",
      backend: "disabled",
      isolation,
      queue,
      config: { broker_transport_options: { visibility_timeout: VISIBILITY_SECONDS } },
      env: { MARKS: `${isolation.redis(1).pythonUrl} marks` },
    });
    kept({ close: () => python.kill() });
    const marks = () => client.hgetall("marks");
    await eventually(async () => expect(await marks()).toEqual({ 1: "1" }), COUNTDOWN_SECONDS * 1000 + WAIT.timeoutMs);
    // Whoever had been given it meanwhile would run it about now, too.
    await sleep(VISIBILITY_SECONDS * 1000);
    expect(await marks()).toEqual({ 1: "1" });
  });

  test.each(BROKERS)("%s: what waits for its time is back in its queue when the worker has stopped", async (kind) => {
    const isolation = await set.isolate();
    const queue = isolation.name("back");
    const app = connect(kind, isolation, queue);
    app.task("later", () => undefined);
    const worker = await app.worker({ mingle: false, gossip: false, concurrency: 1 }).start();
    await Promise.all([1, 2, 3].map(() => app.sendTask("later", { countdown: 3600 })));
    await eventually(async () => expect(await app.transport.queueLength(queue)).toBe(0));
    await worker.stop();
    // RabbitMQ counts a moment later.
    await eventually(async () => expect(await app.transport.queueLength(queue)).toBe(3));
  });

  test.each(BROKERS)("%s: workers that stop in the middle of it run each task once", async (kind) => {
    const isolation = await set.isolate();
    const app = connect(kind, isolation, isolation.name("restarts"));
    const runs = new Map<number, number>();
    const count = async (n: number): Promise<void> => {
      await sleep(5);
      runs.set(n, (runs.get(n) ?? 0) + 1);
    };
    app.task("early", (_, n: number) => count(n));
    app.task("late", { acksLate: true }, (_, n: number) => count(n));
    const sends = Array.from({ length: TASKS }, (_, n) => app.sendTask(n % 2 ? "early" : "late", { args: [n] }));
    for (let restart = 1; restart <= RESTARTS; restart++) {
      const worker = await app.worker({ mingle: false, gossip: false, concurrency: 4 }).start();
      const before = runs.size;
      await eventually(() => expect(runs.size).toBeGreaterThan(Math.min(before + restart * 3, TASKS - 1)));
      await worker.stop();
    }
    await Promise.all(sends);
    await app.worker({ mingle: false, gossip: false, concurrency: 20 }).start();
    await eventually(() => expect(runs.size).toBe(TASKS));
    expect([...runs].filter(([, count]) => count !== 1)).toEqual([]);
  });
});
