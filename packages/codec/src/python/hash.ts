/**
 * Python's idea of equal keys. `1`, `1.0`, `True`, `Decimal(1)` and `Fraction(1)` are one key; tuples, frozensets and bytes
 * are compared by what they hold; a list, dict, set or bytearray is no key at all.
 *
 * Every key has a form that a JavaScript `Map` compares as Python compares the keys:
 * - a string: `"s"` + the string; bytes: `"b"` + its latin-1 text; other structures: another letter and their parts
 * - an int: a number while it is safe, else `"I"` + its hexadecimal digits, of 1024 bits and more a bigint; a float with an
 *   integral value: as the int; other floats: the number
 * - a tuple or frozenset: its {@link HashParts}, of which `key-table.ts` makes what can be compared
 * - anything else: the object itself, which equals only itself
 */
import { latin1Text } from "./bytes.js";
import { Collisions, FEW, LongTexts, MAX_HASHED_TEXT, ownCopy } from "./collisions.js";
import { ByteArray, Tuple } from "./containers/sequences.js";
import type { KeyTable } from "./key-table.js";

/** Classes with an equality of their own give their canonical form under this symbol; they throw `TypeError` if unhashable. */
export const hashKey: unique symbol = Symbol.for("brine.hashKey") as never;

/** A class of which instances are compared as keys by what they hold, as a Python class with `__eq__` and `__hash__`. */
export interface PyHashable {
  /**
   * The canonical form: a number or bigint for what equals one, `this` for identity, {@link HashParts} for what is equal
   * when its parts are, or a string that starts with a letter of its own class.
   */
  [hashKey](): unknown;
}

/** A canonical form of several parts, for {@link hashKey}: two are equal when tag and every part are. */
export class HashParts {
  /** Letters of its own for each class that gives parts. */
  readonly tag: string;
  /** Compared one by one as keys are, in order unless `isSet`. */
  readonly parts: ArrayLike<unknown>;
  /** Whether the order of the parts does not count. */
  readonly isSet: boolean;

  /** @param isSet - default false */
  constructor(tag: string, parts: ArrayLike<unknown>, isSet = false) {
    this.tag = tag;
    this.parts = parts;
    this.isSet = isSet;
  }
}

/** The canonical form of a number. */
function numberKey(x: number): number | string | bigint {
  return Number.isSafeInteger(x) || !Number.isInteger(x) ? x : bigintKey(BigInt(x));
}

/** The first int of which no digits are made: a pickle may use one int as a key as often as it likes, and no float is as large. */
const LARGE = 2n ** 1024n;

/** The canonical form of an integer. */
function bigintKey(x: bigint): number | string | bigint {
  if (x >= LARGE || x <= -LARGE) return x;
  // A bigint would not do: V8 hashes these by their lowest 64 bits alone. Hexadecimal, as decimal digits cost the square of
  // their number.
  return x <= 9007199254740991n && x >= -9007199254740991n ? Number(x) : `I${x.toString(16)}`;
}

/** CPython's error for a key of a mutable type. */
export function unhashable(typeName: string): TypeError {
  return new TypeError(`unhashable type: '${typeName}'`);
}

/**
 * What one pickle is decoded with: what is long, or holds other structures, may be the key of as many dicts and a member of
 * as many sets as the pickle has references to it, and is walked once for all of them. As CPython, which keeps the hash of a
 * str, of bytes and of a frozenset in it.
 */
export interface SharedKeys {
  /** Who gives the forms of structures to all. */
  structures: KeyTable | undefined;
  strings: Map<string, string> | undefined;
  forms: WeakMap<object, unknown> | undefined;
  longTexts: LongTexts | undefined;
  /** Of plain Sets; a PySet and a PyDict have their own. */
  collisions: WeakMap<Set<unknown>, Collisions> | undefined;
}

const none = (): SharedKeys => ({
  structures: undefined,
  strings: undefined,
  forms: undefined,
  longTexts: undefined,
  collisions: undefined,
});

/** Stands for what most pickles never need, so that it is not made for each of them. */
const UNMADE: SharedKeys = Object.freeze(none());

let shared: SharedKeys | undefined;

/**
 * From here on, dicts and sets share what they find out of long keys, which must not change meanwhile; until
 * {@link endSharing} is given what this returns.
 */
export function beginSharing(): SharedKeys | undefined {
  const outer = shared;
  shared = UNMADE;
  return outer;
}

export function endSharing(outer: SharedKeys | undefined): void {
  shared = outer;
}

/** Whether a pickle is being decoded, or a body of msgpack, whose keys are the sender's choice. */
export function isSharing(): boolean {
  return shared !== undefined;
}

