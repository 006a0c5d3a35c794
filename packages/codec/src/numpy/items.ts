/** Items of arrays and scalars, out of their bytes. */
import type { ArrayData } from "../python/containers/array.js";
import type { DType } from "./dtype.js";

/** What the items of an array are in JavaScript: a typed array for numbers, bools and dates; an array of strings, bytes or any values for the rest. */
export type ArrayItems = ArrayData | unknown[];

interface TypedArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayItems;
}

const TYPED: ReadonlyMap<string, TypedArrayClass> = new Map<string, TypedArrayClass>([
  ["b1", Uint8Array],
  ["i1", Int8Array],
  ["u1", Uint8Array],
  ["i2", Int16Array],
  ["u2", Uint16Array],
  ["i4", Int32Array],
  ["u4", Uint32Array],
  ["i8", BigInt64Array],
  ["u8", BigUint64Array],
  ["f4", Float32Array],
  ["f8", Float64Array],
  ["c8", Float32Array],
  ["c16", Float64Array],
]);

/** The dtype of a JavaScript typed array. */
export const DTYPE_OF_TYPED: readonly (readonly [new (length: number) => ArrayItems, string])[] = [
  [Int8Array, "|i1"],
  [Uint8Array, "|u1"],
  [Int16Array, "<i2"],
  [Uint16Array, "<u2"],
  [Int32Array, "<i4"],
  [Uint32Array, "<u4"],
  [BigInt64Array, "<i8"],
  [BigUint64Array, "<u8"],
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
];

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) {
    for (let j = 0; j < size; j++) copy[i + j] = bytes[i + size - 1 - j]!;
  }
  return copy;
}

/** The number that 16 bits are as a half-precision float. IEEE 754 binary16. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the half-precision float that is nearest to a number; of two as near, those of the even one. */
export function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 2 ** 16) return sign | 0x7c00;
  // What the last bit of the fraction counts for doubles with each exponent, from the second on.
  let exponent = 0;
  while (size >= 2 ** (exponent - 13)) exponent++;
  const steps = size / 2 ** (exponent - 24);
  const down = Math.floor(steps);
  const isUp = steps - down > 0.5 || (steps - down === 0.5 && down % 2 === 1);
  // A fraction that is full carries into the exponent, and the largest into infinity.
  return sign | (1024 * exponent + down + Number(isUp));
}

/** The typed array whose memory is that of such items; `undefined`: JavaScript has none. */
function typedClassOf(dtype: DType): TypedArrayClass | undefined {
  if (dtype.kind === "M" || dtype.kind === "m") return BigInt64Array;
  return typeof dtype.code === "string" ? TYPED.get(dtype.code) : undefined;
}

/** Whether a typed array's own numbers are items of this type, in this machine's byte order, not only bytes for it. */
export function areItemsOf(dtype: DType, data: ArrayBufferView): boolean {
  const typed = typedClassOf(dtype);
  return typed !== undefined && data instanceof typed && (typed.BYTES_PER_ELEMENT === 1 || isInOrder(dtype));
}

function isInOrder(dtype: DType): boolean {
  return dtype.isBigEndian !== IS_LITTLE;
}

/**
 * The `count` items of `bytes`: a typed array, without a copy where byte order and alignment allow; an array of strings for
 * text, of bytes for the rest. Complex numbers are pairs of floats, bools are 0 and 1, dates are counts of their unit.
 */
export function itemsOf(dtype: DType, bytes: Uint8Array, count: number): ArrayItems {
  const size = dtype.itemSize ?? 0;
  if (dtype.code === "f2") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Float32Array.from({ length: count }, (_, i) => float16(view.getUint16(2 * i, !dtype.isBigEndian)));
  }
  const typed = typedClassOf(dtype);
  if (typed !== undefined) {
    const unit = typed.BYTES_PER_ELEMENT;
    let source = bytes;
    if (unit > 1 && !isInOrder(dtype)) source = swapped(bytes, unit);
    else if (bytes.byteOffset % unit !== 0) source = new Uint8Array(bytes);
    return new typed(source.buffer, source.byteOffset, source.length / unit);
  }
  const { kind, isBigEndian } = dtype;
  return Array.from({ length: count }, (_, i) => {
    const item = bytes.subarray(i * size, (i + 1) * size);
    return kind === "U" ? textOf(item, isBigEndian) : kind === "S" ? withoutZeros(item) : item;
  });
}

function textOf(item: Uint8Array, isBig: boolean): string {
  const view = new DataView(item.buffer, item.byteOffset, item.length);
  const codes: number[] = [];
  for (let i = 0; i + 3 < item.length; i += 4) {
    const code = view.getUint32(i, !isBig);
    codes.push(code <= 0x10ffff ? code : 0xfffd);
  }
  while (codes.at(-1) === 0) codes.pop();
  let text = "";
  for (const code of codes) text += String.fromCodePoint(code);
  return text;
}

function withoutZeros(item: Uint8Array): Uint8Array {
  let end = item.length;
  while (end > 0 && item[end - 1] === 0) end--;
  return item.subarray(0, end);
}
