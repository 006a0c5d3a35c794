/** What pickles can be read from, each as chunks of bytes. */
import { reasonOf } from "../../coded-error.js";
import { UnpicklingError } from "../../errors.js";
import { typeName } from "../type-name.js";
import { ignore, isAbort, itemsUntilAborted, whenAborted } from "./abort.js";
import { type FileHandleLike, isFileHandle, readPickleFromHandle } from "./handle-reader.js";
import { isNodeReadable, type NodeReadable, readPickleFromReadable } from "./readable-reader.js";
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

/** What is the same in every call on one source. */
export interface Reading {
  /** Bytes of one pickle at most. */
  readonly maxBytes: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal | undefined;
}

/**
 * The first pickle of a source, `undefined` if the source is empty. A `FileHandle` and a Node `Readable` go on behind it,
 * and after an abort where they were; every other source is ended, and how that goes does not matter.
 *
 * @throws UnpicklingError `bad-file` for what cannot be read from; what the cutter throws; the signal's reason
 */
export async function firstPickleOf(source: PickleSource, reading: Reading): Promise<PickleBytes | undefined> {
  const { maxBytes, signal } = reading;
  if (typeof source === "object" && source !== null && isNodeReadable(source)) {
    return orBadFile(readPickleFromReadable(source, maxBytes, signal), signal);
  }
  const pickles = picklesOf(source, reading);
  const { done, value } = await pickles.next();
  if (done === true) return undefined;
  // The pickle is whole. That its source broke behind it, or will not be ended, is no reason to withhold it.
  await pickles.return().catch(ignore);
  return value;
}

/**
 * The pickles of a source, each when it is asked for. Leaving early closes what was opened here, leaves a `FileHandle`
 * behind the last pickle, and leaves a Node stream as the stream's own iterator does; a web stream is cancelled, and its answer
 * not waited for. An abort does the same at once, and a stream is told the reason.
 *
 * @throws UnpicklingError as {@link firstPickleOf}
 */
export async function* picklesOf(source: PickleSource, reading: Reading): AsyncGenerator<PickleBytes, void, void> {
  const { maxBytes, signal } = reading;
  signal?.throwIfAborted();
  if (typeof source === "object" && source !== null && isFileHandle(source)) {
    return yield* handlePickles(source, reading);
  }
  const cutter = new PickleCutter();
  for await (const chunk of chunksOf(source, signal)) {
    cutter.push(chunk);
    for (let pickle = cutter.next(maxBytes); pickle !== undefined; pickle = cutter.next(maxBytes)) {
      yield pickle;
      signal?.throwIfAborted();
    }
  }
  if (!cutter.isEmpty) yield cutter.rest;
}

async function* handlePickles(
  handle: FileHandleLike,
  { maxBytes, signal }: Reading,
): AsyncGenerator<PickleBytes, void, void> {
  for (;;) {
    const pickle = await orBadFile(readPickleFromHandle(handle, maxBytes, signal), signal);
    if (pickle === undefined) return;
    yield pickle;
  }
}

async function orBadFile<T>(reading: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw isAbort(error, signal) ? error : badFile(error);
  }
}

function badFile(error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError) return error;
  const reason = reasonOf(error);
  return new UnpicklingError(`Cannot read pickles: ${reason}`, { code: "bad-file", cause: error });
}

async function* chunksOf(source: PickleSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    const chunks = rawChunksOf(source, signal);
    for await (const chunk of signal === undefined ? chunks : itemsUntilAborted(chunks, signal)) {
      yield bytesOfChunk(chunk);
    }
  } catch (error) {
    throw isAbort(error, signal) ? error : badFile(error);
  }
}

function rawChunksOf(
  source: PickleSource,
  signal: AbortSignal | undefined,
): AsyncIterable<unknown> | Iterable<unknown> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return [source];
  if (typeof source === "string" || source instanceof URL) return fileChunks(source, signal);
  if (typeof source === "object" && source !== null) {
    if (isNodeReadable(source)) return nodeChunks(source, signal);
    if ("getReader" in source) return webChunks(source, signal);
    if (Symbol.asyncIterator in source) return source;
    if (Symbol.iterator in source) return source;
  }
  throw new UnpicklingError(`Cannot read pickles from ${typeName(source)}`, { code: "bad-file" });
}

async function* fileChunks(path: string | URL, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  // Loaded only here: the rest of the codec also runs where there is no file system.
  const { createReadStream } = await import("node:fs");
  yield* nodeChunks(createReadStream(path), signal);
}

async function* nodeChunks(stream: NodeReadable, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  // The iterator alone would wait for the stream before it ends it.
  const stop = whenAborted(signal, (reason) => stream.destroy(reason as Error));
  try {
    yield* stream;
  } finally {
    stop();
  }
}

/** With a reader of its own: not every browser has `ReadableStream[Symbol.asyncIterator]`, and no iterator can be told to stop waiting. */
async function* webChunks(stream: ReadableStreamLike, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  let isDone = false;
  const stop = whenAborted(signal, (reason) => {
    isDone = true;
    cancel(reader, reason);
  });
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
    stop();
    if (!isDone) cancel(reader);
    reader.releaseLock();
  }
}

/** Not waited for: who stops has all that was wanted, or an error to report, and the answer may never come. */
function cancel(reader: ReturnType<ReadableStreamLike["getReader"]>, reason?: unknown): void {
  try {
    reader.cancel(reason).catch(ignore);
  } catch {
    // A stream of somebody's own making may throw at once.
  }
}
