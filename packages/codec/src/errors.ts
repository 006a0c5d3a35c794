/**
 * Every error that leaves the codec. `code` is stable and meant for programs; the message is meant for people and may change.
 *
 * The classes carry a `Symbol.for` brand, so {@link isPickleError} also recognises errors of another copy of this package.
 */
import { CodedError, type CodedErrorOptions, hasBrand } from "./coded-error.js";
import type { Limits } from "./limits.js";
import type { OpcodeName } from "./pickle/opcodes.js";

/** What went wrong, for programs. */
export type PickleErrorCode =
  /** The input ends inside an opcode, its argument or a frame. */
  | "truncated"
  /** A byte that is no opcode. */
  | "unknown-opcode"
  /** PROTO names a protocol above 5. */
  | "unsupported-protocol"
  /** An opcode's argument is not of its form: a bad number line, an unquoted STRING, invalid UTF-8. */
  | "bad-argument"
  /** An opcode needs more items than the stack holds. */
  | "stack-underflow"
  /** An opcode needs a mark and there is none. */
  | "missing-mark"
  /** GET of a memo index that nothing was put under, or PUT of a negative one. */
  | "bad-memo"
  /** An opcode found an operand of the wrong type: SETITEMS on a str, REDUCE without a tuple. */
  | "bad-operand"
  /** A dict key or set member that Python cannot hash. */
  | "unhashable"
  /** A frame that overruns its parent, ends inside an opcode, or is longer than the input. */
  | "bad-frame"
  /** A class or function that the registry does not know. */
  | "unregistered-global"
  /** An extension code that the extension registry does not know. */
  | "unregistered-extension"
  /** A persistent id without `persistentLoad`, or for which that gave `undefined`; one that protocol 0 cannot write. */
  | "persistent-id"
  /** NEXT_BUFFER with no buffer left, or out-of-band data where none was given. */
  | "missing-buffer"
  /** A registered class refused its arguments or its state; `cause` says why. */
  | "construct-failed"
  /** A limit of {@link Limits} was reached; `limit` names it. */
  | "limit-exceeded"
  /** The value has a type that cannot be pickled. */
  | "unpicklable"
  /** The value cannot be written at the protocol asked for. */
  | "protocol-too-low"
  /** An option that there is not, a value that it cannot have, or a registration that cannot be: the name is taken, the registry frozen. */
  | "bad-option"
  /** The file or stream given cannot be read from or written to. */
  | "bad-file"
  /** A hook (`__reduce__`, `persistentId`, `reducerOverride`, ...) threw or gave what it must not. */
  | "hook-failed";

/** The facts that a {@link PickleError} carries beside its message. */
export interface PickleErrorOptions extends CodedErrorOptions<PickleErrorCode> {
  /** Byte of the opcode, counted from the first byte given to the decoder; of `load` and `loadAll` from the start of the pickle. */
  readonly offset?: number | undefined;
  /** The opcode at `offset`; only when unpickling. */
  readonly opcode?: OpcodeName | undefined;
  /** Where in the value, such as `.kwargs["when"][3]`; only when pickling. */
  readonly path?: string | undefined;
  /** The limit that was reached, with its value; only for `limit-exceeded`. */
  readonly limit?: { readonly name: keyof Limits; readonly max: number } | undefined;
}

const BRAND = Symbol.for("brine.PickleError");

/**
 * What `pickle.PickleError` is in Python: the parent of {@link UnpicklingError} and {@link PicklingError}. Itself it is thrown
 * for what a caller got wrong whatever the data is: `bad-option`.
 */
export class PickleError extends CodedError<PickleErrorCode> {
  override name = "PickleError";
  /**
   * Byte of the opcode, counted from the first byte given to the decoder; of `load` and `loadAll` from the start of the pickle.
   * `undefined` when pickling.
   */
  readonly offset?: number | undefined;
  /** The opcode at `offset`, such as `"STACK_GLOBAL"`; `undefined` for a byte that is none, and when pickling. */
  readonly opcode?: OpcodeName | undefined;
  /** Where in the value, such as `.kwargs["when"][3]`; `undefined` when unpickling. */
  readonly path?: string | undefined;
  /** The limit that was reached, with its value; only for `limit-exceeded`. */
  readonly limit?: { readonly name: keyof Limits; readonly max: number } | undefined;

  constructor(message: string, options: PickleErrorOptions) {
    super(message, options);
    this.offset = options.offset;
    this.opcode = options.opcode;
    this.path = options.path;
    this.limit = options.limit;
  }

  get [BRAND](): true {
    return true;
  }
}

/** The bytes cannot be decoded: Python's `pickle.UnpicklingError`. `offset` and `opcode` say where. */
export class UnpicklingError extends PickleError {
  override name = "UnpicklingError";
}

/** The value cannot be encoded: Python's `pickle.PicklingError`. `path` says which part of it. */
export class PicklingError extends PickleError {
  override name = "PicklingError";
}

/** Whether `error` is a {@link PickleError}, of this or another copy of the package. */
export function isPickleError(error: unknown): error is PickleError {
  return hasBrand(error, BRAND);
}
