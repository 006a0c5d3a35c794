import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { reasonOf } from "../coded-error.js";
import type { Progress, Terminal } from "./terminal.js";

/** An input that cannot be read. */
export class UnreadableError extends Error {
  override name = "UnreadableError";
}

/** What an input is called in messages. */
export function nameOf(path: string): string {
  return path === "-" ? "<stdin>" : path;
}

/** All of a file, or of standard input for `-`. */
export async function readInput(path: string, terminal: Terminal): Promise<Uint8Array> {
  let progress: Progress | undefined;
  try {
    // Whoever forgot the file would wait for the command, and it for them.
    if (path === "-" && terminal.stdin.isTTY) terminal.complain("reading a pickle from this terminal; Ctrl-D ends it");
    const size = path === "-" ? undefined : (await stat(path)).size;
    progress = terminal.progress(`Reading ${nameOf(path)}`, size);
    const input = new Input(size ?? 0);
    for await (const chunk of path === "-" ? terminal.stdin : createReadStream(path)) {
      input.add(chunk);
      progress.step(input.length);
    }
    return input.bytes();
  } catch (cause) {
    throw new UnreadableError(`Cannot read ${nameOf(path)}: ${reasonOf(cause)}`, { cause });
  } finally {
    progress?.done();
  }
}

/** What was read so far. A file of known size is never copied, for the largest take all the memory there is. */
class Input {
  #bytes: Uint8Array;
  length = 0;

  /** @param size - what is expected; it may be more */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  add(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.length);
    this.length = needed;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}
