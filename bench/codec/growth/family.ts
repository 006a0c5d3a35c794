import type { Direction } from "../workloads.js";

/** Input whose cost should be linear in its size. */
export interface Family {
  readonly name: string;
  readonly direction: Direction;
  /** The smallest size. */
  readonly from: number;
  /** Prepares what is timed for one size; that may throw where the input is to be refused. */
  prepare(size: number): () => unknown;
}
