/** A run's results as data, as a table and as a chart. */
import { ratioChart } from "../ratio-chart.js";
import { quantile } from "../statistics.js";
import { writeResults } from "../write-results.js";
import { type Direction, WORKLOADS } from "./workloads.js";

/** How long one iteration takes. */
export interface Timing {
  /** The median over rounds. */
  readonly nanoseconds: number;
  /** The median over rounds of (this one's time / Brine's). */
  readonly ratio: number;
  /** The quartiles of the ratio within one round: far apart on a busy machine. */
  readonly spread: readonly [low: number, high: number];
}

/** Of nanoseconds an iteration, round by round. Above 1 Brine is faster. */
export function timing(theirs: readonly number[], ours: readonly number[]): Timing {
  const paired = theirs.map((time, round) => time / ours[round]!);
  return {
    nanoseconds: quantile(theirs, 0.5),
    ratio: quantile(paired, 0.5),
    spread: [quantile(paired, 0.25), quantile(paired, 0.75)],
  };
}

export interface Row {
  readonly direction: Direction;
  readonly workload: string;
  readonly bytes: number;
  readonly result: Readonly<Record<string, Timing>>;
}

export interface Run {
  readonly cpython: string;
  readonly node: string;
  readonly protocol: number;
  /** Turns of each contender. */
  readonly rounds: number;
}

export function save(rows: readonly Row[], run: Run): void {
  writeResults(`node${run.node.split(".")[0]}-p${run.protocol}`, { ...run, rows }, table(rows, run), chart(rows, run));
}

function table(rows: readonly Row[], run: Run): string {
  const out = [
    `Node ${run.node}, CPython ${run.cpython}, protocol ${run.protocol}. Times are CPU time, medians over ${run.rounds} rounds, in which all take turns. ` +
      "Ratios: the median over rounds of (their time / Brine's), above 1 Brine is faster; in brackets, CPython's ratio in the middle half of the rounds.",
    "",
  ];
  for (const direction of ["decode", "encode"] as const) {
    const mine = rows.filter((row) => row.direction === direction);
    if (mine.length === 0) continue;
    const names = [...new Set(mine.flatMap((row) => Object.keys(row.result)))].filter((name) => name !== "brine");
    out.push(
      `| ${direction} | bytes | Brine | ${names.join(" | ")} |`,
      `|---|--:|--:|${names.map(() => "--:|").join("")}`,
    );
    for (const row of mine) {
      const time = `${(row.result.brine!.nanoseconds / 1000).toPrecision(3)} us`;
      const cells = names.map((name) => cell(row.result[name], name === "CPython"));
      out.push(
        `| ${row.workload}: ${WORKLOADS[row.workload]!.title} | ${row.bytes} | ${time} | ${cells.join(" | ")} |`,
      );
    }
    out.push("");
  }
  return out.join("\n");
}

function cell(timing: Timing | undefined, isSpreadShown: boolean): string {
  if (timing === undefined) return "-";
  const [low, high] = timing.spread;
  const ratio = timing.ratio.toFixed(2);
  return isSpreadShown ? `${ratio} (${low.toFixed(2)}-${high.toFixed(2)})` : ratio;
}

/** The ratios to CPython. */
export function chart(rows: readonly Row[], run: Pick<Run, "protocol" | "node" | "cpython">): string {
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const ratio = (workload: string, direction: Direction) =>
    rows.find((row) => row.workload === workload && row.direction === direction)?.result.CPython?.ratio;
  return ratioChart({
    title: `Times as fast as CPython's C pickle (protocol ${run.protocol}, Node ${run.node}, CPython ${run.cpython})`,
    bars: ["loads", "dumps"],
    rows: workloads.map((workload) => ({
      title: WORKLOADS[workload]!.title,
      ratios: [ratio(workload, "decode"), ratio(workload, "encode")],
    })),
  });
}
