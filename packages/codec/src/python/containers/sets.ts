/** Python's set and frozenset, with Python's equality of members. */

import { Collisions, FEW } from "../collisions.js";
import { HashParts, hashKey, isPlainKey, isSharing, type PyHashable, sharedCollisions, textAsKey } from "../hash.js";
import { KeyIndex, keptKey } from "./dict.js";

/** What can be united with a set, or compared: another set, or the keys of a Map. JavaScript's `ReadonlySetLike`. */
export interface SetLike<T> {
  /** How many there are. */
  readonly size: number;
  /** Whether `item` is one of them. */
  has(item: T): boolean;
  /** All of them, in turn. */
  keys(): Iterator<T>;
}

/**
 * A Python set that compares its members as Python does. Sets of strings, numbers, `null` and booleans decode to a plain
 * `Set`, which then behaves alike; others decode to this. Both are written as `set`.
 *
 * A member that Python cannot hash throws a `TypeError`.
 *
 * @example
 * const pairs = new PySet([tuple(1, 2), tuple(3, 4)]);
 * pairs.has(tuple(1, 2)) // => true
 * pairs.intersection(new Set([tuple(3, 4)])).size // => 1
 */
export class PySet<T = unknown> extends Set<T> {
  #index: KeyIndex | undefined;
  #collisions: Collisions | undefined;

  constructor(items?: Iterable<T> | null) {
    super();
    if (!items) return;
    for (const item of items) {
      if (this.#index === undefined && isPlainKey(item)) this.#addPlain(item);
      // Not by its name: a frozenset's own throws.
      else PySet.prototype.add.call(this, item);
    }
  }

  /** Whether a member equals `item`. @throws TypeError for one that Python cannot hash */
  override has(item: T): boolean {
    if (this.#index === undefined && isPlainKey(item)) return super.has(item);
    return this.#indexed().keptFor(item) !== undefined;
  }

  /** Of equal members the first is kept. @throws TypeError for one that Python cannot hash */
  override add(item: T): this {
    if (this.#index === undefined && isPlainKey(item)) return this.#addPlain(item);
    const index = this.#indexed();
    const form = index.formOf(item);
    if (index.find(form) !== undefined) return this;
    const kept = (item === undefined ? null : keptKey(item)) as T;
    index.remember(form, kept);
    return super.add(kept);
  }

  /** @throws RangeError while a pickle is decoded, when a Set would take too long for its members */
  #addPlain(item: T): this {
    if (!isSharing()) return super.add(item);
    if (typeof item === "string") return super.add(textAsKey(item) as T);
    const { size } = this;
    super.add(item);
    if (size < FEW || this.size === size) return this;
    this.#collisions ??= new Collisions();
    this.#collisions.add(item as number, size);
    return this;
  }

  /** Whether a member equalled `item`, and is no longer there. @throws TypeError for one that Python cannot hash */
  override delete(item: T): boolean {
    if (this.#index === undefined && isPlainKey(item)) return super.delete(item);
    const index = this.#indexed();
    const kept = index.take(item) as T | undefined;
    if (kept === undefined) return false;
    super.delete(kept);
    if (index.isWorn(this.size)) this.#makeIndex();
    return true;
  }

  /** Takes all members out. */
  override clear(): void {
    this.#index = undefined;
    super.clear();
  }

  // Those of the engine, where it has them, compare members as JavaScript does.

  /** Members of this set or the other; of equal ones this set's. A FrozenSet of a FrozenSet, else a PySet, as in Python. */
  union<U>(other: SetLike<U>): PySet<T | U> {
    return this.#made([...this, ...membersOf(other)]);
  }

  /** Members of this set that equal one of the other. Made as {@link union}'s. */
  intersection<U>(other: SetLike<U>): PySet<T & U> {
    const others = asPySet<unknown>(other);
    return this.#made([...this].filter((item) => others.has(item))) as PySet<T & U>;
  }

  /** Members of this set that equal none of the other. Made as {@link union}'s. */
  difference<U>(other: SetLike<U>): PySet<T> {
    const others = asPySet<unknown>(other);
    return this.#made([...this].filter((item) => !others.has(item)));
  }

  /** Members of this set or the other that equal none of the other one. Made as {@link union}'s. */
  symmetricDifference<U>(other: SetLike<U>): PySet<T | U> {
    const others = asPySet(other);
    const theirs = [...others].filter((item) => !(this as PySet).has(item));
    return this.#made<T | U>([...this.difference(others), ...theirs]);
  }

  /** Whether each member equals one of the other. */
  isSubsetOf(other: SetLike<unknown>): boolean {
    return asPySet(other).isSupersetOf(this);
  }

  /** Whether each member of the other equals one of this set. */
  isSupersetOf(other: SetLike<unknown>): boolean {
    for (const item of membersOf(other)) if (!this.has(item as T)) return false;
    return true;
  }

  /** Whether no member of the other equals one of this set. */
  isDisjointFrom(other: SetLike<unknown>): boolean {
    for (const item of membersOf(other)) if (this.has(item as T)) return false;
    return true;
  }

  #made<U>(items: readonly U[]): PySet<U> {
    return this instanceof FrozenSet ? new FrozenSet(items) : new PySet(items);
  }

  #indexed(): KeyIndex {
    return this.#index ?? this.#makeIndex();
  }

  #makeIndex(): KeyIndex {
    const index = new KeyIndex();
    for (const item of this) index.remember(index.formOf(item), item);
    this.#index = index;
    return index;
  }

