/** Python's set and frozenset, with Python's equality of members. */

import { HashParts, hashKey, isPlainKey, type PyHashable } from "../hash.js";
import { KeyIndex, keptKey } from "./dict.js";

/**
 * A Python set that compares its members as Python does. Sets of strings, numbers, `null` and booleans decode to a plain
 * `Set`, which then behaves alike; others decode to this. Both are written as `set`.
 *
 * A member that Python cannot hash throws a `TypeError`.
 */
export class PySet<T = unknown> extends Set<T> {
  #index: KeyIndex | undefined;

  constructor(items?: Iterable<T> | null) {
    super();
    if (!items) return;
    for (const item of items) {
      if (this.#index === undefined && isPlainKey(item)) super.add(item);
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
    if (this.#index === undefined && isPlainKey(item)) return super.add(item);
    const index = this.#indexed();
    const form = index.formOf(item);
    if (index.find(form) !== undefined) return this;
    const kept = (item === undefined ? null : keptKey(item)) as T;
    index.remember(form, kept);
    return super.add(kept);
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

/**
 * The JavaScript set for the members of a Python set: a plain `Set` when it compares them as Python does, else a
 * {@link PySet}.
 *
 * @throws TypeError when Python could not hash a member
 */
export function setOf(items: readonly unknown[]): Set<unknown> {
  const set = new Set<unknown>();
  for (let i = 0; i < items.length; i++) {
    if (!isPlainMember(items[i], set)) return new PySet(items);
    set.add(items[i]);
  }
  return set;
}

/**
 * Whether a plain `Set` that holds `set` may take `item` and still have no two members that are equal in Python: strings,
 * numbers and `null` as they are, a boolean unless its 0 or 1 is a member.
 */
export function isPlainMember(item: unknown, set: ReadonlySet<unknown>): boolean {
  if (typeof item === "string" || item === null) return true;
  if (typeof item === "number" && item > 1 && Number.isSafeInteger(item)) return true;
  if (typeof item === "boolean") return !set.has(item ? 1 : 0);
  if (!isPlainKey(item)) return false;
  return !((item === 1 && set.has(true)) || (item === 0 && set.has(false)));
}
