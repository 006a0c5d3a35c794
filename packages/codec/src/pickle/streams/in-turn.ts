/** Work on one file or stream, one piece after another. */
import { orAborted } from "./abort.js";

const last = new WeakMap<object, Promise<unknown>>();

/**
 * Runs `work` once all work begun on `shared` before has ended, well or badly. An abort before that leaves the line: rejects
 * with the signal's reason, and `work` is never run. What an abort does to work that has begun is for the work to say.
 */
export function inTurn<T>(shared: object, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const before = last.get(shared);
  const mine = before === undefined ? work() : orAborted(before.then(nothing, nothing), signal).then(work);
  // Whoever comes next also waits for those before, whom nobody's abort here ends.
  const turn = before === undefined ? mine : Promise.allSettled([before, mine]);
  last.set(shared, turn);
  const leave = (): void => {
    if (last.get(shared) === turn) last.delete(shared);
  };
  turn.then(leave, leave);
  return mine;
}

function nothing(): void {}
