/** The builtin exceptions, known as `exceptions.*` at protocols 0 to 2. */
import { type ExceptionEntryOptions, exceptionEntry } from "../globals/entries/exception-entry.js";
import { adoptGlobal, globalOfEntry } from "../globals/global-of.js";
import type { AnyClass, EncodeContext, GlobalEntry, Reduction } from "../globals/registry.js";
import { bigintOf, bytesOf, intOf } from "../python/coerce.js";
import { type PyExceptionName, pyExceptions } from "../python/objects/builtin-exceptions.js";
import { PyException, type PyExceptionClass } from "../python/objects/exception.js";
import { PyGlobal, PyObject } from "../python/objects/objects.js";

const module = "builtins";

/** Attributes that the class keeps apart from `__dict__`, after those of `__dict__`. */
function withAttributes(names: readonly string[]): ExceptionEntryOptions {
  return {
    stateOf(_exception, state) {
      if (state === undefined) return undefined;
      const ordered: Record<string, unknown> = {};
      for (const name of Object.keys(state)) if (!names.includes(name)) ordered[name] = state[name];
      for (const name of names) if (Object.hasOwn(state, name)) ordered[name] = state[name];
      return ordered;
    },
  };
}

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

/** The class that `OSError(errno, ...)` makes: `FileNotFoundError` for 2, `OSError` itself for most, and for what is no int. */
function osErrorClass(errno: unknown): PyExceptionClass {
  const name = ERRNO.get(intOf(errno) ?? 0);
  return pyExceptions[name ?? "OSError"];
}

const OPTIONS: Readonly<Partial<Record<PyExceptionName, ExceptionEntryOptions>>> = {
  // Two to five arguments are specialised by errno, as its constructor does.
  OSError: {
    classFor: (args) => (args.length >= 2 && args.length <= 5 ? osErrorClass(args[0]) : pyExceptions.OSError),
  },
  // A group of nothing but Exceptions is an ExceptionGroup.
  BaseExceptionGroup: {
    problemOf: groupProblem,
    classFor: ([, members]) =>
      (members as readonly unknown[]).every(isException)
        ? pyExceptions.ExceptionGroup
        : pyExceptions.BaseExceptionGroup,
  },
  // Made at run time, unlike the others: its strings are its own.
  ExceptionGroup: {
    nameStrings: "fresh",
    problemOf: (args) =>
      groupProblem(args) ??
      ((args[1] as readonly unknown[]).every((member) => isException(member) || member instanceof PyObject)
        ? undefined
        : "an exception in it is no Exception"),
  },
  SyntaxError: { problemOf: syntaxProblem },
  IndentationError: { problemOf: syntaxProblem },
  TabError: { problemOf: syntaxProblem },
  UnicodeDecodeError: { problemOf: (args) => typesProblem(args, [isStr, isBytes, isSize, isSize, isStr]) },
  UnicodeEncodeError: { problemOf: (args) => typesProblem(args, [isStr, isStr, isSize, isSize, isStr]) },
  UnicodeTranslateError: { problemOf: (args) => typesProblem(args, [isStr, isSize, isSize, isStr]) },
  ImportError: withAttributes(["name", "path", "name_from"]),
  ModuleNotFoundError: withAttributes(["name", "path", "name_from"]),
  // Since 3.12 its state repeats `args`. CPython 3.12 `exceptions.c` AttributeError_getstate.
  AttributeError: {
    stateOf: (exception, state) => ({ ...without(state, "args"), args: exception.args }),
  },
};

/** In Python, ExceptionGroup has two parents. */
function isException(value: unknown): boolean {
  return value instanceof pyExceptions.Exception || value instanceof pyExceptions.ExceptionGroup;
}

/** CPython 3.12 `exceptions.c` BaseExceptionGroup_new. Of an opaque member nobody can tell what it is. */
function groupProblem(args: readonly unknown[]): string | undefined {
  const [message, members] = args;
  if (args.length !== 2 || typeof message !== "string") return "needs a message and exceptions";
  if (!Array.isArray(members) || members.length === 0) return "needs a list of at least one exception";
  const isMember = (member: unknown) => member instanceof PyException || member instanceof PyObject;
  return members.every(isMember) ? undefined : "a member is no exception";
}

