/** A worker that starts waits for a broker that is away: Celery 5.2 `worker/consumer/consumer.py` ensure_connected. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Celery } from "../client/app.js";

/** Before the first retry, and what is doubled from then on; a transport that was cut is back by itself in a moment. */
const FIRST_PAUSE_MS = 100;
/** kombu's `interval_max`. */
const LONGEST_PAUSE_MS = 30_000;

export interface StartRetryOptions {
  readonly app: Celery;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly onWarning: (error: Error) => void;
}

/**
 * Does `step`, and again when the connection was away or lost, as `brokerConnectionRetryOnStartup` and
 * `brokerConnectionMaxRetries` say; a step that failed half-way must bear being done again.
 *
 * @throws what the step throws that no retry helps against, or at the last one; the signal's reason
 */
export async function untilConnected(step: () => Promise<unknown>, options: StartRetryOptions): Promise<void> {
  const { app, signal, onWarning } = options;
  const { brokerConnectionRetryOnStartup, brokerConnectionMaxRetries } = app.settings;
  const maxRetries = brokerConnectionRetryOnStartup ? brokerConnectionMaxRetries || Number.POSITIVE_INFINITY : 0;
  for (let retries = 0; ; retries++) {
    signal.throwIfAborted();
    try {
      await step();
      signal.throwIfAborted();
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (retries >= maxRetries || app.transport.isConnectionError?.(error) !== true) throw error;
      onWarning(error as Error);
      await sleep(Math.min(FIRST_PAUSE_MS * 2 ** retries, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {});
    }
  }
}
