/** A run's results as a table and as a chart. */
import { ratioChart } from "../report.js";
import type { Direction } from "./contenders.js";
import { VALUES } from "./values.js";

/** One after another: what a request waits. Many at a time: what they cost the process. */
export const WIDTHS = [1, 50] as const;

export interface Row {
  readonly direction: Direction;
  readonly value: string;
  readonly width: number;
  readonly bytes: number;
  readonly micros: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
}

export function table(rows: readonly Row[], versions: Readonly<Record<string, string>>): string {
  const who = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const out = [
    `${who.join(", ")}. Microseconds an operation; in brackets their time / Brine's: above 1, Brine is faster.`,
    "",
  ];
  for (const width of WIDTHS) {
    out.push(width === 1 ? "One operation at a time:" : `${width} operations at a time:`, "");
    const names = Object.keys(rows[0]!.micros).filter((name) => name !== "Brine");
    out.push(
      `| | value | bytes | Brine | ${names.join(" | ")} |`,
      `|---|---|--:|--:|${names.map(() => "--:|").join("")}`,
    );
    for (const row of rows.filter((each) => each.width === width)) {
      const cells = names.map((name) => `${row.micros[name]!.toFixed(1)} (${row.ratios[name]!.toFixed(2)})`);
      out.push(
        `| ${row.direction} | ${row.value} | ${row.bytes} | ${row.micros.Brine!.toFixed(1)} | ${cells.join(" | ")} |`,
      );
    }
    out.push("");
  }
  return out.join("\n");
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
