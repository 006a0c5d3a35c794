/** Compares Brine with CPython, pickle by pickle. */
import { type BrineVerdict, exactVerdict, looseExactVerdict, looseVerdict } from "./brine.js";
import { Program } from "./grammar.js";
import { knownDifference } from "./known-differences.js";
import { mutate } from "./mutate.js";
import type { Oracle, ToolsOptions, Verdict } from "./oracle.js";
import type { Random } from "./random.js";
import { chooseRewriting, type Rewriting, rewrite } from "./rewriting.js";
import { chooseTools, compareTools } from "./tools.js";

/** A difference that nothing in `known-differences.ts` explains. */
export interface Finding {
  readonly kind: "crash" | "slow" | "only-cpython" | "only-brine" | "value" | "default-options" | "written" | "tools";
  readonly brine: string;
  readonly cpython: string;
  readonly pickle: Buffer;
  /** How it was written, if reading it was right. */
  readonly rewriting?: Rewriting;
  /** How it was disassembled, if that is what differs. */
  readonly tools?: ToolsOptions;
}

export interface Tally {
  pickles: number;
  accepted: number;
  refused: number;
  /** Of those accepted: written by Brine, and read by CPython as the same value. */
  rewritten: number;
  /** Differences with a reason, by its name. */
  known: Map<string, number>;
  skipped: number;
}

/** One pickle of some hundred bytes takes microseconds. */
const SLOW_MS = 1000;

export function newTally(): Tally {
  return { pickles: 0, accepted: 0, refused: 0, rewritten: 0, known: new Map(), skipped: 0 };
}

export function shown(verdict: BrineVerdict | Verdict): string {
  if ("value" in verdict) return verdict.value.slice(0, 500);
  if ("skip" in verdict) return `skip: ${verdict.skip}`;
  if ("crash" in verdict) {
    return `crash: ${verdict.crash instanceof Error ? verdict.crash.stack : String(verdict.crash)}`;
  }
  const { error } = verdict;
  return typeof error === "string" ? error : `${error.code} at ${error.offset}: ${error.message}`;
}

/** A NaN that is twice in a set as one object is one member; by default it is a number, which has no identity. */
function isOneNaN(exact: BrineVerdict, loose: BrineVerdict): boolean {
  return "value" in exact && "value" in loose && exact.value.includes("fnan") && loose.value.includes("fnan");
}

/** What there is to say about how Brine writes the values of pickles that it reads as CPython does. */
async function judgeRewriting(
  pickles: readonly Buffer[],
  rewriting: Rewriting,
  oracle: Oracle,
  tally: Tally = newTally(),
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, written] of (await rewrite(pickles, rewriting, oracle)).entries()) {
    if (written === undefined) continue;
    if (written.brine === written.cpython) tally.rewritten++;
    else findings.push({ kind: "written", ...written, pickle: pickles[index]!, rewriting });
  }
  return findings;
}

/** What there is to say about what Brine's tools say of the pickles. */
async function judgeTools(pickles: readonly Buffer[], tools: ToolsOptions, oracle: Oracle): Promise<Finding[]> {
  const differences = await compareTools(pickles, tools, oracle);
  return differences.flatMap((difference, i) =>
    difference === undefined ? [] : [{ kind: "tools", ...difference, pickle: pickles[i]!, tools }],
  );
}

