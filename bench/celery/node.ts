/** The Node side of the benchmark, in a process of its own: see `Order` for what it is told and `Report` for what it says. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import type { Delivery } from "@brine/codec/kombu";
import { redis, redisBackend } from "@brine/redis-adapter";
import { connect } from "amqplib";

export interface Order {
  /** `publishBare`: amqplib alone, with the bytes of a message made before: what any client on top of it is bounded by. */
  readonly role: "publish" | "publishBare" | "consume" | "roundtrip";
  readonly broker: string;
  /** `rpc://`, a Redis URL, or nothing for no results. */
  readonly backend: string | undefined;
  readonly queue: string;
  readonly serializer: string;
  readonly count: number;
  /** Tasks that may run at once, or be sent at once. */
  readonly concurrency: number;
  /** RabbitMQ only: whether it confirms what is published. Default true. */
  readonly confirms?: boolean | undefined;
}

export type Report =
  | { readonly ready: true }
  | ({ readonly published: number } & Cost)
  | ({ readonly consumed: number } & Cost)
  | { readonly progress: number; readonly rss: number; readonly heap: number }
  | { readonly latencies: readonly TaskTimes[] };

/** Milliseconds from the call of a task until it was published, until it began to run, and until its result was there. */
export type TaskTimes = readonly [published: number, started: number, returned: number];

/** `cpu`: seconds that this process computed. `idle`: seconds in pauses between tasks of more than half a second. */
export interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  readonly idle?: number | undefined;
}

const PAUSE_MS = 500;

const order = JSON.parse(process.argv[2]!) as Order;
const say = (report: Report) => process.send!(report);
const app = new Celery({
  broker: order.broker.startsWith("amqp")
    ? amqp(order.broker, { confirmPublish: order.confirms })
    : redis(order.broker),
  backend: order.backend === undefined || order.backend === "rpc://" ? order.backend : redisBackend(order.backend),
  taskDefaultQueue: order.queue,
  taskSerializer: order.serializer,
  resultSerializer: order.serializer,
  acceptContent: [order.serializer],
});
const now = () => performance.now();
/** Milliseconds since 1970, of the clock that Python's `time.time()` reads too. */
const clockTime = () => performance.timeOrigin + performance.now();

function stopwatch(): () => Cost {
  const begun = now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (now() - begun) / 1000, cpu: (user + system) / 1e6 };
  };
}

/** `concurrency` calls under way at any time, `count` in all. */
async function inParallel(call: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < order.count) await call(next++);
  };
  await Promise.all(Array.from({ length: order.concurrency }, lane));
}

async function publish(): Promise<void> {
  const noop = app.task("bench.noop", { ignoreResult: true });
  await noop.delay();
  const stop = stopwatch();
  await inParallel(() => noop.delay());
  say({ published: order.count, ...stop() });
  await app.close();
}

async function publishBare(): Promise<void> {
  const { body, contentType, contentEncoding, headers, properties } = await oneMessage();
  const connection = await connect(order.broker);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(order.queue);
  const content = Buffer.from(body);
  const { correlationId, replyTo, deliveryMode, priority } = properties;
  const options = { contentType, contentEncoding, headers, correlationId, replyTo, deliveryMode, priority };
  const stop = stopwatch();
  await inParallel(
    () =>
      new Promise<void>((resolve, reject) => {
        const onConfirm = (error: unknown) => (error ? reject(error) : resolve());
        channel.publish("", order.queue, content, options as object, onConfirm);
      }),
  );
  say({ published: order.count, ...stop() });
  await connection.close();
}

/** What Brine's client sends for a task. */
async function oneMessage(): Promise<Delivery> {
  const source = new Celery({
    broker: "memory://",
    taskSerializer: order.serializer,
    acceptContent: [order.serializer],
  });
  await source.sendTask("bench.noop", { ignoreResult: true });
  const delivery = await new Promise<Delivery>((resolve) => {
    void source.transport.consume([{ name: source.settings.taskDefaultQueue }], resolve);
  });
  await delivery.ack();
  await source.close();
  return delivery;
}

async function consume(): Promise<void> {
  let seen = 0;
  let last = 0;
  let idle = 0;
  let stop = stopwatch();
  app.task("bench.noop", { ignoreResult: true }, () => {
    if (seen === 0) stop = stopwatch();
    else if (now() - last > PAUSE_MS) idle += now() - last;
    last = now();
    seen++;
    if (seen % 10_000 === 0) {
      globalThis.gc?.();
      say({ progress: seen, rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed });
    }
    if (seen === order.count) say({ consumed: seen, ...stop(), idle: idle / 1000 });
  });
  app.task("bench.clock", clockTime);
  await app.worker({ mingle: false, concurrency: order.concurrency }).start();
  say({ ready: true });
}

async function roundtrip(): Promise<void> {
  const clock = app.task<[], number>("bench.clock");
  await (await clock.delay()).get({ timeoutMs: 60_000 });
  const latencies: TaskTimes[] = [];
  await inParallel(async () => {
    const begun = clockTime();
    const result = await clock.delay();
    const published = clockTime();
    const started = await result.get({ timeoutMs: 60_000 });
    latencies.push([published - begun, started - begun, clockTime() - begun]);
  });
  say({ latencies });
  await app.close();
}

await { publish, publishBare, consume, roundtrip }[order.role]();
process.on("disconnect", () => process.exit());
if (order.role !== "consume") process.disconnect();
