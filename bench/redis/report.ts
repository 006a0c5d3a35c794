/** A run's results as a table and as a chart. */
import { ratioChart } from "../ratio-chart.js";
import type { Direction } from "./contenders.js";
import { VALUES } from "./values.js";

/** One after another: what a request waits. Many at a time: what they cost the process. */
export const WIDTHS = [1, 50] as const;

/** By contender. */
export interface Measure {
  /** Of an operation: the median over rounds. */
  readonly micros: Readonly<Record<string, number>>;
  /** The median over rounds of (their time / Brine's). */
  readonly ratios: Readonly<Record<string, number>>;
  /** The quartiles of that: far apart on a busy machine. */
  readonly spreads: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** Of the time that passes, and of CPU time. */
export interface Row extends Measure {
  readonly direction: Direction;
  readonly value: string;
  readonly width: number;
  readonly bytes: number;
  readonly cpu: Measure;
}

const isOther = (name: string): boolean => name !== "Brine";

export function line({ micros, ratios, spreads }: Measure): string {
  const others = Object.keys(ratios).filter(isOther);
  const cells = others.map((name) => {
    const [low, high] = spreads[name]!;
    return `${name} ${ratios[name]!.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  });
  return [`${micros.Brine!.toFixed(1).padStart(7)} us`, ...cells].join("   ");
}

export function table(rows: readonly Row[], versions: Readonly<Record<string, string>>): string {
  const who = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const out = [
    `${who.join(", ")}. Microseconds an operation; in brackets their time / Brine's, the median of the rounds and its quartiles: ` +
      "above 1, Brine is faster.",
    "",
  ];
  for (const width of WIDTHS) {
    const mine = rows.filter((each) => each.width === width);
    out.push(
      width === 1
        ? "One operation at a time, the time that passes:"
        : `${width} operations at a time, the time that passes:`,
    );
    out.push("", ...lines(mine, (row) => row), "", "The same, CPU time of the client's process:", "");
    out.push(...lines(mine, (row) => row.cpu), "");
  }
  return out.join("\n");
}

function lines(rows: readonly Row[], measureOf: (row: Row) => Measure): string[] {
  const names = Object.keys(rows[0]!.micros).filter(isOther);
  return [
    `| | value | bytes | Brine | ${names.join(" | ")} |`,
    `|---|---|--:|--:|${names.map(() => "--:|").join("")}`,
    ...rows.map((row) => {
      const { micros, ratios, spreads } = measureOf(row);
      const cells = names.map((name) => {
        const [low, high] = spreads[name]!;
        return `${micros[name]!.toFixed(1)} (${ratios[name]!.toFixed(2)}, ${low.toFixed(2)}-${high.toFixed(2)})`;
      });
      return `| ${row.direction} | ${row.value} | ${row.bytes} | ${micros.Brine!.toFixed(1)} | ${cells.join(" | ")} |`;
    }),
  ];
}

/** The ratios to JSON on the same driver. */
export function chart(rows: readonly Row[], versions: Readonly<Record<string, string>>): string {
  const ratio = (value: string, width: number, direction: Direction) =>
    rows.find((row) => row.value === value && row.width === width && row.direction === direction)?.ratios.JSON;
  return ratioChart({
    title: `Times as fast as ioredis with JSON (Node ${versions.Node}, ioredis ${versions.ioredis}, Redis ${versions.Redis})`,
    bars: ["get", "set"],
    rows: WIDTHS.flatMap((width) =>
      Object.keys(VALUES).map((value) => ({
        title: `${value}, ${width === 1 ? "one at a time" : `${width} at a time`}`,
        ratios: [ratio(value, width, "get"), ratio(value, width, "set")],
      })),
    ),
  });
}