/** A second argument is the place of the error, or more. CPython 3.12 `exceptions.c` SyntaxError_init; 3.14's have a seventh item. */
function syntaxProblem(args: readonly unknown[]): string | undefined {
  const place = args[1];
  if (args.length !== 2) return undefined;
  const isIterable = Array.isArray(place) || typeof place === "string" || place instanceof Set || place instanceof Map;
  let count = 0;
  // No further than can matter: many errors may have one place.
  if (isIterable) for (const _item of place as Iterable<unknown>) if (++count > 7) break;
  return count === 4 || count === 6 || count === 7 ? undefined : "its place has four items or six";
}

type TypeCheck = (value: unknown) => boolean;

const isStr: TypeCheck = (value) => typeof value === "string";
const isBytes: TypeCheck = (value) => bytesOf(value) !== undefined;
const isSize: TypeCheck = (value) => {
  const int = bigintOf(value);
  return int !== undefined && BigInt.asIntN(64, int) === int;
};

function typesProblem(args: readonly unknown[], checks: readonly TypeCheck[]): string | undefined {
  if (args.length !== checks.length) return `takes ${checks.length} arguments, not ${args.length}`;
  return checks.every((check, i) => check(args[i])) ? undefined : "an argument is of another type";
}

function without(state: Record<string, unknown> | undefined, name: string): Record<string, unknown> {
  const rest: Record<string, unknown> = { ...state };
  delete rest[name];
  return rest;
}

/** Names that were classes of their own in older Pythons and are the same class since 3.3. */
const ALIASES: readonly (readonly [string, PyExceptionName])[] = [
  ["IOError", "OSError"],
  ["EnvironmentError", "OSError"],
  ["WindowsError", "OSError"],
  ["StandardError", "Exception"],
];

function alias(name: string, of: PyExceptionName, classes: readonly GlobalEntry[]): GlobalEntry {
  const { target: _target, ...rest } = exceptionEntry({ module, name }, pyExceptions[of], OPTIONS[of]);
  // A reference to it is one to the class, and written so.
  return adoptGlobal(rest, globalOfEntry(classes.find((entry) => entry.name === of)!));
}

export function exceptionEntries(): readonly GlobalEntry[] {
  const classes = (Object.keys(pyExceptions) as PyExceptionName[]).map((name) =>
    exceptionEntry({ module, name }, pyExceptions[name], OPTIONS[name]),
  );
  return [...classes, ...ALIASES.map(([name, of]) => alias(name, of, classes))];
}

/** Own properties of an error that can be attributes of a Python exception: plain values only, so that it can always be sent. */
function plainProperties(error: Error): Record<string, unknown> | undefined {
  const state: Record<string, unknown> = {};
  let isEmpty = true;
  for (const [name, value] of Object.entries(error)) {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean" && value !== null)
      continue;
    state[name] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : state;
}

function reduceError(name: PyExceptionName, error: Error): Reduction {
  const state = plainProperties(error);
  const errors = (error as Partial<AggregateError>).errors;
  if (name === "ExceptionGroup" && Array.isArray(errors) && errors.length > 0) {
    return { kind: "reduce", callable: new PyGlobal(module, name), args: [error.message, errors], state };
  }
  const callable = new PyGlobal(module, name === "ExceptionGroup" ? "Exception" : name);
  return { kind: "reduce", callable, args: error.message === "" ? [] : [error.message], state };
}

/** Which Python exception stands for an error of JavaScript's own. */
const JS_ERRORS: readonly (readonly [jsClass: ErrorConstructor, name: PyExceptionName])[] = [
  [Error, "Exception"],
  [TypeError, "TypeError"],
  [RangeError, "ValueError"],
  [SyntaxError, "SyntaxError"],
  [ReferenceError, "NameError"],
  [URIError, "ValueError"],
  [EvalError, "RuntimeError"],
  [AggregateError as unknown as ErrorConstructor, "ExceptionGroup"],
];

/** JavaScript's own errors, written as the Python exception that means the same. Stack and cause are not written. */
export function errorTwins(): readonly (readonly [target: AnyClass, entry: GlobalEntry])[] {
  return JS_ERRORS.map(([jsClass, name]) => [
    jsClass,
    { module, name, reduce: (error: object, _context: EncodeContext) => reduceError(name, error as Error) },
  ]);
}
