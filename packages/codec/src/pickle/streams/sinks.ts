/** What pickles can be written to. */
import { reasonOf } from "../../coded-error.js";
import { PicklingError } from "../../errors.js";
import { typeName } from "../type-name.js";
import { expectError, isAbort, orAborted, whenAborted } from "./abort.js";
import { isReadAhead } from "./handle-reader.js";
import { FILES, inTurn, WRITABLES } from "./in-turn.js";

/** Node's `FileHandle`, as far as it is used. */
export interface WritableFileHandle {
  readonly fd: number;
  write(data: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
}

/** Node's `Writable`, as far as it is used. */
export interface NodeWritable {
  write(chunk: Uint8Array, done: (error?: Error | null) => void): boolean;
  on(event: "error" | "close", listener: (error?: Error) => void): unknown;
  off(event: "error" | "close", listener: (error?: Error) => void): unknown;
  destroy(error?: Error): unknown;
}

/** A web stream, as far as it is used. */
export interface WebWritable {
  getWriter(): {
    readonly ready: Promise<unknown>;
    readonly closed?: Promise<unknown> | undefined;
    write(chunk: Uint8Array): Promise<void>;
    abort(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/** Where pickles go: a path (a string or a `file:` URL, Node only), a `FileHandle`, a Node `Writable`, or a web `WritableStream`. */
export type PickleSink = string | URL | WritableFileHandle | NodeWritable | WebWritable;

function badFile(message: string, cause?: unknown): PicklingError {
  return new PicklingError(message, { code: "bad-file", cause });
}

/** Writes some chunks, or throws the reason of the signal. */
type Write = (chunks: readonly Uint8Array[], signal: AbortSignal | undefined) => Promise<void>;

/**
 * Writes chunks one after another, each when the sink has taken the one before. What was opened here is closed; what the
 * caller opened stays open. Pickles for one sink are written one after another.
 *
 * An abort leaves a sink that was given nothing of the pickle as it was. After a part of a pickle no other can follow: a
 * stream with one is destroyed or aborted with the reason. A file keeps what was written.
 *
 * @throws PicklingError `bad-file`; the signal's reason
 */
export async function writeChunks(
  sink: PickleSink,
  chunks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const write = writerOf(sink);
  try {
    await write(chunks, signal);
  } catch (error) {
    if (error instanceof PicklingError || isAbort(error, signal)) throw error;
    throw badFile(`Cannot write the pickle: ${reasonOf(error)}`, error);
  }
}

function writerOf(sink: PickleSink): Write {
  if (typeof sink === "string" || sink instanceof URL) {
    return (chunks, signal) => orAborted(writeFile(sink, chunks, signal), signal);
  }
  if (typeof sink === "object" && sink !== null) {
    if ("getWriter" in sink)
      return (chunks, signal) => inTurn(WRITABLES, sink, () => writeWeb(sink, chunks, signal), signal);
    if ("fd" in sink && typeof sink.fd === "number" && !("on" in sink && "writable" in sink)) {
      const handle = sink as WritableFileHandle;
      return (chunks, signal) =>
        orAborted(
          inTurn(FILES, sink, () => writeHandle(handle, chunks, signal), signal),
          signal,
        );
    }
    if ("write" in sink && "on" in sink && "off" in sink) {
      const stream = sink as NodeWritable;
      return (chunks, signal) => inTurn(WRITABLES, sink, () => writeNode(stream, chunks, signal), signal);
    }
  }
  throw badFile(`Cannot write a pickle to ${typeName(sink)}`);
}

async function writeFile(
  path: string | URL,
  chunks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  // Loaded only here: the rest of the codec also runs where there is no file system.
  const { open } = await import("node:fs/promises");
  signal?.throwIfAborted();
  const handle = await open(path, "w");
  try {
    await writeHandle(handle, chunks, signal);
  } finally {
    await handle.close();
  }
}

/** After an abort this ends with the write that is under way, as nothing can end that, and the next pickle waits for it. */
async function writeHandle(
  handle: WritableFileHandle,
  chunks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  // Python would write behind the pickle that was read last. No handle can be set back there, and nothing is overwritten.
  if (isReadAhead(handle)) {
    throw badFile("Cannot write the pickle: the FileHandle was read ahead of its last pickle; open another to write");
  }
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      signal?.throwIfAborted();
      const { bytesWritten } = await handle.write(chunk, at, chunk.length - at);
      if (bytesWritten === 0) throw badFile("Cannot write the pickle: the file takes no more bytes");
      at += bytesWritten;
    }
  }
}

/** Waits for each chunk's callback, so no more than one chunk is in the stream's buffer. */
async function writeNode(
  stream: NodeWritable,
  chunks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let fail: (error: unknown) => void = () => undefined;
  const onError = (error?: Error): void => fail(error);
  // A stream that is destroyed while it writes may never call back.
  const onClose = (): void => fail(new Error("the stream was closed"));
  stream.on("error", onError);
  stream.on("close", onClose);
  let left = chunks.length;
  const stop = whenAborted(signal, (reason) => {
    if (left === 0) return;
    fail(reason);
    destroy(stream, reason);
  });
  try {
    for (const chunk of chunks) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        fail = reject;
        stream.write(chunk, (error) => {
          if (error) return reject(error);
          left--;
          resolve();
        });
      });
    }
  } finally {
    stop();
    stream.off("error", onError);
    stream.off("close", onClose);
  }
}

/** The caller learns of the reason otherwise. */
function destroy(stream: NodeWritable, reason: unknown): void {
  expectError(stream);
  stream.destroy(reason as Error);
}

async function writeWeb(
  stream: WebWritable,
  chunks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = stream.getWriter();
  let isBegun = false;
  try {
    // Asked first: Node's writer says of this that it is a bug in Node.
    const asked = writer.closed === undefined ? [] : [writer.closed.then(() => true)];
    asked.push(writer.ready.then(() => false));
    if (await orAborted(Promise.race(asked), signal)) {
      throw new Error("the stream is closed");
    }
    for (const chunk of chunks) {
      await orAborted(writer.ready, signal);
      signal?.throwIfAborted();
      isBegun = true;
      await orAborted(writer.write(chunk), signal);
    }
  } catch (error) {
    // The sink may never say that it has given up.
    if (isBegun && isAbort(error, signal)) writer.abort(error).catch(() => undefined);
    throw error;
  } finally {
    writer.releaseLock();
  }
}
