/**
 * Lists of numbers, read in one go. A number costs a few nanoseconds to parse, but thirty when it goes through the stack
 * and a list that grows; so a run is parsed into a Float64Array first, and the list is made once, with its final length.
 */
import * as op from "./opcodes.js";

const FIRST_SIZE = 1024;
/** Kept between runs; a longer run gets an array of its own, which is dropped after it. */
const pool = new Float64Array(FIRST_SIZE);

/** The halves of one float, and the float. */
const floatHalves = new Int32Array(2);
const floatValue = new Float64Array(floatHalves.buffer);
/** Which half holds the sign. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** A big-endian double, for those who read so few that a DataView (100 ns to make) does not pay. */
export function readFloat64(bytes: Uint8Array, pos: number): number {
  floatHalves[HIGH] = (bytes[pos]! << 24) | (bytes[pos + 1]! << 16) | (bytes[pos + 2]! << 8) | bytes[pos + 3]!;
  floatHalves[1 - HIGH] = (bytes[pos + 4]! << 24) | (bytes[pos + 5]! << 16) | (bytes[pos + 6]! << 8) | bytes[pos + 7]!;
  return floatValue[0]!;
}

/** Whether an opcode pushes a number that fits a double. */
export function startsNumber(code: number | undefined): boolean {
  return code === op.BININT1 || code === op.BINFLOAT || code === op.BININT2 || code === op.BININT;
}

/** How far a run went. */
export class NumberRun {
  /** The numbers. */
  values: Float64Array = pool;
  /** How many of them are in batches that ended with APPENDS. */
  complete = 0;
  /** How many there are; those above `complete` are above a mark that is still open. */
  count = 0;
  hasFloat = false;
  isOpen = false;
  /** Where reading goes on, and the end of the frame there. */
  pos = 0;
  limit = 0;

  /**
   * Reads from behind the MARK of a list's first batch at most up to what is no number. Stops before anything that is
   * incomplete, so that the caller meets it in the ordinary way.
   */
  read(bytes: Uint8Array, start: number, frameEnd: number, viewBefore: DataView | undefined): void {
    let view = viewBefore;
    let floats = 0;
    let pos = start;
    let limit = frameEnd;
    let values = pool;
    let n = 0;
    let complete = 0;
    let hasFloat = false;
    let isOpen = true;
    for (;;) {
      if (n === values.length) {
        const larger = new Float64Array(n * 2);
        larger.set(values);
        values = larger;
      }
      // The longest of these opcodes has 9 bytes; near the end of a frame the caller goes on.
      if (pos + 9 > limit) {
        const next = nextFrame(bytes, pos, limit);
        if (next !== 0) {
          limit = next;
          pos += 9;
          continue;
        }
        if (pos + size(bytes[pos]) > limit) break;
      }
      const code = bytes[pos]!;
      if (code === op.BININT1) {
        values[n++] = bytes[pos + 1]!;
        pos += 2;
      } else if (code === op.BINFLOAT) {
        if (view !== undefined) {
          values[n++] = view.getFloat64(pos + 1);
        } else {
          values[n++] = readFloat64(bytes, pos + 1);
          if (++floats > 8) view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        }
        hasFloat = true;
        pos += 9;
      } else if (code === op.BININT) {
        values[n++] = bytes[pos + 1]! | (bytes[pos + 2]! << 8) | (bytes[pos + 3]! << 16) | (bytes[pos + 4]! << 24);
        pos += 5;
      } else if (code === op.BININT2) {
        values[n++] = bytes[pos + 1]! | (bytes[pos + 2]! << 8);
        pos += 3;
      } else if (code === op.APPENDS) {
        complete = n;
        pos += 1;
        if (pos + 2 > limit || bytes[pos] !== op.MARK || !startsNumber(bytes[pos + 1])) {
          isOpen = false;
          break;
        }
        pos += 1;
      } else {
        break;
      }
    }
    this.values = values;
    this.count = n;
    this.complete = complete;
    this.hasFloat = hasFloat;
    this.isOpen = isOpen;
    this.pos = pos;
    this.limit = limit;
  }

  /** Lets go of a long run's memory. */
  release(): void {
    this.values = pool;
  }

  /** A list of the complete batches. */
  toList(): number[] {
    if (this.isOpen) return openList(this.values, this.complete);
    return this.hasFloat ? floatList(this.values, this.complete) : intList(this.values, this.complete);
  }
}

/** The size of an opcode of a run with its argument; of any other, more than there can be. */
function size(code: number | undefined): number {
  switch (code) {
    case op.APPENDS:
      return 1;
    case op.BININT1:
      return 2;
    case op.BININT2:
      return 3;
    case op.BININT:
      return 5;
    case op.BINFLOAT:
      return 9;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** The end of the frame that starts at `pos`, right where the frame before ends; 0 if none does or it is too long. */
function nextFrame(bytes: Uint8Array, pos: number, limit: number): number {
  if (pos !== limit || pos + 9 > bytes.length || bytes[pos] !== op.FRAME) return 0;
  if (bytes[pos + 5] !== 0 || bytes[pos + 6] !== 0 || bytes[pos + 7] !== 0 || bytes[pos + 8] !== 0) return 0;
  const length = (bytes[pos + 1]! | (bytes[pos + 2]! << 8) | (bytes[pos + 3]! << 16) | (bytes[pos + 4]! << 24)) >>> 0;
  const end = pos + 9 + length;
  return end <= bytes.length ? end : 0;
}

// Three functions, as V8 learns for each which kind of array to make: of small integers, of unboxed doubles, or of anything.
// A list that goes on with something else must not teach the others that kind, in which each float takes 24 bytes.
function intList(values: Float64Array, length: number): number[] {
  const list: number[] = new Array(length);
  for (let i = 0; i < length; i++) list[i] = values[i]! | 0;
  return list;
}

function floatList(values: Float64Array, length: number): number[] {
  const list: number[] = new Array(length);
  for (let i = 0; i < length; i++) list[i] = values[i]!;
  return list;
}

function openList(values: Float64Array, length: number): number[] {
  const list: number[] = [];
  for (let i = 0; i < length; i++) list.push(values[i]!);
  return list;
}
