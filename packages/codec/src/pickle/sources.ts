/** What pickles can be read from, each as chunks of bytes. */
import { UnpicklingError } from "../errors.js";
import { typeName } from "./type-name.js";

/** Node's `FileHandle`, as far as it is used. */
export interface FileHandleLike {
  createReadStream(options?: { autoClose?: boolean; start?: number }): AsyncIterable<Uint8Array | string>;
}

/** A web stream, as far as it is used. */
export interface ReadableStreamLike {
  getReader(): {
    read(): Promise<{ done: boolean; value?: unknown }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/**
 * Where pickles come from: a path (a string or a `file:` URL, Node only), a `FileHandle`, a Node `Readable`, a web
 * `ReadableStream`, anything that yields chunks of bytes, or the bytes themselves.
 */
export type PickleSource =
  | string
  | URL
  | FileHandleLike
  | ReadableStreamLike
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | Uint8Array
  | ArrayBuffer;

function badFile(message: string, cause?: unknown): UnpicklingError {
  return new UnpicklingError(message, { code: "bad-file", cause });
}

/**
 * The chunks of a source. Ending the iteration early closes what was opened here, and leaves a stream of the caller's as
 * the stream's own iterator leaves it.
 *
 * @throws UnpicklingError `bad-file` for what cannot be read from
 */
export async function* chunksOf(source: PickleSource): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of rawChunksOf(source)) {
      if (chunk instanceof Uint8Array) yield chunk;
      else if (chunk instanceof ArrayBuffer) yield new Uint8Array(chunk);
      else throw badFile(`Cannot read pickles: the source gave ${typeName(chunk)}, not bytes`);
    }
  } catch (error) {
    if (error instanceof UnpicklingError) throw error;
    throw badFile(`Cannot read pickles: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function rawChunksOf(source: PickleSource): AsyncIterable<unknown> | Iterable<unknown> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return [source];
  if (typeof source === "string" || source instanceof URL) return fileChunks(source);
  if (typeof source === "object" && source !== null) {
    if ("createReadStream" in source) return source.createReadStream({ autoClose: false });
    if (Symbol.asyncIterator in source) return source;
    if ("getReader" in source) return webChunks(source);
    if (Symbol.iterator in source) return source;
  }
  throw badFile(`Cannot read pickles from ${typeName(source)}`);
}

async function* fileChunks(path: string | URL): AsyncGenerator<unknown> {
  // Loaded only here: the rest of the codec also runs where there is no file system.
  const { createReadStream } = await import("node:fs");
  yield* createReadStream(path);
}

/** Browsers that lack `ReadableStream[Symbol.asyncIterator]`. */
async function* webChunks(stream: ReadableStreamLike): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        isDone = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel();
    reader.releaseLock();
  }
}
