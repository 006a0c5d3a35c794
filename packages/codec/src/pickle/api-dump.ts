/** `dumps`, `dump` and `Pickler`. */
import { defaultRegistry } from "../globals/default-registry.js";
import { FILE_OPTIONS, signalOf } from "./option-names.js";
import type { DumpOptions, PicklerOptions } from "./options.js";
import type { PickledBytes } from "./pickled-bytes.js";
import { Encoder } from "./pickler/encoder.js";
import { type ResolvedPicklerOptions, resolvePicklerOptions } from "./pickler/pickler-options.js";
import { resolveOnce } from "./resolve-once.js";
import { type PickleSink, writeChunks } from "./streams/sinks.js";

const DEFAULTS: ResolvedPicklerOptions = /* @__PURE__ */ Object.freeze(resolvePicklerOptions({}, defaultRegistry));

/** One encoder is kept for the next call, for its buffer and its cache of keys; calls within a call make their own. */
let spare: Encoder | undefined;

/** Defaults with each protocol, as most options are no more than that. */
const byProtocol = new Map<number, ResolvedPicklerOptions>();

const resolveGiven = /* @__PURE__ */ resolveOnce((options: PicklerOptions) =>
  resolvePicklerOptions(options, defaultRegistry),
);

const resolveForFile = /* @__PURE__ */ resolveOnce((options: DumpOptions) =>
  resolvePicklerOptions(options, defaultRegistry, FILE_OPTIONS),
);

function resolve(options: PicklerOptions | undefined): ResolvedPicklerOptions {
  if (options === undefined) return DEFAULTS;
  if (!isOnlyProtocol(options)) return resolveGiven(options);
  const protocol = options.protocol!;
  let resolved = byProtocol.get(protocol);
  if (resolved === undefined) {
    // Refuses what is no protocol, so that there are no more entries than protocols.
    resolved = resolvePicklerOptions(options, defaultRegistry);
    if (resolved.protocol === protocol) byProtocol.set(protocol, resolved);
  }
  return resolved;
}

function isOnlyProtocol(options: PicklerOptions): boolean {
  if (options === null || Object.getPrototypeOf(options) !== Object.prototype) return false;
  for (const name in options) if (name !== "protocol") return false;
  return typeof options.protocol === "number";
}

/** Runs `take` on an encoder that has written `value`, and gives the encoder back. */
function encodeOnce<T>(value: unknown, resolved: ResolvedPicklerOptions, take: (encoder: Encoder) => T): T {
  const encoder = spare ?? new Encoder();
  spare = undefined;
  try {
    encoder.configure(resolved);
    encoder.encode(value);
    return take(encoder);
  } finally {
    encoder.release();
    spare = encoder;
  }
}

function takeBytes(encoder: Encoder): PickledBytes {
  return encoder.takeBytes() as PickledBytes;
}

/**
 * Pickles a value, in the bytes that CPython's C pickler writes for the same value.
 *
 * Plain objects, Maps, arrays, Sets, strings, numbers, bigints, booleans, `null`, bytes and Brine's Python types are
 * written; other classes have to be registered. Integral safe numbers are written as int, all others and -0 as float.
 *
 * @returns a copy of its own: a `Buffer` on Node, a `Uint8Array` elsewhere
 * @throws PicklingError `unpicklable`, `protocol-too-low`, `persistent-id`, `limit-exceeded` or `hook-failed`, with `path` to the
 *   part of the value that cannot be written
 * @throws PickleError `bad-option` for an option that there is not, or a value that it cannot have
 * @see CPython 3.12 `pickle.dumps`
 * @example
 * dumps([1, "x"], { protocol: 2 }) // => <Buffer 80 02 5d 71 00 28 4b 01 58 01 00 00 00 78 71 01 65 2e>
 */
export function dumps(value: unknown, options?: PicklerOptions): PickledBytes {
  return encodeOnce(value, resolve(options), takeBytes);
}

