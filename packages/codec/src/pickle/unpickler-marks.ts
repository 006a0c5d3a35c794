/**
 * The marks below the innermost: each remembers the height of the stack at the mark before it, shifted by a bit that says
 * whether that one opened a dict, in which case a key's place has the height's parity.
 */
import { fault, noMark } from "./unpickler-faults.js";

/** The parity of a key's place before a mark, 2 outside of dicts. */
export function parityOf(mark: number): number {
  return (mark & 1) === 0 ? 2 : (mark >> 1) & 1;
}

/** Ends the innermost mark, at the height `fence`, for an opcode that changes what is below it; returns its entry. */
export function belowMark(marks: number[], fence: number): number {
  const outer = marks.pop();
  if (outer === undefined) throw noMark();
  if (fence <= outer >> 1) throw fault("stack-underflow", "there is nothing below the mark");
  return outer;
}
