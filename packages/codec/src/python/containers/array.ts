/** `array.array`. */

/** Typed arrays that an array's items live in. */
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

/** `array.array` type codes of numbers; `u` and `w` are text. `l` and `L` have 64 bits, as on Linux and macOS. */
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
 * A Python array: a typed array, or a string for the type codes `u` and `w`.
 *
 * @example
 * new PyArray("i", Int32Array.of(1, 2)).data[1] // => 2
 */
export class PyArray {
  /** Python's `typecode`; {@link TypeCode} says which items each has. */
  readonly typecode: TypeCode;
  /** A string for `u` and `w`, else the typed array of {@link ARRAY_DATA}. Not copied from what the array was made of. */
  readonly data: ArrayData | string;

  /** @throws TypeError when the data is not of the type code's kind */
  constructor(typecode: TypeCode, data: ArrayData | string) {
    const isText = typecode === "u" || typecode === "w";
    const fits = isText ? typeof data === "string" : data instanceof (ARRAY_DATA[typecode] ?? Error);
    if (!fits) throw new TypeError(`Cannot make an array of type code ${typecode}: the data is of another kind`);
    this.typecode = typecode;
    this.data = data;
  }

  /** How many items; of text, characters. */
  get length(): number {
    return typeof this.data === "string" ? [...this.data].length : this.data.length;
  }

  [Symbol.iterator](): IterableIterator<number | bigint | string> {
    return (this.data as Iterable<number>)[Symbol.iterator]() as IterableIterator<number | bigint | string>;
  }
}
