/** Work on one file or stream, one piece after another. */

const last = new WeakMap<object, Promise<unknown>>();

/** Runs `work` once all work begun on `shared` before has ended, well or badly. */
export async function inTurn<T>(shared: object, work: () => Promise<T>): Promise<T> {
  const before = last.get(shared);
  const mine = before === undefined ? work() : before.then(work, work);
  last.set(shared, mine);
  try {
    return await mine;
  } finally {
    if (last.get(shared) === mine) last.delete(shared);
  }
}
