/** A run's results as data, as tables and as a chart. */
import { cpus } from "node:os";
import { bar, svg, text } from "../../docs/images/svg.js";
import { writeResults } from "../write-results.js";
import type { Rate } from "./contenders.js";

export interface Row extends Rate {
  readonly name: string;
}

/** What each contender did of one kind on one broker; the first row is the yardstick. */
export interface Comparison {
  readonly what: "Published" | "Consumed";
  readonly broker: string;
  readonly rows: readonly Row[];
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** How long after the call of a task it was published, began to run and had given its result; one at a time. */
export interface Latency {
  readonly broker: string;
  readonly client: string;
  readonly worker: string;
  readonly published: Percentiles;
  readonly started: Percentiles;
  readonly returned: Percentiles;
}

export interface Result {
  readonly node: string;
  readonly python: string | undefined;
  readonly celery: string | undefined;
  readonly rabbitmq: string | undefined;
  readonly redis: string | undefined;
  readonly rounds: number;
  readonly comparisons: Comparison[];
  readonly latencies: Latency[];
}

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export const median = (values: readonly number[]): number => percentile(ascending(values), 0.5);

const times = (row: Row, comparison: Comparison) => row.perSecond / comparison.rows[0]!.perSecond;

/** Seen in kombu 5.2: `Hub.call_soon` adds to what the loop does next, and leaves the loop asleep. */
const STOOD_STILL =
  "Stood still: the share of the time in pauses of more than half a second without a task. Threads hand their acknowledgements to\n" +
  "kombu's event loop without waking it. Once all prefetched messages (4 for each thread) wait for theirs, nothing more comes\n" +
  "until the loop's next timer, after up to two seconds; without a prefetch limit that does not happen.";

export function table(result: Result): string {
  const { node, python, celery, rabbitmq, redis, rounds } = result;
  const lines = [
    `Node ${node}, Python ${python}, Celery ${celery}, RabbitMQ ${rabbitmq}, Redis ${redis}, on ${cpus().length} × ${cpus()[0]?.model}.`,
    "Empty tasks, pickle unless it says otherwise, without results; each contender is one process. Medians of",
    `${rounds} turns. CPU is that of the process that publishes or runs the task: not the broker's, nor that of prefork's parent.`,
  ];
  for (const comparison of result.comparisons) {
    const { what, broker, rows } = comparison;
    const idles = rows.some(({ idleShare }) => idleShare > 0);
    lines.push(
      "",
      `| ${what}, ${broker} | per second | times the first | CPU µs each |${idles ? " stood still |" : ""}`,
      `| --- | --: | --: | --: |${idles ? " --: |" : ""}`,
    );
    for (const row of rows) {
      const cells = [
        row.name,
        row.perSecond.toFixed(0),
        times(row, comparison).toFixed(1),
        row.cpuMicroseconds.toFixed(0),
      ];
      if (idles) cells.push(`${(row.idleShare * 100).toFixed(0)}%`);
      lines.push(`| ${cells.join(" | ")} |`);
    }
    if (idles) lines.push("", STOOD_STILL);
  }
  lines.push(
    "",
    "Milliseconds after the call, median and 99th percentile; one task at a time, with its result. On RabbitMQ Brine's call waits",
    "until it is confirmed, when the task may have begun to run:",
    "",
    "| | client | worker | published | began to run | result was there |",
    "| --- | --- | --- | --: | --: | --: |",
  );
  const shown = ({ p50, p99 }: Percentiles) => `${p50.toFixed(2)}, ${p99.toFixed(2)}`;
  for (const { broker, client, worker, published, started, returned } of result.latencies) {
    const cells = [broker, client, worker, ...[published, started, returned].map(shown)];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return `${lines.join("\n")}\n`;
}

/** Bars of what each does in a second, a scale for each comparison. */
export function chart({ comparisons, node, celery }: Result): string {
  const [left, width, rowHeight] = [360, 330, 20];
  const parts: string[] = [];
  const said: string[] = [];
  let y = 12;
  for (const comparison of comparisons) {
    const most = Math.max(...comparison.rows.map(({ perSecond }) => perSecond));
    const heading = `${comparison.what} per second, ${comparison.broker}`;
    y += 26;
    parts.push(text(12, y - 8, heading, "title"));
    said.push(
      `${heading}: ${comparison.rows.map(({ name, perSecond }) => `${name} ${perSecond.toFixed(0)}`).join(", ")}`,
    );
    for (const row of comparison.rows) {
      const length = (width * row.perSecond) / most;
      parts.push(
        text(left - 8, y + 14, row.name, "", "end"),
        bar(left, y + 3, length, rowHeight - 6, row.name.startsWith("Brine") ? "first" : "other"),
        text(
          left + length + 5,
          y + 14,
          `${row.perSecond.toFixed(0)} (${times(row, comparison).toFixed(1)} ×)`,
          "small",
        ),
      );
      y += rowHeight;
    }
  }
  const title = `Tasks per second: Brine on Node ${node} beside Celery ${celery}`;
  return svg({ width: left + width + 110, height: y + 12, title, description: said.join("; "), parts });
}

export function save(result: Result): void {
  writeResults("celery", result, table(result), chart(result));
}
