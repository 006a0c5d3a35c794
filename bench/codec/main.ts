/** Measures `loads` and `dumps`. See {@link USAGE}. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { flag, oneOf, scriptOptions, someOf, wholeNumber } from "../../test/script-options.js";
import { findPython } from "../find-python.js";
import { CONTENDERS, compare } from "./compare.js";
import type { Protocol } from "./contenders.js";
import { writeCorpus } from "./cpython.js";
import { inOwnProcess } from "./own-process.js";
import { startup } from "./startup.js";
import { WORKLOADS } from "./workloads.js";

const USAGE = `npm run bench -- [options]

Compares loads and dumps with CPython's and with other formats: ratios of their CPU time to Brine's, above 1 Brine is
faster, medians over the rounds, with the middle half of the rounds' ratios beside: far apart on a busy machine.

  --workload a,b        only these of: ${Object.keys(WORKLOADS).join(" ")}
  --direction decode    or encode; default both
  --protocol 4          the pickles' protocol: 2, 4 or 5
  --rounds 15           turns of each contender
  --against CPython     only these contenders of: ${CONTENDERS.join(", ")}
  --save                write bench/results: data, table and chart

Instead of comparing:

  --scaling             how time grows with size, family by family; linear is 1
  --adversarial         the same for input made to cost more than it should; exits with 1 if any does
  --memory              what decoded values keep, beside JSON.parse's, and what stays when they are dropped
  --startup             what a process pays before its first message: importing each entry, first dumps and loads
`;

const { values: options } = scriptOptions(USAGE, {
  workload: someOf(Object.keys(WORKLOADS)),
  direction: oneOf(["decode", "encode"]),
  protocol: oneOf(["2", "4", "5"]),
  rounds: wholeNumber(15),
  against: someOf(CONTENDERS),
  save: flag,
  scaling: flag,
  adversarial: flag,
  memory: flag,
  startup: flag,
});
const { rounds, against } = options;
const protocol = Number(options.protocol ?? "4") as Protocol;
const directions = options.direction === undefined ? (["decode", "encode"] as const) : [options.direction];
const folder = mkdtempSync(path.join(tmpdir(), "brine-bench-"));
try {
  if (options.scaling || options.adversarial) {
    const kinds = [...(options.scaling ? ["scaling"] : []), ...(options.adversarial ? ["adversarial"] : [])];
    for (const kind of kinds) await inOwnProcess("growth/main.ts", { kind, directions }, ["--single-threaded"]);
  } else if (options.memory) {
    writeCorpus(findPython(), folder);
    await inOwnProcess("memory.ts", { folder, protocol, directions }, ["--expose-gc"]);
  } else if (options.startup) {
    startup(rounds);
  } else {
    const workloads = options.workload ?? Object.keys(WORKLOADS);
    await compare({ folder, directions, workloads, protocol, rounds, against, isSaved: options.save });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
