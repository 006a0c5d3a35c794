/**
 * Prints how time grows with size, family by family, and fails when any is super-linear. Started by `../main.ts`, without V8's
 * threads beside the main one: how long they look for work depends on what else the machine does.
 */
import type { Direction } from "../workloads.js";
import { ADVERSARIAL } from "./adversarial.js";
import { growthOf, MOST } from "./exponent.js";
import type { Family } from "./family.js";
import { SCALING } from "./scaling.js";

interface Request {
  readonly kind: "scaling" | "adversarial";
  readonly directions: readonly Direction[];
}

/** What the measure must tell apart: a loop, and a loop in a loop. */
const YARDSTICKS: readonly (readonly [isFlagged: boolean, family: Family])[] = [
  [false, { name: "a loop", direction: "decode", from: 20_000, prepare: (size) => () => count(size) }],
  [true, { name: "a loop in a loop", direction: "decode", from: 50, prepare: (size) => () => count(size * size) }],
];

function count(to: number): number {
  let sum = 0;
  for (let i = 0; i < to; i++) sum = (sum + i) % 1_000_003;
  return sum;
}

/** Measures and prints; whether it is flagged. */
function isSuperlinear(kind: string, family: Family): boolean {
  const { exponent, largestSize, largestNanoseconds } = growthOf(family);
  const isFlagged = exponent > MOST;
  const label = `${kind} ${family.direction} ${family.name.padEnd(38)}`;
  const largest = `${largestSize}: ${(largestNanoseconds / 1e6).toFixed(2)} ms`;
  console.log(`${label} exponent ${exponent.toFixed(2)}   ${largest}${isFlagged ? "   SUPERLINEAR" : ""}`);
  return isFlagged;
}

const { kind, directions } = JSON.parse(process.argv[2]!) as Request;
for (const [isExpected, family] of YARDSTICKS) {
  if (isSuperlinear("yardstick", family) !== isExpected) throw new Error("Cannot tell linear from quadratic here");
}
const families = (kind === "scaling" ? SCALING : ADVERSARIAL).filter(({ direction }) => directions.includes(direction));
const flagged = families.filter((family) => isSuperlinear(kind, family));
console.log(`${kind}: ${flagged.length} of ${families.length} flagged (exponent above ${MOST})`);
process.exitCode = flagged.length === 0 ? 0 : 1;
process.disconnect();
