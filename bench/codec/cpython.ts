/** CPython, as what writes the workloads and as a contender. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Contender, Protocol } from "./contenders.js";
import type { Direction } from "./workloads.js";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Lets CPython write the workloads; returns its version. */
export function writeCorpus(python: string, folder: string): string {
  console.error("Writing the workloads...");
  return execFileSync(python, [script("corpus.py"), folder], { encoding: "utf8" }).trim();
}

/** A CPython that answers one request a line. */
export class CPython {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor(python: string) {
    this.#child = spawn(python, [script("cpython.py")], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! });
  }

  /** Python's pickle: the reference of every ratio. */
  contender(file: string, direction: Direction, protocol: Protocol): Contender {
    return {
      name: "CPython",
      time: async (iterations) => {
        this.#child.stdin!.write(`${JSON.stringify({ file, direction, protocol, iterations })}\n`);
        const [line] = (await once(this.#lines, "line")) as [string];
        return (JSON.parse(line) as { nanoseconds: number }).nanoseconds;
      },
    };
  }

  close(): void {
    this.#child.stdin!.end();
  }
}
