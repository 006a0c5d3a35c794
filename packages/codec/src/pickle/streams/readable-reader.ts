/** One pickle from a Node `Readable`, which is given back what was read beyond it. */
import { expectError, whenAborted } from "./abort.js";
import { inTurn, READABLES } from "./in-turn.js";
import { bytesOfChunk, PickleCutter } from "./streaming.js";

/** Node's `Readable`, as far as it is used. */
export interface NodeReadable extends AsyncIterable<unknown> {
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  readonly closed?: boolean;
  readonly errored: Error | null;
  read(): unknown;
  unshift(chunk: unknown): void;
  destroy(error?: Error): unknown;
  on(event: string, listener: (error?: Error) => void): unknown;
  off(event: string, listener: (error?: Error) => void): unknown;
}

export function isNodeReadable(source: object): source is NodeReadable {
  return "readableEnded" in source && "read" in source && "unshift" in source && "off" in source;
}

/**
 * The bytes of the next pickle, or of what there is of it where the stream ends inside one; `undefined` at the end. The
 * stream is neither ended nor destroyed. When the signal aborts it gets back all that was read of the pickle.
 */
export function readPickleFromReadable(
  stream: NodeReadable,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  return inTurn(READABLES, stream, () => readNext(stream, maxBytes, signal), signal);
}

async function readNext(
  stream: NodeReadable,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const cutter = new PickleCutter();
  for (;;) {
    // What is too much goes back before anything else runs: once a stream has said that it ended, it takes nothing.
    const chunk = stream.read();
    if (chunk !== null) {
      const bytes = bytesOfChunk(chunk);
      cutter.push(bytes);
      const pickle = cutter.next(maxBytes);
      if (pickle === undefined) continue;
      const rest = cutter.rest.length;
      if (rest > 0) stream.unshift(bytes.subarray(bytes.length - rest));
      return pickle;
    }
    const giveBack = (): void => {
      if (!cutter.isEmpty && !stream.destroyed) stream.unshift(cutter.rest);
    };
    if (!(await isReadable(stream, signal, giveBack))) return cutter.isEmpty ? undefined : cutter.rest;
  }
}

/** Waits until there may be something to read; false when the stream has ended. Rejects when it broke, and when the signal aborts. */
function isReadable(stream: NodeReadable, signal: AbortSignal | undefined, onAbort: () => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let stopWaiting = (): void => undefined;
    const stopListening = (): void => {
      for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
      stopWaiting();
    };
    const settle = (result: boolean | Error): void => {
      stopListening();
      if (typeof result === "boolean") resolve(result);
      else reject(result);
    };
    const listeners: Record<string, (error?: Error) => void> = {
      readable: () => settle(true),
      end: () => settle(false),
      error: (error) => settle(error ?? new Error("the stream failed")),
      close: () => settle(stream.readableEnded ? false : new Error("the stream was closed before its end")),
    };
    if (stream.errored) {
      // It may not have said so yet, and the caller learns of it here.
      expectError(stream);
      return reject(stream.errored);
    }
    if (stream.readableEnded) return resolve(false);
    if (stream.destroyed) return reject(new Error("the stream was closed before its end"));
    for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
    stopWaiting = whenAborted(signal, (reason) => {
      stopListening();
      onAbort();
      reject(reason);
    });
  });
}
