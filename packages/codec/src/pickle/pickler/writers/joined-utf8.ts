/** The UTF-8 of many strings in other scripts than Latin: one conversion encodes them all. TextBatch is its counterpart. */
import type { TextScratch } from "../../../bytes/text-scratch.js";
import { mayHold, transcodeUtf16 } from "../../../bytes/transcode.js";

/**
 * Ends each string: for private use, so hardly any text has it, or another character that begins with the same byte.
 * Noncharacters begin as the comma of Chinese does.
 */
const END = 0xeeee;
const END_UTF16 = Uint8Array.of(0xee, 0xee);
/** Of its UTF-8, as the first three bytes of a little-endian word. */
const END_WORD = 0xae_bbee;
const END_FIRST_BYTES = 0xeeee_eeee | 0;
export const END_SIZE = 3;

/**
 * Fills `scratch` with the UTF-8 of `items[start, stop)`, {@link END_SIZE} bytes behind each. `joined` are these strings with one
 * more character behind each, whatever it is.
 *
 * @returns how many bytes they are; -1: there is a lone surrogate or END in one, or no converter
 */
export function fillUtf8(
  scratch: TextScratch,
  joined: string,
  items: readonly unknown[],
  start: number,
  stop: number,
): number {
  const { bytes, units } = scratch;
  scratch.fillUnits(joined);
  const utf16 = bytes.subarray(0, joined.length * 2);
  if (mayHold(utf16, END_UTF16)) return -1;
  let at = 0;
  for (let i = start; i < stop; i++) {
    at += (items[i] as string).length;
    units[at++] = END;
  }
  const utf8 = transcodeUtf16(utf16);
  if (utf8 === undefined) return -1;
  bytes.set(utf8);
  return utf8.length;
}

/**
 * Where a string of {@link fillUtf8} ends, from any byte of it on; `view` is that of the scratch. The first byte of END is looked
 * for in four at a time: of `others` it is zero, and the lowest bit of `found` is in it. It may begin another character.
 */
export function endFrom(view: DataView, at: number): number {
  for (;;) {
    const others = view.getInt32(at, true) ^ END_FIRST_BYTES;
    const found = (others - 0x0101_0101) & ~others & 0x8080_8080;
    if (found === 0) {
      at += 4;
    } else {
      at += (31 - Math.clz32(found & -found)) >> 3;
      if ((view.getInt32(at, true) & 0xff_ffff) === END_WORD) return at;
      at++;
    }
  }
}
