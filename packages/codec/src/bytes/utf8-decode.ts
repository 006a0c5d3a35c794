/**
 * Text out of bytes. One native call costs as much as sixty characters handled in JavaScript, so short strings are cut out
 * of a window of the input that was turned into one JavaScript string, and non-ASCII text is decoded here.
 */
import { UnpicklingError } from "../errors.js";
import { findKey, rememberKey } from "./key-interner.js";
import { substring } from "./substring.js";
import { transcodeUtf8 } from "./transcode.js";

/** What Node's Buffer can do to any Uint8Array; absent in browsers. */
interface NativeSlices {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  ucs2Slice(this: Uint8Array, start: number, end: number): string;
}

interface BufferLike {
  readonly prototype?: Partial<NativeSlices>;
  byteLength?(text: string): number;
}

const buffer = (globalThis as { Buffer?: BufferLike }).Buffer;

const native: NativeSlices | undefined = (() => {
  const prototype = buffer?.prototype;
  return typeof buffer?.byteLength === "function" &&
    typeof prototype?.latin1Slice === "function" &&
    typeof prototype.ucs2Slice === "function"
    ? (prototype as NativeSlices)
    : undefined;
})();

function nativeLength(text: string): number {
  return buffer!.byteLength!(text);
}

/** Up to this length a string is checked byte by byte and cut out of the window. */
const SHORT = 64;
/** From this length on native calls beat a walk in JavaScript. */
const NATIVE = 160;
/** From this length on text may be Latin-1 throughout, which is worth a try. */
const LATIN1 = 512;
/** From this length on Node's converter pays. */
const TRANSCODED = 1024;
/** Of four bytes, the bits that ASCII does not have. */
const HIGH_BITS = 0x80808080 | 0;
/** A substring of 13 characters or more keeps its window alive, so windows are small. */
const WINDOW = 2048;

/** Scratch for the UTF-16 units of one string; only used between two calls, never across them. */
const units = new Uint16Array(4096);
const unitBytes = new Uint8Array(units.buffer);
const CHUNK = 4096;

function invalid(at: number): UnpicklingError {
  return new UnpicklingError(`invalid UTF-8 at byte ${at}`, { code: "bad-argument" });
}

