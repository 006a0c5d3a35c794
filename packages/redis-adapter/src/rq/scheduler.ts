/** Enqueues what is due: rq `scheduler.py`. One scheduler serves a queue at a time, ours or Python's. */
import { setTimeout as delay } from "node:timers/promises";
import { evaluate, Lock } from "../cache/lock.js";
import type { RedisLike } from "../pickled/driver/client.js";
import { unixSeconds, utcformat } from "./format.js";
import { registryKey, schedulerLockKey } from "./keys.js";
import { notEnqueued } from "./other-kinds.js";
import { ENQUEUE_DUE } from "./scripts.js";

/** How long a lock outlives its holder, and the pause between looks: RQ's own. */
const LOCK_MS = 61_000;
const PAUSE_MS = 1000;
/** Jobs of one step, so that a long list does not hold up Redis. */
const CHUNK = 1000;

/** Looks after the scheduled jobs of the queues until `signal` is aborted. Never throws. */
export async function schedule(
  client: RedisLike,
  queues: readonly string[],
  signal: AbortSignal,
  report: (error: Error) => void,
): Promise<void> {
  const locks = new Map<string, Lock>();
  while (!signal.aborted) {
    for (const queue of queues) {
      try {
        if (await holds(client, queue, locks)) for (const error of await enqueueDue(client, queue)) report(error);
      } catch (error) {
        report(error as Error);
      }
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
  for (const lock of locks.values()) await lock.release().catch(report);
}

async function holds(client: RedisLike, queue: string, locks: Map<string, Lock>): Promise<boolean> {
  if (await locks.get(queue)?.extend(LOCK_MS)) return true;
  const lock = await Lock.acquire(client, schedulerLockKey(queue), { ttl: LOCK_MS });
  if (lock === undefined) locks.delete(queue);
  else locks.set(queue, lock);
  return lock !== undefined;
}

/** Enqueues the jobs whose time has come. What is wrong with those that could not be. */
export async function enqueueDue(client: RedisLike, queue: string): Promise<Error[]> {
  const errors: Error[] = [];
  for (let count = CHUNK; count === CHUNK; ) {
    const now = new Date();
    const args = [unixSeconds(now), utcformat(now), CHUNK, queue];
    const reply = (await evaluate(client, ENQUEUE_DUE, [registryKey("scheduled", queue)], args)) as unknown[];
    count = Number(reply[0]);
    errors.push(...notEnqueued(reply.slice(1), "that is due"));
  }
  return errors;
}
