/**
 * What a process pays before its first message: importing an entry, then the first `dumps` and `loads`.
 *
 * Each round is a process of its own, because code is compiled once a process. A module of one line goes first in each, so
 * that Node's own loader for files is warm and not counted; what one more such module costs is the row "empty". CPU time is that of the process's threads: unlike
 * the elapsed time it hardly moves when the machine is busy.
 */
import { execFileSync } from "node:child_process";

const ENTRIES = ["@brine/codec", "@brine/codec/tools", "@brine/codec/kombu"] as const;
const EMPTY = new URL("empty.js", import.meta.url).href;

interface Startup {
  readonly importMs: number;
  readonly cpuMs: number;
  /** First `dumps` and first `loads` of one small message; absent for entries without them. */
  readonly firstMessageMs?: number;
}

function program(entry: string): string {
  return `
    await import(${JSON.stringify(`${EMPTY}?first`)});
    const cpu = process.cpuUsage();
    const start = performance.now();
    const codec = await import(${JSON.stringify(entry)});
    const importMs = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    let firstMessageMs;
    if (codec.dumps !== undefined) {
      const before = performance.now();
      codec.loads(codec.dumps({ id: 7, name: "x", tags: ["a", "b"], price: 1.5 }));
      firstMessageMs = performance.now() - before;
    }
    console.log(JSON.stringify({ importMs, cpuMs: (user + system) / 1000, firstMessageMs }));`;
}

function once(entry: string): Startup {
  const args = ["--input-type=module", "--eval", program(entry)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", cwd: import.meta.dirname })) as Startup;
}

function shown(values: readonly (number | undefined)[]): string {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return "".padStart(18);
  return `${sorted[0]!.toFixed(2).padStart(8)} ${sorted[sorted.length >> 1]!.toFixed(2).padStart(8)} `;
}

/** Prints least and median of every measure, in milliseconds. Rounds are interleaved, as everywhere in the benchmark. */
export function startup(rounds: number): void {
  const entries = [EMPTY, ...ENTRIES];
  const measured = new Map<string, Startup[]>(entries.map((entry) => [entry, []]));
  for (let round = 0; round < rounds; round++) for (const entry of entries) measured.get(entry)!.push(once(entry));
  console.log(
    `${"ms: least, median".padEnd(20)} ${"import".padStart(18)}${"CPU".padStart(18)}${"first message".padStart(18)}`,
  );
  for (const [entry, all] of measured) {
    const name = entry === EMPTY ? "empty" : entry;
    const columns = (["importMs", "cpuMs", "firstMessageMs"] as const).map((key) => shown(all.map((one) => one[key])));
    console.log(`${name.padEnd(20)} ${columns.join("")}`.trimEnd());
  }
}
