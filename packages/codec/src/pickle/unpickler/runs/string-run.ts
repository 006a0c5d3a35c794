/**
 * Long lists of str, read in one go: as in number-run.ts, they are counted first, so that the list is made once. Growing
 * it batch by batch costs a third of all the work.
 */
import { TextBatch } from "../../../bytes/text-batch.js";
import { decodeUtf8, isAscii, type TextReader } from "../../../bytes/utf8-decode.js";
import * as op from "../../opcodes.js";
import { frameEndAfter, uint32 } from "../input.js";
import { memoOpcodeSize } from "../memo.js";
import { listInParts } from "./list-in-parts.js";

/** In so many of its first bytes a str shows whether it is ASCII. */
const LOOK = 64;

/** A list's batches of nothing but str, each of them memoised. */
export class StringRun {
  /** How many there are. */
  count = 0;
  /** Where reading goes on after them, and the end of the frame there. */
  pos = 0;
  limit = 0;
  /** The opcode at hand in {@link read}, for errors. */
  at = 0;
  #batch: TextBatch | undefined = undefined;

  /**
   * Measures the batches from behind the MARK of the first on, up to the first that holds anything else or is incomplete.
   *
   * @param nextIndex - the memo index of the first
   * @returns whether there are at least `least`
   */
  measure(bytes: Uint8Array, start: number, frameEnd: number, nextIndex: number, least: number): boolean {
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
      const memoSize = memoOpcodeSize(bytes, pos, limit, nextIndex + count);
      if (memoSize === 0) break;
      pos += memoSize;
      count++;
    }
    return this.count >= least;
  }

  /** The list of what was measured. @throws UnpicklingError `bad-argument` */
  read(bytes: Uint8Array, start: number, text: TextReader): unknown[] {
    let pos = start;
    return listInParts(this.count, (part) => {
      pos = this.#fill(part, bytes, pos, text);
    });
  }

  /** Fills `list` with the str from `start` on; returns where they end. */
  #fill(list: unknown[], bytes: Uint8Array, start: number, text: TextReader): number {
    const count = list.length;
    let pos = start;
    /** Below this index each is decoded on its own: together they did not go. */
    let alone = 0;
    for (let i = 0; i < count; ) {
      const from = textStart(bytes, pos);
      if (from === 0) {
        pos += betweenSize(bytes, pos);
        continue;
      }
      const end = textEnd(bytes, pos, from);
      this.at = pos;
      const value = text.utf8IfAscii(from, end);
      if (value === undefined && i >= alone) {
        this.#batch ??= new TextBatch();
        const next = gather(this.#batch, bytes, pos, count - i);
        if (this.#batch.decode(bytes, list, i)) {
          i += this.#batch.count;
          pos = next;
          continue;
        }
        alone = i + this.#batch.count;
      }
      list[i++] = value ?? decodeUtf8(bytes, from, end);
      pos = behindMemo(bytes, end);
    }
    return pos;
  }
}

/** Gathers in `batch` the str from `start` on that are not ASCII, up to `most`; returns where they end. */
function gather(batch: TextBatch, bytes: Uint8Array, start: number, most: number): number {
  batch.clear();
  let pos = start;
  while (batch.count < most) {
    const from = textStart(bytes, pos);
    if (from === 0) {
      pos += betweenSize(bytes, pos);
      continue;
    }
    const end = textEnd(bytes, pos, from);
    if (isAscii(bytes, from, Math.min(end, from + LOOK)) || !batch.add(from, end)) break;
    pos = behindMemo(bytes, end);
  }
  return pos;
}

/** Where the UTF-8 of the str at `pos` starts; 0 if there is none. */
function textStart(bytes: Uint8Array, pos: number): number {
  const code = bytes[pos];
  return code === op.SHORT_BINUNICODE ? pos + 2 : code === op.BINUNICODE ? pos + 5 : 0;
}

function textEnd(bytes: Uint8Array, pos: number, from: number): number {
  return from + (from === pos + 2 ? bytes[pos + 1]! : uint32(bytes, pos + 1));
}

/** Where the opcode that memoises, at `pos`, ends. */
function behindMemo(bytes: Uint8Array, pos: number): number {
  const code = bytes[pos];
  return pos + (code === op.MEMOIZE ? 1 : code === op.BINPUT ? 2 : 5);
}

/** Bytes of what stands between two str: a frame's start, or the MARK or APPENDS of a batch. */
function betweenSize(bytes: Uint8Array, pos: number): number {
  return bytes[pos] === op.FRAME ? 9 : 1;
}
