/** Soft and hard limits of one run, and its deadline. */
import { SoftTimeLimitExceeded, TimeLimitExceeded } from "../../protocol/python-exceptions.js";
import type { RunStop } from "./run-stop.js";

export interface Limits {
  /** Seconds. */
  readonly hard: number | undefined;
  readonly soft: number | undefined;
}

const MAX_DELAY_MS = 0x7fffffff;

/**
 * Runs `action` under limits. Both abort `stop`, with the error as the reason; the hard one also ends the wait, whatever the
 * action goes on doing: the event loop cannot be interrupted.
 */
export async function runWithLimits<T>(action: () => T | Promise<T>, limits: Limits, stop: RunStop): Promise<T> {
  const { hard, soft } = limits;
  const timers: NodeJS.Timeout[] = [];
  try {
    if (soft !== undefined) {
      timers.push(after(soft, () => stop.abort(new SoftTimeLimitExceeded())));
    }
    const running = action();
    // Done before anything could stop it.
    if (!isThenable(running)) return running;
    return await new Promise<T>((resolve, reject) => {
      Promise.resolve(running).then(resolve, reject);
      stop.onEnd(reject);
      if (hard !== undefined) timers.push(after(hard, () => stop.abort(new TimeLimitExceeded(hard))));
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

function after(seconds: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, Math.min(seconds * 1000, MAX_DELAY_MS));
}
