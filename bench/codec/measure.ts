/**
 * Measures one workload in a process of its own, so that no other workload shapes the code V8 makes of a contender, and a
 * workload alone gives the numbers that it gives among all. Started by `compare.ts` with a {@link Task} as its argument.
 *
 * Contenders of one process share a heap, and each pays for the garbage of all. CPython does not, so it has Brine alone
 * beside it in one process; Node's other contenders have theirs in another.
 *
 * Contenders take turns, so that a drifting machine drifts for all, and each round begins with another of them, so that
 * none always follows the same one. A processor whose other half is busy may run half as fast for seconds, which the turns of
 * one round have in common.
 */
import { readFileSync } from "node:fs";
import { brine, brineKeys, type Contender, type Protocol } from "./contenders.js";
import { CPython } from "./cpython.js";
import { nodePeers } from "./node-peers.js";
import type { Direction } from "./workloads.js";

/** Who shares the rounds with Brine. */
export type Company = "CPython" | "Node";

export interface Task {
  readonly workload: string;
  readonly company: Company;
  readonly direction: Direction;
  readonly protocol: Protocol;
  readonly rounds: number;
  readonly python: string;
  readonly pickleFile: string;
  readonly jsonFile: string | undefined;
  /** Names of those to measure besides Brine; all when absent. */
  readonly against: readonly string[] | undefined;
}

/** By contender: nanoseconds an iteration, round by round. */
export type Times = Readonly<Record<string, readonly number[]>>;

/** About this long a turn: short enough to interleave, long enough to time. */
const TURN_NANOSECONDS = 40e6;
/** V8 compiles what runs often, in steps; what a service runs all day is measured after the last of them. */
const WARM_UP_NANOSECONDS = 500e6;
/** Rounds that do not count: after it stood still for the others' warming up, each is a fifth slower at first. */
const WARM_UP_ROUNDS = 2;

/** Returns how often it fits into a turn. */
async function warmUp(contender: Contender): Promise<number> {
  let count = 1;
  let each = await contender.time(count);
  for (let spent = each; spent < WARM_UP_NANOSECONDS && spent < 20 * each; spent += each * count) {
    count = Math.max(1, Math.round(TURN_NANOSECONDS / each));
    each = await contender.time(count);
  }
  for (let spent = each * count; spent < WARM_UP_NANOSECONDS; spent += each * count) {
    each = await contender.time(count);
  }
  return Math.max(1, Math.round(TURN_NANOSECONDS / each));
}

async function measure(contenders: readonly Contender[], rounds: number): Promise<Times> {
  const iterations = new Map<Contender, number>();
  for (const contender of contenders) iterations.set(contender, await warmUp(contender));
  const times = new Map<string, number[]>(contenders.map((contender) => [contender.name, []]));
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]!;
      const time = await contender.time(iterations.get(contender)!);
      if (round >= WARM_UP_ROUNDS) times.get(contender.name)!.push(time);
    }
  }
  return Object.fromEntries(times);
}

const task = JSON.parse(process.argv[2]!) as Task;
const pickle = readFileSync(task.pickleFile);

/** Those who keep Brine company, and how to be rid of them. */
async function company(): Promise<{ contenders: readonly (Contender | undefined)[]; close(): void }> {
  const { direction, workload, protocol, jsonFile } = task;
  if (task.company === "Node") {
    const json = jsonFile === undefined ? undefined : readFileSync(jsonFile);
    return { contenders: await nodePeers(pickle, json, direction), close: () => {} };
  }
  const python = new CPython(task.python);
  // Buffers out of band hold no strings.
  const keys = direction === "encode" && workload !== "l" ? brineKeys(pickle, protocol) : undefined;
  return {
    contenders: [keys, python.contender(task.pickleFile, direction, protocol)],
    close: () => python.close(),
  };
}

const others = await company();
try {
  const { direction, workload, protocol, against, rounds } = task;
  const chosen = others.contenders
    .filter((contender) => contender !== undefined)
    .filter(({ name }) => against?.includes(name) ?? true);
  const contenders = [brine(workload, pickle, direction, protocol), ...chosen];
  process.send!(await measure(contenders, rounds));
} finally {
  others.close();
  process.disconnect();
}
