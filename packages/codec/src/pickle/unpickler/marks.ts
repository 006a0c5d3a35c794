/**
 * Marks, and what they stand in. The height of the stack at the innermost mark is the fence: what is below is out of
 * reach. Each entry holds the fence and the place of the mark before it.
 */
import { fault, noMark } from "./faults.js";

/**
 * What the items above the innermost mark are for: 0 or 1, the pairs of a dict made right before it, where the keys are at
 * heights of this parity; {@link IN_LIST}; {@link ANYWHERE}.
 */
export type Place = number;
/** Nothing is known. */
export const ANYWHERE = 2;
/** The items of a list made right before the mark. */
export const IN_LIST = 3;

export function markEntry(fence: number, place: Place): number {
  return (fence << 2) | place;
}

export function fenceOf(entry: number): number {
  return entry >> 2;
}

export function placeOf(entry: number): Place {
  return entry & 3;
}

/** Ends the innermost mark, at the height `fence`, for an opcode that changes what is below it; returns its entry. */
export function belowMark(marks: number[], fence: number): number {
  const outer = marks.pop();
  if (outer === undefined) throw noMark();
  if (fence <= fenceOf(outer)) throw fault("stack-underflow", "there is nothing below the mark");
  return outer;
}
