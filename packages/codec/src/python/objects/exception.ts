/** What every Python exception is: arguments, attributes and a message. */
import { ByteArray, Tuple } from "../containers/sequences.js";
import { PyDateTime } from "../datetime/datetime.js";
import { hasDigits } from "../numbers/integers.js";
import { floatRepr } from "../numbers/numbers.js";
import { type OwnRepr, ownRepr, reprWithin } from "../repr.js";
import { bytearrayRepr, bytesRepr, strRepr } from "../str-repr.js";
import { keepsTuples, PyGlobal, pyBase } from "./objects.js";

/** Own properties that are no attributes of the Python object. */
const RESERVED: ReadonlySet<string> = new Set(["args", "attributes", "message", "stack", "name", "cause", "errors"]);

/** A class of Python exceptions: one of {@link pyExceptions}, or what {@link exceptionClass} or `registerException` made. */
export interface PyExceptionClass<T extends PyException = PyException> {
  /** Module and qualified name of the Python class: `builtins.ValueError`. */
  readonly pythonName: string;
  /** Only for the type that `instanceof` narrows to. */
  readonly prototype: T;
  new (...args: unknown[]): T;
}

/** Characters of what is written out, and values in it. */
const MAX_TEXT = 1000;
const MAX_PARTS = 100;
/** Objects with more properties than that. Counting them takes time with each, and many exceptions may be made of one. */
const WIDE = new WeakSet<object>();

/**
 * Whether a value is short as text: many exceptions may be made of one value, and each has its text. Of strings and bytes
 * `maxCopies` counts the length; of what holds them it does not.
 */
export function isShort(root: unknown): boolean {
  let left = MAX_PARTS;
  const isShortPart = (value: unknown): boolean => {
    if (--left < 0) return false;
    if (typeof value === "string") return value.length <= MAX_TEXT;
    if (typeof value === "bigint") return hasDigits(value);
    if (typeof value !== "object" || value === null) return true;
    if (value instanceof Uint8Array) return value.length <= MAX_TEXT;
    if (ArrayBuffer.isView(value) || WIDE.has(value)) return false;
    if (Array.isArray(value)) return value.length <= MAX_PARTS && value.every(isShortPart);
    if (value instanceof PyException) return isShortPart(value.args);
    if (value instanceof Map || value instanceof Set) {
      if (value.size > MAX_PARTS) return false;
      for (const entry of value) if (!isShortPart(entry)) return false;
    }
    const keys = Reflect.ownKeys(value);
    if (keys.length > MAX_PARTS) WIDE.add(value);
    return keys.length <= MAX_PARTS && keys.every((key) => isShortPart((value as Record<PropertyKey, unknown>)[key]));
  };
  return isShortPart(root);
}

/** Whether its class has a `str` besides its `repr`: not what a pickle has put into it, nor what its items are. */
function hasText(value: object): boolean {
  if (Array.isArray(value) || value instanceof PyGlobal) return false;
  return !Object.hasOwn(value, "toString") && value.toString !== Object.prototype.toString;
}

/** What `text` makes of a value; `...` if that is long, or cannot be said. */
function ofShort<T extends object>(value: T, text: (value: T) => string): string {
  try {
    return isShort(value) ? text(value) : "...";
  } catch {
    return "...";
  }
}

/** Python's `repr` of an object; `...` for the end of what is long. */
function shortRepr(value: object): string {
  return ofShort(value, (short) => reprWithin(short, MAX_TEXT));
}

/** How Python's `str` shows a single argument: `...` for what is long. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : floatRepr(value);
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "bigint":
      // Python's `str` refuses it, and the time that it takes to write it grows faster than its digits.
      return hasDigits(value) ? String(value) : "...";
    case "object":
      break;
    default:
      return "...";
  }
  if (value === null) return "None";
  if (value instanceof Uint8Array) {
    return value instanceof ByteArray ? bytearrayRepr(value) : bytesRepr(value);
  }
  // Exceptions made of one, each twice, would double its text at every step.
  if (value instanceof PyException) return value.message.length <= MAX_TEXT ? value.message : "...";
  // ISO's `T` is a space in Python's `str`.
  if (value instanceof PyDateTime) return value.toString().replace("T", " ");
  return hasText(value) ? ofShort(value, String) : shortRepr(value);
}

/** The same within other text, as Python's `repr` shows it. */
export function quoted(value: unknown): string {
  if (typeof value === "string") return strRepr(value);
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array)
    ? shortRepr(value)
    : shown(value);
}

