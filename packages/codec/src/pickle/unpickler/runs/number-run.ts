/**
 * Lists of numbers, read in one go. A number costs a few nanoseconds to parse, but thirty when it goes through the stack
 * and a list that grows. So the numbers are counted first, and the list is made once, with its final length.
 */
import { decodeLong, fillInt64s } from "../../../bytes/longs.js";
import * as op from "../../opcodes.js";
import { frameEndAfter, int32, readFloat64 } from "../input.js";
import { INT_SIZES, IntRun, intList } from "./int-run.js";
import { listInParts, PART } from "./list-in-parts.js";

/** Bytes of the opcodes that push a number, with their arguments (of LONG1 without its digits); 0 for all others. */
const SIZES = INT_SIZES.slice();
SIZES[op.BINFLOAT] = 9;
SIZES[op.LONG1] = 2;

/** Bytes of a LONG1 of 8 digits. */
const INT64_SIZE = 10;

/** From so many floats on, a DataView (100 ns to make) pays. */
const FLOATS_FOR_VIEW = 8;
/**
 * From so many floats on, their list is one of doubles from the start. Before, V8 learns to make it so where it is made; of
 * large lists it learns nothing, makes one for small integers, and copies all of it at the first float.
 */
const MANY_FLOATS = 1024;

function startsInt64(bytes: Uint8Array, pos: number): boolean {
  return bytes[pos] === op.LONG1 && bytes[pos + 1] === 8;
}

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
  #start = 0;
  #frameEnd = 0;
  #hasFloat = false;
  #hasLong = false;
  /** Whether only the first part of a list of ints was measured. */
  #goesOn = false;
  readonly #rest = new IntRun();

  /**
   * Measures the batches from behind the MARK of the first on, up to the first that holds anything else or is incomplete.
   *
   * @returns whether there is any
   */
  measure(bytes: Uint8Array, start: number, frameEnd: number): boolean {
    this.#start = start;
    this.#frameEnd = frameEnd;
    this.#measure(bytes, PART);
    return this.count > 0;
  }

  /** `mostInts`: so many of them are the first part of a list of ints. */
  #measure(bytes: Uint8Array, mostInts: number): void {
    this.count = 0;
    this.#goesOn = false;
    let pos = this.#start;
    let limit = this.#frameEnd;
    let hasFloat = false;
    let hasLong = false;
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
        // Floats come together, as do large ints. A processor guesses on past a branch, but waits for a table.
        if (pos + 9 > limit) break;
        hasFloat = true;
        do {
          pos += 9;
          count++;
        } while (pos + 9 <= limit && bytes[pos] === op.BINFLOAT);
        continue;
      }
      if (startsInt64(bytes, pos)) {
        if (pos + INT64_SIZE > limit) break;
        hasLong = true;
        do {
          pos += INT64_SIZE;
          count++;
        } while (pos + INT64_SIZE <= limit && startsInt64(bytes, pos));
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
      if (count >= mostInts && !hasFloat && !hasLong) {
        this.#goesOn = true;
        break;
      }
      pos++;
    }
  }

  /** The list of what was measured; of ints also what comes after it, with which `count`, `pos` and `limit` go on. */
  read(bytes: Uint8Array, view: DataView | undefined): unknown[] {
    if (this.#goesOn) return this.#readLong(bytes, view);
    if (this.#hasLong) return mixedList(bytes, this.#start, this.count);
    if (this.#hasFloat) return floatList(bytes, this.#start, this.count, view);
    return intList(bytes, this.#start, this.count);
  }

  #readLong(bytes: Uint8Array, view: DataView | undefined): unknown[] {
    const rest = this.#rest;
    const list = rest.read(bytes, this.pos + 1, this.limit, intList(bytes, this.#start, this.count));
    if (startsNumber(bytes[rest.at] ?? 0)) {
      // There are other numbers after all.
      this.#measure(bytes, Number.POSITIVE_INFINITY);
      return this.read(bytes, view);
    }
    this.count = list.length;
    this.pos = rest.pos;
    this.limit = rest.limit;
    return list;
  }
}

// Functions of their own, as is that for ints, as V8 learns for each which kind of array to make: of small integers, of unboxed doubles, or of
// anything. What is neither a number nor a frame's start is the MARK or APPENDS of a batch.

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
      if (length === 8) {
        const first = i++;
        const start = pos;
        for (pos += 8; i < count && startsInt64(bytes, pos); i++) pos += INT64_SIZE;
        fillInt64s(list, first, i, bytes, start, INT64_SIZE);
      } else {
        list[i++] = decodeLong(bytes, pos, pos + length);
        pos += length;
      }
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
