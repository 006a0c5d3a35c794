import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { reasonOf } from "../coded-error.js";
import type { Terminal } from "./terminal.js";

/** An input that cannot be read. */
export class UnreadableError extends Error {
  override name = "UnreadableError";
}

/** All of a file, or of standard input for `-`. */
export async function readInput(path: string, terminal: Terminal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const total = path === "-" ? undefined : (await stat(path)).size;
    const progress = terminal.progress(`Reading ${path}`, total);
    const stream = path === "-" ? terminal.stdin : createReadStream(path);
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      progress.step(length);
    }
    progress.done();
  } catch (cause) {
    throw new UnreadableError(`Cannot read ${path}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  return Buffer.concat(chunks, length);
}