/** Reads the strings of one input. */
export class TextReader {
  readonly #bytes: Uint8Array;
  #window = "";
  #windowStart = 0;
  #windowEnd = 0;
  /** Made with the second window: a small input does not pay for it. */
  #view: DataView | undefined = undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The str whose UTF-8 is `bytes[start, end)`. Strict, except that surrogates pass, as in CPython.
   *
   * @throws UnpicklingError `bad-argument`
   */
  utf8(start: number, end: number): string {
    return this.utf8IfAscii(start, end) ?? decodeUtf8(this.#bytes, start, end);
  }

  /** As {@link utf8}, but `undefined` where it is known soon that not all is ASCII. */
  utf8IfAscii(start: number, end: number): string | undefined {
    const length = end - start;
    if (length > SHORT) return this.#long(start, end);
    const bytes = this.#bytes;
    const view = this.#view;
    let bits = 0;
    let i = start;
    if (view !== undefined && length >= 4) {
      // Four bytes at a time; the last four may overlap those before.
      for (; i + 4 < end; i += 4) bits |= view.getInt32(i);
      bits = (bits | view.getInt32(end - 4)) & HIGH_BITS;
    } else {
      for (; i + 4 <= end; i += 4) bits |= bytes[i]! | bytes[i + 1]! | bytes[i + 2]! | bytes[i + 3]!;
      for (; i < end; i++) bits |= bytes[i]!;
      bits &= 0x80;
    }
    if (bits !== 0) return undefined;
    if (start < this.#windowStart || end > this.#windowEnd) this.#moveWindow(start);
    return substring(this.#window, start - this.#windowStart, end - this.#windowStart);
  }

  /** As {@link utf8}, for a dict's key: one met before is the same string in V8's eyes as well, which its objects like. */
  key(start: number, length: number): string {
    if (length === 0) return "";
    const known = findKey(this.#bytes, start, length);
    if (known !== undefined) return known;
    const key = this.utf8(start, start + length);
    rememberKey(this.#bytes, start, length, key);
    return key;
  }

  #long(start: number, end: number): string | undefined {
    const bytes = this.#bytes;
    if (native === undefined || end - start < NATIVE) {
      return isAscii(bytes, start, end) ? latin1(bytes, start, end) : undefined;
    }
    // One look at the first bytes spares text in another script the work that would be thrown away.
    if (!isAscii(bytes, start, start + 16)) return undefined;
    const text = native.latin1Slice.call(bytes, start, end);
    // Only ASCII needs no more bytes as UTF-8 than as latin-1; to count them takes a tenth of a walk in JavaScript.
    return nativeLength(text) === end - start ? text : decodeUtf8(bytes, start, end);
  }

  #moveWindow(start: number): void {
    const bytes = this.#bytes;
    const end = Math.min(start + WINDOW, bytes.length);
    if (this.#windowEnd > 0) this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#window = latin1(bytes, start, end);
    this.#windowStart = start;
    this.#windowEnd = end;
  }
}

export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start;
  let bits = 0;
  for (; i + 8 <= end; i += 8) {
    bits |=
      bytes[i]! |
      bytes[i + 1]! |
      bytes[i + 2]! |
      bytes[i + 3]! |
      bytes[i + 4]! |
      bytes[i + 5]! |
      bytes[i + 6]! |
      bytes[i + 7]!;
    if (bits >= 0x80) return false;
  }
  for (; i < end; i++) bits |= bytes[i]!;
  return bits < 0x80;
}

/** Each byte as the character of its number. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (native !== undefined) return native.latin1Slice.call(bytes, start, end);
  let text = "";
  for (let i = start; i < end; i += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(i + CHUNK, end)) as unknown as number[]);
  }
  return text;
}

/**
 * The str whose UTF-8 is `bytes[start, end)`; surrogates pass, everything else is strict (no overlong form, nothing above
 * U+10FFFF), and a byte order mark is kept.
 *
 * @throws UnpicklingError `bad-argument`
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= LATIN1) {
    const text = decodeLatin1Only(bytes, start, end);
    if (text !== undefined) return text;
  }
  if (end - start >= TRANSCODED) {
    const utf16 = transcodeUtf8(bytes.subarray(start, end));
    if (utf16 !== undefined) return utf16.ucs2Slice(0, utf16.length);
  }
  // UTF-16 never has more units than UTF-8 has bytes.
  if (end - start <= units.length) return fromUnits(units, unitBytes, decodeUnits(bytes, start, end, units));
  const large = new Uint16Array(end - start);
  return fromUnits(large, new Uint8Array(large.buffer), decodeUnits(bytes, start, end, large));
}

/**
 * Text of characters up to U+00FF, which are one byte or two; `undefined` as soon as there is any other. Half the memory
 * of UTF-16 during the work and after it: byte strings of protocols 0 to 2 are such text.
 */
function decodeLatin1Only(bytes: Uint8Array, start: number, end: number): string | undefined {
  const to = end - start <= unitBytes.length ? unitBytes : new Uint8Array(end - start);
  const length = decodeLatin1(bytes, start, end, to);
  return length < 0 ? undefined : latin1(to, 0, length);
}

/**
 * Writes one byte for each character of UTF-8 in `bytes[start, end)`, and returns how many there are, or -1 if any is above
 * U+00FF. Nobody can predict which are two bytes, so there is no branch on a byte: each is written, and a first of two written
 * over. Second bytes are the character itself, or 0x40 below it where the first is 0xC3.
 */
function decodeLatin1(bytes: Uint8Array, start: number, end: number, to: Uint8Array): number {
  let n = 0;
  let refused = 0;
  /** 1 behind the first of two bytes. */
  let isSecond = 0;
  let added = 0;
  for (let i = start; i < end && refused === 0; ) {
    // Most other scripts show at once.
    const pause = Math.min(i + (i === start ? 8 : 64), end);
    for (; i < pause; i++) {
      const byte = bytes[i]!;
      to[n] = byte + added;
      const isHigh = byte >> 7;
      const isFirst = isHigh & (byte >> 6);
      // Only 0xC2 and 0xC3 are the first of two; what is high and not first must be second, and the other way round.
      refused |= (isHigh ^ isFirst ^ isSecond) | (((byte ^ 0xc2) >> 1) & -isFirst);
      added = (byte & isFirst) << 6;
      isSecond = isFirst;
      n += 1 - isFirst;
    }
  }
  return (refused | isSecond) === 0 ? n : -1;
}

function fromUnits(from: Uint16Array, fromBytes: Uint8Array, length: number): string {
  if (native !== undefined) return native.ucs2Slice.call(fromBytes, 0, length * 2);
  let text = "";
  for (let i = 0; i < length; i += CHUNK) {
    text += String.fromCharCode.apply(null, from.subarray(i, Math.min(i + CHUNK, length)) as unknown as number[]);
  }
  return text;
}

/** Writes the UTF-16 units of `bytes[start, end)` and returns how many there are. */
function decodeUnits(bytes: Uint8Array, start: number, end: number, to: Uint16Array): number {
  let n = 0;
  let i = start;
  while (i < end) {
    const a = bytes[i]!;
    if (a < 0x80) {
      to[n++] = a;
      i++;
    } else if (a < 0xe0) {
      const b = i + 1 < end ? bytes[i + 1]! : 0;
      if (a < 0xc2 || (b & 0xc0) !== 0x80) throw invalid(i - start);
      to[n++] = ((a & 0x1f) << 6) | (b & 0x3f);
      i += 2;
    } else if (a < 0xf0) {
      if (i + 3 > end) throw invalid(i - start);
      const b = bytes[i + 1]!;
      const c = bytes[i + 2]!;
      const unit = ((a & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f);
      if ((b & 0xc0) !== 0x80 || (c & 0xc0) !== 0x80 || unit < 0x800) throw invalid(i - start);
      to[n++] = unit;
      i += 3;
    } else {
      if (i + 4 > end) throw invalid(i - start);
      const b = bytes[i + 1]!;
      const c = bytes[i + 2]!;
      const d = bytes[i + 3]!;
      const point = ((a & 0x07) << 18) | ((b & 0x3f) << 12) | ((c & 0x3f) << 6) | (d & 0x3f);
      const isContinued = (b & 0xc0) === 0x80 && (c & 0xc0) === 0x80 && (d & 0xc0) === 0x80;
      if (a > 0xf4 || !isContinued || point < 0x10000 || point > 0x10ffff) throw invalid(i - start);
      to[n++] = 0xd7c0 + (point >> 10);
      to[n++] = 0xdc00 | (point & 0x3ff);
      i += 4;
    }
  }
  return n;
}
