/** Enqueues jobs for RQ's workers in Python, and waits for what they return, or raise. */
import { RqJobError, RqQueue } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");
const queue = new RqQueue("reports", { client });

try {
  const job = await queue.enqueue<{ total: number; currency: string }>(
    "reports.total",
    [[12.5, 30]],
    { currency: "EUR" },
    { timeout: "1m", retry: { max: 2 } },
  );
  console.log("the report is", await job.result({ timeoutMs: 30_000 }));

  const failing = await queue.enqueue("reports.total", [["one"]]);
  await failing.result({ timeoutMs: 30_000 });
} catch (error) {
  if (!(error instanceof RqJobError)) throw error;
  console.log(`${error.status}:`, error.traceback?.trimEnd().split("\n").at(-1));
} finally {
  await client.quit();
}