/**
 * Pickles a value into a file or stream; the same bytes as {@link dumps}.
 *
 * The value is encoded before the first byte is written, so changing it afterwards does no harm, and a value that cannot
 * be pickled leaves the file as it was. Only byte strings of 64 KiB and more are not copied: leave them alone until the
 * promise resolves. Writing waits for the sink; a stream or handle of yours stays open, so that pickles can follow one
 * another and `loadAll` reads them.
 *
 * A sink that takes nothing keeps `dump` waiting; `signal` ends that. What has been given nothing of the pickle is then as
 * before the call. Behind a part of one no other pickle could be read: a stream is destroyed or aborted with the reason, and
 * a file, open or given by path, keeps what was written.
 *
 * @param file - a path, `file:` URL, `FileHandle`, Node `Writable`, or web `WritableStream`
 * @throws PicklingError as {@link dumps} does; `bad-file` when the sink fails, or is nothing to write to
 * @throws PickleError `bad-option`
 * @throws the reason of `signal`
 * @see CPython 3.12 `pickle.dump`
 * @example
 * await dump({ complex: new Complex(4, 6) }, "data.pickle"); // pickle.load(open("data.pickle", "rb")) in Python
 */
export async function dump(value: unknown, file: PickleSink, options?: DumpOptions): Promise<void> {
  const resolved = options === undefined ? DEFAULTS : resolveForFile(options);
  const signal = signalOf(options);
  signal?.throwIfAborted();
  const chunks = encodeOnce(value, resolved, (encoder) => encoder.takeChunks());
  await writeChunks(file, chunks, signal);
}

/**
 * Pickles several values that share references: what one `dump` wrote, later ones refer to. The receiver needs one
 * `Unpickler` for all of them, as in Python.
 *
 * Override `persistentId` and `reducerOverride`, set `dispatchTable`, or pass them as options.
 *
 * @see CPython 3.12 `pickle.Pickler`
 * @example
 * class Table {
 *   id = "users";
 * }
 * class TablePickler extends Pickler {
 *   override persistentId(value: unknown): unknown {
 *     return value instanceof Table ? value.id : null;
 *   }
 * }
 * const bytes = new TablePickler().dump([new Table()]);
 * loads(bytes, { persistentLoad: (id) => `table ${id}` }) // => [ 'table users' ]
 */
export class Pickler {
  readonly #encoder = new Encoder();
  readonly #options: PicklerOptions;
  /** Python's `dispatch_table`: reducers by class, asked before the registry. Read at each {@link dump}; `undefined`: none. */
  dispatchTable: PicklerOptions["dispatchTable"];
  /** Python's `fast`: no memo at all, for trees only. Read at each {@link dump}. Default false. */
  fast: boolean;

  /** @throws PickleError `bad-option` for an option that there is not, or a value that it cannot have */
  constructor(options: PicklerOptions = {}) {
    this.#options = { ...options };
    this.dispatchTable = options.dispatchTable;
    this.fast = options.fast ?? false;
    resolvePicklerOptions(options, defaultRegistry);
  }

  /**
   * Python's `persistent_id`: an id to write instead of `value`; `null` or `undefined` for none. Asked for every value, also
   * within others. At protocol 0 the id is written as its `str`, which must be ASCII without a newline. What it throws becomes
   * a PicklingError `hook-failed`. Default: the option `persistentId`.
   */
  persistentId(value: unknown): unknown {
    return this.#options.persistentId?.(value);
  }

  /**
   * Python's `reducer_override`: how to write an object that is not of a basic type; `undefined`, for Python's NotImplemented,
   * for the usual way. Default: the option `reducerOverride`.
   */
  reducerOverride(value: object): ReturnType<NonNullable<PicklerOptions["reducerOverride"]>> {
    return this.#options.reducerOverride?.(value);
  }

  /**
   * One complete pickle, which refers to what earlier ones wrote: where Python's writes into the file.
   *
   * @returns a copy of its own: a `Buffer` on Node, a `Uint8Array` elsewhere
   * @throws PicklingError as {@link dumps} does
   */
  dump(value: unknown): PickledBytes {
    const encoder = this.#encoder;
    const { persistentId, reducerOverride } = this.#options;
    const hasPersistentId = persistentId !== undefined || this.persistentId !== Pickler.prototype.persistentId;
    const hasOverride = reducerOverride !== undefined || this.reducerOverride !== Pickler.prototype.reducerOverride;
    const options: PicklerOptions = {
      ...this.#options,
      fast: this.fast,
      dispatchTable: this.dispatchTable,
      persistentId: hasPersistentId ? (inner) => this.persistentId(inner) : undefined,
      reducerOverride: hasOverride ? (inner) => this.reducerOverride(inner) : undefined,
    };
    encoder.configure(resolvePicklerOptions(options, defaultRegistry));
    encoder.encode(value);
    const bytes = takeBytes(encoder);
    encoder.keep(bytes);
    return bytes;
  }

  /** Python's `clear_memo()`: forgets what was written, so that the next pickle stands on its own. */
  clearMemo(): void {
    this.#encoder.clearMemos();
  }
}
