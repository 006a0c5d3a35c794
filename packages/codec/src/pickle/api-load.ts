/** `loads`, `load`, `loadAll` and `Unpickler`. */
import { PickleError } from "../errors.js";
import { defaultRegistry } from "../globals/default-registry.js";
import type { AnyClass } from "../globals/registry.js";
import type { PyGlobal } from "../python/objects/objects.js";
import { FILE_OPTIONS, signalOf } from "./option-names.js";
import type { LoadOptions, UnpicklerOptions } from "./options.js";
import { resolveOnce } from "./resolve-once.js";
import { firstPickleOf, type PickleSource, picklesOf, type Reading } from "./streams/sources.js";
import { typeName } from "./type-name.js";
import { noPickle } from "./unpickler/faults.js";
import { Machine } from "./unpickler/machine.js";
import { loadNext } from "./unpickler/unpickler.js";
import { type ResolvedUnpicklerOptions, resolveUnpicklerOptions } from "./unpickler/unpickler-options.js";
import { wayToBytes } from "./way-to-bytes.js";

const DEFAULTS: ResolvedUnpicklerOptions = /* @__PURE__ */ Object.freeze(resolveUnpicklerOptions({}, defaultRegistry));

const resolveGiven = /* @__PURE__ */ resolveOnce((options: UnpicklerOptions) =>
  resolveUnpicklerOptions(options, defaultRegistry),
);

const resolveForFile = /* @__PURE__ */ resolveOnce((options: LoadOptions) =>
  resolveUnpicklerOptions(options, defaultRegistry, FILE_OPTIONS),
);

function resolve(options: UnpicklerOptions | undefined): ResolvedUnpicklerOptions {
  return options === undefined ? DEFAULTS : resolveGiven(options);
}

function bytesOf(data: Uint8Array | ArrayBuffer): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  const way = wayToBytes(data);
  const hint = way === undefined ? "" : `; ${way}`;
  throw new PickleError(`Cannot unpickle ${typeName(data)}: must be bytes${hint}`, { code: "bad-option" });
}

/**
 * Decodes one pickle of any protocol.
 *
 * Nothing is imported or executed: a global resolves only through `registry`, by its exact name, and an unknown one throws
 * or becomes a `PyObject`, as `unregistered` says. Bytes after the pickle's STOP are ignored, as in Python.
 *
 * @param data - the pickle; decoded `bytes` are copies of it unless the option `bytes` is `"view"`
 * @throws UnpicklingError on input that CPython refuses, on unregistered globals and on a limit, with `code`, `offset` and
 *   `opcode`; {@link PickleErrorCode} has the codes
 * @throws PickleError `bad-option` for an option that there is not, a value that it cannot have, or data that is no bytes
 * @see CPython `pickle.loads`
 * @example
 * loads(dumps([1, 2.5, "a"])) // => [ 1, 2.5, 'a' ]
 */
export function loads(data: Uint8Array | ArrayBuffer, options?: UnpicklerOptions): unknown {
  return loadNext(new Machine(bytesOf(data), resolve(options)));
}

/**
 * Decodes the next pickle of a file or stream; the protocol is detected.
 *
 * A `FileHandle` and a Node `Readable` of yours stay open and go on behind the pickle, so that several `load` read several
 * pickles in turn, as in Python. A handle starts at its current position; what is read from it beyond the pickle is kept
 * for the next `load`. A stream gets it back (`unshift`), for whoever reads next. Every other source is ended: what a
 * web stream or an iterator gave cannot be given back; use {@link loadAll} for several pickles.
 *
 * A source that gives nothing keeps `load` waiting; `signal` ends that. A `Readable` and a `FileHandle` of yours are then as
 * before the call, so that the next `load` reads the same pickle; every other source is ended.
 *
 * After an error in decoding (`unregistered-global`) the next `load` reads the next pickle. A handle whose file ends inside
 * a pickle can be read again when the file has grown.
 *
 * @param file - a path, `file:` URL, `FileHandle`, Node `Readable`, web `ReadableStream`, iterable of chunks, or bytes
 * @throws UnpicklingError as {@link loads} does, with offsets from the start of the pickle; `truncated` when the source
 *   ends inside the pickle, or holds none (Python's EOFError); `bad-file` when it cannot be read
 * @throws PickleError `bad-option`
 * @throws the reason of `signal`
 * @see CPython `pickle.load`
 * @example
 * await dump({ rates: [1, 2.5] }, "model.pickle"); // or a program in Python
 * await load("model.pickle") // => { rates: [ 1, 2.5 ] }
 */
export async function load(file: PickleSource, options?: LoadOptions): Promise<unknown> {
  const { decode, reading } = prepare(options);
  const pickle = await firstPickleOf(file, reading);
  if (pickle !== undefined) return decode(pickle);
  throw noPickle(0);
}

