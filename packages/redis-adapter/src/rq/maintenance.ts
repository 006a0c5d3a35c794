/** What workers do for jobs whose worker is gone, and for registries. rq `intermediate_queue.py`, `registry.py`. */
import { evaluate } from "../cache/lock.js";
import { type RedisLike, send } from "../pickled/client.js";
import { encodeTraceback, intervalsOf, utcformat } from "./format.js";
import { cleaningKey, intermediateKey, jobKey, queueKey, registryKey, resultsKey } from "./keys.js";
import { ABANDONED, RECOVER } from "./scripts.js";

/** A job found between queue and start for so long was lost by its worker. Seconds, RQ's own. */
const STUCK_SECONDS = 60;
/** One of all workers cleans a queue's registries in this time. Seconds, RQ's own. */
const CLEANING_SECONDS = 899;

/** What {@link cleanRegistries} found. */
export interface Cleaned {
  /** Jobs that their worker had started and never ended. They count as failed. */
  readonly abandoned: readonly string[];
  /** Those of them that have retries left, and so will run again. */
  readonly retried: readonly string[];
}

/** What a worker took and did not start goes back to where it was; how many did. */
export async function recoverStuck(client: RedisLike, queue: string): Promise<number> {
  const list = intermediateKey(queue);
  const ids = ((await send(client, "lrange", [list, 0, -1])) as Buffer[]).map(String);
  let count = 0;
  for (const id of ids) {
    const keys = [list, queueKey(queue), `${list}:first_seen:${id}`];
    count += Number(await evaluate(client, RECOVER, keys, [id, STUCK_SECONDS, Date.now() / 1000]));
  }
  return count;
}

/** Retries or fails what was abandoned, and forgets what is expired, as of `now`. */
export async function cleanRegistries(client: RedisLike, queue: string, now = new Date()): Promise<Cleaned> {
  const limit = Math.trunc(now.getTime() / 1000);
  const entries = ((await send(client, "zrangebyscore", [registryKey("started", queue), 0, limit])) as Buffer[]).map(
    String,
  );
  const abandoned: string[] = [];
  const retried: string[] = [];
  for (const entry of entries) {
    const id = entry.split(":")[0]!;
    const end = await endAbandoned(client, queue, entry, id, limit);
    if (end !== "") abandoned.push(id);
    if (end === "retried") retried.push(id);
  }
  for (const registry of ["finished", "failed"] as const)
    await send(client, "zremrangebyscore", [registryKey(registry, queue), 0, limit]);
  return { abandoned, retried };
}

async function endAbandoned(client: RedisLike, queue: string, entry: string, id: string, limit: number) {
  const now = new Date();
  const [left, raw] = (await send(client, "hmget", [
    jobKey(id),
    "retries_left",
    "retry_intervals",
  ])) as (Buffer | null)[];
  const intervals = intervalsOf(raw ?? undefined);
  const interval = intervals[Math.max(intervals.length - Number(left ?? 0), 0)] ?? 0;
  const keys = [
    registryKey("started", queue),
    jobKey(id),
    queueKey(queue),
    registryKey("scheduled", queue),
    registryKey("failed", queue),
    resultsKey(id),
  ];
  const text = `Moved to FailedJobRegistry, due to AbandonedJobError, at ${utcformat(now)}`;
  const args = [entry, id, Math.trunc(now.getTime() / 1000), utcformat(now), encodeTraceback(text), limit, interval];
  return String(await evaluate(client, ABANDONED, keys, args));
}

/** What every worker does now and then for its queues. */
export async function maintain(client: RedisLike, queues: readonly string[]): Promise<void> {
  for (const queue of queues) {
    await recoverStuck(client, queue);
    const mine = await send(client, "set", [cleaningKey(queue), 1, "NX", "EX", CLEANING_SECONDS]);
    if (mine !== null) await cleanRegistries(client, queue);
  }
}
