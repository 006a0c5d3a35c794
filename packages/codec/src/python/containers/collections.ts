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

/**
 * From that many items on, an array may move all of them when one is taken from its left, or put there. A shorter one is moved
 * in no time, by V8 not at all.
 */
const LARGE = 8192;

/** `collections.deque`: a list with two ends, bounded by `maxlen` unless that is `null`. Iterable from left to right. */
export class Deque<T = unknown> implements Iterable<T> {
  static readonly [pyBase] = true;

  private readonly [ITEMS]: T[] = [];
  private readonly [MAXLEN]: number | null;
  readonly #items: T[] = this[ITEMS];
  /** Places at the left of `#items` that are free. */
  #free = 0;

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
    return this.#items.length - this.#free;
  }

  /** The item at an index, negative ones from the right; `undefined` beyond both ends, where Python raises an IndexError. */
  at(index: number): T | undefined {
    const place = Math.trunc(index) || 0;
    const fromLeft = place < 0 ? this.length + place : place;
    return fromLeft < 0 ? undefined : this.#items[this.#free + fromLeft];
  }

  /** Adds at the right; a full deque loses its leftmost item. */
  append(item: T): void {
    if (this[MAXLEN] === 0) return;
    if (this.length === this[MAXLEN]) this.#dropLeft(1);
    this.#items.push(item);
  }

  /** Adds at the left; a full deque loses its rightmost item. */
  appendLeft(item: T): void {
    if (this[MAXLEN] === 0) return;
    if (this.length === this[MAXLEN]) this.#items.pop();
    if (this.#free === 0) {
      if (this.#items.length < LARGE) {
        this.#items.unshift(item);
        return;
      }
      this.#makeFree(this.#items.length >> 1);
    }
    this.#free--;
    this.#items[this.#free] = item;
  }

  /** Takes the rightmost item; `undefined` without any, where Python raises an IndexError. */
  pop(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items.pop();
    if (this.#free > this.length) this.#close();
    return item;
  }

  /** Takes the leftmost item; `undefined` without any, where Python raises an IndexError. */
  popLeft(): T | undefined {
    const item = this.at(0);
    if (this.length > 0) this.#dropLeft(1);
    return item;
  }

  /** Adds all at the right; of more than `maxlen` only the last stay. */
  extend(items: readonly T[]): void {
    const max = this[MAXLEN];
    for (let i = max === null ? 0 : Math.max(0, items.length - max); i < items.length; i++)
      this.#items.push(items[i] as T);
    if (max !== null && this.length > max) this.#dropLeft(this.length - max);
  }

  #dropLeft(count: number): void {
    if (this.#free === 0) {
      if (this.#items.length < LARGE) {
        if (count === 1) this.#items.shift();
        else this.#items.splice(0, count);
        return;
      }
      this.#closeWhenSeen();
    }
    this.#items.fill(undefined as T, this.#free, this.#free + count);
    this.#free += count;
    // Not sooner: each item that is moved then stands for one that was taken.
    if (this.#free > this.length) this.#close();
  }

  #makeFree(count: number): void {
    this.#closeWhenSeen();
    const items = this.#items;
    const { length } = items;
    for (let i = 0; i < count; i++) items.push(undefined as T);
    items.copyWithin(count, 0, length).fill(undefined as T, 0, count);
    this.#free = count;
  }

  #close(): void {
    this.#items.copyWithin(0, this.#free);
    this.#items.length -= this.#free;
    this.#free = 0;
  }

  /** Equal ones have equal items for who compares them deeply, however they came to them. Few are ever large: they alone pay. */
  #closeWhenSeen(): void {
    Object.defineProperty(this, ITEMS, { get: () => this.#closed() });
  }

  #closed(): T[] {
    if (this.#free > 0) this.#close();
    return this.#items;
  }

  /** A copy, from left to right. */
  toArray(): T[] {
    return this.#items.slice(this.#free);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#free === 0 ? this.#items[Symbol.iterator]() : this.#behindFree();
  }

  *#behindFree(): Generator<T, undefined> {
    for (let i = 0; i < this.length; i++) yield this.#items[this.#free + i] as T;
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
