/** The differential fuzzer. See {@link USAGE}. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { scriptOptions, wholeNumber } from "../script-options.js";
import { readCorpus } from "./corpus.js";
import { compareBatch, type Finding, minimise, newTally } from "./differential.js";
import { Oracle } from "./oracle.js";
import { Random } from "./random.js";

const USAGE = `npm run fuzz -- [options]

Compares what Brine and CPython make of pickles made up and of pickles damaged: whether they accept each, and the value; and
whether CPython reads the same value again from what Brine writes; and what dis() and optimize() give. Exits with 1 after
findings, each made as small as it goes and written to test/fuzz/findings.

  --seconds 60   how long
  --seed 1       the same pickles again; default another each time
  --keep 20      stop after so many different findings

BRINE_PYTHON names another CPython.
`;

const FINDINGS = fileURLToPath(new URL("./findings", import.meta.url));
const BATCH = 250;

function keep(finding: Finding): string {
  mkdirSync(FINDINGS, { recursive: true });
  const data = finding.pickle.toString("base64");
  const name = createHash("sha256").update(finding.pickle).digest("hex").slice(0, 12);
  const file = path.join(FINDINGS, `${finding.kind}-${name}.json`);
  const { kind, brine, cpython, rewriting, tools } = finding;
  writeFileSync(
    file,
    `${JSON.stringify({ kind, pickle: data, text: finding.pickle.toString("latin1"), brine, cpython, rewriting, tools }, null, 2)}\n`,
  );
  return path.relative(process.cwd(), file);
}

/** Findings of one cause look alike: the error without its numbers and names. */
function causeOf({ kind, brine, cpython }: Finding): string {
  const general = (text: string) => text.replace(/[0-9]+|'[^']*'|"[^"]*"/g, "#").slice(0, 70);
  return `${kind} | ${kind === "value" ? "" : general(brine)} | ${kind === "value" ? "" : general(cpython)}`;
}

const { values } = scriptOptions(USAGE, {
  seconds: wholeNumber(60),
  seed: wholeNumber(undefined, 0),
  keep: wholeNumber(20),
});
const seed = values.seed ?? Date.now() % 2 ** 32;
const oracle = new Oracle();
const tally = newTally();
const run = { corpus: readCorpus(), random: new Random(seed), oracle, tally };
const causes = new Map<string, number>();
const end = performance.now() + values.seconds * 1000;
let said = performance.now();
const known = () => [...tally.known].map(([name, count]) => `${name} ${count}`).join(", ");
const progress = () =>
  `${tally.pickles} pickles: ${tally.accepted} alike, ${tally.rewritten} of them written and read again, ${tally.refused} refused by both, ` +
  `${tally.skipped} skipped, known: ${known() || "none"}; ${causes.size} findings`;

while (performance.now() < end && causes.size < values.keep) {
  for (const finding of await compareBatch(BATCH, run)) {
    const cause = causeOf(finding);
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
    if (causes.get(cause)! > 1) continue;
    const smallest = await minimise(finding, oracle);
    const file = keep(smallest);
    console.log(`${smallest.kind}: ${JSON.stringify(smallest.pickle.toString("latin1"))}`);
    console.log(`  Brine:   ${smallest.brine}\n  CPython: ${smallest.cpython}\n  ${file}`);
  }
  if (performance.now() - said > 10_000) {
    said = performance.now();
    console.log(progress());
  }
}
console.log(`CPython ${oracle.version}, seed ${seed}, ${oracle.deaths} restarts`);
console.log(progress());
oracle.close();
process.exitCode = causes.size === 0 ? 0 : 1;
