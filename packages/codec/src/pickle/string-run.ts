/**
 * Long lists of str, read in one go: as in number-run.ts, they are counted first, so that the list is made once. Growing
 * it batch by batch costs a third of all the work.
 */
import type { TextReader } from "../bytes/utf8-decode.js";
import * as op from "./opcodes.js";
import { frameEndAfter, uint32 } from "./unpickler-input.js";

/** A list's batches of nothing but str, each of them memoised. */
export class StringRun {
  /** How many there are. */
  count = 0;
  /** Where reading goes on after them, and the end of the frame there. */
  pos = 0;
  limit = 0;
  /** The opcode at hand in {@link read}, for errors. */
  at = 0;

  /**
   * Measures the batches from behind the MARK of the first on, up to the first that holds anything else or is incomplete.
   *
   * @returns whether there are at least `least`
   */
  measure(bytes: Uint8Array, start: number, frameEnd: number, least: number): boolean {
    this.count = 0;
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
      if (code === op.SHORT_BINUNICODE) {
        if (pos + 2 > limit) break;
        pos += 2 + bytes[pos + 1]!;
      } else if (code === op.BINUNICODE) {
        if (pos + 5 > limit) break;
        pos += 5 + uint32(bytes, pos + 1);
      } else if (code === op.APPENDS) {
        pos++;
        this.count = count;
        this.pos = pos;
        this.limit = limit;
        if (pos >= limit || bytes[pos] !== op.MARK) break;
        pos++;
        continue;
      } else {
        break;
      }
      if (pos >= limit || bytes[pos] !== op.MEMOIZE) break;
      pos++;
      count++;
    }
    return this.count >= least;
  }

  /** Fills the list with what was measured, and appends each to `memo`. @throws UnpicklingError `bad-argument` */
  read(bytes: Uint8Array, start: number, text: TextReader, list: unknown[], memo: unknown[]): void {
    const { count } = this;
    // Made longer once, not again and again.
    const first = memo.length;
    memo.length = first + count;
    let pos = start;
    for (let i = 0; i < count; ) {
      const code = bytes[pos]!;
      let from: number;
      let end: number;
      if (code === op.SHORT_BINUNICODE) {
        from = pos + 2;
        end = from + bytes[pos + 1]!;
      } else if (code === op.BINUNICODE) {
        from = pos + 5;
        end = from + uint32(bytes, pos + 1);
      } else {
        // A frame's start, or the MARK or APPENDS of a batch.
        pos += code === op.FRAME ? 9 : 1;
        continue;
      }
      this.at = pos;
      const value = text.utf8(from, end);
      list[i] = value;
      memo[first + i++] = value;
      pos = end + 1;
    }
  }
}
