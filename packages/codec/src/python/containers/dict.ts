/** A dict with Python's key equality. */
import { Collisions, FEW } from "../collisions.js";
import { isCounted, isPlainKey, isSharing, textAsKey } from "../hash.js";
import { KeyTable, Structure } from "../key-table.js";
import { PyFloat } from "../numbers/numbers.js";
import { shortText } from "../short-text.js";

/**
 * The form in which a key is kept. A Map would turn `-0` into `0` and take all NaNs for one key; Python keeps the first and
 * tells the others apart, so they are kept as {@link PyFloat}.
 */
export function keptKey(key: unknown): unknown {
  if (typeof key === "string") return textAsKey(key);
  return typeof key === "number" && (Number.isNaN(key) || Object.is(key, -0)) ? new PyFloat(key) : key;
}

/** Structures that may be taken out of a small dict before its index is made anew. */
const MIN_TAKEN = 1000;

/**
 * Finds the key that is kept for an equal one. Strings and most numbers are compared by the Map itself and never come here
 * as long as no other kind of key was added.
 */
export class KeyIndex {
  readonly #table = new KeyTable();
  readonly #kept = new Map<unknown, unknown>();
  /** How many structures were taken: the table keeps what it gave them, and would grow for ever. */
  #taken = 0;
  #forms: Collisions | undefined;
  #keys: Collisions | undefined;

  /** The canonical form. @throws TypeError when Python could not hash `key` */
  formOf(key: unknown): unknown {
    return this.#table.canonical(key);
  }

  /** The kept key of this form, `undefined` (which is never a key) without one. */
  find(form: unknown): unknown {
    return form instanceof Structure ? form.kept : this.#kept.get(form);
  }

  /** @throws RangeError while a pickle is decoded, when a Map would take too long for its numbers */
  remember(form: unknown, key: unknown): void {
    if (form instanceof Structure) {
      form.kept = key;
      return;
    }
    const { size } = this.#kept;
    if (isCounted(form, size)) {
      this.#forms ??= new Collisions();
      this.#forms.add(form, size);
    }
    if (key !== form && isCounted(key, size)) {
      this.#keys ??= new Collisions();
      this.#keys.add(key, size);
    }
    this.#kept.set(form, key);
  }

  /** The kept key that equals this one, `undefined` without one. Nothing is added. @throws TypeError as {@link formOf} */
  keptFor(key: unknown): unknown {
    return this.find(this.#table.find(key));
  }

  /** As {@link keptFor}, and it is kept no longer. */
  take(key: unknown): unknown {
    const form = this.#table.find(key);
    const kept = this.find(form);
    if (form instanceof Structure) {
      form.kept = undefined;
      this.#taken++;
    } else {
      this.#kept.delete(form);
    }
    return kept;
  }

  /** Whether more was taken than the `size` that is left, so that it pays to make an index anew. */
  isWorn(size: number): boolean {
    return this.#taken > Math.max(size, MIN_TAKEN);
  }
}

/**
 * A Python dict. A Map that compares keys as Python does: `1`, `1.0`, `true` and `1n` are one key, tuples, frozensets and
 * bytes are compared by content, and the first of equal keys is kept. Iterates in insertion order, as Python does.
 *
 * Python's dicts decode to it when a key is not a str, or always with `dict: "map"`.
 *
 * A key that Python cannot hash (an array, a plain object, a Map, a Set, a ByteArray) throws a `TypeError`.
 *
 * @example
 * const d = new PyDict([[tuple(1, 2), "a"]]);
 * d.get(tuple(1, 2)) // => 'a'
 */
export class PyDict<K = unknown, V = unknown> extends Map<K, V> {
  /** Made when the first key arrives that a Map compares in another way than Python. */
  #index: KeyIndex | undefined;
  #collisions: Collisions | undefined;

  constructor(entries?: Iterable<readonly [K, V]> | null) {
    super();
    if (entries) for (const [key, value] of entries) this.set(key, value);
  }

  /** As the constructor, by the name that `Object` has for it. @throws TypeError for a key that Python cannot hash */
  static fromEntries<K, V>(entries: Iterable<readonly [K, V]>): PyDict<K, V> {
    return new PyDict(entries);
  }

  /** A dict of the own enumerable properties of an object, in their order: JavaScript puts names that are indices, such as `"1"`, first. */
  static fromObject<V>(object: { readonly [key: string]: V }): PyDict<string, V> {
    return new PyDict(Object.entries(object));
  }

  /** The value of the key that equals this one. @throws TypeError for one that Python cannot hash */
  override get(key: K): V | undefined {
    if (this.#index === undefined && isPlainKey(key)) return super.get(key);
    const kept = this.#find(key);
    return kept === undefined ? undefined : super.get(kept);
  }

  /** Whether a key that equals this one is kept. @throws TypeError for one that Python cannot hash */
  override has(key: K): boolean {
    if (this.#index === undefined && isPlainKey(key)) return super.has(key);
    return this.#find(key) !== undefined;
  }

  /** Of equal keys the first is kept, with the new value. @throws TypeError for one that Python cannot hash */
  override set(key: K, value: V): this {
    if (this.#index === undefined && isPlainKey(key))
      return isSharing() ? this.#setDecoded(key, value) : super.set(key, value);
    const index = this.#indexed();
    const form = index.formOf(key);
    let kept = index.find(form) as K | undefined;
    if (kept === undefined) {
      kept = (key === undefined ? null : keptKey(key)) as K;
      index.remember(form, kept);
    }
    return super.set(kept, value);
  }

  /** A plain key, while a pickle is decoded. @throws RangeError when a Map would take too long for its keys */
  #setDecoded(key: K, value: V): this {
    if (typeof key === "string") return super.set(textAsKey(key) as K, value);
    const { size } = this;
    super.set(key, value);
    if (size < FEW || this.size === size) return this;
    this.#collisions ??= new Collisions();
    this.#collisions.add(key as number, size);
    return this;
  }

  /** Whether a key that equals this one was kept, and is no longer. @throws TypeError for one that Python cannot hash */
  override delete(key: K): boolean {
    if (this.#index === undefined && isPlainKey(key)) return super.delete(key);
    const index = this.#indexed();
    const kept = index.take(key) as K | undefined;
    if (kept === undefined) return false;
    super.delete(kept);
    if (index.isWorn(this.size)) this.#makeIndex();
    return true;
  }

  /** Takes all keys out. */
  override clear(): void {
    this.#index = undefined;
    super.clear();
  }

  #find(key: K): K | undefined {
    return this.#indexed().keptFor(key) as K | undefined;
  }

  #indexed(): KeyIndex {
    return this.#index ?? this.#makeIndex();
  }

  #makeIndex(): KeyIndex {
    const index = new KeyIndex();
    for (const key of this.keys()) index.remember(index.formOf(key), key);
    this.#index = index;
    return index;
  }

  /** What a plain object would hold: only for dicts whose keys are all strings. @throws TypeError for another key */
  toObject(): Record<string, V> {
    const object: Record<string, V> = {};
    for (const [key, value] of this) {
      if (typeof key !== "string")
        throw new TypeError(`Cannot turn a dict into an object: key ${shortText(key)} is no str`);
      if (key === "__proto__") {
        Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
      } else {
        object[key] = value;
      }
    }
    return object;
  }

  static override get [Symbol.species](): MapConstructor {
    return Map;
  }
}
