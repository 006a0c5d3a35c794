/** What a scan tells. */
import type { Verdict } from "./policy.js";

/** What a finding is about. */
export type FindingKind =
  /** GLOBAL, STACK_GLOBAL or INST names a class or function. */
  | "global"
  /** EXT1, EXT2 or EXT4 names one by a number that only the reading side can resolve. */
  | "extension"
  /** PERSID or BINPERSID: whatever the reading side's `persistent_load` makes of it. */
  | "persistent-id"
  /** REDUCE, NEWOBJ, NEWOBJ_EX, INST or OBJ calls it. */
  | "call"
  /** BUILD sets state: on an instance, or on something that never has any. */
  | "build"
  /** An opcode crosses the end of its frame: readers disagree on what such a pickle says. */
  | "frame"
  /** References multiply: walking or printing the value takes far longer than loading it. */
  | "sharing"
  /** A pickle inside a str or bytes of this one. */
  | "nested"
  /** Not a pickle from here on, or a damaged one. What came before has been carried out by then. */
  | "malformed";

/** One thing that a pickle does. */
export interface ScanFinding {
  /** {@link FindingKind} says what each stands for. */
  readonly kind: FindingKind;
  /** Of a global and of a call of one, which list of {@link ScanPolicy} has it; `"unknown"`: neither. */
  readonly verdict: Verdict;
  /** Byte of the opcode, counted from the start of the input; for a nested pickle, from its own start. */
  readonly offset: number;
  /** Which pickle of the stream, counted from 0. */
  readonly pickle: number;
  /** The one at `offset`. `undefined` of `"nested"`, and of `"malformed"` at a byte that is none. */
  readonly opcode?: string | undefined;
  /** Python 3's name of it, also where the pickle has Python 2's. `undefined` where the finding is about no global, or one of more than 1,000 characters, which is dangerous. */
  readonly module?: string | undefined;
  /** The qualified name, in {@link module}. */
  readonly name?: string | undefined;
  /** What it does, for people; may change. */
  readonly message: string;
  /** Offsets of the strings, outermost first, that a nested pickle was found in; empty for the outer pickles. */
  readonly within: readonly number[];
}

/** What {@link scan} found. The pickle was read, and nothing of it was built or called. */
export interface ScanReport {
  /** The worst of the findings; `"allowed"` without any. */
  readonly verdict: Verdict;
  /** In the order of the input, those of a nested pickle after the one that found it; `maxFindings` at most. */
  readonly findings: readonly ScanFinding[];
  /** Pickles that end with STOP. */
  readonly pickles: number;
  /** Findings left out because there were more than `maxFindings`; the verdict counts them. */
  readonly omitted: number;
}

/** The worse of two. */
export function worse(a: Verdict, b: Verdict): Verdict {
  if (a === "dangerous" || b === "dangerous") return "dangerous";
  return a === "unknown" || b === "unknown" ? "unknown" : "allowed";
}
