/** Strings that stand behind each other in the input, in other scripts than Latin: one conversion decodes them all. */
import { transcodeUtf8 } from "./transcode.js";

const MAX_STRINGS = 1024;
const MAX_BYTES = 1 << 16;
/** For fewer bytes a conversion does not pay. */
const FEWEST_BYTES = 2048;

/** A character that no text has: it ends each string. Its UTF-8 is as long as the opcodes between two short strings. */
const END = 0xffff;
const END_UTF8 = [0xef, 0xbf, 0xbf] as const;

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
    // Between two strings come NULs, as many as it takes, and END.
    for (let k = 0; k < count - 1; k++) {
      const next = starts[k + 1]! - from;
      for (let i = ends[k]! - from; i < next - END_UTF8.length; i++) scratch[i] = 0;
      this.#writeEnd(next - END_UTF8.length);
    }
    this.#writeEnd(size);
    const utf16 = transcodeUtf8(scratch.subarray(0, size + END_UTF8.length));
    if (utf16 === undefined || (utf16.byteOffset & 1) !== 0) return false;
    const units = new Uint16Array(utf16.buffer, utf16.byteOffset, utf16.length >> 1);
    let unit = -1;
    for (let k = 0; k < count; k++) {
      const start = unit + 1;
      do unit++;
      while (unit < units.length && units[unit] !== END);
      const nuls = k < count - 1 ? starts[k + 1]! - ends[k]! - END_UTF8.length : 0;
      if (unit - nuls < start) return false;
      to[at + k] = utf16.ucs2Slice(start * 2, (unit - nuls) * 2);
    }
    // A string that holds END itself has come to an end too early, and so has the last.
    return unit === units.length - 1;
  }

  #writeEnd(at: number): void {
    for (let i = 0; i < END_UTF8.length; i++) this.#scratch[at + i] = END_UTF8[i]!;
  }
}
