/**
 * Pickles from a `FileHandle` of the caller's, as from a Python file: each read goes on where the last one ended.
 *
 * A handle has a position that reading moves and nothing moves back, so what was read beyond a pickle is kept here, with
 * the handle, for the next read.
 */
import { orAborted } from "./abort.js";
import { FILES, inTurn } from "./in-turn.js";
import { PickleCutter } from "./streaming.js";

/** Node's `FileHandle`, as far as it is used. */
export interface FileHandleLike {
  /** -1 once it is closed. */
  readonly fd: number;
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: null,
  ): Promise<{ readonly bytesRead: number; readonly buffer: Uint8Array }>;
}

/** Bytes asked for at once, as Node's own file streams ask. */
const CHUNK_BYTES = 64 * 1024;

/** What was read from a handle and not yet taken, for handles with such bytes. */
const readAhead = new WeakMap<FileHandleLike, PickleCutter>();

export function isFileHandle(source: object): source is FileHandleLike {
  return "fd" in source && "read" in source && !("on" in source && "pipe" in source);
}

/** Whether bytes were read from the handle that no `load` has taken: its position is beyond where the last one ended. */
export function isReadAhead(handle: object): boolean {
  return readAhead.has(handle as FileHandleLike);
}

/**
 * The bytes of the next pickle, `undefined` at the end of the file. A file that ends inside a pickle gives what there is
 * of it, and keeps that too: when the file has grown, the next call gives the whole pickle.
 *
 * An abort does not wait for a read that is under way: nothing can end that. Its bytes are kept, and the next call waits for it.
 */
export function readPickleFromHandle(
  handle: FileHandleLike,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const reading = inTurn(FILES, handle, () => readNext(handle, maxBytes, signal), signal);
  return orAborted(reading, signal);
}

async function readNext(
  handle: FileHandleLike,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (handle.fd < 0) throw new Error("the FileHandle is closed");
  const cutter = readAhead.get(handle) ?? new PickleCutter();
  let chunk: Uint8Array | undefined;
  try {
    for (;;) {
      // What came too late for an aborted call is for the next one.
      signal?.throwIfAborted();
      const pickle = cutter.next(maxBytes);
      if (pickle !== undefined) return pickle;
      chunk ??= new Uint8Array(CHUNK_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return cutter.isEmpty ? undefined : cutter.rest;
      cutter.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    cutter.compact();
    if (cutter.isEmpty) readAhead.delete(handle);
    else readAhead.set(handle, cutter);
  }
}
