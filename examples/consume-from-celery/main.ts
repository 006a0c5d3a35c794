/** A worker in Node for tasks that Python sends. Runs until SIGINT or SIGTERM. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";

const app = new Celery({
  broker: amqp(process.env.AMQP_URL ?? "amqp://guest:guest@127.0.0.1:5672"),
  backend: "rpc://",
  acceptContent: ["pickle", "json"], // pickle must be asked for, as in Celery
  resultSerializer: "pickle",
  logger: console,
});

app.task<[number, number], number>("shop.add", (_context, x, y) => x + y);

app.task(
  "shop.report",
  { parameters: ["year"], autoRetry: { backoff: true }, maxRetries: 3 },
  async (context, year) => {
    await context.updateState("PROGRESS", { done: 1, of: 2 });
    return { year, madeAt: new Date() }; // an aware datetime in Python
  },
);

const worker = app.worker({ queues: ["shop"], concurrency: 10 });
worker.on("badMessage", (bad) => console.error("refused a message", bad));
await worker.start();
console.log(`${worker.hostname} is ready`);

const stop = async (): Promise<void> => {
  await worker.stop({ timeoutMs: 10_000 });
  await app.close();
};
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
