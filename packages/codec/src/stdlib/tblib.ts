/**
 * tblib: after its `pickling_support.install()`, every exception of a Python program is pickled as a call of
 * `unpickle_exception`, with its cause and its traceback. It arrives as the exception that it is.
 */
import { dataEntry } from "../globals/entries/data-entry.js";
import type { DecodeContext, GlobalEntry } from "../globals/registry.js";
import { attributesOf } from "../python/objects/attributes.js";
import { PyGlobal } from "../python/objects/objects.js";

const module = "tblib.pickling_support";

/** The entry of the class; `unregistered: "opaque"` keeps the whole call where there is none. */
function exceptionEntryOf(callable: unknown, context: DecodeContext): GlobalEntry {
  const entry = callable instanceof PyGlobal ? PyGlobal.entryOf(callable) : undefined;
  // No function, so that calls cannot be nested without end.
  if (entry?.call === undefined || !(entry.target?.prototype instanceof Error)) {
    throw context.fail("Cannot make an exception: what is to be called is no class of exceptions that is registered");
  }
  return entry;
}

function make(entry: GlobalEntry, args: unknown, context: DecodeContext): object {
  if (!Array.isArray(args)) throw context.fail("Cannot make an exception: its arguments are no tuple");
  context.countCopies(args);
  if (entry.copiesArguments === true) for (const arg of args) context.countCopies(arg);
  return entry.call!(args, context) as object;
}

/** What led to it. An error of JavaScript has one `cause` for Python's `__cause__` and `__context__`. */
function withOrigin(exception: object, [cause, traceback, origin, isSuppressed]: readonly unknown[]): object {
  const shown = cause ?? (isSuppressed === true ? null : origin);
  for (const [name, value] of [["cause", shown] as const, ["__traceback__", traceback] as const]) {
    if (value === null || value === undefined) continue;
    Object.defineProperty(exception, name, { value, writable: true, configurable: true });
  }
  return exception;
}

/** `unpickle_exception(class, args, cause, traceback, context, suppress_context, notes)`; the last three since tblib 2. */
const exception: GlobalEntry = {
  module,
  name: "unpickle_exception",
  call: ([callable, args, ...origin], context) =>
    withOrigin(make(exceptionEntryOf(callable, context), args, context), origin),
};

/** Arguments of an OSError that are not among its `args`. */
const FILE_NAMES = ["filename", "winerror", "filename2"];

/**
 * `unpickle_exception_with_attrs(class, attributes, cause, ...)` of tblib 3.2, for classes with an `__init__` of their own, which
 * is not called.
 */
const exceptionWithAttributes: GlobalEntry = {
  module,
  name: "unpickle_exception_with_attrs",
  call([callable, given, ...origin], context) {
    const entry = exceptionEntryOf(callable, context);
    context.countCopies(given);
    const attributes = new Map(attributesOf(given) ?? []);
    const args = attributes.get("args");
    const last = FILE_NAMES.findLastIndex((name) => attributes.has(name));
    const names = FILE_NAMES.slice(0, last + 1).map((name) => attributes.get(name) ?? null);
    const result = make(entry, Array.isArray(args) && names.length > 0 ? [...args, ...names] : args, context);
    const state = attributes.get("__dict__") ?? null;
    context.countCopies(state);
    entry.setState?.(result, state, context);
    return withOrigin(result, origin);
  },
};

export function tblibEntries(): readonly GlobalEntry[] {
  return [
    exception,
    exceptionWithAttributes,
    dataEntry(module, "unpickle_traceback"),
    ...["Traceback", "Frame", "Code"].map((name) => dataEntry("tblib", name)),
  ];
}
