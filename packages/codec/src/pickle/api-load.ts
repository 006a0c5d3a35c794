/** `loads`, `load` and `loadAll`. */
import { UnpicklingError } from "../errors.js";
import type { UnpicklerOptions } from "./options.js";
import { chunksOf, type PickleSource } from "./sources.js";
import { PickleCutter } from "./streaming.js";
import { Unpickler } from "./unpickler.js";
import { DEFAULT_UNPICKLER_OPTIONS, resolveUnpicklerOptions } from "./unpickler-options.js";

/**
 * Decodes one pickle of any protocol.
 *
 * Nothing is imported or executed: a global resolves only through `registry`, by its exact name, and an unknown one throws
 * or becomes a `PyObject`, as `unregistered` says. Bytes after the pickle's STOP are ignored, as in Python.
 *
 * @param data - the pickle; decoded `bytes` are copies of it unless the option `bytes` is `"view"`
 * @throws UnpicklingError on input that CPython refuses, on unregistered globals and on a limit, with `code`, `offset` and
 *   `opcode`
 * @throws PickleError `bad-option`
 * @see CPython `pickle.loads`
 * @example
 * loads(dumps([1, 2.5, "a"])) // => [1, 2.5, "a"]
 */
export function loads(data: Uint8Array | ArrayBuffer, options?: UnpicklerOptions): unknown {
  return new Unpickler(data, options).load();
}

/**
 * Decodes the first pickle of a file or stream; the protocol is detected. Reads no further than the chunk in which the
 * pickle stops, but a stream cannot be given back what it gave: use {@link loadAll} for several pickles.
 *
 * @param file - a path, `FileHandle`, `Readable`, `ReadableStream`, iterable of chunks, or bytes
 * @throws UnpicklingError as {@link loads} does; `truncated` when the source ends inside the pickle; `bad-file`
 * @see CPython `pickle.load`
 * @example
 * const value = await load("model.pickle");
 */
export async function load(file: PickleSource, options?: UnpicklerOptions): Promise<unknown> {
  for await (const value of loadAll(file, options)) return value;
  throw new UnpicklingError("Cannot unpickle: the source is empty", { code: "truncated", offset: 0 });
}

/**
 * Decodes the pickles that stand back to back in a file or stream, one by one, as `pickle.load(file)` in a loop until
 * EOFError. No more than one pickle is held at a time, and the source is read no faster than the values are taken.
 * Each pickle has its own memo.
 *
 * An error's `offset` counts from the start of its pickle.
 *
 * @throws UnpicklingError as {@link loads} does; `truncated` when the source ends inside a pickle; `bad-file`
 * @example
 * for await (const record of loadAll("records.pickle")) console.log(record);
 */
export async function* loadAll(file: PickleSource, options?: UnpicklerOptions): AsyncGenerator<unknown, void, void> {
  const { limits } = options === undefined ? DEFAULT_UNPICKLER_OPTIONS : resolveUnpicklerOptions(options);
  const cutter = new PickleCutter(limits);
  for await (const chunk of chunksOf(file)) {
    cutter.push(chunk);
    for (let pickle = cutter.next(); pickle !== undefined; pickle = cutter.next()) yield loads(pickle, options);
  }
  // What is left is no whole pickle; decoding it says what is missing, and where.
  if (!cutter.isEmpty) yield loads(cutter.rest, options);
}
