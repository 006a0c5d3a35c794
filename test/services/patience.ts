/**
 * How long tests wait for what takes a moment on a quiet machine: limits for what hangs, not for what is slow, in ms. A machine
 * with five times as much to do as it can stalls for seconds, and a test that fails there has found nothing.
 */

/** For a condition: a message that arrives, a key that goes. */
export const CONDITION_MS = 40_000;

/** For a process to start or to end, and for what a program writes on its way. */
export const PROCESS_MS = 60_000;

/** For an answer of `test/python/peer.py`, which writes where it stands ten seconds before. */
export const ANSWER_MS = 90_000;

/** For a broker or a worker to be ready, and for a program to run to its end. */
export const READY_MS = 120_000;

/** For one test, which may wait for several of these. */
export const TEST_MS = 180_000;
