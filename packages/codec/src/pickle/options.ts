/** Options of the decoder and the encoder, with their defaults. Resolved once, then frozen and passed around. */
import type { AnyClass, ClassRegistryView, Reduction } from "../globals/registry.js";
import type { Limits } from "../limits.js";
import type { BufferLike, PickleBuffer } from "../python/containers/buffers.js";
import type { PyGlobal } from "../python/objects/objects.js";
import type { Protocol } from "./opcodes.js";

/** How decoded Python values are represented; the guide's page on values has the whole table. */
export interface ModelOptions {
  /** `"auto"` (default): number when safe, else bigint. `"bigint"`: always bigint. */
  readonly int?: "auto" | "bigint" | undefined;
  /** `"number"` (default), or `"exact"`: {@link PyFloat}, so that 2.0 is written back as a float. */
  readonly float?: "number" | "exact" | undefined;
  /** `"copy"` (default), or `"view"`: views on the input without a copy, for callers that own the input and do not reuse it. */
  readonly bytes?: "copy" | "view" | undefined;
  /**
   * `"tuple"` (default): {@link Tuple}. `"array"`: plain arrays, which are written back as lists. Keys of dicts and members of
   * sets stay tuples, as do named tuples, and what an exception, an array of numpy or an object kept as data was made of.
   */
  readonly tuple?: "tuple" | "array" | undefined;
  /** `"auto"` (default): a plain object when every key is a str, else a {@link PyDict}. `"map"`: always PyDict. `"object"`: always a plain object, other keys are an error. */
  readonly dict?: "auto" | "map" | "object" | undefined;
  /** `"python"` (default): PyDateTime and its kin. `"temporal"`: Temporal's types. `"date"`: Date for datetime, the rest as `"python"`. */
  readonly datetime?: "python" | "temporal" | "date" | undefined;
}

/** Options of `loads` and {@link Unpickler}, and of `load` and `loadAll` beside their own. */
export interface UnpicklerOptions extends ModelOptions {
  /** Classes and functions that pickles may name. Default: {@link defaultRegistry}, the standard library's value types. */
  readonly registry?: ClassRegistryView | undefined;
  /**
   * Out-of-band buffers of protocol 5, in the order the pickler's `bufferCallback` got them: bytes, or what it got itself. A
   * {@link PickleBuffer} that is not `readonly` arrives as {@link ByteArray}. Default: none.
   */
  readonly buffers?: Iterable<BufferLike | PickleBuffer> | undefined;
  /** How a Python 2 `str` is decoded; `"bytes"` gives bytes. Default `"ASCII"`, strict, as in CPython. */
  readonly encoding?: "ASCII" | "latin1" | "utf-8" | "bytes" | undefined;
  /** What happens to bytes that `encoding` cannot decode. Default `"strict"`. */
  readonly errors?: "strict" | "replace" | "ignore" | "surrogateescape" | "backslashreplace" | undefined;
  /** Map Python 2 names to Python 3's in pickles of protocol 0 to 2. Default true. */
  readonly fixImports?: boolean | undefined;
  /** Python's `persistent_load`: the object with a persistent id, which is a str at protocol 0. Must not return `undefined`. By default a persistent id is an error. */
  readonly persistentLoad?: ((id: unknown) => unknown) | undefined;
  /** `"error"` (default): an unregistered global throws. `"opaque"`: it becomes a {@link PyObject}. */
  readonly unregistered?: "error" | "opaque" | undefined;
  /** Bounds on what one pickle may cost. Default: see {@link Limits}. */
  readonly limits?: Partial<Limits> | undefined;
}

/** What the functions that read and write files and streams have beside the options of pickle. */
export interface WaitOptions {
  /** Ends the waiting for a file or stream: the promise rejects with the signal's reason. Default: none, so it waits as long as it takes. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `load` and `loadAll`. */
export interface LoadOptions extends UnpicklerOptions, WaitOptions {}

/** Options of `dumps` and {@link Pickler}, and of `dump` beside its own. */
export interface PicklerOptions {
  /** 0 to 5; -1, as any negative number, is the highest. Default 4. */
  readonly protocol?: Protocol | -1 | undefined;
  /** The names of classes, and how their instances are written. Default: {@link defaultRegistry}, the standard library's value types. */
  readonly registry?: ClassRegistryView | undefined;
  /** Write Python 2's names at protocols 0 to 2. Default true. */
  readonly fixImports?: boolean | undefined;
  /**
   * Protocol 5, and an error below: gets each {@link PickleBuffer}; returning a falsy value (as `Array.push` does not) keeps it
   * out of band. Default: all are kept in band.
   */
  readonly bufferCallback?: ((buffer: PickleBuffer) => unknown) | undefined;
  /**
   * Which equal strings are written once and then referred to. `"all"` (default): as CPython writes literals and interned
   * strings. `"keys"`: dict keys and attribute names only, as CPython writes what `json.loads` made. `"none"`: never.
   */
  readonly memoizeStrings?: "all" | "keys" | "none" | undefined;
  /** No memo at all: smaller and faster for trees; a value that contains itself is an error. Default false. */
  readonly fast?: boolean | undefined;
  /** The CPython whose bytes are written where versions differ. Default `"3.12"`. */
  readonly python?: "3.12" | "3.13" | undefined;
  /**
   * What `undefined` is as the value of a dict or an attribute: an `"error"` (default), None with `"none"`, or `"omit"`ted with
   * its key. In arrays and at the top level it is None.
   */
  readonly undefined?: "error" | "none" | "omit" | undefined;
  /** Whether {@link PyObject}s (instances of unregistered classes) may be written back: whoever loads them runs what they name. Default `"refuse"`. */
  readonly opaque?: "refuse" | "allow" | undefined;
  /** Python's `persistent_id`: gives a value a persistent id; `undefined` or `null` means none. At protocol 0 it is written as its `str`. Default: none has. */
  readonly persistentId?: ((value: unknown) => unknown) | undefined;
  /** Python's `reducer_override`: asked first for objects that are not of a basic type; `undefined` means the usual way. Default: none. */
  readonly reducerOverride?:
    | ((value: object) => Reduction | PyGlobal | readonly unknown[] | string | undefined)
    | undefined;
  /** Python's `dispatch_table`: reducers by class, asked before the registry. Default: none. */
  readonly dispatchTable?:
    | ReadonlyMap<AnyClass, (value: never) => Reduction | PyGlobal | readonly unknown[] | string>
    | undefined;
  /** Bounds on what is written: `maxBytes`, `maxDepth` and `maxIntDigits`. Default: see {@link Limits}. */
  readonly limits?: Partial<Limits> | undefined;
}

/** Options of `dump`. */
export interface DumpOptions extends PicklerOptions, WaitOptions {}
