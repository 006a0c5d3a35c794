/**
 * Entries of exceptions: `Class(*args)`, then the attributes, unless the class has methods of its own for that. CPython 3.12
 * `exceptions.c` BaseException___reduce__.
 */
import { checkOptions } from "../../options/check.js";
import { optionNames } from "../../options/option-names.js";
import { attributesOf } from "../../python/objects/attributes.js";
import { PyException, type PyExceptionClass } from "../../python/objects/exception.js";
import { pyBase } from "../../python/objects/objects.js";
import { globalOfEntry } from "../global-of.js";
import { normalizeReduction } from "../reduction.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry } from "../registry.js";
import type { PickledClass } from "./class-adapter.js";

/** What one exception class does in its own way. */
export interface ExceptionEntryOptions {
  /** The class to make of these arguments, when that is not the one named, as `OSError(2, ...)` is a FileNotFoundError. Default: the one named. */
  classFor?(args: readonly unknown[]): PyExceptionClass;
  /** Why Python's constructor refuses these arguments: the pickle is then an error, `construct-failed`. Default: it takes any. */
  problemOf?(args: readonly unknown[]): string | undefined;
  /** The arguments to write. Default `args`. */
  argsOf?(exception: PyException): readonly unknown[];
  /** The attributes to write, given those that were set, `undefined` for none. Default: those that were set. */
  stateOf?(exception: PyException, state: Record<string, unknown> | undefined, context: EncodeContext): unknown;
  /** Which Python strings its names are: see {@link GlobalEntry}. Default `"interned"`. */
  readonly nameStrings?: GlobalEntry["nameStrings"];
}

export const EXCEPTION_ENTRY_OPTIONS = /* @__PURE__ */ optionNames<ExceptionEntryOptions>({
  classFor: true,
  problemOf: true,
  argsOf: true,
  stateOf: true,
  nameStrings: true,
});

/** The nearest class of Brine's above, whose constructor makes instances of `jsClass` without running a constructor of yours. */
function libraryClass(jsClass: AnyClass): AnyClass {
  let parent: AnyClass = jsClass;
  while (!Object.hasOwn(parent, pyBase)) parent = Object.getPrototypeOf(parent) as AnyClass;
  return parent;
}

/**
 * Makes an exception without the frames of who decodes it: they tell nothing about it, and cost three times as much as all
 * the rest. Its `stack` is its name and message.
 */
function withoutFrames(make: () => PyException): PyException {
  const engine = Error as { stackTraceLimit?: unknown };
  const limit = engine.stackTraceLimit;
  // Only V8 has a limit, and it may be frozen.
  if (typeof limit !== "number" || !Reflect.set(engine, "stackTraceLimit", 0)) return make();
  try {
    return make();
  } finally {
    engine.stackTraceLimit = limit;
  }
}

/**
 * The entry of an exception class, which must be {@link PyException} or below it, as `BaseRegistry.registerException` registers
 * it: for an {@link EntrySource}.
 *
 * @throws PickleError `bad-option` for an option that there is not
 */
export function exceptionEntry(
  name: { readonly module: string; readonly name: string },
  jsClass: AnyClass,
  options: ExceptionEntryOptions = {},
): GlobalEntry {
  checkOptions(options, EXCEPTION_ENTRY_OPTIONS, "options of exceptionEntry()");
  const library = libraryClass(jsClass);
  const make = (args: readonly unknown[], context: DecodeContext): PyException => {
    const problem = options.problemOf?.(args);
    if (problem !== undefined) throw context.fail(`Cannot make a ${name.name}: ${problem}`);
    const other = options.classFor?.(args);
    return withoutFrames(() => Reflect.construct(other ?? library, args as unknown[], other ?? jsClass) as PyException);
  };
  const entry: GlobalEntry<PyException> = {
    module: name.module,
    name: name.name,
    target: jsClass,
    nameStrings: options.nameStrings,
    // Its message has them.
    copiesArguments: true,
    call: make,
    create: (args, _kwargs, context) => make(args, context),
    setState(object, state, context: DecodeContext) {
      const own = (object as PickledClass).__setstate__;
      if (typeof own === "function") {
        own.call(object, state as never);
        return;
      }
      if (state === null) return;
      const attributes = attributesOf(state);
      if (attributes === undefined) throw context.fail(`Cannot set the state of ${name.name}: it is no dict`);
      if (PyException.setAttributes(object, attributes)) context.countCopies(object.message);
    },
    reduce(object, context) {
      const methods = object as PickledClass;
      if (typeof methods.__reduce_ex__ === "function") {
        return normalizeReduction(methods.__reduce_ex__(context.protocol), entry, context);
      }
      if (typeof methods.__reduce__ === "function") return normalizeReduction(methods.__reduce__(), entry, context);
      const state = PyException.attributesOf(object);
      return {
        kind: "reduce",
        callable: globalOfEntry(entry),
        args: options.argsOf?.(object) ?? object.args,
        state: options.stateOf === undefined ? state : options.stateOf(object, state, context),
      };
    },
  };
  return entry as unknown as GlobalEntry;
}

/** Whether a class is an exception of Python. */
export function isExceptionClass(jsClass: AnyClass): jsClass is AnyClass & PyExceptionClass {
  return jsClass === PyException || jsClass.prototype instanceof PyException;
}
