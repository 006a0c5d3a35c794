/** A single item that keeps its numpy type. */
import { DType } from "./dtype.js";
import { float16Bits, itemsOf } from "./items.js";
import { itemAt, jsonOf, NDArray } from "./ndarray.js";

/** A numpy scalar, such as `numpy.float64(1.5)`: `value` is the JavaScript value, and the type stays. */
export class NumpyScalar {
  /** Of a name given for it, what {@link DType.of} makes. */
  readonly dtype: DType;
  /** In the byte order of `dtype`. Not copied. `undefined` for a record that holds objects. */
  readonly bytes: Uint8Array | undefined;
  /** Of a record that holds objects: an array without axes that holds the record, which is how numpy pickles it. */
  readonly array: NDArray | undefined;

  /**
   * @param contents - the bytes of one item, in the byte order of `dtype`; of a record that holds objects the array that holds it
   * @throws RangeError for a name that {@link DType.of} does not know, and bytes that are not as many as an item has
   */
  constructor(dtype: DType | string, contents: Uint8Array | NDArray) {
    this.dtype = typeof dtype === "string" ? DType.of(dtype) : dtype;
    this.bytes = contents instanceof NDArray ? undefined : contents;
    this.array = contents instanceof NDArray ? contents : undefined;
    const size = this.dtype.itemSize;
    if (this.bytes !== undefined && size !== undefined && this.bytes.length !== size)
      throw new RangeError(
        `Cannot make a numpy scalar of type ${this.dtype}: needs ${size} bytes, not ${this.bytes.length}`,
      );
  }

  /**
   * Of a number, bigint or boolean, for `bool`, floats and ints. A float is rounded to its type, as numpy does, and a number
   * beyond it is an infinity; of `bool`, all but 0 is true.
   *
   * @throws RangeError for another type; for an int that is beyond its type, or no integer; for a bigint beyond any double
   */
  static of(value: number | bigint | boolean, dtype: DType | string): NumpyScalar {
    const type = typeof dtype === "string" ? DType.of(dtype) : dtype;
    const { code, kind, itemSize: size } = type;
    const view = new DataView(new ArrayBuffer(size ?? 0));
    const isLittle = !type.isBigEndian;
    if (kind === "i" || kind === "u") writeInt(view, intWithin(value, type), isLittle);
    else if (code === "b1") view.setUint8(0, Number(Boolean(value)));
    else if (code === "f8") view.setFloat64(0, doubleOf(value), isLittle);
    else if (code === "f4") view.setFloat32(0, doubleOf(value), isLittle);
    else if (code === "f2") view.setUint16(0, float16Bits(doubleOf(value)), isLittle);
    else throw new RangeError(`Cannot make a numpy scalar of type ${type} out of a number`);
    return new NumpyScalar(type, new Uint8Array(view.buffer));
  }

  /**
   * A number; a bigint for 64-bit ints; a boolean, a {@link Complex}, text or bytes, read out of `bytes` each time. Of a record
   * a tuple of its fields.
   */
  get value(): unknown {
    if (this.bytes === undefined) return this.array?.at();
    return itemAt(this.dtype, itemsOf(this.dtype, this.bytes, 1), 0);
  }

  /** As {@link value}, so that arithmetic and comparison see the plain number. */
  valueOf(): unknown {
    return this.value;
  }

  /** As JavaScript writes {@link value}: `1` where Python has `1.0`. */
  toString(): string {
    return String(this.value);
  }

  /** As {@link value}, but that a 64-bit int becomes a number up to 2^53; `JSON.stringify` throws a `TypeError` beyond. */
  toJSON(): unknown {
    return jsonOf(this.dtype, this.value);
  }
}

/** numpy 2 refuses such numbers with an OverflowError; numpy 1 drops their upper bits. */
function intWithin(value: number | bigint | boolean, type: DType): bigint {
  if (typeof value === "number" && !Number.isInteger(value))
    throw new RangeError(`Cannot make a numpy scalar of type ${type}: ${value} is no integer`);
  const bits = BigInt(8 * type.itemSize!);
  const [min, max] = type.kind === "u" ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  const int = BigInt(value);
  if (int < min || int > max)
    throw new RangeError(`Cannot make a numpy scalar of type ${type}: needs ${min} to ${max}, not ${shown(int)}`);
  return int;
}

/** Digits of a bigint cost the square of their number. */
function shown(value: bigint): string {
  return BigInt.asIntN(128, value) === value ? String(value) : "one of 128 bits or more";
}

function writeInt(view: DataView, value: bigint, isLittle: boolean): void {
  const size = view.byteLength;
  for (let k = 0; k < size; k++) {
    view.setUint8(isLittle ? k : size - 1 - k, Number((value >> BigInt(8 * k)) & 0xffn));
  }
}

function doubleOf(value: number | bigint | boolean): number {
  const double = Number(value);
  if (typeof value === "bigint" && !Number.isFinite(double))
    throw new RangeError("Cannot make a numpy scalar: the bigint is beyond any double");
  return double;
}
