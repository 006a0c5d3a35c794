/** The bytes of an unpickler, and what may be read of them: frames bound it, and so does their end. */
import { newBytes } from "../../bytes/new-bytes.js";
import { TextReader } from "../../bytes/utf8-decode.js";
import * as op from "../opcodes.js";
import { fault } from "./faults.js";

/** Below this, a loop copies faster than the native call that needs a view of what it copies. */
const SHORT_COPY = 64;
/** So many floats are read byte by byte before a DataView, which costs as much to make, is made. */
const FLOATS_BEFORE_VIEW = 8;

/** The halves of one float, and the float. */
const floatHalves = new Int32Array(2);
const floatValue = new Float64Array(floatHalves.buffer);
/** Which half holds the sign. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** A big-endian double, for those who read so few that a DataView does not pay. */
export function readFloat64(bytes: Uint8Array, pos: number): number {
  floatHalves[HIGH] = (bytes[pos]! << 24) | (bytes[pos + 1]! << 16) | (bytes[pos + 2]! << 8) | bytes[pos + 3]!;
  floatHalves[1 - HIGH] = (bytes[pos + 4]! << 24) | (bytes[pos + 5]! << 16) | (bytes[pos + 6]! << 8) | bytes[pos + 7]!;
  return floatValue[0]!;
}

export class Input {
  readonly bytes: Uint8Array;
  readonly text: TextReader;
  /** Where the frame at hand ends; the end of the input outside of frames. */
  limit: number;
  /** Made when enough floats were read. */
  view: DataView | undefined = undefined;
  #floats = 0;
  /** Where the last frame ends. */
  #frameEnd = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.text = new TextReader(bytes);
    this.limit = bytes.length;
  }

  /**
   * Makes sure that `length` bytes at `pos` may be read: they end inside the frame, or start where it ends.
   * CPython 3.12 `pickle.py` _Unframer.read.
   *
   * @returns the limit from here on
   */
  need(pos: number, length: number): number {
    if (pos + length <= this.limit) return this.limit;
    const end = this.bytes.length;
    if (this.limit < end) {
      if (pos < this.limit) {
        throw fault("bad-frame", `needs ${length} bytes, but the frame ends after ${this.limit - pos}`);
      }
      this.limit = end;
      if (pos + length <= end) return end;
    }
    const remaining = Math.max(0, end - pos);
    throw fault(
      "truncated",
      `needs ${length} ${length === 1 ? "byte" : "bytes"}, ${remaining === 1 ? "1 remains" : `${remaining} remain`}`,
    );
  }

  /** Starts a frame of `length` bytes; returns where it ends. */
  startFrame(pos: number, length: number): number {
    // Not `limit`: a frame may end where the input does, and still another must not start in it.
    if (pos < this.#frameEnd) throw fault("bad-frame", `the frame before has ${this.#frameEnd - pos} bytes left`);
    this.limit = this.bytes.length;
    this.need(pos, length);
    this.limit = pos + length;
    this.#frameEnd = this.limit;
    return this.limit;
  }

  /** Goes on in a frame that ends at `limit`, after reading past the start of it. */
  continueTo(limit: number): void {
    if (limit === this.limit) return;
    this.limit = limit;
    this.#frameEnd = limit;
  }

  /** Where the line at `pos` ends, after its newline. */
  lineEnd(pos: number, least = 0): number {
    if (pos >= this.limit) this.need(pos, 1);
    const newline = this.bytes.indexOf(0x0a, pos);
    if (newline < 0) throw fault("truncated", "the line has no end");
    if (newline >= this.limit) throw fault("bad-frame", "the frame ends inside the line");
    if (newline - pos < least) throw fault("bad-argument", "the line is empty");
    return newline + 1;
  }

  /** The float in 8 bytes that may be read. */
  float64(pos: number): number {
    if (this.view !== undefined) return this.view.getFloat64(pos);
    const { bytes } = this;
    if (++this.#floats > FLOATS_BEFORE_VIEW) {
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return readFloat64(bytes, pos);
  }

  /** A copy. */
  copy(start: number, end: number): Uint8Array {
    const { bytes } = this;
    const length = end - start;
    const copy = newBytes(length);
    if (length <= SHORT_COPY) for (let i = 0; i < length; i++) copy[i] = bytes[start + i]!;
    else copy.set(bytes.subarray(start, end));
    return copy;
  }
}

/** The end of the frame that starts at `pos`, where the frame before ends; 0 if none starts there or it is too long. */
export function frameEndAfter(bytes: Uint8Array, pos: number, limit: number): number {
  if (pos !== limit || pos + 9 > bytes.length || bytes[pos] !== op.FRAME) return 0;
  const end = pos + 9 + uint64(bytes, pos + 1);
  return end <= bytes.length ? end : 0;
}

export function int32(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
}

export function uint32(bytes: Uint8Array, pos: number): number {
  return int32(bytes, pos) >>> 0;
}

/** A length of 64 bits; one above 2 ** 53 loses digits but is refused anyway. */
export function uint64(bytes: Uint8Array, pos: number): number {
  const high = uint32(bytes, pos + 4);
  const low = uint32(bytes, pos);
  // A product would be a double even where it is 0, and every position after it with it.
  return high === 0 ? low : high * 0x100000000 + low;
}
