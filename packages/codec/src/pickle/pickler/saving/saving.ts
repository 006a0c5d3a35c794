/**
 * What is being written and still open. Each {@link Saving} hands out what it holds, one value at a time, and writes the
 * opcodes in between. The encoder keeps those that are open in an array, so that the depth of the data costs memory, not
 * the call stack; the first levels, where nearly all data is, are written by plain recursion instead (`plain-writer.ts`).
 */
import type { Encoder } from "../encoder.js";

/** What {@link Saving.next} returns when nothing is left. */
export const DONE: unique symbol = Symbol("done");

export abstract class Saving {
  /**
   * Set while the encoder has to notice that a value contains itself. No field of every Saving: without a field this class
   * needs no constructor, and V8 makes one of those that extend it sooner (7 % of 10,000 nested lists).
   */
  declare owner: object | undefined;

  /** How many levels of the data it is. */
  get levels(): number {
    return 1;
  }

  /** Writes what belongs before the next value and returns that value, which may be another Saving; or {@link DONE}. */
  abstract next(encoder: Encoder): unknown;
  /** Where in the container the last value is, as part of a path; `""` for none. */
  abstract segment(): string;
}
