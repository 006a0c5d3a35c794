/** Everything that is measured, behind one shape, so that the runner treats all alike. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { dumps, loads, PickleBuffer } from "@brine/codec";
import { decode as msgpackDecode, encode as msgpackEncode } from "@msgpack/msgpack";
import { Packr } from "msgpackr";

export type Direction = "decode" | "encode";

/** A contender prepared for one workload; `undefined` where it cannot do it. */
export interface Contender {
  readonly name: string;
  /**
   * Returns nanoseconds of CPU time per iteration, of all the process's threads: V8's collector works in some of its own.
   * Elapsed time would count what other processes do on a busy machine, and V8's threads wait more often than CPython's one.
   */
  time(iterations: number): Promise<number> | number;
}

/** Nanoseconds, in steps of a thousand. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Keeps results alive, so that no work is optimised away. */
const kept: { result: unknown } = { result: undefined };

function timed(name: string, action: () => unknown): Contender | undefined {
  try {
    // What fails once, or gives nothing, is not measured.
    if (action() === undefined) return undefined;
  } catch {
    return undefined;
  }
  return {
    name,
    time(iterations) {
      const start = cpuTime();
      for (let i = 0; i < iterations; i++) kept.result = action();
      return Math.max(1000, cpuTime() - start) / iterations;
    },
  };
}

/** A CPython that answers one request a line. */
export class CPython {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(python: string) {
    const script = fileURLToPath(new URL("cpython.py", import.meta.url));
    this.#child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! });
  }

  async time(request: { file: string; direction: Direction; protocol: number; iterations: number }): Promise<number> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const [line] = (await once(this.#lines, "line")) as [string];
    return (JSON.parse(line) as { nanoseconds: number }).nanoseconds;
  }

  close(): void {
    this.#child.stdin!.end();
  }
}

/** Python's pickle: the reference of every ratio. */
export function cpython(python: CPython, file: string, direction: Direction, protocol: number): Contender {
  return { name: "CPython", time: (iterations) => python.time({ file, direction, protocol, iterations }) };
}

export function brine(
  workload: string,
  pickle: Buffer,
  direction: Direction,
  protocol: 0 | 1 | 2 | 3 | 4 | 5,
): Contender {
  const contender = timed(
    "brine",
    direction === "decode" ? decoding(workload, pickle) : encoding(workload, pickle, protocol),
  );
  if (contender === undefined) throw new Error(`Brine cannot do workload ${workload}`);
  return contender;
}

/** Brine without the search for equal strings, which only the identity with CPython's bytes needs. */
export function brineKeys(pickle: Buffer, protocol: 0 | 1 | 2 | 3 | 4 | 5): Contender | undefined {
  const value = loads(pickle);
  return timed("brine (keys)", () => dumps(value, { protocol, memoizeStrings: "keys" }));
}

const outOfBand = new Uint8Array(8 * 1024 * 1024);

function decoding(workload: string, pickle: Buffer): () => unknown {
  if (workload === "h-view") return () => loads(pickle, { bytes: "view" });
  if (workload === "l") return () => loads(pickle, { buffers: [outOfBand] });
  return () => loads(pickle);
}

function encoding(workload: string, pickle: Buffer, protocol: 0 | 1 | 2 | 3 | 4 | 5): () => unknown {
  if (workload === "l") {
    const value = { data: new PickleBuffer(outOfBand) };
    return () => dumps(value, { protocol, bufferCallback: () => false });
  }
  const value = loads(pickle);
  return () => dumps(value, { protocol });
}

interface PickleParser {
  Parser: new () => { parse(bytes: Uint8Array): unknown };
}

/** The other contenders that can do the workload. */
export async function peers(pickle: Buffer, jsonFile: string | undefined, direction: Direction): Promise<Contender[]> {
  const found: (Contender | undefined)[] = [];
  // Data out of band is for pickle alone.
  const plain = attempt(() => toPlain(loads(pickle)));
  if (plain === undefined) return [];
  const packr = new Packr({ useRecords: false });
  if (direction === "decode") {
    const { Parser } = (await import("pickleparser")) as unknown as PickleParser;
    // It warns of each int that it cannot hold, a line an int.
    console.warn = () => {};
    found.push(timed("pickleparser", () => new Parser().parse(pickle)));
    // @ts-expect-error jpickle has no types
    const jpickle = (await import("jpickle")) as { default: { loads(text: string): unknown } };
    found.push(timed("jpickle", () => jpickle.default.loads(pickle.toString("latin1"))));
    const packed = attempt(() => packr.pack(plain));
    if (packed !== undefined) found.push(timed("msgpackr", () => packr.unpack(packed)));
    const encoded = attempt(() => msgpackEncode(plain, { maxDepth: 20_000, useBigInt64: true }));
    if (encoded !== undefined) found.push(timed("@msgpack/msgpack", () => msgpackDecode(encoded)));
    if (jsonFile !== undefined) {
      const text = readFileSync(jsonFile);
      found.push(timed("JSON", () => JSON.parse(text.toString())));
    }
    const cloned = attempt(() => serialize(plain));
    if (cloned !== undefined) found.push(timed("v8", () => deserialize(cloned)));
  } else {
    found.push(timed("msgpackr", () => packr.pack(plain)));
    found.push(timed("@msgpack/msgpack", () => msgpackEncode(plain, { maxDepth: 20_000, useBigInt64: true })));
    if (jsonFile !== undefined) {
      const value: unknown = JSON.parse(readFileSync(jsonFile, "utf8"));
      found.push(timed("JSON", () => Buffer.from(JSON.stringify(value))));
    }
    found.push(timed("v8", () => serialize(plain)));
  }
  return found.filter((entry) => entry !== undefined);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** What formats without Python's types can hold: tuples as arrays, rich values as text. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value) && value.length === 1) return value; // deep nesting stays as it is
  if (Array.isArray(value)) return Array.from(value, toPlain);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}
