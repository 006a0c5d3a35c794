/** What workers do for jobs whose worker is gone, and for registries. rq `intermediate_queue.py`, `registry.py`. */
import { evaluate } from "../cache/lock.js";
import { type RedisLike, send } from "../pickled/client.js";
import type { Callbacks, StoredJob } from "./callbacks.js";
import { encodeTraceback, intervalsOf, unixSeconds, utcformat } from "./format.js";
import { jobFields } from "./job-info.js";
import {
  cleaningKey,
  dependentsKey,
  intermediateKey,
  jobKey,
  queueKey,
  RATE_LIMITS,
  registryKey,
  resultsKey,
} from "./keys.js";
import { ABANDONED, CLEAN_LIMIT, ENQUEUE_DEPENDENTS, ENQUEUE_READY, RECOVER } from "./scripts.js";

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
  /** What went wrong in their failure callbacks; a callback that is not registered is an error, too. */
  readonly errors: readonly Error[];
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

/** Retries or fails what was abandoned, enqueues what was forgotten, and forgets what is expired, as of `now`. */
export async function cleanRegistries(
  client: RedisLike,
  queue: string,
  callbacks: Callbacks,
  now = new Date(),
): Promise<Cleaned> {
  const limit = Math.trunc(now.getTime() / 1000);
  const entries = (await send(client, "zrangebyscore", [registryKey("started", queue), 0, limit])) as Buffer[];
  const abandoned: string[] = [];
  const retried: string[] = [];
  const errors: Error[] = [];
  for (const entry of entries.map(String)) {
    const job: StoredJob = { id: entry.split(":")[0]!, queue, fields: await jobFields(client, entry.split(":")[0]!) };
    // As rq 2: before the job ends, so that it is not lost with this process.
    if (String(job.fields.get("status")) === "started")
      await callbacks.abandoned(job).catch((error: Error) => errors.push(error));
    const end = await endAbandoned(client, job, entry, limit);
    if (end !== "") abandoned.push(job.id);
    if (end === "retried") retried.push(job.id);
  }
  for (const registry of ["finished", "failed"] as const)
    await send(client, "zremrangebyscore", [registryKey(registry, queue), 0, limit]);
  await enqueueReady(client, queue);
  await cleanLimits(client);
  return { abandoned, retried, errors };
}

async function endAbandoned(client: RedisLike, { id, queue, fields }: StoredJob, entry: string, limit: number) {
  const now = new Date();
  const intervals = intervalsOf(fields.get("retry_intervals"));
  const left = Number(fields.get("retries_left") ?? 0);
  const interval = intervals[Math.max(intervals.length - left, 0)] ?? 0;
  const keys = [
    registryKey("started", queue),
    jobKey(id),
    registryKey("scheduled", queue),
    registryKey("failed", queue),
    resultsKey(id),
  ];
  const text = `Moved to FailedJobRegistry, due to AbandonedJobError, at ${utcformat(now)}`;
  const traceback = encodeTraceback(text);
  const args = [entry, id, unixSeconds(now), utcformat(now), traceback, limit, interval, queue];
  const end = String(await evaluate(client, ABANDONED, keys, args));
  // Some of those that wait for it may do so though it failed.
  if (end === "failed")
    await evaluate(client, ENQUEUE_DEPENDENTS, [dependentsKey(id)], [utcformat(now), unixSeconds(now)]);
  return end;
}

/** Jobs of one step, so that a long list does not hold up Redis. */
const CHUNK = 1000;

/** rq 2.10 `ReadyJobRegistry.cleanup`. */
async function enqueueReady(client: RedisLike, queue: string): Promise<void> {
  for (let count = CHUNK; count === CHUNK; ) {
    const now = new Date();
    const args = [queue, unixSeconds(now), utcformat(now), CHUNK];
    count = Number(await evaluate(client, ENQUEUE_READY, [registryKey("ready", queue)], args));
  }
}

/** rq 2.10: those of all queues, as a limit may be of several. */
async function cleanLimits(client: RedisLike): Promise<void> {
  for (const key of (await send(client, "smembers", [RATE_LIMITS])) as Iterable<Buffer>) {
    const now = new Date();
    await evaluate(client, CLEAN_LIMIT, [], [key, unixSeconds(now), utcformat(now)]);
  }
}

/** What every worker does now and then for its queues. */
export async function maintain(
  client: RedisLike,
  queues: readonly string[],
  callbacks: Callbacks,
  report: (error: Error) => void,
): Promise<void> {
  for (const queue of queues) {
    await recoverStuck(client, queue);
    const mine = await send(client, "set", [cleaningKey(queue), 1, "NX", "EX", CLEANING_SECONDS]);
    if (mine === null) continue;
    const { errors } = await cleanRegistries(client, queue, callbacks);
    for (const error of errors) report(error);
  }
}
