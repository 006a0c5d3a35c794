/** `collections`: dicts and sequences that stay what they were. */

import { hashKey, unhashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { PyDict } from "./dict.js";

// Own and enumerable, unlike #private: deep comparison, as in tests, would take any two for equal. No pickle can name them.
const FACTORY: unique symbol = Symbol("factory");
const ITEMS: unique symbol = Symbol("items");
const MAXLEN: unique symbol = Symbol("maxlen");

/** `collections.OrderedDict`: a {@link PyDict} that Python gets as one. */
export class OrderedDict<K = unknown, V = unknown> extends PyDict<K, V> {
  static readonly [pyBase] = true;
}

/**
 * `collections.defaultdict`. `factory` is what Python calls for a missing key: a reference such as the class `Array` (list),
 * `Map` (dict), `Set` (set) or `BigInt` (int), a {@link PyGlobal}, or `null`. It is data here: `get` calls nothing.
 */
export class DefaultDict<K = unknown, V = unknown> extends PyDict<K, V> {
  static readonly [pyBase] = true;

  private readonly [FACTORY]: object | null;

  /** @throws TypeError for a key that Python cannot hash */
  constructor(factory: object | null = null, entries?: Iterable<readonly [K, V]> | null) {
    super(entries);
    this[FACTORY] = factory;
  }

  /** Python's `default_factory`. `null`: a missing key is an error in Python, as in a dict. */
  get factory(): object | null {
    return this[FACTORY];
  }
}

/** `collections.Counter`: how often each key occurs. A missing key is `undefined` here, where Python gives 0. */
export class Counter<K = unknown> extends PyDict<K, unknown> {
  static readonly [pyBase] = true;

  /**
   * @param counts - pairs of key and count, or an object with the counts; unlike Python's, no items to be counted
   * @throws TypeError for a key that Python cannot hash
   */
  constructor(counts?: Iterable<readonly [K, unknown]> | Readonly<Record<string, unknown>> | null) {
    super();
    if (counts === undefined || counts === null) return;
    const entries = Symbol.iterator in counts ? counts : (Object.entries(counts) as [K, unknown][]);
    for (const [key, count] of entries as Iterable<readonly [K, unknown]>) this.set(key, count);
  }
}

/** `collections.deque`: a list with two ends, bounded by `maxlen` unless that is `null`. Iterable from left to right. */
export class Deque<T = unknown> implements Iterable<T> {
  static readonly [pyBase] = true;

  private readonly [ITEMS]: T[] = [];
  private readonly [MAXLEN]: number | null;

  /**
   * @param items - copied; of more than `maxlen` only the last stay
   * @throws RangeError for a `maxlen` that is no integer from 0 on
   */
  constructor(items: Iterable<T> = [], maxlen: number | null = null) {
    if (maxlen !== null && !(Number.isSafeInteger(maxlen) && maxlen >= 0)) {
      throw new RangeError(`Cannot make a deque with maxlen ${maxlen}: must be an integer from 0 on`);
    }
    this[MAXLEN] = maxlen;
    this.extend(Array.isArray(items) ? items : [...items]);
  }

  /** Python's `maxlen`: how many items it holds at most; `null`: not bounded. */
  get maxlen(): number | null {
    return this[MAXLEN];
  }

  /** How many items it has: at most `maxlen`. */
  get length(): number {
    return this[ITEMS].length;
  }

  /** The item at an index, negative ones from the right; `undefined` beyond both ends, where Python raises an IndexError. */
  at(index: number): T | undefined {
    return this[ITEMS].at(index);
  }

  /** Adds at the right; a full deque loses its leftmost item. */
  append(item: T): void {
    if (this[MAXLEN] === 0) return;
    if (this[ITEMS].length === this[MAXLEN]) this[ITEMS].shift();
    this[ITEMS].push(item);
  }

  /** Adds at the left; a full deque loses its rightmost item. */
  appendLeft(item: T): void {
    if (this[MAXLEN] === 0) return;
    if (this[ITEMS].length === this[MAXLEN]) this[ITEMS].pop();
    this[ITEMS].unshift(item);
  }

  /** Takes the rightmost item; `undefined` without any, where Python raises an IndexError. */
  pop(): T | undefined {
    return this[ITEMS].pop();
  }

  /** Takes the leftmost item; `undefined` without any, where Python raises an IndexError. */
  popLeft(): T | undefined {
    return this[ITEMS].shift();
  }

  /** Adds all at the right; of more than `maxlen` only the last stay. */
  extend(items: readonly T[]): void {
    const max = this[MAXLEN];
    for (let i = max === null ? 0 : Math.max(0, items.length - max); i < items.length; i++)
      this[ITEMS].push(items[i] as T);
    if (max !== null && this[ITEMS].length > max) this[ITEMS].splice(0, this[ITEMS].length - max);
  }

  /** A copy, from left to right. */
  toArray(): T[] {
    return [...this[ITEMS]];
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this[ITEMS][Symbol.iterator]();
  }

  /** The items from left to right; `maxlen` is lost. */
  toJSON(): T[] {
    return this.toArray();
  }

  [hashKey](): never {
    throw unhashable("collections.deque");
  }

  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    const bound = this[MAXLEN] === null ? "" : `, maxlen ${this[MAXLEN]}`;
    return `Deque(${this.length}${bound}) ${inspect(this[ITEMS], options)}`;
  }
}

/** `collections.ChainMap`: dicts that are searched in order. Data only: search {@link maps} yourself. */
export class ChainMap {
  /** In the order in which Python searches them; it writes to the first alone. */
  readonly maps: unknown[];

  constructor(...maps: unknown[]) {
    this.maps = maps;
  }

  [hashKey](): never {
    throw unhashable("collections.ChainMap");
  }
}

/** `collections.UserDict`: a dict within an object, for Python's subclasses. */
export class UserDict {
  /** The dict inside: an object or a PyDict, as dicts are decoded. */
  readonly data: unknown;

  constructor(data: unknown = {}) {
    this.data = data;
  }

  [hashKey](): never {
    throw unhashable("collections.UserDict");
  }
}

/** `collections.UserList`: a list within an object, for Python's subclasses. */
export class UserList {
  /** The list inside: an array. */
  readonly data: unknown;

  constructor(data: unknown = []) {
    this.data = data;
  }

  [hashKey](): never {
    throw unhashable("collections.UserList");
  }
}

/** `collections.UserString`: a str within an object, for Python's subclasses. */
export class UserString {
  /** The str inside. */
  readonly data: string;

  constructor(data = "") {
    this.data = data;
  }

  /** For the decoder: makes one of what {@link __getnewargs__} gave. */
  static __new__(this: { readonly prototype: UserString }, data: string): UserString {
    // biome-ignore lint/complexity/noThisInStatic: as Python's `cls`, which is a class of yours where one extends this
    return Object.setPrototypeOf(new UserString(data), this.prototype) as UserString;
  }

  /** As Python's: what `__new__` gets at protocol 2 and above. */
  __getnewargs__(): readonly unknown[] {
    return [this.data];
  }

  /** Python's `str`. */
  toString(): string {
    return this.data;
  }

  /** The str inside. */
  toJSON(): string {
    return this.data;
  }
}
