/**
 * Python's exceptions. Every builtin one is a class below {@link PyException}, made from the one table here, with Python's
 * own inheritance; so `error instanceof pyExceptions.LookupError` holds for a `KeyError`.
 */
import { intOf } from "../coerce.js";
import { Tuple } from "../containers/sequences.js";
import { pyBase } from "./objects.js";

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

/** How Python's `str` shows a single argument. Deep or foreign values are only named. */
function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "object" && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype))
    return "...";
  try {
    return String(value);
  } catch {
    return "...";
  }
}

function quoted(value: unknown): string {
  return typeof value === "string" ? `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'` : shown(value);
}

/**
 * A Python exception: `BaseException`, and the parent of all others. `args` is what it was made with, `attributes` what was
 * set on it since; `message` is Python's `str`, with `...` for a list, tuple or dict in it.
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

  /** Sets attributes that a pickle brought: in `attributes`, and as own properties unless JavaScript's Error has the name. */
  static setAttributes(exception: PyException, attributes: Iterable<readonly [string, unknown]>): void {
    for (const [name, value] of attributes) {
      exception.attributes[name] = value;
      if (RESERVED.has(name) || name === "__notes__" || name in exception) continue;
      Object.defineProperty(exception, name, { value, writable: true, enumerable: true, configurable: true });
    }
  }

  /** `{ exc_type, exc_message }`, as Celery names them: the class without its module, and Python's `str`. */
  toJSON(): { exc_type: string; exc_message: string } {
    return { exc_type: this.className, exc_message: this.message };
  }
}

/** The builtin exceptions of Python 3.13 and their parents, parents first. CPython 3.13 `exceptions.c`. */
const BUILTINS = {
  Exception: "BaseException",
  GeneratorExit: "BaseException",
  KeyboardInterrupt: "BaseException",
  SystemExit: "BaseException",
  BaseExceptionGroup: "BaseException",
  ArithmeticError: "Exception",
  FloatingPointError: "ArithmeticError",
  OverflowError: "ArithmeticError",
  ZeroDivisionError: "ArithmeticError",
  AssertionError: "Exception",
  AttributeError: "Exception",
  BufferError: "Exception",
  EOFError: "Exception",
  ExceptionGroup: "BaseExceptionGroup",
  ImportError: "Exception",
  ModuleNotFoundError: "ImportError",
  LookupError: "Exception",
  IndexError: "LookupError",
  KeyError: "LookupError",
  MemoryError: "Exception",
  NameError: "Exception",
  UnboundLocalError: "NameError",
  OSError: "Exception",
  BlockingIOError: "OSError",
  ChildProcessError: "OSError",
  ConnectionError: "OSError",
  BrokenPipeError: "ConnectionError",
  ConnectionAbortedError: "ConnectionError",
  ConnectionRefusedError: "ConnectionError",
  ConnectionResetError: "ConnectionError",
  FileExistsError: "OSError",
  FileNotFoundError: "OSError",
  InterruptedError: "OSError",
  IsADirectoryError: "OSError",
  NotADirectoryError: "OSError",
  PermissionError: "OSError",
  ProcessLookupError: "OSError",
  TimeoutError: "OSError",
  ReferenceError: "Exception",
  RuntimeError: "Exception",
  NotImplementedError: "RuntimeError",
  PythonFinalizationError: "RuntimeError",
  RecursionError: "RuntimeError",
  StopAsyncIteration: "Exception",
  StopIteration: "Exception",
  SyntaxError: "Exception",
  IndentationError: "SyntaxError",
  TabError: "IndentationError",
  SystemError: "Exception",
  TypeError: "Exception",
  ValueError: "Exception",
  UnicodeError: "ValueError",
  UnicodeDecodeError: "UnicodeError",
  UnicodeEncodeError: "UnicodeError",
  UnicodeTranslateError: "UnicodeError",
  Warning: "Exception",
  BytesWarning: "Warning",
  DeprecationWarning: "Warning",
  EncodingWarning: "Warning",
  FutureWarning: "Warning",
  ImportWarning: "Warning",
  PendingDeprecationWarning: "Warning",
  ResourceWarning: "Warning",
  RuntimeWarning: "Warning",
  SyntaxWarning: "Warning",
  UnicodeWarning: "Warning",
  UserWarning: "Warning",
} as const;

/** The name of a builtin exception of Python 3.13. */
export type PyExceptionName = keyof typeof BUILTINS | "BaseException";

/** What `OSError(errno, ...)` becomes. Linux's numbers. CPython 3.12 `exceptions.c` init_errnomap. */
const ERRNO: ReadonlyMap<number, PyExceptionName> = new Map<number, PyExceptionName>([
  [11, "BlockingIOError"],
  [114, "BlockingIOError"],
  [115, "BlockingIOError"],
  [32, "BrokenPipeError"],
  [108, "BrokenPipeError"],
  [10, "ChildProcessError"],
  [103, "ConnectionAbortedError"],
  [111, "ConnectionRefusedError"],
  [104, "ConnectionResetError"],
  [17, "FileExistsError"],
  [2, "FileNotFoundError"],
  [21, "IsADirectoryError"],
  [20, "NotADirectoryError"],
  [4, "InterruptedError"],
  [13, "PermissionError"],
  [1, "PermissionError"],
  [3, "ProcessLookupError"],
  [110, "TimeoutError"],
]);

/** `(errno, strerror, filename, winerror, filename2)` of `OSError`; nothing of fewer than two or more than five arguments. */
function osArguments({ args }: PyException): readonly unknown[] {
  return args.length >= 2 && args.length <= 5 ? args : [];
}

