/** Lists of small ints. */
import * as op from "../../opcodes.js";
import { frameEndAfter, int32 } from "../input.js";
import { joined, MAX_PARTS, PART } from "./list-in-parts.js";

/** Bytes of the opcodes that push an int of a fixed size, with their arguments; 0 for all others. */
export const INT_SIZES = new Uint8Array(256);
INT_SIZES[op.BININT1] = 2;
INT_SIZES[op.BININT2] = 3;
INT_SIZES[op.BININT] = 5;

/** Bytes of the longest of them. */
const LONGEST = 5;

/** Which of the four bytes behind such an opcode are its argument. */
const MASKS = new Int32Array(256);
MASKS[op.BININT1] = 0xff;
MASKS[op.BININT2] = 0xffff;
MASKS[op.BININT] = -1;

/** The list of `count` ints from `start` on, with nothing but batches and frames in between. */
export function intList(bytes: Uint8Array, start: number, count: number): number[] {
  const list: number[] = new Array(count);
  let pos = start;
  for (let i = 0; i < count; ) {
    const code = bytes[pos]!;
    // By tables, as a processor cannot guess which size comes next.
    const mask = MASKS[code]!;
    if (mask !== 0) {
      list[i++] = pos + LONGEST <= bytes.length ? int32(bytes, pos + 1) & mask : lastInt(bytes, pos);
      pos += INT_SIZES[code]!;
    } else {
      pos += code === op.FRAME ? 9 : 1;
    }
  }
  return list;
}

/** An int behind which there may be no four bytes. */
function lastInt(bytes: Uint8Array, pos: number): number {
  let value = 0;
  for (let at = pos + INT_SIZES[bytes[pos]!]! - 1; at > pos; at--) value = (value << 8) | bytes[at]!;
  return value;
}

/**
 * The rest of a long list. Where an int ends only its opcode says, and waiting for that is half of all the work: so this is read
 * without having been measured, in parts of a size that is known.
 */
export class IntRun {
  /** Where reading goes on behind the last whole batch, and the end of the frame there. */
  pos = 0;
  limit = 0;
  /** Where it stopped. */
  at = 0;

  /**
   * Reads the batches from behind the MARK of one on, up to the first that holds anything but small ints or is incomplete.
   *
   * @param first - the items that came before, to which it adds
   * @returns `first` if there is no whole batch
   */
  read(bytes: Uint8Array, start: number, frameEnd: number, first: number[]): number[] {
    this.pos = start - 1;
    this.limit = frameEnd;
    let parts = [first];
    let part: number[] = new Array(PART);
    let inPart = 0;
    /** How many there were before `part`, and how many in whole batches. */
    let before = first.length;
    let whole = before;
    let pos = start;
    let limit = frameEnd;
    for (;;) {
      for (const last = limit - LONGEST; pos <= last && inPart < PART; ) {
        const code = bytes[pos]!;
        const mask = MASKS[code]!;
        if (mask === 0) break;
        part[inPart++] = int32(bytes, pos + 1) & mask;
        pos += INT_SIZES[code]!;
      }
      if (inPart === PART) {
        parts.push(part);
        if (parts.length === MAX_PARTS) parts = [joined(parts)];
        before += PART;
        part = new Array(PART);
        inPart = 0;
      }
      if (pos >= limit) {
        limit = frameEndAfter(bytes, pos, limit);
        if (limit === 0) break;
        pos += 9;
        continue;
      }
      const code = bytes[pos]!;
      if (MASKS[code] !== 0) {
        const end = pos + INT_SIZES[code]!;
        if (end > limit) break;
        part[inPart++] = lastInt(bytes, pos);
        pos = end;
        continue;
      }
      if (code !== op.APPENDS) break;
      pos++;
      this.pos = pos;
      this.limit = limit;
      whole = before + inPart;
      if (pos >= limit || bytes[pos] !== op.MARK) break;
      pos++;
    }
    this.at = pos;
    if (whole === first.length) return first;
    part.length = inPart;
    parts.push(part);
    const list = joined(parts);
    // Less than a batch, unless somebody made batches of any size.
    list.length = whole;
    return list;
  }
}
