/** When a failed task runs again by itself. Celery 5.2 `app/autoretry.py`, `utils/time.py` get_exponential_backoff_interval. */
import type { AutoRetryOptions, TaskOptions } from "../../client/task.js";
import { Ignore, Reject, Replace, Retry } from "./control-flow.js";

const DEFAULT_BACKOFF_MAX_SECONDS = 600;
const DEFAULT_RETRY_DELAY_SECONDS = 180;

/** Whether `autoRetry` applies to an error. */
export function isAutoRetried(options: TaskOptions, error: unknown): boolean {
  if (error instanceof Retry || error instanceof Ignore || error instanceof Reject || error instanceof Replace)
    return false;
  const { autoRetry } = options;
  if (autoRetry === undefined || autoRetry === false) return false;
  const errors = autoRetry === true ? undefined : autoRetry.for;
  if (errors === undefined) return true;
  if (typeof errors === "function") return (errors as (error: unknown) => boolean)(error);
  return errors.some((errorClass) => error instanceof errorClass);
}

/** Seconds until the next try: `min(max, base * 2 ** retries)`, a random part of it with jitter. */
export function retryDelay(options: TaskOptions, retries: number, random: () => number = Math.random): number {
  const auto: AutoRetryOptions = typeof options.autoRetry === "object" ? options.autoRetry : {};
  const { backoff = false, backoffMax = DEFAULT_BACKOFF_MAX_SECONDS, jitter = true } = auto;
  if (backoff === false || backoff === 0) return options.defaultRetryDelay ?? DEFAULT_RETRY_DELAY_SECONDS;
  const base = backoff === true ? 1 : backoff;
  // 2 ** 1024 is Infinity, of which min still makes the maximum.
  const delay = Math.min(backoffMax, base * 2 ** retries);
  return jitter ? Math.floor(random() * (delay + 1)) : delay;
}