/**
 * A Python exception: `BaseException`, and the parent of all others. `args` is what it was made with, `attributes` what was
 * set on it since; `message` is Python's `str`, with `...` for what is long.
 *
 * Extend it, or one of {@link pyExceptions}, for exceptions of your own, and register them with
 * `registry.registerException`. An instance that a pickle makes is made by Brine's constructor alone, not by yours.
 *
 * @example
 * const error = new pyExceptions.KeyError("k");
 * error.message // => "'k'"
 * error instanceof pyExceptions.LookupError // => true
 */
export class PyException extends Error {
  static readonly [pyBase] = true;
  static readonly [keepsTuples] = true;
  /** Module and qualified name of the Python class that this one stands for. */
  static readonly pythonName: string = "builtins.BaseException";

  /** What Python's class is called with: also the file name of an `OSError`, which its own `args` leaves out. */
  readonly args: Tuple;
  /** Python's `__dict__`: attributes by name, in an object without prototype. */
  readonly attributes: Record<string, unknown>;

  /** @param args - as Python's class is called; a copy is kept */
  constructor(...args: unknown[]) {
    super("");
    this.args = Tuple.from(args);
    this.attributes = Object.create(null) as Record<string, unknown>;
    Object.defineProperty(this, "attributes", { enumerable: false });
    this.message = this.describe();
    Object.defineProperty(this, "name", { value: this.className, writable: true, configurable: true });
  }

  /** The Python class: `builtins.ValueError`. */
  get pythonClass(): string {
    return (this.constructor as PyExceptionClass).pythonName;
  }

  /** The last part of {@link pythonClass}. */
  get className(): string {
    const { pythonClass } = this;
    return pythonClass.slice(pythonClass.lastIndexOf(".") + 1);
  }

  /** Python's `__notes__`: what `add_note` added, `[]` without. */
  get notes(): readonly string[] {
    const notes = this.attributes.__notes__;
    return Array.isArray(notes) ? notes.filter((note) => typeof note === "string") : [];
  }

  /** Python's `str(exception)`, for `message`. Called by the constructor, before a subclass has its fields. */
  protected describe(): string {
    const { args } = this;
    if (args.length === 0) return "";
    return args.length === 1 ? shown(args[0]) : `(${args.map(quoted).join(", ")})`;
  }

  /** Whether {@link describe} looks at attributes: it is then asked again when a pickle brings some. */
  protected get describesAttributes(): boolean {
    return false;
  }

  [ownRepr](): OwnRepr {
    return { name: this.className, args: this.args };
  }

  /** Attributes to write: what was decoded, and own properties that a subclass of yours has set. */
  static attributesOf(exception: PyException): Record<string, unknown> | undefined {
    const state: Record<string, unknown> = { ...exception.attributes };
    for (const key of Object.keys(exception)) {
      if (RESERVED.has(key)) continue;
      Object.defineProperty(state, key, {
        value: (exception as unknown as Record<string, unknown>)[key],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return Object.keys(state).length === 0 ? undefined : state;
  }

  /**
   * Sets attributes that a pickle brought: in `attributes`, and as own properties unless JavaScript's Error has the name.
   *
   * @returns whether the message was made anew of them
   */
  static setAttributes(exception: PyException, attributes: Iterable<readonly [string, unknown]>): boolean {
    for (const [name, value] of attributes) {
      exception.attributes[name] = value;
      if (RESERVED.has(name) || name === "__notes__" || name in exception) continue;
      Object.defineProperty(exception, name, { value, writable: true, enumerable: true, configurable: true });
    }
    if (!exception.describesAttributes) return false;
    exception.message = exception.describe();
    return true;
  }

  /** `{ exc_type, exc_message }`, as Celery names them: the class without its module, and Python's `str`. */
  toJSON(): { exc_type: string; exc_message: string } {
    return { exc_type: this.className, exc_message: this.message };
  }
}
