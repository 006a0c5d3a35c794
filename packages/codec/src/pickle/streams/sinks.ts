/** What pickles can be written to. */
import { reasonOf } from "../../coded-error.js";
import { PicklingError } from "../../errors.js";
import { typeName } from "../type-name.js";
import { isReadAhead } from "./handle-reader.js";
import { inTurn } from "./in-turn.js";

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
}

/** A web stream, as far as it is used. */
export interface WebWritable {
  getWriter(): { readonly ready: Promise<unknown>; write(chunk: Uint8Array): Promise<void>; releaseLock(): void };
}

/** Where pickles go: a path (a string or a `file:` URL, Node only), a `FileHandle`, a Node `Writable`, or a web `WritableStream`. */
export type PickleSink = string | URL | WritableFileHandle | NodeWritable | WebWritable;

function badFile(message: string, cause?: unknown): PicklingError {
  return new PicklingError(message, { code: "bad-file", cause });
}

/**
 * Writes chunks one after another, each when the sink has taken the one before. What was opened here is closed; what the
 * caller opened stays open. Pickles for one sink are written one after another.
 *
 * @throws PicklingError `bad-file`
 */
export async function writeChunks(sink: PickleSink, chunks: readonly Uint8Array[]): Promise<void> {
  const write = writerOf(sink);
  try {
    await (typeof sink === "object" ? inTurn(sink, () => write(chunks)) : write(chunks));
  } catch (error) {
    if (error instanceof PicklingError) throw error;
    throw badFile(`Cannot write the pickle: ${reasonOf(error)}`, error);
  }
}

function writerOf(sink: PickleSink): (chunks: readonly Uint8Array[]) => Promise<void> {
  if (typeof sink === "string" || sink instanceof URL) return (chunks) => writeFile(sink, chunks);
  if (typeof sink === "object" && sink !== null) {
    if ("getWriter" in sink) return (chunks) => writeWeb(sink, chunks);
    if ("fd" in sink && typeof sink.fd === "number" && !("on" in sink && "writable" in sink)) {
      return (chunks) => writeHandle(sink as WritableFileHandle, chunks);
    }
    if ("write" in sink && "on" in sink && "off" in sink) return (chunks) => writeNode(sink as NodeWritable, chunks);
  }
  throw badFile(`Cannot write a pickle to ${typeName(sink)}`);
}

async function writeFile(path: string | URL, chunks: readonly Uint8Array[]): Promise<void> {
  // Loaded only here: the rest of the codec also runs where there is no file system.
  const { open } = await import("node:fs/promises");
  const handle = await open(path, "w");
  try {
    await writeHandle(handle, chunks);
  } finally {
    await handle.close();
  }
}

async function writeHandle(handle: WritableFileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  // Python would write behind the pickle that was read last. No handle can be set back there, and nothing is overwritten.
  if (isReadAhead(handle)) {
    throw badFile("Cannot write the pickle: the FileHandle was read ahead of its last pickle; open another to write");
  }
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await handle.write(chunk, at, chunk.length - at);
      if (bytesWritten === 0) throw badFile("Cannot write the pickle: the file takes no more bytes");
      at += bytesWritten;
    }
  }
}

/** Waits for each chunk's callback, so no more than one chunk is in the stream's buffer. */
async function writeNode(stream: NodeWritable, chunks: readonly Uint8Array[]): Promise<void> {
  let fail: (error: unknown) => void = () => undefined;
  const onError = (error?: Error): void => fail(error);
  // A stream that is destroyed while it writes may never call back.
  const onClose = (): void => fail(new Error("the stream was closed"));
  stream.on("error", onError);
  stream.on("close", onClose);
  try {
    for (const chunk of chunks) {
      await new Promise<void>((resolve, reject) => {
        fail = reject;
        stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    stream.off("error", onError);
    stream.off("close", onClose);
  }
}

async function writeWeb(stream: WebWritable, chunks: readonly Uint8Array[]): Promise<void> {
  const writer = stream.getWriter();
  try {
    for (const chunk of chunks) {
      await writer.ready;
      await writer.write(chunk);
    }
  } finally {
    writer.releaseLock();
  }
}
