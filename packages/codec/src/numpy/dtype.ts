/** `numpy.dtype`. */
import { intOf } from "../python/coerce.js";
import { Tuple } from "../python/containers/sequences.js";

/**
 * numpy's letters of simple types (`dtype.kind`): bool, signed ints, unsigned ints, floats, complex, bytes, text, raw (records
 * too), object, datetime64, timedelta64, strings of any length.
 */
export type DTypeKind = "b" | "i" | "u" | "f" | "c" | "S" | "U" | "V" | "O" | "M" | "m" | "T";

/** Bytes of an item where the state does not say: the number in the code. `O8` is a pointer. */
const CODE = /^([biufcSUVOMmT])(\d+)?$/;

/** numpy's flag `NPY_LIST_PICKLE`. */
const LIST_PICKLE = 0x02;

/** Beyond this a code is not a size but an attack. */
const MAX_ITEM_SIZE = 2 ** 31;

/** The parts of simple types, one object each as in numpy. Bounded: only codes of fixed size get here. */
const SIMPLE = new Map<string, DType>();

/**
 * A numpy data type. Simple ones are made with {@link DType.of}; structured ones and those with time units come from
 * pickles and are kept whole.
 *
 * @example
 * DType.of("<f8").itemSize // => 8
 */
export class DType {
  /** What numpy's class is called with: `"i4"`, `"f8"`, `"U2"`, `"V12"`; for a type of a class of its own a reference to that, such as `numpy.record`. */
  readonly code: unknown;
  /** What BUILD set: `(version, byteorder, subdtype, names, fields, itemsize, alignment, flags[, metadata])`. */
  state: readonly unknown[];

  /**
   * For the decoder; {@link DType.of} makes simple types.
   *
   * @param code - see {@link DType.code}
   * @param state - see {@link DType.state}; `[]` until BUILD sets it
   */
  constructor(code: unknown, state: readonly unknown[]) {
    this.code = code;
    this.state = state;
  }

  /**
   * A simple type by numpy's name: `"<i4"`, `">f8"`, `"|b1"`, `"int32"`, `"float64"`, `"object"`; bools, numbers and objects,
   * without an order in little-endian. The same object each time.
   *
   * @throws RangeError for another name
   */
  static of(name: string): DType {
    const text = NAMES.get(name) ?? name;
    const known = SIMPLE.get(text);
    if (known !== undefined) return known;
    const match = /^([<>|=]?)(b1|i[1248]|u[1248]|f[248]|c8|c16|O)$/.exec(text);
    if (match === null) throw new RangeError(`Cannot make a dtype of ${JSON.stringify(name.slice(0, 40))}`);
    const code = match[2] === "O" ? "O8" : match[2]!;
    const isSmall = code === "b1" || code === "i1" || code === "u1" || code === "O8";
    const order = isSmall ? "|" : match[1] === ">" ? ">" : "<";
    const flags = code === "O8" ? 63 : 0;
    const made = new DType(code, Tuple.of<unknown>(3, order, null, null, null, -1, -1, flags));
    SIMPLE.set(text, made);
    return made;
  }

  /** The letter that `code` begins with; `undefined` where `code` is a reference. */
  get kind(): DTypeKind | undefined {
    const match = typeof this.code === "string" ? CODE.exec(this.code) : null;
    return match === null ? undefined : (match[1] as DTypeKind);
  }

  /** Python's `itemsize`: bytes of one item; `undefined` where it cannot be told. */
  get itemSize(): number | undefined {
    const stated = intOf(this.state[5]) ?? -1;
    if (stated >= 0) return stated;
    const match = typeof this.code === "string" ? CODE.exec(this.code) : null;
    if (match === null) return undefined;
    if (match[1] === "M" || match[1] === "m") return 8;
    const number = Number(match[2] ?? 0);
    const size = match[1] === "U" ? number * 4 : number;
    return size <= MAX_ITEM_SIZE ? size : undefined;
  }

  /** Python's `hasobject`: whether items are Python objects, or records that hold some. */
  get hasObjects(): boolean {
    const flags = intOf(this.state[7]) ?? 0;
    return this.kind === "O" || (flags & LIST_PICKLE) !== 0;
  }

  /** False also for types without byte order (`|`) and for that of the machine (`=`). */
  get isBigEndian(): boolean {
    return this.state[1] === ">";
  }

  /** Field names of a structured type; `null` of any other. */
  get names(): readonly unknown[] | null {
    const names = this.state[3];
    return Array.isArray(names) ? names : null;
  }

  /** As numpy's `dtype.str`: `<f8`, `|b1`; but `|O8` for objects. A code that is a reference is shown as `?`. */
  toString(): string {
    const order = typeof this.state[1] === "string" ? this.state[1] : "";
    return `${order}${typeof this.code === "string" ? this.code : "?"}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ["bool", "|b1"],
  ["int8", "|i1"],
  ["uint8", "|u1"],
  ["int16", "<i2"],
  ["uint16", "<u2"],
  ["int32", "<i4"],
  ["uint32", "<u4"],
  ["int64", "<i8"],
  ["uint64", "<u8"],
  ["float16", "<f2"],
  ["float32", "<f4"],
  ["float64", "<f8"],
  ["complex64", "<c8"],
  ["complex128", "<c16"],
  ["object", "|O"],
]);
