/** What decoded values keep alive, beside JSON.parse's, and what stays when they are dropped. Started by `main.ts`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { dumps, loads } from "@brine/codec";
import { type Direction, WORKLOADS } from "./workloads.js";

interface Request {
  readonly folder: string;
  readonly protocol: 2 | 4 | 5;
  readonly directions: readonly Direction[];
}

/** Enough values of a workload that what each keeps stands out from noise. */
const LEAST_BYTES = 4e6;

function used(): number {
  // Twice: the memory of array buffers goes with the second.
  globalThis.gc!();
  globalThis.gc!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function fill(results: unknown[], action: () => unknown, count: number): void {
  for (let i = 0; i < count; i++) results.push(action());
}

/** Bytes that each result of `action` keeps, and how many stay once all are dropped; `undefined` where it fails. */
function retained(action: () => unknown, count: number): { each: number; left: number } | undefined {
  const results: unknown[] = [];
  try {
    // What is made once, such as caches and compiled code, is not of the results.
    for (let i = 0; i < 3; i++) fill(results, action, count);
    results.length = 0;
    const before = used();
    fill(results, action, count);
    const each = (used() - before) / count;
    results.length = 0;
    return { each, left: used() - before };
  } catch {
    return undefined;
  }
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} kB`;

const { folder, protocol, directions } = JSON.parse(process.argv[2]!) as Request;
for (const direction of directions) {
  for (const name of Object.keys(WORKLOADS)) {
    const jsonFile = path.join(folder, `${name}.json`);
    const pickleFile = path.join(folder, `${name}.p${protocol}.pickle`);
    if (!existsSync(jsonFile) || !existsSync(pickleFile)) continue;
    const pickle = readFileSync(pickleFile);
    const text = readFileSync(jsonFile, "utf8");
    const value = loads(pickle);
    const count = Math.max(1, Math.round(LEAST_BYTES / pickle.length));
    const json: unknown = JSON.parse(text);
    const isDecoding = direction === "decode";
    const ours = retained(isDecoding ? () => loads(pickle) : () => dumps(value, { protocol }), count)!;
    const theirs = retained(isDecoding ? () => JSON.parse(text) : () => Buffer.from(JSON.stringify(json)), count);
    // Too deep for JSON.stringify.
    const ratio = theirs === undefined ? "-" : `${(ours.each / theirs.each).toFixed(2)}x JSON`;
    console.log(
      `memory ${direction} ${name.padEnd(3)} ${kilobytes(ours.each).padStart(11)}   ${ratio}   ${kilobytes(Math.max(0, ours.left))} left after`,
    );
  }
}
process.disconnect();
