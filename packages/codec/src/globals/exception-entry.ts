/** Entries of exceptions: `Class(*args)`, then the attributes. CPython 3.12 `exceptions.c` BaseException___reduce__. */
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import { attributesOf } from "../python/objects/attributes.js";
import { PyException, type PyExceptionClass } from "../python/objects/exceptions.js";
import { pyBase } from "../python/objects/objects.js";
import { globalOfEntry } from "./global-of.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry } from "./registry.js";

/** What one exception class does in its own way. */
export interface ExceptionEntryOptions {
  /** The class to make of these arguments, when that is not the one named. */
  classFor?(args: readonly unknown[]): PyExceptionClass;
  /** The arguments to write. Default `args`. */
  argsOf?(exception: PyException): readonly unknown[];
  /** The attributes to write, given those that were set. */
  stateOf?(exception: PyException, state: Record<string, unknown> | undefined, context: EncodeContext): unknown;
  /** Which Python strings its names are: see {@link GlobalEntry}. Default `"interned"`. */
  readonly nameStrings?: GlobalEntry["nameStrings"];
}

export const EXCEPTION_ENTRY_OPTIONS = /* @__PURE__ */ optionNames<ExceptionEntryOptions>({
  classFor: true,
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

/** The entry of an exception class, which must be {@link PyException} or below it. */
export function exceptionEntry(
  name: { readonly module: string; readonly name: string },
  jsClass: AnyClass,
  options: ExceptionEntryOptions = {},
): GlobalEntry {
  checkOptions(options, EXCEPTION_ENTRY_OPTIONS, "options of exceptionEntry()");
  const library = libraryClass(jsClass);
  const make = (args: readonly unknown[]): PyException => {
    const other = options.classFor?.(args);
    return withoutFrames(() => Reflect.construct(other ?? library, args as unknown[], other ?? jsClass) as PyException);
  };
  const entry: GlobalEntry<PyException> = {
    module: name.module,
    name: name.name,
    target: jsClass,
    nameStrings: options.nameStrings,
    call: make,
    create: make,
    setState(object, state, context: DecodeContext) {
      if (state === null) return;
      const attributes = attributesOf(state);
      if (attributes === undefined) throw context.fail(`Cannot set the state of ${name.name}: it is no dict`);
      PyException.setAttributes(object, attributes);
    },
    reduce(object, context) {
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