/** What is shared now; `undefined` when nothing is. To be written to. */
export function sharedKeys(): SharedKeys | undefined {
  if (shared === UNMADE) shared = none();
  return shared;
}

/** A text as a key: of a long one V8's own copy, while a pickle is decoded. @throws RangeError for too many of one length */
export function textAsKey(text: string): string {
  if (text.length <= MAX_HASHED_TEXT) return text;
  const keys = sharedKeys();
  if (keys === undefined) return text;
  keys.longTexts ??= new LongTexts();
  return keys.longTexts.own(text);
}

/** Whether a new key of a Map that has `size` has to be counted among the {@link Collisions}. */
export function isCounted(key: unknown, size: number): key is number | bigint {
  if (shared === undefined) return false;
  return typeof key === "number" ? size >= FEW : typeof key === "bigint";
}

/** Those of a plain Set that the pickle being decoded fills. */
export function sharedCollisions(set: Set<unknown>): Collisions {
  const keys = sharedKeys()!;
  keys.collisions ??= new WeakMap();
  let collisions = keys.collisions.get(set);
  if (collisions === undefined) {
    collisions = new Collisions();
    keys.collisions.set(set, collisions);
  }
  return collisions;
}

/** Forms that are longer take more time to make than to look up. Characters. */
const LONG_TEXT = 64;
/** Parts of a structure that is walked as fast as it is looked up. */
export const SHORT = 8;

function isLong(form: unknown): boolean {
  if (typeof form === "string") return form.length > LONG_TEXT;
  return form instanceof HashParts && form.parts.length > SHORT;
}

/** The form of a key that is no tuple or frozenset; {@link HashParts} for one that is. */
export function leaf(key: unknown): unknown {
  switch (typeof key) {
    case "string":
      return key.length > LONG_TEXT ? sharedText(key) : `s${key}`;
    case "number":
      // A NaN is only ever equal to itself, and a number has no self.
      return Number.isNaN(key) ? Symbol("nan") : numberKey(key);
    case "boolean":
      return key ? 1 : 0;
    case "bigint":
      return bigintKey(key);
    case "undefined":
      return null;
    case "object":
      break;
    default:
      return key;
  }
  if (key === null) return null;
  const known = shared?.forms?.get(key);
  if (known !== undefined) return known;
  const made = leafOfObject(key);
  if (shared === undefined || !isLong(made)) return made;
  const form = typeof made === "string" ? textAsKey(made) : made;
  const keys = sharedKeys()!;
  keys.forms ??= new WeakMap();
  keys.forms.set(key, form);
  return form;
}

/** The same string each time, whose hash V8 then knows. */
function sharedText(text: string): string {
  const keys = sharedKeys();
  const key = textAsKey(text);
  let form = keys?.strings?.get(key);
  if (form !== undefined) return form;
  form = `s${key}`;
  if (keys === undefined) return form;
  if (form.length > MAX_HASHED_TEXT) form = ownCopy(form);
  keys.strings ??= new Map();
  keys.strings.set(key, form);
  return form;
}

function leafOfObject(key: object): unknown {
  if (Array.isArray(key)) {
    if (!(key instanceof Tuple)) throw unhashable("list");
    return new HashParts("t", key);
  }
  const own = (key as Partial<PyHashable>)[hashKey];
  if (own !== undefined) {
    const form = own.call(key);
    if (typeof form === "number") return numberKey(form);
    return typeof form === "bigint" ? bigintKey(form) : form;
  }
  if (key instanceof Uint8Array) {
    if (key instanceof ByteArray) throw unhashable("bytearray");
    return `b${latin1Text(key)}`;
  }
  // Written as an array.array.
  if (ArrayBuffer.isView(key)) throw unhashable("array.array");
  if (key instanceof ArrayBuffer) return `b${latin1Text(new Uint8Array(key))}`;
  if (key instanceof Map) throw unhashable("dict");
  if (key instanceof Set) throw unhashable("set");
  if (key instanceof Date) return `d${key.getTime() * 1000}`;
  const prototype = Object.getPrototypeOf(key);
  if (prototype === Object.prototype || prototype === null) throw unhashable("dict");
  return key;
}

/** Whether a `Map` or `Set` compares this key as Python does, as long as no other kind of key equals it. */
export function isPlainKey(key: unknown): boolean {
  return typeof key === "string" || (typeof key === "number" && isPlainNumber(key));
}

/** A number that is its own canonical form. */
function isPlainNumber(key: number): boolean {
  return (
    (Number.isSafeInteger(key) && (key !== 0 || Object.is(key, 0))) || (!Number.isNaN(key) && !Number.isInteger(key))
  );
}
