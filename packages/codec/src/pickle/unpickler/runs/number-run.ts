/**
 * Lists of numbers, read in one go. A number costs a few nanoseconds to parse, but thirty when it goes through the stack
 * and a list that grows. So the numbers are counted first, and the list is made once, with its final length.
 */
import { decodeInt64, decodeLong } from "../../../bytes/longs.js";
import * as op from "../../opcodes.js";
import { frameEndAfter, int32, readFloat64 } from "../input.js";
import { listInParts } from "./list-in-parts.js";

/** Bytes of the opcodes that push a number, with their arguments (of LONG1 without its digits); 0 for all others. */
const SIZES = new Uint8Array(256);
SIZES[op.BININT1] = 2;
SIZES[op.BININT2] = 3;
SIZES[op.BININT] = 5;
SIZES[op.BINFLOAT] = 9;
SIZES[op.LONG1] = 2;

/** From so many floats on, a DataView (100 ns to make) pays. */
const FLOATS_FOR_VIEW = 8;
/**
 * From so many floats on, their list is one of doubles from the start. Before, V8 learns to make it so where it is made; of
 * large lists it learns nothing, makes one for small integers, and copies all of it at the first float.
 */
const MANY_FLOATS = 1024;

/** Whether an opcode pushes a number. */
export function startsNumber(code: number): boolean {
  return SIZES[code]! > 0;
}

/** A list's batches of nothing but numbers. */
export class NumberRun {
  /** How many numbers. */
  count = 0;
  /** Where reading goes on after them, and the end of the frame there. */
  pos = 0;
  limit = 0;
  #hasFloat = false;
  #hasLong = false;

  /**
   * Measures the batches from behind the MARK of the first on, up to the first that holds anything else or is incomplete.
   *
   * @returns whether there is any
   */
  measure(bytes: Uint8Array, start: number, frameEnd: number): boolean {
    this.count = 0;
    let hasFloat = false;
    let hasLong = false;
    let pos = start;
    let limit = frameEnd;
    let count = 0;
    for (;;) {
      if (pos >= limit) {
        limit = frameEndAfter(bytes, pos, limit);
        if (limit === 0) break;
        pos += 9;
        continue;
      }
      const code = bytes[pos]!;
      if (code === op.BINFLOAT) {
        // Floats come together. A processor guesses on past a branch, but waits for a table.
        if (pos + 9 > limit) break;
        hasFloat = true;
        do {
          pos += 9;
          count++;
        } while (pos + 9 <= limit && bytes[pos] === op.BINFLOAT);
        continue;
      }
      const size = SIZES[code]!;
      if (size > 0) {
        pos += size;
        if (pos > limit) break;
        if (code === op.LONG1) {
          hasLong = true;
          pos += bytes[pos - 1]!;
          if (pos > limit) break;
        }
        count++;
        continue;
      }
      if (code !== op.APPENDS) break;
      pos++;
      this.count = count;
      this.pos = pos;
      this.limit = limit;
      this.#hasFloat = hasFloat;
      this.#hasLong = hasLong;
      if (pos >= limit || bytes[pos] !== op.MARK) break;
      pos++;
    }
    return this.count > 0;
  }

  /** The list of what was measured. */
  read(bytes: Uint8Array, start: number, view: DataView | undefined): unknown[] {
    if (this.#hasLong) return mixedList(bytes, start, this.count);
    return this.#hasFloat ? floatList(bytes, start, this.count, view) : intList(bytes, start, this.count);
  }
}

// Three functions, as V8 learns for each which kind of array to make: of small integers, of unboxed doubles, or of
// anything. What is neither a number nor a frame's start is the MARK or APPENDS of a batch.

function intList(bytes: Uint8Array, start: number, count: number): number[] {
  const list: number[] = new Array(count);
  let pos = start;
  for (let i = 0; i < count; ) {
    const code = bytes[pos++]!;
    if (code === op.BININT1) {
      list[i++] = bytes[pos]!;
      pos += 1;
    } else if (code === op.BININT) {
      list[i++] = int32(bytes, pos);
      pos += 4;
    } else if (code === op.BININT2) {
      list[i++] = bytes[pos]! | (bytes[pos + 1]! << 8);
      pos += 2;
    } else if (code === op.FRAME) {
      pos += 8;
    }
  }
  return list;
}

function floatList(bytes: Uint8Array, start: number, count: number, known: DataView | undefined): number[] {
  const view =
    known === undefined && count > FLOATS_FOR_VIEW
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : known;
  const list = newFloats(count);
  let pos = start;
  for (let i = 0; i < count; ) {
    if (view !== undefined) {
      for (; i < count && bytes[pos] === op.BINFLOAT; pos += 9) list[i++] = view.getFloat64(pos + 1);
      if (i === count) break;
    }
    const code = bytes[pos++]!;
    if (code === op.BINFLOAT) {
      list[i++] = readFloat64(bytes, pos);
      pos += 8;
    } else if (code === op.BININT1) {
      list[i++] = bytes[pos]!;
      pos += 1;
    } else if (code === op.BININT) {
      list[i++] = int32(bytes, pos);
      pos += 4;
    } else if (code === op.BININT2) {
      list[i++] = bytes[pos]! | (bytes[pos + 1]! << 8);
      pos += 2;
    } else if (code === op.FRAME) {
      pos += 8;
    }
  }
  return list;
}

/** A list of unboxed doubles to fill. */
function newFloats(count: number): number[] {
  if (count < MANY_FLOATS) return new Array(count);
  const list = [0.5];
  list.length = count;
  return list;
}

function mixedList(bytes: Uint8Array, start: number, count: number): unknown[] {
  let pos = start;
  return listInParts(count, (part) => {
    pos = fillMixed(part, bytes, pos);
  });
}

/** Fills `list` with the numbers from `start` on; returns where they end. */
function fillMixed(list: unknown[], bytes: Uint8Array, start: number): number {
  const count = list.length;
  let pos = start;
  for (let i = 0; i < count; ) {
    const code = bytes[pos++]!;
    if (code === op.LONG1) {
      const length = bytes[pos++]!;
      list[i++] = length === 8 ? decodeInt64(bytes, pos) : decodeLong(bytes, pos, pos + length);
      pos += length;
    } else if (code === op.BININT1) {
      list[i++] = bytes[pos]!;
      pos += 1;
    } else if (code === op.BININT) {
      list[i++] = int32(bytes, pos);
      pos += 4;
    } else if (code === op.BININT2) {
      list[i++] = bytes[pos]! | (bytes[pos + 1]! << 8);
      pos += 2;
    } else if (code === op.BINFLOAT) {
      list[i++] = readFloat64(bytes, pos);
      pos += 8;
    } else if (code === op.FRAME) {
      pos += 8;
    }
  }
  return pos;
}
