/** Python's tuple and bytearray. */

/**
 * A Python tuple: an array to JavaScript (`Array.isArray`, iteration, destructuring, JSON), a tuple to Python.
 * Treat it as immutable. `map`, `filter` and `slice` give plain arrays, which Python would read as lists.
 *
 * As with `Array`, `new Tuple(3)` is a tuple of three empty places; use {@link tuple} to make one of given items.
 */
export class Tuple<T = unknown> extends Array<T> {
  /** @param length - how many empty places it has: fill each, as an empty one is written as None */
  // Written out because V8 runs the default constructor of an array's subclass, with its rest and spread, 40 times slower.
  constructor(length = 0) {
    super(length);
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** A tuple of the items of an iterable or of what is like an array, or of what `map` makes of each, where `Array.from` gives an array. */
  declare static from: {
    <T>(items: Iterable<T> | ArrayLike<T>): Tuple<T>;
    <T, U>(items: Iterable<T> | ArrayLike<T>, map: (item: T, index: number) => U): Tuple<U>;
  };

  /** A tuple of its arguments, as {@link tuple}. */
  declare static of: <T>(...items: T[]) => Tuple<T>;
}

/**
 * Makes a tuple of its arguments: `tuple(1, "a")` is Python's `(1, 'a')`, `tuple()` its `()`.
 *
 * @example
 * repr(loads(dumps(tuple(1, "a")))) // => "(1, 'a')"
 */
export function tuple<T extends readonly unknown[]>(...items: T): Tuple<T[number]> {
  const result = new Tuple<T[number]>(items.length);
  for (let i = 0; i < items.length; i++) result[i] = items[i];
  return result;
}

/**
 * A Python bytearray: mutable bytes, made as a `Uint8Array` is. `slice` and `subarray` give plain `Uint8Array`s, which Python
 * reads as bytes.
 */
export class ByteArray extends Uint8Array {
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }
}