/** `OSError` and its subclasses. CPython 3.12 `exceptions.c` oserror_parse_args, oserror_init. */
class OsException extends PyException {
  get errno(): unknown {
    return osArguments(this)[0] ?? null;
  }

  get strerror(): unknown {
    return osArguments(this)[1] ?? null;
  }

  get filename(): unknown {
    const filename = osArguments(this)[2] ?? null;
    // How many characters were written.
    const isCount = this.pythonClass === "builtins.BlockingIOError" && intOf(filename) !== undefined;
    return isCount ? null : filename;
  }

  get filename2(): unknown {
    return this.filename === null ? null : (osArguments(this)[4] ?? null);
  }

  protected override describe(): string {
    if (osArguments(this).length === 0) return super.describe();
    const file = this.filename === null ? "" : `: ${quoted(this.filename)}`;
    const second = this.filename2 === null ? "" : ` -> ${quoted(this.filename2)}`;
    return `[Errno ${shown(this.errno)}] ${shown(this.strerror)}${file}${second}`;
  }
}

class KeyException extends PyException {
  protected override describe(): string {
    return this.args.length === 1 ? quoted(this.args[0]) : super.describe();
  }
}

class SyntaxException extends PyException {
  protected override describe(): string {
    return this.args.length > 0 ? shown(this.args[0]) : "";
  }
}

class UnicodeException extends PyException {
  protected override describe(): string {
    if (this.args.length !== 5) return super.describe();
    const [encoding, , start, end, reason] = this.args;
    return `'${shown(encoding)}' codec: position ${shown(start)} to ${shown(end)}: ${shown(reason)}`;
  }
}

/** `ExceptionGroup(message, exceptions)` */
class GroupException extends PyException {
  get errors(): readonly unknown[] {
    const [, errors] = this.args;
    return Array.isArray(errors) ? errors : [];
  }

  protected override describe(): string {
    const count = this.errors.length;
    return `${shown(this.args[0])} (${count} sub-exception${count === 1 ? "" : "s"})`;
  }
}

/** Which class gives a builtin and its subclasses their own ways. */
const BEHAVIOURS: Readonly<Partial<Record<PyExceptionName, PyExceptionClass>>> = {
  OSError: OsException,
  KeyError: KeyException,
  SyntaxError: SyntaxException,
  UnicodeDecodeError: UnicodeException,
  UnicodeEncodeError: UnicodeException,
  BaseExceptionGroup: GroupException,
};

/** Copies what `behaviour` overrides, so that the class keeps its Python parent. */
function behave(jsClass: PyExceptionClass, behaviour: PyExceptionClass): void {
  for (const key of Object.getOwnPropertyNames(behaviour.prototype)) {
    if (key === "constructor") continue;
    Object.defineProperty(jsClass.prototype, key, Object.getOwnPropertyDescriptor(behaviour.prototype, key)!);
  }
}

/**
 * Makes a class for a Python exception: `exceptionClass("app.errors.Boom")`. `BaseRegistry.registerException` makes one and
 * registers it, which reading and writing need.
 *
 * @param pythonName - module and qualified name
 * @param parent - default `pyExceptions.Exception`
 */
export function exceptionClass(
  pythonName: string,
  parent: PyExceptionClass = pyExceptions.Exception,
): PyExceptionClass {
  const name = pythonName.slice(pythonName.lastIndexOf(".") + 1);
  const made = {
    [name]: class extends parent {
      static readonly [pyBase] = true;
      static override readonly pythonName: string = pythonName;
    },
  };
  return made[name] as PyExceptionClass;
}

/** Classes are made when they are first asked for: most programs meet few of them. */
function builtinClasses(): Readonly<Record<PyExceptionName, PyExceptionClass>> {
  const made = new Map<string, PyExceptionClass>([["BaseException", PyException]]);
  function classOf(name: PyExceptionName): PyExceptionClass {
    const known = made.get(name);
    if (known !== undefined) return known;
    const jsClass = exceptionClass(`builtins.${name}`, classOf(BUILTINS[name as keyof typeof BUILTINS]));
    // With `super` in mind: the methods come from a class below PyException, which is where they continue.
    const behaviour = BEHAVIOURS[name];
    if (behaviour !== undefined) behave(jsClass, behaviour);
    made.set(name, jsClass);
    return jsClass;
  }
  const classes = {} as Record<PyExceptionName, PyExceptionClass>;
  for (const name of ["BaseException", ...Object.keys(BUILTINS)] as PyExceptionName[]) {
    Object.defineProperty(classes, name, { enumerable: true, get: () => classOf(name) });
  }
  return Object.freeze(classes);
}

/**
 * Python's builtin exceptions by name: the classes of Python 3.13, with Python's inheritance, so that a `KeyError` is an
 * `instanceof pyExceptions.LookupError`. Frozen.
 */
export const pyExceptions: Readonly<Record<PyExceptionName, PyExceptionClass>> = /* @__PURE__ */ builtinClasses();

/** The class that `OSError(errno, ...)` makes: `FileNotFoundError` for 2, `OSError` itself for most, and for what is no int. */
export function osErrorClass(errno: unknown): PyExceptionClass {
  const name = ERRNO.get(intOf(errno) ?? 0);
  return pyExceptions[name ?? "OSError"];
}

/** Which Python exception stands for an error of JavaScript's own. */
export const JS_ERRORS: readonly (readonly [jsClass: ErrorConstructor, name: PyExceptionName])[] = [
  [Error, "Exception"],
  [TypeError, "TypeError"],
  [RangeError, "ValueError"],
  [SyntaxError, "SyntaxError"],
  [ReferenceError, "NameError"],
  [URIError, "ValueError"],
  [EvalError, "RuntimeError"],
  [AggregateError as unknown as ErrorConstructor, "ExceptionGroup"],
];
