/**
 * Python ints as pickle stores them: little-endian two's complement of any length.
 * CPython 3.12 `pickle.py` encode_long, decode_long.
 */
import { codeAt } from "./code-at.js";

/** Ints of 8 bytes that are decoded together. */
const INT64_BATCH = 64;

/** 32-bit halves and the 64-bit integers they make: typed arrays, as V8 compiles no DataView's bigints. */
const halves = new Int32Array(2 * INT64_BATCH);
const signed = new BigInt64Array(halves.buffer);
const unsigned = new BigUint64Array(halves.buffer);
/** Which half is the low one. */
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/**
 * The int in `bytes[start, end)`: a number when it is safe, else a bigint. Linear in its length.
 * No bytes are 0; redundant leading bytes are allowed, as in CPython.
 */
export function decodeLong(bytes: Uint8Array, start: number, end: number): number | bigint {
  const length = end - start;
  if (length <= 6) return decodeShort(bytes, start, length);
  if (length === 8) return decodeInt64(bytes, start);
  // Unsigned ints of 128 bits (UUIDs) need a 17th byte for the sign, which is 0.
  const significant = length === 17 && bytes[end - 1] === 0 ? 16 : length;
  if (significant <= 16) return safe(decodeMedium(bytes, start, start + significant, significant === length));
  return safe(BigInt.asIntN(length * 8, BigInt(`0x${hexReversed(bytes, start, end)}`)));
}

function safe(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** Up to 6 bytes fit a double exactly. */
function decodeShort(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  let scale = 1;
  for (let i = start; i < start + length; i++) {
    value += bytes[i]! * scale;
    scale *= 256;
  }
  return length > 0 && bytes[start + length - 1]! >= 0x80 ? value - scale : value;
}

/**
 * The ints of 8 bytes that start at `start` and every `stride` bytes after it, put into `list` from `first` up to `end`.
 * Halves are written for many before the first is read whole: a processor waits where it reads what it just wrote in parts.
 */
export function fillInt64s(
  list: unknown[],
  first: number,
  end: number,
  bytes: Uint8Array,
  start: number,
  stride: number,
): void {
  let at = start;
  for (let i = first; i < end; ) {
    const count = Math.min(INT64_BATCH, end - i);
    for (let k = 0; k < count; k++, at += stride) {
      halves[2 * k + LOW] = int32(bytes, at);
      halves[2 * k + HIGH] = int32(bytes, at + 4);
    }
    for (let k = 0; k < count; k++) list[i++] = int64At(k);
  }
}

function decodeInt64(bytes: Uint8Array, at: number): number | bigint {
  halves[LOW] = int32(bytes, at);
  halves[HIGH] = int32(bytes, at + 4);
  return int64At(0);
}

/** The int whose halves are the pair of that number: a number when it is safe. */
function int64At(pair: number): number | bigint {
  const low = halves[2 * pair + LOW]! >>> 0;
  const high = halves[2 * pair + HIGH]!;
  // One comparison, of which the sign says nothing: a processor cannot guess the signs.
  const isSmall = (high + 0x200000) >>> 0 < 0x400000;
  // -(2^53) itself is not safe.
  return isSmall && (high > -0x200000 || low > 0) ? high * 0x100000000 + low : signed[pair]!;
}

/** 7, or 9 to 16 bytes: an unsigned low part and a high part, which holds the sign. */
function decodeMedium(bytes: Uint8Array, start: number, end: number, isSigned: boolean): bigint {
  const split = end - start > 8 ? start + 8 : start + 4;
  let low = 0n;
  if (split - start === 8) {
    halves[LOW] = int32(bytes, start);
    halves[HIGH] = int32(bytes, start + 4);
    low = unsigned[0]!;
  } else {
    low = BigInt(int32(bytes, start) >>> 0);
  }
  if (end - split === 8) {
    halves[LOW] = int32(bytes, split);
    halves[HIGH] = int32(bytes, split + 4);
  } else {
    const fill = isSigned && bytes[end - 1]! >= 0x80 ? -1 : 0;
    halves[LOW] = fill;
    halves[HIGH] = fill;
    for (let i = split; i < end; i++) {
      const half = i - split < 4 ? LOW : HIGH;
      const shift = ((i - split) & 3) << 3;
      halves[half] = (halves[half]! & ~(0xff << shift)) | (bytes[i]! << shift);
    }
  }
  const high = isSigned ? signed[0]! : unsigned[0]!;
  return (high << (split - start === 8 ? 64n : 32n)) | low;
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Two digits a byte; made on first use. */
let hex: readonly string[] | undefined;

/** Hex digits, most significant first. `BigInt("0x...")` is linear; building by shifts would be quadratic. */
function hexReversed(bytes: Uint8Array, start: number, end: number): string {
  hex ??= Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  const digits: string[] = new Array(end - start);
  for (let i = 0; i < digits.length; i++) digits[i] = hex[bytes[end - 1 - i]!]!;
  return digits.join("");
}

/**
 * The shortest two's complement of an integer; 0 has no bytes at all. Linear in its length.
 *
 * @param value - a bigint, or a number that is an integer
 */
export function encodeLong(value: bigint | number): Uint8Array {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return encodeSafe(value);
    return encodeBig(BigInt(value));
  }
  return encodeBig(value);
}

function encodeSafe(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  // Stops once what is left is only the sign, and the last byte written already shows it.
  while (rest !== 0) {
    const byte = ((rest % 256) + 256) % 256;
    bytes.push(byte);
    rest = (rest - byte) / 256;
    if (rest === -1 && byte >= 0x80) break;
    if (rest === 0 && byte >= 0x80) bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

function encodeBig(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  // ~value has the magnitude bits of a negative number, so one formula counts the bytes of both signs.
  const magnitude = (value < 0n ? ~value : value).toString(16);
  const topBits = 32 - Math.clz32(Number.parseInt(magnitude[0]!, 16));
  const length = (((magnitude.length - 1) * 4 + topBits) >> 3) + 1;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const at = (length - 1 - i) * 2;
    bytes[i] = (nibble(codeAt(hex, at)) << 4) | nibble(codeAt(hex, at + 1));
  }
  return bytes;
}

/** A lower-case hex digit, by its character code. */
function nibble(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
