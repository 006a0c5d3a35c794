/** What workers do for jobs whose worker is gone, and for registries. rq `intermediate_queue.py`, `registry.py`. */
import { evaluate } from "../cache/lock.js";
import { isWrongType } from "../driver-errors.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import type { Callbacks, StoredJob } from "./callbacks.js";
import { encodeTraceback, intervalsOf, unixSeconds, utcformat } from "./format.js";
import { jobFields } from "./job-info.js";
import {
  cleaningKey,
  dependentsKey,
  intermediateKey,
  jobIdOf,
  jobKey,
  queueKey,
  RATE_LIMITS,
  registryKey,
  resultsKey,
} from "./keys.js";
import { notEnqueued, otherKind } from "./other-kinds.js";
import { ABANDONED, CLEAN_LIMIT, ENQUEUE_DEPENDENTS, ENQUEUE_READY, RECOVER } from "./scripts.js";
import type { WorkerFormat } from "./worker-record.js";

/** A job found between queue and start for so long was lost by its worker. Seconds, RQ's own. */
const STUCK_SECONDS = 60;
/** One of all workers cleans a queue's registries in this time. Seconds, RQ's own. */
const CLEANING_SECONDS = 899;
/** How often a worker of rq 2 does: its `DEFAULT_MAINTENANCE_TASK_INTERVAL`. */
const MAINTENANCE_MS = 600_000;

/** What {@link RqQueue.cleanRegistries} found. */
export interface Cleaned {
  /** Jobs that their worker had started and never ended. They count as failed. */
  readonly abandoned: readonly string[];
  /** Those of them that have retries left, and so will run again. */
  readonly retried: readonly string[];
  /** What went wrong in their failure callbacks; a callback that is not registered is an error, too. And what could not be ended or enqueued. */
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
    let job: StoredJob;
    try {
      job = await jobOf(client, queue, entry);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      // What is no job could only be found again and again.
      errors.push(otherKind(`end job ${jobIdOf(entry)}`, error));
      await send(client, "zrem", [registryKey("started", queue), entry]);
      continue;
    }
    // As rq 2: before the job ends, so that it is not lost with this process.
    if (String(job.fields.get("status")) === "started")
      await callbacks.abandoned(job).catch((error: Error) => errors.push(error));
    try {
      const end = await endAbandoned(client, job, entry, limit, errors);
      if (end !== "") abandoned.push(job.id);
      if (end === "retried") retried.push(job.id);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      // It stays, to be found when somebody has put it right.
      errors.push(otherKind(`end job ${job.id}`, error, "one of its keys, or of its queue's,"));
    }
  }
  for (const registry of ["finished", "failed"] as const)
    await send(client, "zremrangebyscore", [registryKey(registry, queue), 0, limit]);
  errors.push(...(await enqueueReady(client, queue)));
  await cleanLimits(client);
  return { abandoned, retried, errors };
}

/** An entry of rq 1 is the id, which may have any characters there; one of rq 2 has an execution's after it. */
async function jobOf(client: RedisLike, queue: string, entry: string): Promise<StoredJob> {
  const fields = await jobFields(client, entry);
  if (fields.size > 0) return { id: entry, queue, fields };
  const id = jobIdOf(entry);
  return { id, queue, fields: await jobFields(client, id) };
}

async function endAbandoned(
  client: RedisLike,
  { id, queue, fields }: StoredJob,
  entry: string,
  limit: number,
  errors: Error[],
) {
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
  if (end === "failed") {
    const args = [utcformat(now), unixSeconds(now)];
    const refused = await evaluate(client, ENQUEUE_DEPENDENTS, [dependentsKey(id)], args);
    errors.push(...notEnqueued(refused, `waiting for ${id}`));
  }
  return end;
}

/** Jobs of one step, so that a long list does not hold up Redis. */
const CHUNK = 1000;

/** rq 2.10 `ReadyJobRegistry.cleanup`. */
async function enqueueReady(client: RedisLike, queue: string): Promise<Error[]> {
  const errors: Error[] = [];
  for (let count = CHUNK; count === CHUNK; ) {
    const now = new Date();
    const args = [queue, unixSeconds(now), utcformat(now), CHUNK];
    const reply = (await evaluate(client, ENQUEUE_READY, [registryKey("ready", queue)], args)) as unknown[];
    count = Number(reply[0]);
    errors.push(...notEnqueued(reply.slice(1), "that is ready"));
  }
  return errors;
}

/** rq 2.10: those of all queues, as a limit may be of several. */
async function cleanLimits(client: RedisLike): Promise<void> {
  for (const key of (await send(client, "smembers", [RATE_LIMITS])) as Iterable<Buffer>) {
    const now = new Date();
    await evaluate(client, CLEAN_LIMIT, [], [key, unixSeconds(now), utcformat(now)]);
  }
}

export interface MaintenanceOptions {
  readonly client: RedisLike;
  readonly queues: readonly string[];
  readonly callbacks: Callbacks;
  readonly format: WorkerFormat;
  readonly report: (error: Error) => void;
}

/** What every worker does now and then for its queues. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  #cleaned = Number.NEGATIVE_INFINITY;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /** Does what is due. In rq 1 the lock keeps others away for its whole time; in rq 2 each worker knows when it did its part. */
  async run(): Promise<void> {
    const { client, queues, callbacks, format, report } = this.#options;
    const isDue = format === 1 || performance.now() - this.#cleaned >= MAINTENANCE_MS;
    if (isDue) this.#cleaned = performance.now();
    for (const queue of queues) {
      await recoverStuck(client, queue);
      if (!isDue || (await send(client, "set", [cleaningKey(queue), 1, "NX", "EX", CLEANING_SECONDS])) === null)
        continue;
      const { errors } = await cleanRegistries(client, queue, callbacks);
      if (format === 2) await send(client, "del", [cleaningKey(queue)]);
      for (const error of errors) report(error);
    }
  }
}