  static override get [Symbol.species](): SetConstructor {
    return Set;
  }
}

/**
 * A Python frozenset: may be a key of a {@link PyDict} and a member of a set, and equals another one with equal members.
 * Adding or deleting throws a `TypeError`.
 */
export class FrozenSet<T = unknown> extends PySet<T> implements PyHashable {
  // Written out because V8 runs a default constructor of a builtin's subclass, with its rest and spread, much slower.
  constructor(items?: Iterable<T> | null) {
    super(items);
  }

  /** Always throws: a frozenset does not change. @throws TypeError */
  // Named for what TypeScript allows on an override; at run time they throw.
  override add(_item: T): this {
    throw new TypeError("Cannot add to a frozenset");
  }

  /** Always throws: a frozenset does not change. @throws TypeError */
  override delete(_item: T): boolean {
    throw new TypeError("Cannot delete from a frozenset");
  }

  /** Always throws: a frozenset does not change. @throws TypeError */
  override clear(): void {
    throw new TypeError("Cannot clear a frozenset");
  }

  [hashKey](): unknown {
    return new HashParts("f", [...this], true);
  }
}

function membersOf<T>(other: SetLike<T>): Iterable<T> {
  return { [Symbol.iterator]: () => other.keys() };
}

function asPySet<T>(other: SetLike<T>): PySet<T> {
  return other instanceof PySet ? (other as PySet<T>) : new PySet(membersOf(other));
}

/**
 * The JavaScript set for the members of a Python set: a plain `Set` when it compares them as Python does, else a
 * {@link PySet}.
 *
 * @throws TypeError when Python could not hash a member
 */
export function setOf(items: readonly unknown[]): Set<unknown> {
  const set = new Set<unknown>();
  return fillPlainSet(set, items, 0, items.length) === items.length ? set : new PySet(items);
}

/**
 * Adds `items[from]` to `items[to - 1]` to a plain `Set`; returns the index of the first that it compares in another way than
 * Python, or `to`.
 *
 * @throws RangeError while a pickle is decoded, when a Set would take too long for its members
 */
export function fillPlainSet(set: Set<unknown>, items: readonly unknown[], from: number, to: number): number {
  const collisions = isSharing() && set.size + to - from > FEW ? sharedCollisions(set) : undefined;
  for (let i = from; i < to; i++) {
    const item = items[i];
    if (!isPlainMember(item, set)) return i;
    if (typeof item === "string") {
      set.add(textAsKey(item));
    } else if (collisions === undefined) {
      set.add(item);
    } else {
      const { size } = set;
      set.add(item);
      if (set.size > size && typeof item === "number") collisions.add(item, size);
    }
  }
  return to;
}

/**
 * Whether a plain `Set` that holds `set` may take `item` and still have no two members that are equal in Python: strings,
 * numbers and `null` as they are, a boolean unless its 0 or 1 is a member.
 */
function isPlainMember(item: unknown, set: ReadonlySet<unknown>): boolean {
  if (typeof item === "string" || item === null) return true;
  if (typeof item === "number" && item > 1 && Number.isSafeInteger(item)) return true;
  if (typeof item === "boolean") return !set.has(item ? 1 : 0);
  if (!isPlainKey(item)) return false;
  return !((item === 1 && set.has(true)) || (item === 0 && set.has(false)));
}
