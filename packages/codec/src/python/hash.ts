/**
 * Python's idea of equal keys. `1`, `1.0`, `True`, `Decimal(1)` and `Fraction(1)` are one key; tuples, frozensets and bytes
 * are compared by what they hold; a list, dict, set or bytearray is no key at all.
 *
 * Every key has a canonical form that a JavaScript `Map` compares as Python compares the keys:
 * - a string: `"s"` + the string; bytes: `"b"` + its latin-1 text; other structures: another letter and their parts
 * - an int: a number while it is safe, else a bigint; a float with an integral value: as the int; other floats: the number
 * - a tuple or frozenset: the numbers of its parts, each distinct part having got a number; so a tuple costs its own length
 *   and not the size of all that it contains (forty nested pairs, each of the same tuple twice, would cost 2 ** 40)
 * - anything else: the object itself, which equals only itself
 */
import { latin1Text } from "./bytes.js";
import { ByteArray, Tuple } from "./sequences.js";

/** Classes with an equality of their own give their canonical form under this symbol; they throw `TypeError` if unhashable. */
export const hashKey: unique symbol = Symbol.for("brine.hashKey") as never;

/** Has Python's equality and hash. */
export interface PyHashable {
  /**
   * The canonical form: a number or bigint for what equals one, `this` for identity, {@link HashParts} for what is equal
   * when its parts are, or a string that starts with a letter of its own class.
   */
  [hashKey](): unknown;
}

/** Equal when class tag and every part are. */
export class HashParts {
  readonly tag: string;
  readonly parts: ArrayLike<unknown>;
  readonly isSet: boolean;

  constructor(tag: string, parts: ArrayLike<unknown>, isSet = false) {
    this.tag = tag;
    this.parts = parts;
    this.isSet = isSet;
  }
}

/** The canonical form of a number. */
function numberKey(x: number): number | bigint {
  return Number.isSafeInteger(x) || !Number.isInteger(x) ? x + 0 : BigInt(x);
}

/** The canonical form of an integer. */
function bigintKey(x: bigint): number | bigint {
  return x <= 9007199254740991n && x >= -9007199254740991n ? Number(x) : x;
}

/** CPython's error for a key of a mutable type. */
export function unhashable(typeName: string): TypeError {
  return new TypeError(`unhashable type: '${typeName}'`);
}

/** The form of a key that is no tuple or frozenset; {@link HashParts} for one that is. */
function leaf(key: unknown): unknown {
  switch (typeof key) {
    case "string":
      return `s${key}`;
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
  if (key instanceof ArrayBuffer) return `b${latin1Text(new Uint8Array(key))}`;
  if (key instanceof Map) throw unhashable("dict");
  if (key instanceof Set) throw unhashable("set");
  if (key instanceof Date) return `d${key.getTime() * 1000}`;
  const prototype = Object.getPrototypeOf(key);
  if (prototype === Object.prototype || prototype === null) throw unhashable("dict");
  return key;
}

/** Gives canonical forms; forms of one KeyTable may be compared with each other. */
export class KeyTable {
  readonly #numbers = new Map<unknown, number>();
  /** Forms of tuples and frozensets met before, so that a shared one is walked once. */
  #known: WeakMap<object, unknown> | undefined;

  /** @throws TypeError when Python could not hash `key` */
  canonical(key: unknown): unknown {
    const form = leaf(key);
    return form instanceof HashParts ? this.#structure(key as object, form) : form;
  }

  #numberOf(form: unknown): number {
    let n = this.#numbers.get(form);
    if (n === undefined) {
      n = this.#numbers.size;
      this.#numbers.set(form, n);
    }
    return n;
  }

  /** Walks nested structures with a stack of its own: their depth is the sender's choice. */
  #structure(root: object, rootParts: HashParts): unknown {
    this.#known ??= new WeakMap();
    const known = this.#known.get(root);
    if (known !== undefined) return known;
    const stack: { key: object; parts: HashParts; numbers: number[] }[] = [
      { key: root, parts: rootParts, numbers: [] },
    ];
    const open = new Set<object>([root]);
    for (;;) {
      const top = stack[stack.length - 1]!;
      const { parts, numbers } = top;
      let nested: { key: object; parts: HashParts; numbers: number[] } | undefined;
      while (numbers.length < parts.parts.length) {
        const part = parts.parts[numbers.length];
        const form = leaf(part);
        if (!(form instanceof HashParts)) {
          numbers.push(this.#numberOf(form));
          continue;
        }
        const formKnown = this.#known.get(part as object);
        if (formKnown === undefined) {
          // Python's hash of such a tuple does not end.
          if (open.has(part as object)) throw new TypeError("unhashable: a tuple that contains itself");
          nested = { key: part as object, parts: form, numbers: [] };
          break;
        }
        numbers.push(this.#numberOf(formKnown));
      }
      if (nested !== undefined) {
        open.add(nested.key);
        stack.push(nested);
        continue;
      }
      if (parts.isSet) numbers.sort((a, b) => a - b);
      const form = `${parts.tag}${numbers.join(",")}`;
      this.#known.set(top.key, form);
      open.delete(top.key);
      stack.pop();
      const parent = stack[stack.length - 1];
      if (parent === undefined) return form;
      parent.numbers.push(this.#numberOf(form));
    }
  }
}

/** Whether Python's `==` holds for two hashable values. @throws TypeError when one is not hashable */
export function hashEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const table = new KeyTable();
  return table.canonical(a) === table.canonical(b);
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
