/** Compares Brine with CPython and with what Node has, workload by workload, and prints the ratios. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { findPython } from "../find-python.js";
import type { Protocol } from "./contenders.js";
import { writeCorpus } from "./cpython.js";
import type { Company, Task, Times } from "./measure.js";
import { NODE_PEERS } from "./node-peers.js";
import { inOwnProcess } from "./own-process.js";
import { type Row, save, timing } from "./report.js";
import { type Direction, WORKLOADS } from "./workloads.js";

/** The contenders, by whose company Brine has meanwhile. */
const COMPANIES: Readonly<Record<Company, readonly string[]>> = {
  CPython: ["CPython", "brine (keys)"],
  Node: Object.keys(NODE_PEERS),
};

/**
 * Among how many processes the rounds are shared out. What V8 makes of the same code differs from one to the next: a row may take
 * a fifth more in one of four. Against the others, whose ratios are larger, one has to do.
 */
const PROCESSES: Readonly<Record<Company, number>> = { CPython: 3, Node: 1 };

/** The names of all. */
export const CONTENDERS: readonly string[] = Object.values(COMPANIES).flat();

export interface Comparison {
  /** Where the workloads go. */
  readonly folder: string;
  readonly directions: readonly Direction[];
  readonly workloads: readonly string[];
  readonly protocol: Protocol;
  readonly rounds: number;
  /** Names of contenders; all when absent. */
  readonly against: readonly string[] | undefined;
  readonly isSaved: boolean;
}

export async function compare(comparison: Comparison): Promise<void> {
  const { folder, directions, workloads, protocol, rounds, against } = comparison;
  const python = findPython();
  const cpython = writeCorpus(python, folder);
  console.error(`CPython ${cpython}, Node ${process.versions.node}, protocol ${protocol}, ${rounds} rounds`);
  const companies = (["CPython", "Node"] as const).filter(
    (company) => against === undefined || COMPANIES[company].some((name) => against.includes(name)),
  );
  const rows: Row[] = [];
  for (const direction of directions) {
    for (const workload of workloads) {
      const pickleFile = path.join(folder, `${workload}.p${protocol}.pickle`);
      // Out-of-band buffers are of protocol 5 only.
      if (!existsSync(pickleFile)) continue;
      const json = path.join(folder, `${workload}.json`);
      const jsonFile = existsSync(json) ? json : undefined;
      const task = { workload, direction, protocol, rounds, python, pickleFile, jsonFile, against };
      const times: Times[] = [];
      for (const company of companies) times.push(await measured({ ...task, company }));
      const [first, last] = [times[0]!, times.at(-1)!];
      if (first.brine === undefined || last.brine === undefined) continue;
      // Brine's own time is the one beside CPython, where that was measured: nobody else's garbage is in it.
      const result = { ...timings(first), ...timings(last), brine: timing(first.brine, first.brine) };
      const row: Row = { direction, workload, bytes: statSync(pickleFile).size, result };
      rows.push(row);
      print(row);
    }
    printMean(rows, direction);
  }
  if (comparison.isSaved) save(rows, { cpython, node: process.versions.node, protocol, rounds });
}

/** Of all its processes, one round after the other; empty if one failed, which has said why. */
async function measured(task: Task): Promise<Times> {
  const count = Math.min(PROCESSES[task.company], task.rounds);
  const all: Record<string, number[]> = {};
  for (let i = 0; i < count; i++) {
    const rounds = Math.ceil((task.rounds - i) / count);
    const times = (await inOwnProcess("measure.ts", { ...task, rounds } satisfies Task)) as Times | undefined;
    if (times === undefined) return {};
    for (const [name, each] of Object.entries(times)) all[name] = [...(all[name] ?? []), ...each];
  }
  return all;
}

function timings(times: Times): Row["result"] {
  return Object.fromEntries(Object.entries(times).map(([name, theirs]) => [name, timing(theirs, times.brine!)]));
}

function print({ direction, workload, result }: Row): void {
  const { brine, ...others } = result;
  const ratios = Object.entries(others).map(([name, { ratio, spread }]) => {
    const [low, high] = spread.map((each) => each.toFixed(2));
    return `${name} ${ratio.toFixed(2)} (${low}-${high})`;
  });
  const micros = (brine!.nanoseconds / 1000).toFixed(1);
  console.log(`${direction} ${workload.padEnd(6)} ${micros.padStart(9)} us   ${ratios.join("   ")}`);
}

/** Over all but what is not copied, whose ratios have no bound. */
function printMean(rows: readonly Row[], direction: Direction): void {
  const ratios = rows
    .filter((row) => row.direction === direction && WORKLOADS[row.workload]?.isZeroCopy !== true)
    .flatMap((row) => row.result.CPython?.ratio ?? []);
  if (ratios.length === 0) return;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`${direction}: geometric mean ${mean.toFixed(2)}x CPython`);
}
