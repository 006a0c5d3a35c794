/** `array.array`. */
import { hashKey, unhashable } from "../hash.js";

/** Typed arrays that the items of a {@link PyArray}, or of a numpy array, live in. */
export type ArrayData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/**
 * `array.array` type codes: `b` is an Int8Array, `B` Uint8Array, `h` Int16Array, `H` Uint16Array, `i` Int32Array, `I`
 * Uint32Array, `l` and `q` BigInt64Array, `L` and `Q` BigUint64Array, `f` Float32Array, `d` Float64Array; `u` and `w` (Python
 * 3.13) are text. `l` and `L` have 64 bits, as on Linux and macOS.
 */
export type TypeCode = "b" | "B" | "h" | "H" | "i" | "I" | "l" | "L" | "q" | "Q" | "f" | "d" | "u" | "w";

type DataConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): ArrayData;
};

/** Which typed array a type code has. */
export const ARRAY_DATA: Readonly<Record<Exclude<TypeCode, "u" | "w">, DataConstructor>> = Object.freeze({
  b: Int8Array,
  B: Uint8Array,
  h: Int16Array,
  H: Uint16Array,
  i: Int32Array,
  I: Uint32Array,
  l: BigInt64Array,
  L: BigUint64Array,
  q: BigInt64Array,
  Q: BigUint64Array,
  f: Float32Array,
  d: Float64Array,
});

/**
 * A Python `array.array`: a typed array, or a string for the type codes `u` and `w`. Iterable.
 *
 * @example
 * new PyArray("i", Int32Array.of(1, 2)).data[1] // => 2
 */
export class PyArray {
  /** Python's `typecode`; {@link TypeCode} says which typed array each has. */
  readonly typecode: TypeCode;
  /** A string for `u` and `w`, else the typed array that {@link TypeCode} says. Not copied from what the array was made of. */
  readonly data: ArrayData | string;

  /** @throws TypeError when the data is not of the type code's kind */
  constructor(typecode: TypeCode, data: ArrayData | string) {
    const isText = typecode === "u" || typecode === "w";
    const fits = isText ? typeof data === "string" : data instanceof (ARRAY_DATA[typecode] ?? Error);
    if (!fits) throw new TypeError(`Cannot make an array of type code ${typecode}: the data is of another kind`);
    this.typecode = typecode;
    this.data = data;
  }

  /** How many items; of text, Python's characters: an emoji is one. */
  get length(): number {
    return typeof this.data === "string" ? [...this.data].length : this.data.length;
  }

  [hashKey](): never {
    throw unhashable("array.array");
  }

  [Symbol.iterator](): IterableIterator<number | bigint | string> {
    return (this.data as Iterable<number>)[Symbol.iterator]() as IterableIterator<number | bigint | string>;
  }
}
