/**
 * Compares Brine with CPython and with what Node has, workload by workload, in one run.
 *
 * Contenders take turns, so that a drifting machine drifts for all; each ratio is the median over rounds of
 * (their time / Brine's time): above 1, Brine is faster. Usage: `npm run bench -- [--workload a,b] [--direction decode]
 * [--protocol 4] [--rounds 15] [--save]`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brine, type Contender, CPython, cpython, type Direction, peers } from "./contenders.js";
import { type Row, save } from "./report.js";
import { WORKLOADS } from "./workloads.js";

const { values: options } = parseArgs({
  options: {
    workload: { type: "string" },
    direction: { type: "string" },
    protocol: { type: "string", default: "4" },
    rounds: { type: "string", default: "15" },
    save: { type: "boolean", default: false },
  },
});
const protocol = Number(options.protocol) as 2 | 4 | 5;
const rounds = Number(options.rounds);
const directions: Direction[] =
  options.direction === undefined ? ["decode", "encode"] : [options.direction as Direction];
const chosen = options.workload?.split(",") ?? Object.keys(WORKLOADS);

/** About this long a turn: short enough to interleave, long enough to time. */
const TURN_NANOSECONDS = 20e6;

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

async function measure(contenders: Contender[]): Promise<Map<string, { nanoseconds: number; ratio: number }>> {
  const iterations = new Map<Contender, number>();
  for (const contender of contenders) {
    await contender.time(1);
    let count = 1;
    let each = await contender.time(count);
    while (each * count < TURN_NANOSECONDS / 4) {
      count *= 4;
      each = await contender.time(count);
    }
    iterations.set(contender, Math.max(1, Math.round(TURN_NANOSECONDS / each)));
  }
  const times = new Map<string, number[]>(contenders.map((contender) => [contender.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders)
      times.get(contender.name)!.push(await contender.time(iterations.get(contender)!));
  }
  const ours = times.get("brine")!;
  return new Map(
    [...times].map(([name, all]) => [
      name,
      { nanoseconds: median(all), ratio: median(all.map((time, round) => time / ours[round]!)) },
    ]),
  );
}

function findPython(): string {
  // Debian's build is optimised; a self-built one is no fair bar.
  return process.env.BRINE_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
}

const folder = mkdtempSync(path.join(tmpdir(), "brine-bench-"));
const python = findPython();
console.error("Writing the workloads...");
const version = execFileSync(python, [fileURLToPath(new URL("corpus.py", import.meta.url)), folder], {
  encoding: "utf8",
}).trim();
console.error(`CPython ${version}, Node ${process.versions.node}, protocol ${protocol}, ${rounds} rounds`);
const rows: Row[] = [];
const peer = new CPython(python);
try {
  for (const direction of directions) {
    for (const name of chosen) {
      const file = path.join(folder, `${name}.p${protocol}.pickle`);
      const json = path.join(folder, `${name}.json`);
      const pickle = readFileSync(file);
      const contenders = [
        brine(pickle, direction, protocol),
        cpython(peer, file, direction, protocol),
        ...(await peers(pickle, existsSync(json) ? json : undefined, direction)),
      ];
      const result = await measure(contenders);
      rows.push({ direction, workload: name, bytes: pickle.length, result: Object.fromEntries(result) });
      const ratios = [...result]
        .filter(([who]) => who !== "brine")
        .map(([who, { ratio }]) => `${who} ${ratio.toFixed(2)}`);
      const micros = (result.get("brine")!.nanoseconds / 1000).toFixed(1);
      console.log(`${direction} ${name.padEnd(3)} ${micros.padStart(9)} us   ${ratios.join("   ")}`);
    }
    const ratios = rows.filter((row) => row.direction === direction).map((row) => row.result.CPython!.ratio);
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    console.log(`${direction}: geometric mean ${mean.toFixed(2)}x CPython`);
  }
} finally {
  peer.close();
  rmSync(folder, { recursive: true, force: true });
}
if (options.save) save(rows, { cpython: version, node: process.versions.node, protocol });
