/** Work on one file or stream, one piece after another. */
import { orAborted } from "./abort.js";

/** The last piece of work on each file or stream. */
type Line = WeakMap<object, Promise<unknown>>;

/** Reading and writing a file move one position. A stream of both kinds, a socket, may be waiting for an answer while it is written to. */
export const FILES: Line = new WeakMap();
export const READABLES: Line = new WeakMap();
export const WRITABLES: Line = new WeakMap();

/**
 * Runs `work` once all work begun on `shared` in its line has ended, well or badly. An abort before that leaves the line: rejects
 * with the signal's reason, and `work` is never run. What an abort does to work that has begun is for the work to say.
 */
export function inTurn<T>(line: Line, shared: object, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const before = line.get(shared);
  const mine = before === undefined ? work() : orAborted(before.then(nothing, nothing), signal).then(work);
  // Whoever comes next also waits for those before, whom nobody's abort here ends.
  const turn = before === undefined ? mine : Promise.allSettled([before, mine]);
  line.set(shared, turn);
  const leave = (): void => {
    if (line.get(shared) === turn) line.delete(shared);
  };
  turn.then(leave, leave);
  return mine;
}

function nothing(): void {}
