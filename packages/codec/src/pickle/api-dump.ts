/** `dump`: pickling into files and streams. */
import type { PicklerOptions } from "./options.js";
import { encodeOnce } from "./pickler.js";
import { type PickleSink, writeChunks } from "./sinks.js";

/**
 * Pickles a value into a file or stream; the same bytes as {@link dumps}.
 *
 * The value is encoded before the first byte is written, so changing it afterwards does no harm, and a value that cannot
 * be pickled leaves the file as it was. Only byte strings of 64 KiB and more are not copied: leave them alone until the
 * promise resolves. Writing waits for the sink; a stream or handle of yours stays open, so that pickles can follow one
 * another and `loadAll` reads them.
 *
 * @param file - a path, `file:` URL, `FileHandle`, Node `Writable`, or web `WritableStream`
 * @throws PicklingError as `dumps` does; `bad-file` when the sink fails
 * @see CPython 3.12 `pickle.dump`
 * @example
 * await dump({ complex: new Complex(4, 6) }, "data.pickle");
 */
export async function dump(value: unknown, file: PickleSink, options?: PicklerOptions): Promise<void> {
  const chunks = encodeOnce(value, options, (encoder) => encoder.takeChunks());
  await writeChunks(file, chunks);
}
