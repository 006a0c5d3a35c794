/** What a pickle's opcodes put aside under an index, to push it again later. */
import * as op from "../opcodes.js";
import { fault, overLimit } from "./faults.js";
import { uint32 } from "./input.js";

export class Memo {
  /** By index, `undefined` where nothing was put. The machine appends to it itself, as long as {@link room} allows. */
  readonly values: unknown[] = [];
  /** Below so many values the next may be appended. 0 once there are gaps: an index is then no longer the length. */
  room: number;
  readonly #max: number;
  /** The array gets no index above this, the size of the input: optimised pickles leave gaps, which cost memory. */
  readonly #inputSize: number;
  #gaps = 0;
  /** What was put far above the number of entries. */
  #sparse: Map<number, unknown> | undefined = undefined;

  constructor(max: number, inputSize: number) {
    this.room = max;
    this.#max = max;
    this.#inputSize = inputSize;
  }

  get size(): number {
    return this.values.length - this.#gaps + (this.#sparse?.size ?? 0);
  }

  /** Puts a value under an index. @throws UnpicklingError `limit-exceeded` */
  put(index: number, value: unknown): void {
    const { values } = this;
    if (index === values.length && index < this.room) {
      values.push(value);
      return;
    }
    if (index < values.length) {
      if (values[index] === undefined) {
        if (this.size >= this.#max) throw overLimit("maxMemo", this.#max);
        this.#gaps--;
      }
      values[index] = value;
      return;
    }
    if (this.size >= this.#max) throw overLimit("maxMemo", this.#max);
    this.room = 0;
    if (index > this.#inputSize) {
      this.#sparse ??= new Map();
      this.#sparse.set(index, value);
      return;
    }
    while (values.length < index) {
      values.push(undefined);
      this.#gaps++;
    }
    values.push(value);
  }

  /** MEMOIZE: puts a value under the number of entries. @throws UnpicklingError as {@link put} */
  append(value: unknown): void {
    this.put(this.size, value);
  }

  /** @throws UnpicklingError `bad-memo` */
  get(index: number): unknown {
    const { values } = this;
    const value = index >= 0 && index < values.length ? values[index] : this.#sparse?.get(index);
    if (value === undefined) throw fault("bad-memo", `nothing was put under index ${index}`);
    return value;
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
