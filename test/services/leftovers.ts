/** What a test file opens it ends, also when a test of it fails half-way: nothing of it is open at the file's end. */
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import { CONDITION_MS, PROCESS_MS } from "./patience.js";

/** Node's names of processes, connections and servers. Timers are left out: Vitest's own come and go. */
const HELD = ["ProcessWrap", "PipeWrap", "PipeServerWrap", "TCPSocketWrap", "TCPServerWrap"];

/** How many of each kind are open now. */
function countOpen(): number[] {
  const open = process.getActiveResourcesInfo();
  return HELD.map((kind) => open.filter((each) => each === kind).length);
}

/** Vitest's own. */
let before: readonly number[] = [];

beforeAll(() => {
  before = countOpen();
});

afterAll(async () => {
  const findLeft = () => {
    const counts = countOpen();
    return HELD.filter((_, i) => counts[i]! > before[i]!);
  };
  // A connection that was told to end needs a moment for it.
  const deadline = performance.now() + CONDITION_MS;
  while (findLeft().length > 0 && performance.now() < deadline) await setTimeout(20);
  expect(findLeft(), "left open by this file").toEqual([]);
}, PROCESS_MS);
