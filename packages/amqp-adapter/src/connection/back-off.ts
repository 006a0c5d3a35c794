/** Waiting between attempts. */
import { setTimeout as sleep } from "node:timers/promises";
import { optionNames } from "@brine/codec/options";

/** How long to wait between attempts: delays that grow, in milliseconds, a part of each random. */
export interface BackOffOptions {
  /** Milliseconds before the second attempt. Default 200. */
  readonly initialDelayMs?: number | undefined;
  /** Milliseconds between two attempts at most. Default 30,000, as Celery's. */
  readonly maxDelayMs?: number | undefined;
  /** By how much each delay is longer than the one before. Default 2. */
  readonly factor?: number | undefined;
  /** The part of a delay that is random, 0 to 1, so that clients of one broker do not return all at once. Default 0.5. */
  readonly jitter?: number | undefined;
}

export const BACK_OFF_OPTIONS = /* @__PURE__ */ optionNames<BackOffOptions>({
  initialDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
});

/** Milliseconds to wait after `attempt` (from 1) failed; never above `maxDelayMs`. */
export function backOffMs(attempt: number, options: BackOffOptions = {}): number {
  const { initialDelayMs = 200, maxDelayMs = 30_000, factor = 2, jitter = 0.5 } = options;
  const delay = Math.min(maxDelayMs, initialDelayMs * factor ** (attempt - 1));
  return Math.round(delay * (1 - jitter * Math.random()));
}

/** Resolves after `ms`, or when `signal` aborts, whichever is first. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
