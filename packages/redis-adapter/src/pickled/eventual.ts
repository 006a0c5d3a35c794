/** Values that are there at once, unless a schema or a function of the user's is asynchronous: a promise would cost every read. */

export type Eventual<T> = T | PromiseLike<T>;

function isPending<T>(value: Eventual<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<T>).then === "function";
}

/** What `next` makes of the value. */
export function after<T, R>(value: Eventual<T>, next: (value: T) => R): R | Promise<R> {
  return isPending(value) ? Promise.resolve(value).then(next) : next(value);
}

/** What `make` makes of each, in order; a promise of all when one of them is pending. */
export function mapAll<T, R>(items: readonly T[], make: (item: T, i: number) => Eventual<R>): R[] | Promise<R[]> {
  const made: Eventual<R>[] = [];
  let pending = 0;
  try {
    for (const [i, item] of items.entries()) {
      const value = make(item, i);
      if (isPending(value)) pending++;
      made.push(value);
    }
  } catch (error) {
    // Nobody will wait for those before it, and a rejection without anybody ends the process.
    Promise.allSettled(made);
    throw error;
  }
  return pending === 0 ? (made as R[]) : Promise.all(made);
}
