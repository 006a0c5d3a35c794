/** What Brine writes of a value that it read: CPython must read from it what it reads from what it writes itself. */
import { dumps, isPickleError, type PicklerOptions } from "@brine/codec";
import { type BrineVerdict, loadDefault, loadExact, looseVerdict, WRITE_OPTIONS } from "./brine.js";
import type { Oracle, Verdict } from "./oracle.js";
import type { Random } from "./random.js";

/** How one value is read and written. */
export interface Rewriting {
  /** By default the value model forgets what Python tells apart, so that less can be compared. */
  readonly isExact: boolean;
  readonly options: PicklerOptions & { readonly protocol: number };
}

export function chooseRewriting(random: Random): Rewriting {
  const options = {
    protocol: random.pick([0, 1, 2, 3, 4, 5] as const),
    python: random.pick(["3.12", "3.13"] as const),
    memoizeStrings: random.pick(["all", "keys", "none"] as const),
  };
  return { isExact: random.chance(0.7), options };
}

/** What came of it: the text of the value in both, or what went wrong; `undefined` where there is nothing to compare. */
export interface Rewritten {
  readonly brine: string;
  readonly cpython: string;
}

export async function rewrite(
  pickles: readonly Buffer[],
  rewriting: Rewriting,
  oracle: Oracle,
): Promise<(Rewritten | undefined)[]> {
  const ours = pickles.map((pickle) => writeAgain(pickle, rewriting));
  const theirs = await oracle.rewrite(pickles, rewriting.options.protocol);
  const read = await oracle.verdicts(ours.map((bytes) => (Buffer.isBuffer(bytes) ? bytes : NOTHING)));
  const expected = await oracle.verdicts(theirs.map((bytes) => bytes ?? NOTHING));
  return pickles.map((_, i) => {
    const [mine, other] = [ours[i]!, theirs[i]];
    if (other === undefined) return undefined;
    if (!Buffer.isBuffer(mine)) return { brine: String(mine.error), cpython: textOf(expected[i]!) };
    return compare({ mine, read: read[i]!, other, expected: expected[i]! }, rewriting);
  });
}

/** Stands for a pickle that there is not. */
const NOTHING = Buffer.alloc(0);

function writeAgain(pickle: Buffer, { isExact, options }: Rewriting): Buffer | { readonly error: unknown } {
  try {
    return dumps(isExact ? loadExact(pickle) : loadDefault(pickle), { ...WRITE_OPTIONS, ...options });
  } catch (error) {
    return { error };
  }
}

interface Both {
  readonly mine: Buffer;
  readonly read: Verdict;
  readonly other: Buffer;
  readonly expected: Verdict;
}

function compare({ mine, read, other, expected }: Both, { isExact }: Rewriting): Rewritten | undefined {
  if ("skip" in read || "skip" in expected) return undefined;
  if (isExact || "error" in read) return { brine: textOf(read), cpython: textOf(expected) };
  const [brine, cpython] = [textOf(looseVerdict(mine)), textOf(looseVerdict(other))];
  // A NaN that is one object is one member of a set; by default it is a number, which has no identity.
  return brine.includes("fnan") && cpython.includes("fnan") ? undefined : { brine, cpython };
}

function textOf(verdict: BrineVerdict | Verdict): string {
  if ("value" in verdict) return verdict.value;
  if ("error" in verdict) return isPickleError(verdict.error) ? verdict.error.message : verdict.error;
  return JSON.stringify(verdict);
}
