/** What pickles can be read from, each as chunks of bytes. */
import { reasonOf } from "../../coded-error.js";
import { UnpicklingError } from "../../errors.js";
import { typeName } from "../type-name.js";
import { type FileHandleLike, isFileHandle, readPickleFromHandle } from "./handle-reader.js";
import { isNodeReadable, readPickleFromReadable } from "./readable-reader.js";
import { bytesOfChunk, PickleCutter } from "./streaming.js";

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

/** The bytes of one pickle; of what there is of it at the end of a source that ends inside one. */
type PickleBytes = Uint8Array;

/**
 * The first pickle of a source, `undefined` if the source is empty. A `FileHandle` and a Node `Readable` go on behind it;
 * every other source is ended, and how that goes does not matter.
 *
 * @throws UnpicklingError `bad-file` for what cannot be read from; what the cutter throws
 */
export async function firstPickleOf(source: PickleSource, maxBytes: number): Promise<PickleBytes | undefined> {
  if (typeof source === "object" && source !== null && isNodeReadable(source)) {
    return orBadFile(readPickleFromReadable(source, maxBytes));
  }
  const pickles = picklesOf(source, maxBytes);
  const { done, value } = await pickles.next();
  if (done === true) return undefined;
  // The pickle is whole. That its source broke behind it, or will not be ended, is no reason to withhold it.
  await pickles.return().catch(() => undefined);
  return value;
}

/**
 * The pickles of a source, each when it is asked for. Leaving early closes what was opened here, leaves a `FileHandle`
 * behind the last pickle, and leaves a stream as the stream's own iterator does.
 *
 * @throws UnpicklingError as {@link firstPickleOf}
 */
export async function* picklesOf(source: PickleSource, maxBytes: number): AsyncGenerator<PickleBytes, void, void> {
  if (typeof source === "object" && source !== null && isFileHandle(source))
    return yield* handlePickles(source, maxBytes);
  const cutter = new PickleCutter();
  for await (const chunk of chunksOf(source)) {
    cutter.push(chunk);
    for (let pickle = cutter.next(maxBytes); pickle !== undefined; pickle = cutter.next(maxBytes)) yield pickle;
  }
  if (!cutter.isEmpty) yield cutter.rest;
}

async function* handlePickles(handle: FileHandleLike, maxBytes: number): AsyncGenerator<PickleBytes, void, void> {
  for (;;) {
    const pickle = await orBadFile(readPickleFromHandle(handle, maxBytes));
    if (pickle === undefined) return;
    yield pickle;
  }
}

async function orBadFile<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw badFile(error);
  }
}

function badFile(error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError) return error;
  const reason = reasonOf(error);
  return new UnpicklingError(`Cannot read pickles: ${reason}`, { code: "bad-file", cause: error });
}

async function* chunksOf(source: PickleSource): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of rawChunksOf(source)) yield bytesOfChunk(chunk);
  } catch (error) {
    throw badFile(error);
  }
}

function rawChunksOf(source: PickleSource): AsyncIterable<unknown> | Iterable<unknown> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return [source];
  if (typeof source === "string" || source instanceof URL) return fileChunks(source);
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return source;
    if ("getReader" in source) return webChunks(source);
    if (Symbol.iterator in source) return source;
  }
  throw new UnpicklingError(`Cannot read pickles from ${typeName(source)}`, { code: "bad-file" });
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
