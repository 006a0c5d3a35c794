/** Soft and hard limits of one run, and its deadline. */
import { SoftTimeLimitExceeded, TimeLimitExceeded } from "../protocol/python-exceptions.js";

export interface Limits {
  /** Seconds. */
  readonly hard: number | undefined;
  readonly soft: number | undefined;
}

const MAX_DELAY_MS = 0x7fffffff;

/**
 * Runs `action` under limits. Both abort `controller`, with the error as the reason; the hard one also ends the wait, whatever
 * the action goes on doing: the event loop cannot be interrupted.
 */
export async function runWithLimits<T>(
  action: () => T | Promise<T>,
  limits: Limits,
  controller: AbortController,
): Promise<T> {
  const { hard, soft } = limits;
  const timers: NodeJS.Timeout[] = [];
  try {
    if (soft !== undefined) {
      timers.push(after(soft, () => controller.abort(new SoftTimeLimitExceeded())));
    }
    const running = (async () => action())();
    const ended = new Promise<never>((_, reject) => {
      const onAbort = (): void => {
        if (isFinal(controller.signal.reason)) reject(controller.signal.reason);
      };
      controller.signal.addEventListener("abort", onAbort, { once: true });
      if (controller.signal.aborted) onAbort();
      if (hard !== undefined) {
        timers.push(
          after(hard, () => {
            const error = new TimeLimitExceeded(hard);
            controller.abort(error);
            // Aborted before, by the soft limit: the signal tells nobody a second time.
            reject(error);
          }),
        );
      }
    });
    ended.catch(() => {});
    running.catch(() => {});
    return await Promise.race([running, ended]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

/** Reasons that end a run even if its code does not look at the signal: everything but the soft limit. */
function isFinal(reason: unknown): boolean {
  return !(reason instanceof SoftTimeLimitExceeded);
}

function after(seconds: number, action: () => void): NodeJS.Timeout {
  return setTimeout(action, Math.min(seconds * 1000, MAX_DELAY_MS));
}
