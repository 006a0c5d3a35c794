/**
 * How time grows with size. Each family is timed at N, 2N, 4N, ...; the exponent is the slope of a line through the
 * logarithms of size and time: 1 is linear, 2 quadratic. Started by `main.ts`.
 */
import type { Direction } from "../contenders.js";
import { ADVERSARIAL } from "./adversarial.js";
import { SCALING } from "./scaling.js";

/** Input whose cost should be linear in its size. */
export interface Family {
  readonly name: string;
  readonly direction: Direction;
  /** The smallest size; the largest is 2 ** (DOUBLINGS) times as much. */
  readonly from: number;
  /** Prepares what is timed for one size; that may throw where the input is to be refused. */
  prepare(size: number): () => unknown;
}

interface Request {
  readonly kind: "scaling" | "adversarial";
  readonly directions: readonly Direction[];
}

const DOUBLINGS = 5;
/** Caches, page faults and the collector add to linear cost; a square does not hide below this. */
const MOST = 1.5;
/** At each size the best of several times counts: noise only ever adds. */
const TIMES = 5;
const LEAST_NANOSECONDS = 2e6;

/** CPU time, of the collector's threads too: on a busy machine elapsed time grows the more, the longer something takes. */
function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

function time(action: () => unknown, repeat: number): number {
  const start = cpuNanoseconds();
  for (let i = 0; i < repeat; i++) {
    try {
      action();
    } catch {
      // Refused, which is what some of it is for; what it cost counts.
    }
  }
  return (cpuNanoseconds() - start) / repeat;
}

function bestTime(action: () => unknown): number {
  const once = time(action, 1);
  // The clock's step is a microsecond.
  const repeat = Math.ceil(LEAST_NANOSECONDS / Math.max(1000, once));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TIMES; i++) best = Math.min(best, time(action, repeat));
  return best;
}

/** The slope of the line with the least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

function exponentOf(family: Family): { exponent: number; largest: number } {
  // Compiled before it counts.
  const small = family.prepare(family.from);
  for (let spent = 0; spent < 100e6; ) spent += time(small, 1);
  const points: [number, number][] = [];
  let largest = 0;
  for (let doubling = 0; doubling <= DOUBLINGS; doubling++) {
    const size = family.from << doubling;
    largest = bestTime(family.prepare(size));
    points.push([Math.log(size), Math.log(largest)]);
  }
  return { exponent: slope(points), largest };
}

const request = JSON.parse(process.argv[2]!) as Request;
const families = request.kind === "scaling" ? SCALING : ADVERSARIAL;
let flagged = 0;
for (const family of families.filter(({ direction }) => request.directions.includes(direction))) {
  const { exponent, largest } = exponentOf(family);
  const isFlagged = exponent > MOST;
  if (isFlagged) flagged++;
  const size = family.from << DOUBLINGS;
  const milliseconds = (largest / 1e6).toFixed(2);
  console.log(
    `${request.kind} ${family.direction} ${family.name.padEnd(34)} exponent ${exponent.toFixed(2)}   ${size}: ${milliseconds} ms${isFlagged ? "   SUPERLINEAR" : ""}`,
  );
}
console.log(`${request.kind}: ${flagged} flagged (exponent above ${MOST})`);
process.exitCode = flagged === 0 ? 0 : 1;
process.disconnect();
