/** Brine as it is measured, and the shape in which all are, so that the runner treats them alike. */
import { dumps, loads, PickleBuffer } from "@brine/codec";
import { cpuTime } from "../cpu-time.js";
import type { Direction } from "./workloads.js";

/** Prepared for one workload. */
export interface Contender {
  readonly name: string;
  /** Returns nanoseconds of CPU time an iteration. */
  time(iterations: number): Promise<number> | number;
}

export type Protocol = 0 | 1 | 2 | 3 | 4 | 5;

/** Takes each result, so that no work is optimised away. */
const kept: { result: unknown } = { result: undefined };

/** `undefined` where `action` fails or gives nothing. */
export function timed(name: string, action: () => unknown): Contender | undefined {
  try {
    if (action() === undefined) return undefined;
  } catch {
    return undefined;
  }
  return {
    name,
    time(iterations) {
      const start = cpuTime();
      for (let i = 0; i < iterations; i++) {
        kept.result = action();
        // As CPython drops it: one that lives until the next is there is copied by each collection meanwhile.
        kept.result = undefined;
      }
      return Math.max(1000, cpuTime() - start) / iterations;
    },
  };
}

export function brine(workload: string, pickle: Buffer, direction: Direction, protocol: Protocol): Contender {
  const action = direction === "decode" ? decoding(workload, pickle) : encoding(workload, pickle, protocol);
  const contender = timed("brine", action);
  if (contender === undefined) throw new Error(`Brine cannot do workload ${workload}`);
  return contender;
}

/** Brine without the search for equal strings, which only the identity with CPython's bytes needs. */
export function brineKeys(pickle: Buffer, protocol: Protocol): Contender | undefined {
  const value = loads(pickle);
  return timed("brine (keys)", () => dumps(value, { protocol, memoizeStrings: "keys" }));
}

const outOfBand = new Uint8Array(8 * 1024 * 1024);

function decoding(workload: string, pickle: Buffer): () => unknown {
  if (workload === "h-view") return () => loads(pickle, { bytes: "view" });
  if (workload === "l") return () => loads(pickle, { buffers: [outOfBand] });
  return () => loads(pickle);
}

function encoding(workload: string, pickle: Buffer, protocol: Protocol): () => unknown {
  if (workload === "l") {
    const value = { data: new PickleBuffer(outOfBand) };
    return () => dumps(value, { protocol, bufferCallback: () => false });
  }
  const value = loads(pickle);
  return () => dumps(value, { protocol });
}
