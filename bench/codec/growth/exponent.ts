/**
 * How the time of a family grows with its size: the slope of a line through the logarithms of size and CPU time. 1 is linear, 2
 * quadratic.
 *
 * All sizes take turns, of about the same length each, and a slope is of one round: what else runs on the machine slows all of
 * them. The median over the rounds counts.
 *
 * Memory makes steps: what fits into V8's young generation costs less than what needs fresh pages. A slope that is too steep is
 * therefore looked for again where the sizes are larger, and believed when it is still there: past a step, linear is linear.
 */
import { cpuTime } from "../../cpu-time.js";
import { quantile } from "../../statistics.js";
import type { Family } from "./family.js";

/** Caches, page faults and the collector add to linear cost; a square does not hide below this. */
export const MOST = 1.5;
/** From the smallest size to the largest. */
const DOUBLINGS = 5;
/** From the smallest size to the smallest where a slope is looked for again; how often it is. */
const STEP_DOUBLINGS = 3;
const STEPS = 2;
/** What takes this long is not made larger. */
const LONGEST_NANOSECONDS = 300e6;
const TURN_NANOSECONDS = 8e6;
const WARM_UP_NANOSECONDS = 100e6;
const ROUNDS = 7;

export interface Growth {
  readonly exponent: number;
  readonly largestSize: number;
  /** The median time at that size. */
  readonly largestNanoseconds: number;
}

/** One size, prepared. */
interface Point {
  readonly size: number;
  readonly action: () => unknown;
  /** How often it fits into a turn. */
  readonly repeat: number;
}

export function growthOf(family: Family): Growth {
  // Compiled before it counts.
  const small = family.prepare(family.from);
  for (let spent = 0; spent < WARM_UP_NANOSECONDS; ) spent += time(small, 1);
  let growth = measure(family, family.from);
  for (let step = 1; step <= STEPS; step++) {
    if (growth.exponent <= MOST || growth.largestNanoseconds > LONGEST_NANOSECONDS) break;
    growth = measure(family, family.from << (step * STEP_DOUBLINGS));
  }
  return growth;
}

function measure(family: Family, from: number): Growth {
  const points = Array.from({ length: DOUBLINGS + 1 }, (_, doubling) => preparePoint(family, from << doubling));
  const slopes: number[] = [];
  const largest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times = points.map(({ action, repeat }) => time(action, repeat));
    slopes.push(slope(times.map((nanoseconds, i) => [Math.log(points[i]!.size), Math.log(nanoseconds)])));
    largest.push(times.at(-1)!);
  }
  return {
    exponent: quantile(slopes, 0.5),
    largestSize: points.at(-1)!.size,
    largestNanoseconds: quantile(largest, 0.5),
  };
}

function preparePoint(family: Family, size: number): Point {
  const action = family.prepare(size);
  // The first time is that of fresh memory.
  time(action, 1);
  return { size, action, repeat: Math.ceil(TURN_NANOSECONDS / time(action, 1)) };
}

/** Nanoseconds a call; the clock's step is a microsecond. */
function time(action: () => unknown, repeat: number): number {
  const start = cpuTime();
  for (let i = 0; i < repeat; i++) {
    try {
      action();
    } catch {
      // Refused, which is what some of it is for; what it cost counts.
    }
  }
  return Math.max(1000, cpuTime() - start) / repeat;
}

/** Of the line with the least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