/**
 * Decodes the pickles that stand back to back in a file or stream, one by one, as `pickle.load(file)` in a loop until
 * EOFError. No more than one pickle is held at a time, and the source is read no faster than the values are taken.
 * Each pickle has its own memo.
 *
 * Left early, a `FileHandle` of yours stays open and goes on behind the last pickle; streams and iterators are ended, as
 * by `for await` over them. When `signal` aborts, while a pickle is waited for or between two of them, the loop throws its
 * reason, and the source is left the same way; a stream is destroyed or cancelled with the reason.
 *
 * An error's `offset` counts from the start of its pickle.
 *
 * @param file - as for {@link load}
 * @throws UnpicklingError as {@link loads} does; `truncated` when the source ends inside a pickle; `bad-file` when it cannot be
 *   read
 * @throws PickleError `bad-option`
 * @throws the reason of `signal`
 * @example
 * const records = Buffer.concat([dumps({ id: 1 }), dumps({ id: 2 })]); // or the path of a file, a stream, ...
 * for await (const record of loadAll(records)) console.log(record); // { id: 1 }, then { id: 2 }
 */
export async function* loadAll(file: PickleSource, options?: LoadOptions): AsyncGenerator<unknown, void, void> {
  const { decode, reading } = prepare(options);
  // Where the source ends inside a pickle, decoding what there is of it says what is missing, and where.
  for await (const pickle of picklesOf(file, reading)) yield decode(pickle);
}

function prepare(options: LoadOptions | undefined): {
  readonly decode: (pickle: Uint8Array) => unknown;
  readonly reading: Reading;
} {
  const resolved = options === undefined ? DEFAULTS : resolveForFile(options);
  return {
    decode: (pickle) => loadNext(new Machine(pickle, resolved)),
    reading: { maxBytes: resolved.limits.maxBytes, signal: signalOf(options) },
  };
}

/**
 * Decodes the pickles in some bytes, one {@link Unpickler.load} each. The memo lives as long as the unpickler, as in
 * CPython, so that pickles written by one pickler can refer to each other's objects.
 *
 * Subclass it to decide what names mean: `findClass`, `persistentLoad`, `getExtension`. What an override throws becomes an
 * UnpicklingError `hook-failed`, with the error as its `cause`.
 *
 * @see CPython `pickle.Unpickler`
 * @example
 * class Restricted extends Unpickler {
 *   override findClass(module: string, name: string) {
 *     if (module !== "collections") throw new Error(`${module}.${name} is forbidden`);
 *     return super.findClass(module, name);
 *   }
 * }
 * new Restricted(dumps(new OrderedDict([["a", 1]]))).load() // => OrderedDict(1) [Map] { 'a' => 1 }
 */
export class Unpickler {
  readonly #machine: Machine;

  /**
   * @param data - one or more pickles back to back. Not copied: do not change it before the last `load`
   * @throws PickleError `bad-option` for an option that there is not, a value that it cannot have, or data that is no bytes
   */
  constructor(data: Uint8Array | ArrayBuffer, options?: UnpicklerOptions) {
    this.#machine = new Machine(bytesOf(data), resolve(options), this);
  }

  /** How many bytes were read: the offset of the next pickle. */
  get position(): number {
    return this.#machine.position;
  }

  /** Whether there is no further pickle. */
  get isAtEnd(): boolean {
    return this.#machine.position >= this.#machine.input.bytes.length;
  }

  /**
   * Python's `find_class`: what a global stands for. Override it to allow, forbid or rename; return what `super.findClass`
   * returns, or a class that the registry knows. Python 2's names arrive as they were written and are mapped here
   * (`fixImports`).
   *
   * @throws UnpicklingError `unregistered-global` for a name that the registry does not know
   */
  findClass(module: string, name: string): PyGlobal | AnyClass {
    return this.#machine.resolver().findClass(module, name);
  }

  /**
   * Python's `persistent_load`: the object with a persistent id, which is a str at protocol 0. Must not return `undefined`.
   * Default: the option `persistentLoad`.
   *
   * @throws UnpicklingError `persistent-id` without that option
   */
  persistentLoad(id: unknown): unknown {
    return this.#machine.resolver().persistentLoad(id);
  }

  /**
   * Python's `get_extension`: the global under an extension code, from 1 to 2,147,483,647, of the registry's extensions.
   *
   * @throws UnpicklingError `unregistered-extension` for a code that the registry does not know
   */
  getExtension(code: number): PyGlobal | AnyClass {
    return this.#machine.resolver().getExtension(code);
  }

  /**
   * Decodes the next pickle.
   *
   * @throws UnpicklingError with `code`, `offset` (from the start of the data) and `opcode`; `truncated` at the end of the data,
   *   where Python raises an EOFError. After an error within a pickle the unpickler cannot go on
   */
  load(): unknown {
    return loadNext(this.#machine);
  }
}
