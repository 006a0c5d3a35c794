/** `numpy.longdouble`, as x86 has it. */
import { DType } from "./dtype.js";
import { NDArray } from "./ndarray.js";
import { NumpyScalar } from "./scalar.js";

/** Bytes that hold the number; those up to the item's 12 or 16 are padding, with whatever was there. */
const USED = 10;

const BIAS = 16383;
/** Of the whole and the fraction. */
const BITS = 64;
/** Of a double. */
const DOUBLE_BITS = 53;
/** What the last bit of the least double counts for. */
const LEAST_EXPONENT = -1074;

/**
 * The items of an array or scalar of `numpy.longdouble` or `clongdouble` as doubles or pairs of them: numpy's
 * `array.astype("float64")` and `astype("complex128")`. Each is rounded to the nearest, of two as near to the even one; what
 * is beyond a double is infinite.
 *
 * What such an item is differs by the machine that wrote it, and a pickle does not say which that was. This reads those of
 * x86 on Linux and macOS, 80 bits in 12 or 16 bytes. Those of ARM and POWER have as many bytes and mean other numbers: have
 * Python send `astype("float64")`.
 *
 * @throws RangeError for an array or scalar of another type
 * @example
 * const array = new NDArray(Buffer.from("00000000000000c0ff3f000000000000", "hex"), [1], { dtype: new DType("f16", []) });
 * doublesOfLongDouble(array).data // => Float64Array(1) [ 1.5 ]
 */
export function doublesOfLongDouble(value: NDArray): NDArray;
export function doublesOfLongDouble(value: NumpyScalar): NumpyScalar;
export function doublesOfLongDouble(value: NDArray | NumpyScalar): NDArray | NumpyScalar;
export function doublesOfLongDouble(value: NDArray | NumpyScalar): NDArray | NumpyScalar {
  const { dtype, bytes } = value;
  const isComplex = dtype.code === "c32" || dtype.code === "c24";
  if (!(isComplex || dtype.code === "f16" || dtype.code === "f12") || bytes === undefined)
    throw new RangeError(`Cannot read ${dtype} as longdouble: needs an array or scalar of type f16, f12, c32 or c24`);
  const size = dtype.itemSize! / (isComplex ? 2 : 1);
  const doubles = new Float64Array(bytes.length / size);
  const view = new DataView(new ArrayBuffer(USED));
  for (let i = 0; i < doubles.length; i++) {
    const item = bytes.subarray(i * size, (i + 1) * size);
    for (let k = 0; k < USED; k++) view.setUint8(k, item[dtype.isBigEndian ? size - 1 - k : k]!);
    doubles[i] = double(view.getBigUint64(0, true), view.getUint16(8, true));
  }
  const type = DType.of(isComplex ? "complex128" : "float64");
  const data = new Uint8Array(doubles.buffer);
  if (value instanceof NumpyScalar) return new NumpyScalar(type, data);
  const order = value.order === "K" ? "C" : value.order;
  return new NDArray(data, value.shape, { dtype: type, order });
}

/** The double nearest to a number of a whole and fraction of 64 bits, and a sign with an exponent. */
function double(digits: bigint, signAndExponent: number): number {
  const sign = signAndExponent & 0x8000 ? -1 : 1;
  const exponent = signAndExponent & 0x7fff;
  // Numbers so small that the first bit is not set are nothing to a double.
  if (exponent === 0) return sign * 0;
  const isNormal = digits >> 63n === 1n;
  if (!isNormal) return Number.NaN;
  if (exponent === 0x7fff) return digits === 1n << 63n ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const last = exponent - BIAS - (BITS - 1);
  const dropped = Math.max(BITS - DOUBLE_BITS, LEAST_EXPONENT - last);
  if (dropped > BITS) return sign * 0;
  return sign * Number(shiftedRight(digits, BigInt(dropped))) * 2 ** (last + dropped);
}

/** Rounded to the nearest, of two as near to the even one: once, as to round to 53 bits first would not do for small doubles. */
function shiftedRight(digits: bigint, count: bigint): bigint {
  const kept = digits >> count;
  const rest = digits - (kept << count);
  const half = 1n << (count - 1n);
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}
