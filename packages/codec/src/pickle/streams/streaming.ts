/**
 * Cutting a stream into pickles. Only the lengths of the opcodes are read here, to find where each pickle stops; decoding
 * is the unpickler's work.
 */
import { UnpicklingError } from "../../errors.js";
import * as op from "../opcodes.js";
import { typeName } from "../type-name.js";
import { lookAlike, noOpcode } from "../unpickler/not-a-pickle.js";

/** What follows an opcode's byte. */
const NOTHING = 0;
const LINE = -1;
const TWO_LINES = -2;
const LENGTH1 = -3;
const LENGTH4 = -4;
const LENGTH8 = -5;

const FORM_OF_ARGUMENT: Readonly<Record<op.ArgumentName, number>> = {
  uint1: 1,
  uint2: 2,
  int4: 4,
  uint4: 4,
  float8: 8,
  uint8: 8,
  string1: LENGTH1,
  bytes1: LENGTH1,
  unicodestring1: LENGTH1,
  long1: LENGTH1,
  string4: LENGTH4,
  bytes4: LENGTH4,
  unicodestring4: LENGTH4,
  long4: LENGTH4,
  bytes8: LENGTH8,
  bytearray8: LENGTH8,
  unicodestring8: LENGTH8,
  decimalnl_short: LINE,
  decimalnl_long: LINE,
  floatnl: LINE,
  stringnl: LINE,
  stringnl_noescape: LINE,
  unicodestringnl: LINE,
  stringnl_noescape_pair: TWO_LINES,
};

/** What follows the opcode `byte`: a fixed number of bytes, or one of the forms above; `undefined` for no opcode. */
function formOf(byte: number): number | undefined {
  const row = op.opcodeOf(byte);
  if (row === undefined) return undefined;
  return row.arg === null ? NOTHING : FORM_OF_ARGUMENT[row.arg];
}

/** @throws UnpicklingError `bad-file` for a chunk that is not bytes */
export function bytesOfChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  throw new UnpicklingError(`Cannot read pickles: the source gave ${typeName(chunk)}, not bytes`, { code: "bad-file" });
}

/** A buffer larger than this is given up once a small part of it is left. */
const KEPT_BYTES = 1024 * 1024;

/** Collects the chunks of a stream until they hold a whole pickle; holds no more than one pickle and the last chunk. */
export class PickleCutter {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** Where the next opcode starts. */
  #scan = 0;
  /** Where the search for the end of the line at hand goes on, and the lines of its opcode that were found before. */
  #lineScan = 0;
  #linesFound = 0;

  /** Whether bytes are left that belong to no whole pickle. */
  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** The bytes that belong to no whole pickle. */
  get rest(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Lets go of the room of a large pickle that was taken, before the rest is kept for long. */
  compact(): void {
    const { rest } = this;
    if (this.#buffer.length <= KEPT_BYTES || rest.length > this.#buffer.length / 8) return;
    this.#buffer = rest.slice();
    this.#scan -= this.#start;
    this.#lineScan -= this.#start;
    this.#start = 0;
    this.#end = rest.length;
  }

  /** Adds a chunk, which may be reused after it. */
  push(chunk: Uint8Array): void {
    const used = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      // Doubling, so that a pickle in many chunks is copied a constant number of times.
      const needed = used + chunk.length;
      const target = needed > this.#buffer.length / 2 ? new Uint8Array(Math.max(needed * 2, 4096)) : this.#buffer;
      target.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = target;
      this.#scan -= this.#start;
      this.#lineScan -= this.#start;
      this.#start = 0;
      this.#end = used;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole pickle, `undefined` until there is one. Its bytes are the caller's to keep. A call that threw throws
   * the same again: nothing says where the next pickle starts.
   *
   * @throws UnpicklingError `limit-exceeded` as soon as a pickle is longer than `maxBytes`, and for a byte that is no opcode
   */
  next(maxBytes: number): Uint8Array | undefined {
    const bytes = this.#buffer;
    const end = this.#end;
    while (this.#scan < end) {
      const at = this.#scan;
      const form = formOf(bytes[at]!);
      if (form === undefined) throw this.#unknownOpcode(at);
      const next = this.#skip(at + 1, form);
      if (next - this.#start > maxBytes) throw tooLong(maxBytes);
      if (next > end) break;
      this.#scan = next;
      this.#lineScan = next;
      this.#linesFound = 0;
      if (bytes[at] === op.STOP) {
        const pickle = bytes.slice(this.#start, next);
        this.#start = next;
        return pickle;
      }
    }
    if (end - this.#start > maxBytes) throw tooLong(maxBytes);
    return undefined;
  }

  /** Where the opcode whose argument starts at `pos` ends; above `end` when that is still to come. */
  #skip(pos: number, form: number): number {
    switch (form) {
      case LINE:
        return this.#lineEnd(pos, 1);
      case TWO_LINES:
        return this.#lineEnd(pos, 2);
      case LENGTH1:
        return pos < this.#end ? pos + 1 + this.#buffer[pos]! : this.#end + 1;
      case LENGTH4:
        return pos + 4 <= this.#end ? pos + 4 + this.#uint32(pos) : this.#end + 1;
      case LENGTH8:
        return pos + 8 <= this.#end ? pos + 8 + this.#uint32(pos) + this.#uint32(pos + 4) * 0x100000000 : this.#end + 1;
      default:
        return pos + form;
    }
  }

  #lineEnd(pos: number, lines: number): number {
    // The search goes on where the last chunk ended, so that long lines cost no more than their length.
    this.#lineScan = Math.max(pos, this.#lineScan);
    const bytes = this.#buffer.subarray(0, this.#end);
    while (this.#linesFound < lines) {
      const newline = bytes.indexOf(0x0a, this.#lineScan);
      if (newline < 0) {
        this.#lineScan = this.#end;
        return this.#end + 1;
      }
      this.#linesFound++;
      this.#lineScan = newline + 1;
    }
    return this.#lineScan;
  }

  #uint32(pos: number): number {
    const bytes = this.#buffer;
    return (bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24)) >>> 0;
  }

  #unknownOpcode(at: number): UnpicklingError {
    const offset = at - this.#start;
    const code = "unknown-opcode";
    const guess = lookAlike(code, this.rest, 0);
    return new UnpicklingError(`Cannot unpickle: ${noOpcode(this.#buffer[at]!)}${guess}`, { code, offset });
  }
}

function tooLong(max: number): UnpicklingError {
  return new UnpicklingError(`Cannot unpickle: limit maxBytes of ${max} reached`, {
    code: "limit-exceeded",
    limit: { name: "maxBytes", max },
  });
}
