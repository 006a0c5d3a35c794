/**
 * Python's idea of equal keys. `1`, `1.0`, `True`, `Decimal(1)` and `Fraction(1)` are one key; tuples, frozensets and bytes
 * are compared by what they hold; a list, dict, set or bytearray is no key at all.
 *
 * Every key has a canonical form that a JavaScript `Map` compares as Python compares the keys:
 * - a string: `"s"` + the string; bytes: `"b"` + its latin-1 text; other structures: another letter and their parts
 * - an int: a number while it is safe, else a bigint; a float with an integral value: as the int; other floats: the number
 * - a tuple or frozenset: a {@link Structure}, found by the codes of its parts, each distinct part having got a code; so a
 *   tuple costs its own length and not the size of all that it contains (forty nested pairs, each of the same tuple twice,
 *   would cost 2 ** 40)
 * - anything else: the object itself, which equals only itself
 */
import { latin1Text } from "./bytes.js";
import { ByteArray, Tuple } from "./containers/sequences.js";

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

/** The canonical form of all equal tuples, or frozensets: one object. */
export class Structure {
  readonly code: number;
  /** For a {@link KeyTable}'s owner: the one of them that it keeps. */
  kept: unknown = undefined;

  constructor(code: number) {
    this.code = code;
  }
}

/** Codes are smaller, so that a double holds two of them. */
const CODES = 2 ** 26;
/** A structure of more parts is found by text, which takes less memory. */
const SHORT = 8;
/** A part that only the long way is for: a structure itself, or equal to nothing. */
const NO_CODE = -1;

/** What structures of one kind and length lead to, part by part: two codes to the next, the last part to the structure. */
interface Paths {
  readonly codes: Map<number, number>;
  readonly ends: Map<number, Structure>;
}

/** Gives canonical forms; forms of one KeyTable may be compared with each other. */
export class KeyTable {
  /** Codes are odd, those of small ints even. */
  #lastCode = -1;
  readonly #strings = new Map<string, number>();
  readonly #others = new Map<unknown, number>();
  readonly #pathsOfTuples: (Paths | undefined)[] = [];
  readonly #pathsOfOthers = new Map<string, Paths>();
  readonly #long = new Map<string, Structure>();
  /** Structures met before that are long, or hold others, so that a shared one is walked once. */
  #known: WeakMap<object, Structure> | undefined;

  /** @throws TypeError when Python could not hash `key` */
  canonical(key: unknown): unknown {
    if (key instanceof Tuple) return this.#flat("t", key) ?? this.#nested(key, new HashParts("t", key));
    const form = leaf(key);
    if (!(form instanceof HashParts)) return form;
    return (form.isSet ? undefined : this.#flat(form.tag, form.parts)) ?? this.#nested(key as object, form);
  }

  #newCode(): number {
    this.#lastCode += 2;
    if (this.#lastCode >= CODES) throw new RangeError("Too many different parts of keys");
    return this.#lastCode;
  }

  /** The code of a part; {@link NO_CODE} for what only the long way is for. */
  #codeOf(part: unknown): number {
    if (typeof part === "number" && part >= 0 && part < CODES / 2 && Number.isInteger(part)) return 2 * part;
    if (typeof part === "string") {
      let code = this.#strings.get(part);
      if (code === undefined) {
        code = this.#newCode();
        this.#strings.set(part, code);
      }
      return code;
    }
    if (part instanceof Tuple) return NO_CODE;
    const form = leaf(part);
    return form instanceof HashParts || typeof form === "symbol" ? NO_CODE : this.#codeOfForm(form);
  }

  #codeOfForm(form: unknown): number {
    if (typeof form === "number" && form >= 0 && form < CODES / 2 && Number.isInteger(form)) return 2 * form;
    let code = this.#others.get(form);
    if (code === undefined) {
      code = this.#newCode();
      this.#others.set(form, code);
    }
    return code;
  }

  #paths(tag: string, length: number): Paths {
    const known = tag === "t" ? this.#pathsOfTuples[length] : this.#pathsOfOthers.get(tag + length);
    if (known !== undefined) return known;
    const paths: Paths = { codes: new Map(), ends: new Map() };
    if (tag === "t") this.#pathsOfTuples[length] = paths;
    else this.#pathsOfOthers.set(tag + length, paths);
    return paths;
  }

  /** The structure of a few parts that are none themselves; `undefined` for any other. */
  #flat(tag: string, parts: ArrayLike<unknown>): Structure | undefined {
    const { length } = parts;
    if (length > SHORT) return undefined;
    const paths = this.#paths(tag, length);
    let path = 0;
    for (let i = 0; i < length; i++) {
      const code = this.#codeOf(parts[i]);
      if (code === NO_CODE) return undefined;
      path = i === 0 ? code : this.#step(paths, path, code, i === length - 1);
    }
    return this.#end(paths, path);
  }

  /** Where `code` leads from `path`. */
  #step(paths: Paths, path: number, code: number, isLast: boolean): number {
    const both = path * CODES + code;
    if (isLast) return both;
    let next = paths.codes.get(both);
    if (next === undefined) {
      next = this.#newCode();
      paths.codes.set(both, next);
    }
    return next;
  }

  #end(paths: Paths, path: number): Structure {
    let structure = paths.ends.get(path);
    if (structure === undefined) {
      structure = new Structure(this.#newCode());
      paths.ends.set(path, structure);
    }
    return structure;
  }

  #structure({ tag, isSet }: HashParts, codes: number[]): Structure {
    if (isSet) codes.sort((a, b) => a - b);
    const { length } = codes;
    if (length <= SHORT) {
      const paths = this.#paths(tag, length);
      return this.#end(
        paths,
        length === 0 ? 0 : codes.reduce((path, code, i) => this.#step(paths, path, code, i === length - 1)),
      );
    }
    const text = `${tag}${codes.join(",")}`;
    let structure = this.#long.get(text);
    if (structure === undefined) {
      structure = new Structure(this.#newCode());
      this.#long.set(text, structure);
    }
    return structure;
  }

  /** Walks nested structures with a stack of its own: their depth is the sender's choice. */
  #nested(root: object, rootParts: HashParts): Structure {
    this.#known ??= new WeakMap();
    const known = this.#known.get(root);
    if (known !== undefined) return known;
    const stack: { key: object; parts: HashParts; codes: number[] }[] = [{ key: root, parts: rootParts, codes: [] }];
    const open = new Set<object>([root]);
    for (;;) {
      const top = stack[stack.length - 1]!;
      const { parts, codes } = top;
      let nested: { key: object; parts: HashParts; codes: number[] } | undefined;
      while (codes.length < parts.parts.length) {
        const part = parts.parts[codes.length];
        const form = typeof part === "string" ? part : leaf(part);
        if (!(form instanceof HashParts)) {
          codes.push(typeof part === "string" ? this.#codeOf(part) : this.#codeOfForm(form));
          continue;
        }
        const partKnown = this.#known.get(part as object);
        if (partKnown === undefined) {
          // Python's hash of such a tuple does not end.
          if (open.has(part as object)) throw new TypeError("unhashable: a tuple that contains itself");
          nested = { key: part as object, parts: form, codes: [] };
          break;
        }
        codes.push(partKnown.code);
      }
      if (nested !== undefined) {
        open.add(nested.key);
        stack.push(nested);
        continue;
      }
      const structure = this.#structure(parts, codes);
      this.#known.set(top.key, structure);
      open.delete(top.key);
      stack.pop();
      const parent = stack[stack.length - 1];
      if (parent === undefined) return structure;
      parent.codes.push(structure.code);
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
