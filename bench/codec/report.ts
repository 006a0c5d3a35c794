/** Writes a run's results as data, as a table and as a chart, for the documentation. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bar, line, svg, text } from "../../docs/images/svg.js";
import { WORKLOADS } from "./workloads.js";

/** How long one iteration takes. */
export interface Timing {
  /** The median over rounds. */
  readonly nanoseconds: number;
  /** The median over rounds of (this one's time / Brine's). */
  readonly ratio: number;
  /** The quartiles of the ratio within one round: far apart on a busy machine. */
  readonly spread: readonly [low: number, high: number];
}

export interface Row {
  readonly direction: "decode" | "encode";
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

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Writes `bench/results/<name>` as data, as a table and as a chart, with the machine's processor among the data. */
export function writeResults(name: string, data: object, table: string, chart: string): void {
  const results = path.join(ROOT, "bench/results");
  mkdirSync(results, { recursive: true });
  writeFileSync(
    path.join(results, `${name}.json`),
    `${JSON.stringify({ cpu: cpus()[0]?.model.trim(), ...data }, null, 1)}\n`,
  );
  writeFileSync(path.join(results, `${name}.md`), table);
  writeFileSync(path.join(results, `${name}.svg`), chart);
  console.error(`Written: bench/results/${name}.{json,md,svg}`);
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

/** A chart of {@link ratioChart}: for each bar of each row how many times as fast as somebody else, who is the line at 1. */
interface RatioChart {
  readonly title: string;
  /** What the bars of a row are, from the top. */
  readonly bars: readonly string[];
  readonly rows: readonly { readonly title: string; readonly ratios: readonly (number | undefined)[] }[];
}

const COLORS = ["first", "second"];
const TICKS = [0.25, 0.5, 1, 2, 4, 8, 16];

/** Bars on a logarithmic scale, to the left of 1 where Brine is slower. */
export function ratioChart({ title, bars, rows }: RatioChart): string {
  const [left, width, rowHeight, top] = [290, 430, 30, 56];
  const [low, high] = [Math.log2(TICKS[0]!), Math.log2(TICKS.at(-1)!)];
  const x = (ratio: number): number =>
    left + (width * (Math.min(high, Math.max(low, Math.log2(ratio))) - low)) / (high - low);
  const height = top + rows.length * rowHeight + 30;
  const parts = [
    text(12, 22, title, "title"),
    ...bars.flatMap((name, i) => [
      bar(left + 80 * i, 33, 10, 10, COLORS[i]!),
      text(left + 80 * i + 15, 42, name, "small"),
    ]),
    ...TICKS.flatMap((tick) => [
      line(x(tick), top - 6, x(tick), height - 22, tick === 1 ? "line" : "grid"),
      text(x(tick), height - 8, `${tick}x`, "small", "middle"),
    ]),
  ];
  for (const [index, row] of rows.entries()) {
    const y = top + index * rowHeight;
    parts.push(text(left - 8, y + 17, row.title, "", "end"));
    for (const [lane, ratio] of row.ratios.entries()) {
      if (ratio === undefined) continue;
      const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
      const at = y + 2 + lane * 12;
      parts.push(
        bar(from, at, to - from, 10, COLORS[lane]!),
        text(to + 4, at + 9, ratio.toFixed(ratio < 100 ? 2 : 0), "small"),
      );
    }
  }
  const said = rows.map((row) => {
    const each = row.ratios.flatMap((ratio, i) => (ratio === undefined ? [] : [`${bars[i]} ${ratio.toFixed(2)}`]));
    return `${row.title}: ${each.join(", ")}`;
  });
  return svg({ width: left + width + 60, height, title, description: said.join("; "), parts });
}

/** The ratios to CPython. */
export function chart(rows: readonly Row[], run: Pick<Run, "protocol" | "node" | "cpython">): string {
  const workloads = [...new Set(rows.map((row) => row.workload))];
  const ratio = (workload: string, direction: Row["direction"]) =>
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