/** What there is to say about one pickle, given CPython's verdict on it. */
export async function judge(
  pickle: Buffer,
  cpython: Verdict,
  oracle: Oracle,
  tally: Tally = newTally(),
): Promise<Finding | undefined> {
  tally.pickles++;
  const start = performance.now();
  const brine = exactVerdict(pickle);
  const elapsed = performance.now() - start;
  const loose = looseVerdict(pickle);
  const finding = (kind: Finding["kind"], ours: BrineVerdict, theirs: BrineVerdict | Verdict): Finding => ({
    kind,
    brine: shown(ours),
    cpython: shown(theirs),
    pickle,
  });
  if ("crash" in brine) return finding("crash", brine, cpython);
  if ("crash" in loose) return finding("crash", loose, cpython);
  if (elapsed > SLOW_MS) return finding("slow", brine, cpython);
  const same = looseExactVerdict(pickle);
  // By default a float with an integral value is an int, and a constructor may want the one and not the other.
  const isRefusal = [same, loose].some((verdict) => "error" in verdict && verdict.error.code === "construct-failed");
  const areAlike =
    "value" in same && "value" in loose
      ? same.value === loose.value
      : "error" in same === "error" in loose || isRefusal;
  if (!areAlike && !("skip" in same) && !("skip" in loose)) {
    if (!isOneNaN(same, loose)) return finding("default-options", loose, same);
    tally.known.set("one NaN", (tally.known.get("one NaN") ?? 0) + 1);
  }
  if ("skip" in cpython || "skip" in brine) {
    tally.skipped++;
    return undefined;
  }
  if ("error" in cpython && "error" in brine) {
    tally.refused++;
    return undefined;
  }
  if ("value" in cpython && "value" in brine && cpython.value === brine.value) {
    tally.accepted++;
    return undefined;
  }
  const known = await knownDifference(pickle, brine, cpython, oracle);
  if (known !== undefined) {
    tally.known.set(known, (tally.known.get(known) ?? 0) + 1);
    return undefined;
  }
  const kind = "error" in brine ? "only-cpython" : "error" in cpython ? "only-brine" : "value";
  return finding(kind, brine, cpython);
}

/** A new pickle: of the grammar, or of the corpus and mutated, or both. */
export function generate(corpus: readonly Buffer[], random: Random): Buffer {
  const roll = random.next();
  if (roll < 0.55) return Program.generate(random, 1 + random.below(random.chance(0.8) ? 12 : 60));
  if (roll < 0.9) return mutate(corpus, random);
  return mutate([Program.generate(random, 12), ...(random.chance(0.5) ? [random.pick(corpus)] : [])], random);
}

async function judgeAgain(pickle: Buffer, { rewriting, tools }: Finding, oracle: Oracle): Promise<Finding | undefined> {
  if (tools !== undefined) return (await judgeTools([pickle], tools, oracle))[0];
  const [cpython] = await oracle.verdicts([pickle]);
  const tally = newTally();
  const finding = await judge(pickle, cpython!, oracle, tally);
  if (rewriting === undefined || tally.accepted === 0) return finding;
  return (await judgeRewriting([pickle], rewriting, oracle))[0];
}

/** Removes what the finding does not need. */
export async function minimise(finding: Finding, oracle: Oracle): Promise<Finding> {
  let best = finding;
  const deadline = performance.now() + 20_000;
  for (let size = Math.max(1, best.pickle.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < best.pickle.length && performance.now() < deadline; ) {
      const smaller = Buffer.concat([best.pickle.subarray(0, at), best.pickle.subarray(at + size)]);
      const again = await judgeAgain(smaller, finding, oracle);
      if (again !== undefined && again.kind === finding.kind) best = again;
      else at += size;
    }
  }
  return best;
}

export interface RunOptions {
  readonly corpus: readonly Buffer[];
  readonly random: Random;
  readonly oracle: Oracle;
  readonly tally: Tally;
}

/** Compares one batch; what it finds is not minimised. */
export async function compareBatch(size: number, { corpus, random, oracle, tally }: RunOptions): Promise<Finding[]> {
  const pickles = Array.from({ length: size }, () => generate(corpus, random));
  const verdicts = await oracle.verdicts(pickles);
  const findings: Finding[] = [];
  const accepted: Buffer[] = [];
  for (const [index, pickle] of pickles.entries()) {
    const before = tally.accepted;
    const finding = await judge(pickle, verdicts[index]!, oracle, tally);
    if (finding !== undefined) findings.push(finding);
    if (tally.accepted > before) accepted.push(pickle);
  }
  findings.push(...(await judgeRewriting(accepted, chooseRewriting(random), oracle, tally)));
  return [...findings, ...(await judgeTools(pickles, chooseTools(random), oracle))];
}
