/** Waiting for results that Redis tells nobody about. */
import { setTimeout as delay } from "node:timers/promises";
import { RedisAdapterError } from "../errors.js";

/** How to wait for a result. */
export interface WaitOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The longest pause between looks. */
const MAX_PAUSE_MS = 500;

/** Looks until there is something, in pauses that grow from 10 ms to half a second. @throws RedisAdapterError `timeout` */
export async function poll<T>(
  id: string,
  look: () => Promise<T | undefined>,
  { timeoutMs, signal }: WaitOptions,
): Promise<T> {
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  for (let pause = 10; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const left = deadline - Date.now();
    if (left <= 0) throw new RedisAdapterError(`Job ${id} has no result within ${timeoutMs} ms`, { code: "timeout" });
    await delay(Math.min(pause, left), undefined, signal === undefined ? {} : { signal });
  }
}
