/**
 * Calls on bytes that the call alone sees, which is how Python writes dates and times. They are read where they stand in
 * the input: to make the bytes and the tuple that holds them takes longer than all the rest.
 */
import type { BytesCall } from "../../../globals/registry.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import * as op from "../../opcodes.js";
import { uint32 } from "../input.js";
import type { Machine } from "../machine.js";
import { memoOpcodeSize } from "../memo.js";

/** The arguments of such a call, in the memo in place of the bytes and the tuple: made if a pickle ever asks for them. */
export class UnmadeArguments {
  /** The memo's index of the bytes; that of the tuple is the next. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** The argument after the bytes, `undefined` without one. */
  readonly second: unknown;

  constructor(index: number, start: number, end: number, second: unknown) {
    this.index = index;
    this.start = start;
    this.end = end;
    this.second = second;
  }

  make(machine: Machine): void {
    const bytes = machine.bytesOf(this.start, this.end);
    machine.memo.put(this.index, bytes);
    machine.memo.put(this.index + 1, this.second === undefined ? Tuple.of(bytes) : Tuple.of(bytes, this.second));
  }
}

/** How a global that is called with these bytes wants them; `undefined` when it does not matter. */
export function bytesCallOf(global: PyGlobal, length: number): BytesCall | undefined {
  const call = PyGlobal.entryOf(global)?.bytesCall;
  return call !== undefined && call.size === length ? call : undefined;
}

/**
 * Runs the opcodes from the bytes at `start` to the REDUCE of the global below them, and moves the machine's `pos` behind
 * that.
 *
 * @param limit - where the frame at hand ends
 * @returns `undefined` when other opcodes follow than those that CPython writes
 */
export function callOnBytes(
  machine: Machine,
  global: PyGlobal,
  call: BytesCall,
  start: number,
  limit: number,
): unknown {
  const { input, memo } = machine;
  const { bytes } = input;
  const index = memo.count;
  const end = start + call.size;
  let pos = end + memoOpcodeSize(bytes, end, limit, index);
  const isMemoised = pos > end;
  if (isMemoised && !memo.hasRoomFor(2)) return undefined;
  /** The memo's index of the second argument, a zone that was met before; -1 without one. */
  let secondAt = -1;
  if (pos + 2 <= limit && bytes[pos] === op.BINGET) {
    secondAt = bytes[pos + 1]!;
    pos += 2;
  } else if (pos + 5 <= limit && bytes[pos] === op.LONG_BINGET) {
    secondAt = uint32(bytes, pos + 1);
    pos += 5;
  }
  if (secondAt >= index || pos >= limit || bytes[pos] !== (secondAt < 0 ? op.TUPLE1 : op.TUPLE2)) return undefined;
  pos++;
  const memoSize = memoOpcodeSize(bytes, pos, limit, index + 1);
  // Of bytes that are not memoised the tuple has no place beside them.
  if (memoSize > 0 !== isMemoised) return undefined;
  pos += memoSize;
  if (pos >= limit || bytes[pos] !== op.REDUCE) return undefined;
  const second = secondAt < 0 ? undefined : machine.recall(secondAt);
  if (isMemoised) {
    const unmade = new UnmadeArguments(index, start, end, second);
    memo.add(unmade);
    memo.add(unmade);
  }
  machine.at = pos;
  machine.pos = pos + 1;
  return machine.builder().reduceBytes(global, call, bytes, start, second);
}
