/** `pickle.dumps` and `pickle.Pickler`. */
import { defaultRegistry } from "../globals/default-registry.js";
import { Encoder } from "./encoder.js";
import type { PicklerOptions } from "./options.js";
import { type ResolvedPicklerOptions, resolvePicklerOptions } from "./pickler-options.js";

const DEFAULTS: ResolvedPicklerOptions = /* @__PURE__ */ Object.freeze(resolvePicklerOptions({}, defaultRegistry));

/** One encoder is kept for the next call, for its buffer and its cache of keys; calls within a call make their own. */
let spare: Encoder | undefined;

/**
 * Runs `take` on an encoder that has written `value`, and gives the encoder back.
 * @throws PicklingError
 */
export function encodeOnce<T>(value: unknown, options: PicklerOptions | undefined, take: (encoder: Encoder) => T): T {
  const resolved = options === undefined ? DEFAULTS : resolvePicklerOptions(options, defaultRegistry);
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

function takeBytes(encoder: Encoder): Uint8Array {
  return encoder.takeBytes();
}

/**
 * Pickles a value, in the bytes that CPython's C pickler writes for the same value.
 *
 * Plain objects, Maps, arrays, Sets, strings, numbers, bigints, booleans, `null`, bytes and Brine's Python types are
 * written; other classes have to be registered. Integral safe numbers are written as int, all others as float.
 *
 * @returns a copy of its own: a `Buffer` on Node, a `Uint8Array` elsewhere
 * @throws PicklingError with `code`, and `path` to the part of the value that cannot be written
 * @throws PickleError `bad-option`
 * @see CPython 3.12 `pickle.dumps`
 * @example
 * dumps({ a: [1, 2.5, "x"] }, { protocol: 2 })
 */
export function dumps(value: unknown, options?: PicklerOptions): Uint8Array {
  return encodeOnce(value, options, takeBytes);
}

/**
 * Pickles several values that share references: what one `dump` wrote, later ones refer to. The receiver needs one
 * `Unpickler` for all of them, as in Python.
 *
 * Override `persistentId` and `reducerOverride`, set `dispatchTable`, or pass them as options.
 *
 * @see CPython 3.12 `pickle.Pickler`
 * @example
 * class TablePickler extends Pickler {
 *   override persistentId(value: unknown): unknown {
 *     return value instanceof Table ? value.id : null;
 *   }
 * }
 */
export class Pickler {
  readonly #encoder = new Encoder();
  readonly #options: PicklerOptions;
  /** Reducers by class, asked before the registry. */
  dispatchTable: PicklerOptions["dispatchTable"];
  /** No memo at all: for trees only. */
  fast: boolean;

  /** @throws PickleError `bad-option` */
  constructor(options: PicklerOptions = {}) {
    this.#options = { ...options };
    this.dispatchTable = options.dispatchTable;
    this.fast = options.fast ?? false;
    resolvePicklerOptions(options, defaultRegistry);
  }

  /** An id to write instead of `value`; `null` or `undefined` for none. Asked for every value. */
  persistentId(value: unknown): unknown {
    return this.#options.persistentId?.(value);
  }

  /** How to write an object that is not of a basic type; `undefined` for the usual way. */
  reducerOverride(value: object): ReturnType<NonNullable<PicklerOptions["reducerOverride"]>> {
    return this.#options.reducerOverride?.(value);
  }

  /** One complete pickle. @throws PicklingError */
  dump(value: unknown): Uint8Array {
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
    const bytes = encoder.takeBytes();
    encoder.keep(bytes);
    return bytes;
  }

  /** Forgets what was written, so that the next pickle stands on its own. */
  clearMemo(): void {
    this.#encoder.clearMemos();
  }
}
