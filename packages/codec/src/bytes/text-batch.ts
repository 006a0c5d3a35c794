/** Strings that stand behind each other in the input, in other scripts than Latin: one conversion decodes them all. */
import { substring } from "./substring.js";
import { mayHold, transcodeUtf8, type Utf16 } from "./transcode.js";

const MAX_STRINGS = 1024;
const MAX_BYTES = 1 << 14;
/** For fewer bytes a conversion does not pay. */
const FEWEST_BYTES = 2048;

/** A character that no text has: it ends each string. Its UTF-8 is as long as the opcodes between two short strings. */
const END = 0xffff;
const END_UTF8 = Uint8Array.of(0xef, 0xbf, 0xbf);
/** Units of a text that strings are cut out of. As with `WINDOW` of utf8-decode.ts, a string keeps all of it alive. */
const WINDOW = 2048;
/** Strings of more bytes are no part of a window but made of their own units: a native call, which costs as much as 60 of them. */
const MAX_IN_WINDOW = 512;

export class TextBatch {
  /** How many strings are in it. */
  count = 0;
  readonly #starts = new Int32Array(MAX_STRINGS);
  readonly #ends = new Int32Array(MAX_STRINGS);
  readonly #scratch = new Uint8Array(MAX_BYTES + END_UTF8.length);

  clear(): void {
    this.count = 0;
  }

  /**
   * Adds the string whose UTF-8 is `bytes[start, end)`, which stands at least three bytes behind the one before.
   *
   * @returns false: there is no room for it
   */
  add(start: number, end: number): boolean {
    const { count } = this;
    if (count === MAX_STRINGS || end - (count === 0 ? start : this.#starts[0]!) > MAX_BYTES) return false;
    this.#starts[count] = start;
    this.#ends[count] = end;
    this.count = count + 1;
    return true;
  }

  /**
   * Decodes the strings to `to[at]` and what follows it.
   *
   * @returns false: they are short, or not all are UTF-8, or one holds what only {@link decodeUtf8} understands; what was
   *   written then means nothing
   */
  decode(bytes: Uint8Array, to: unknown[], at: number): boolean {
    const { count } = this;
    if (count === 0) return false;
    const starts = this.#starts;
    const ends = this.#ends;
    const scratch = this.#scratch;
    const from = starts[0]!;
    const size = ends[count - 1]! - from;
    if (size < FEWEST_BYTES) return false;
    scratch.set(bytes.subarray(from, from + size));
    if (mayHold(scratch.subarray(0, size), END_UTF8)) return false;
    // Between two strings come NULs, as many as it takes, and END.
    for (let k = 0; k < count - 1; k++) {
      const next = starts[k + 1]! - from;
      for (let i = ends[k]! - from; i < next - END_UTF8.length; i++) scratch[i] = 0;
      scratch.set(END_UTF8, next - END_UTF8.length);
    }
    scratch.set(END_UTF8, size);
    const utf16 = transcodeUtf8(scratch.subarray(0, size + END_UTF8.length));
    if (utf16 === undefined || (utf16.byteOffset & 1) !== 0) return false;
    return this.#cut(utf16, to, at);
  }

  /** Cuts `utf16` at each END; false if there are not as many as strings. */
  #cut(utf16: Utf16, to: unknown[], at: number): boolean {
    const { count } = this;
    const starts = this.#starts;
    const ends = this.#ends;
    const units = new Uint16Array(utf16.buffer, utf16.byteOffset, utf16.length >> 1);
    let window = "";
    let windowStart = 0;
    let windowEnd = 0;
    let unit = 0;
    for (let k = 0; k < count; k++) {
      const start = unit;
      const size = ends[k]! - starts[k]!;
      // Three bytes are one unit or more.
      unit += Math.floor(size / 3);
      while (unit < units.length && units[unit] !== END) unit++;
      const nuls = k < count - 1 ? starts[k + 1]! - ends[k]! - END_UTF8.length : 0;
      const end = unit - nuls;
      if (size > MAX_IN_WINDOW) {
        to[at + k] = utf16.ucs2Slice(start * 2, end * 2);
      } else {
        if (end > windowEnd) {
          windowStart = start;
          windowEnd = Math.min(start + WINDOW, units.length);
          window = utf16.ucs2Slice(windowStart * 2, windowEnd * 2);
        }
        to[at + k] = substring(window, start - windowStart, end - windowStart);
      }
      unit++;
    }
    return unit === units.length;
  }
}
