/** What a pickle's opcodes put aside under an index, to push it again later. */
import * as op from "../opcodes.js";
import { sparseKey } from "../text.js";
import { fault, overLimit } from "./faults.js";
import { uint32 } from "./input.js";

/** Where the input is small, there is room for so many: V8 makes it right where the array is made. */
const FEW = 32;
const SMALL_INPUT = 512;
/**
 * For no more than so many is room made before they come: a larger array is old for V8 as soon as it collects garbage, and
 * what is then put into it costs more.
 */
const MAX_EXPECTED = 15 * 1024;

/**
 * Bytes of input for one entry, a little less than in the last that was not small: inputs tend to be alike, and an array that
 * grows is copied twice over.
 */
let spacing = SMALL_INPUT;

export class Memo {
  /** By index, `undefined` where nothing was put and from {@link count} on. */
  readonly values: unknown[];
  /** The index after the last one. */
  count = 0;
  /** Below so many the next may be added. 0 once there are gaps: an index is then no longer the number of entries. */
  room: number;
  readonly #max: number;
  /** The array gets no index above this, the size of the input: optimised pickles leave gaps, which cost memory. */
  readonly #inputSize: number;
  #gaps = 0;
  #hasGaps = false;
  /** What was put far above the number of entries. */
  #sparse: Map<string, unknown> | undefined = undefined;

  constructor(max: number, inputSize: number) {
    this.values =
      inputSize < SMALL_INPUT ? new Array(FEW) : new Array(Math.min((inputSize / spacing + FEW) | 0, MAX_EXPECTED));
    this.room = Math.min(max, this.values.length);
    this.#max = max;
    this.#inputSize = inputSize;
  }

  get size(): number {
    return this.count - this.#gaps + (this.#sparse?.size ?? 0);
  }

  /** Puts a value under the next index, where there is {@link room}. */
  add(value: unknown): void {
    this.values[this.count++] = value;
  }

  /** Puts values under the next indexes, if it {@link takes} so many. */
  addAll(added: readonly unknown[]): void {
    const { values, count } = this;
    this.hasRoomFor(added.length);
    for (let i = 0; i < added.length; i++) values[count + i] = added[i];
    this.count = count + added.length;
  }

  /** Whether `more` values may come under the next indexes. */
  takes(more: number): boolean {
    return !this.#hasGaps && this.count + more <= this.#max;
  }

  /** Whether it {@link takes} `more` values, for which there is {@link room} then. */
  hasRoomFor(more: number): boolean {
    const needed = this.count + more;
    if (needed <= this.room) return true;
    if (!this.takes(more)) return false;
    this.#grow(needed);
    this.room = Math.min(this.#max, this.values.length);
    return true;
  }

  #grow(needed: number): void {
    this.values.length = Math.max(needed, this.count + (this.count >> 1) + FEW);
  }

  /** Puts a value under an index. @throws UnpicklingError `limit-exceeded` */
  put(index: number, value: unknown): void {
    if (index === this.count && this.hasRoomFor(1)) {
      this.add(value);
      return;
    }
    if (index < this.count) {
      if (this.values[index] === undefined) {
        if (this.size >= this.#max) throw overLimit("maxMemo", this.#max);
        this.#gaps--;
      }
      this.values[index] = value;
      return;
    }
    if (this.size >= this.#max) throw overLimit("maxMemo", this.#max);
    this.#hasGaps = true;
    this.room = 0;
    if (index > this.#inputSize) {
      this.#sparse ??= new Map();
      this.#sparse.set(sparseKey(index), value);
      return;
    }
    if (index >= this.values.length) this.#grow(index + 1);
    this.#gaps += index - this.count;
    this.values[index] = value;
    this.count = index + 1;
  }

  /** MEMOIZE: puts a value under the number of entries. @throws UnpicklingError as {@link put} */
  append(value: unknown): void {
    this.put(this.size, value);
  }

  /** @throws UnpicklingError `bad-memo` */
  get(index: number): unknown {
    const value = index >= 0 && index < this.count ? this.values[index] : this.#sparse?.get(sparseKey(index));
    if (value === undefined) throw fault("bad-memo", `nothing was put under index ${index}`);
    return value;
  }

  /** Says that the input ends here, which tells how much room to make for the next. */
  end(): void {
    if (this.#inputSize >= SMALL_INPUT) spacing = Math.max(1, (this.#inputSize / (this.count + 1)) | 0);
  }
}

/** Bytes of the opcode at `pos` if it memoises under the index `next`, which is the number of entries, else 0. */
export function memoOpcodeSize(bytes: Uint8Array, pos: number, limit: number, next: number): number {
  if (pos >= limit) return 0;
  const code = bytes[pos];
  if (code === op.MEMOIZE) return 1;
  if (code === op.BINPUT) return pos + 2 <= limit && bytes[pos + 1] === next ? 2 : 0;
  return code === op.LONG_BINPUT && pos + 5 <= limit && uint32(bytes, pos + 1) === next ? 5 : 0;
}
