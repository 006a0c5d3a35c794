/** Pickles that are written by hand, and how decoding one fails: for the tests. */
import { UnpicklingError } from "../../errors.js";

/** A pickle written as latin-1 text. */
export function raw(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** What `run` throws; anything but an `UnpicklingError` is thrown on. */
export function failure(run: () => unknown): UnpicklingError {
  try {
    run();
  } catch (error) {
    if (error instanceof UnpicklingError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
