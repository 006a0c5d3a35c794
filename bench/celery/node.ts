/** The Node side of the benchmark, in a process of its own: see `Order` for what it is told and `Report` for what it says. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { redis, redisBackend } from "@brine/redis-adapter";

export interface Order {
  readonly role: "publish" | "consume" | "roundtrip";
  readonly broker: string;
  /** `rpc://`, a Redis URL, or nothing for no results. */
  readonly backend: string | undefined;
  readonly queue: string;
  readonly serializer: string;
  readonly count: number;
  /** Tasks that may run at once, or be sent at once. */
  readonly concurrency: number;
}

export type Report =
  | { readonly ready: true }
  | { readonly published: number; readonly seconds: number }
  | { readonly consumed: number; readonly seconds: number }
  | { readonly progress: number; readonly rss: number; readonly heap: number }
  | { readonly latencies: readonly number[] };

const order = JSON.parse(process.argv[2]!) as Order;
const say = (report: Report) => process.send!(report);
const app = new Celery({
  broker: order.broker.startsWith("amqp") ? amqp(order.broker) : redis(order.broker),
  backend: order.backend === undefined || order.backend === "rpc://" ? order.backend : redisBackend(order.backend),
  taskDefaultQueue: order.queue,
  taskSerializer: order.serializer,
  resultSerializer: order.serializer,
  acceptContent: [order.serializer],
});
const now = () => performance.now();

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
  const begun = now();
  await inParallel(() => noop.delay());
  say({ published: order.count, seconds: (now() - begun) / 1000 });
  await app.close();
}

async function consume(): Promise<void> {
  let seen = 0;
  let begun = 0;
  app.task("bench.noop", { ignoreResult: true }, () => {
    if (seen === 0) begun = now();
    seen++;
    if (seen % 10_000 === 0) {
      globalThis.gc?.();
      say({ progress: seen, rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed });
    }
    if (seen === order.count) say({ consumed: seen, seconds: (now() - begun) / 1000 });
  });
  app.task("bench.echo", (_, value: unknown) => value);
  await app.worker({ mingle: false, concurrency: order.concurrency }).start();
  say({ ready: true });
}

async function roundtrip(): Promise<void> {
  const echo = app.task<[number], number>("bench.echo");
  const call = async (i: number) => (await echo.delay(i)).get({ timeoutMs: 60_000 });
  await call(0);
  const latencies: number[] = [];
  await inParallel(async (i) => {
    const begun = now();
    await call(i);
    latencies.push(now() - begun);
  });
  say({ latencies });
  await app.close();
}

await { publish, consume, roundtrip }[order.role]();
process.on("disconnect", () => process.exit());
if (order.role !== "consume") process.disconnect();
