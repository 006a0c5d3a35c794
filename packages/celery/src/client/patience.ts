/** Waiting for a broker or a store that may be away: a connection that is frozen says nothing, and nothing ends it. */
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds that a shutdown waits for what needs the broker or the result store, once it waits for nothing else. */
export const PATIENCE_MS = 5000;

/** Resolves with the action, or after that many milliseconds; to whether it was the action. */
export async function patiently(action: Promise<unknown>, milliseconds = PATIENCE_MS): Promise<boolean> {
  const done = new AbortController();
  const tooLate = sleep(milliseconds, false, { signal: done.signal }).catch(() => false);
  try {
    return await Promise.race([action.then(() => true), tooLate]);
  } finally {
    done.abort();
  }
}
