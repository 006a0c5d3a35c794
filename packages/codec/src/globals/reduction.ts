/** Python's reduce values, as user code gives them, in Brine's form. */
import { PyGlobal } from "../python/objects/objects.js";
import { globalOfEntry } from "./global-of.js";
import type { EncodeContext, GlobalEntry, Reduction } from "./registry.js";

const KINDS: ReadonlySet<unknown> = new Set(["reduce", "newobj", "newobj_ex"]);

/**
 * What `__reduce__`, `reducerOverride` or a dispatch table gave, as a {@link Reduction}: one already, a global, the name of
 * a global in the module of `entry`, or Python's tuple `[callable, args, state?, listItems?, dictItems?, stateSetter?]`.
 * From protocol 2 on, a callable named `__newobj__` or `__newobj_ex__` is seen through. CPython 3.12 `_pickle.c` save_reduce.
 *
 * @throws {@link PicklingError} when it is none of these
 */
export function normalizeReduction(
  value: Reduction | PyGlobal | readonly unknown[] | string,
  entry: Pick<GlobalEntry, "module" | "name">,
  context: EncodeContext,
): Reduction | PyGlobal {
  const fail = (reason: string) => context.fail(`Cannot pickle ${entry.module}.${entry.name}: ${reason}`);
  if (value instanceof PyGlobal) return value;
  if (typeof value === "string") {
    if (value === "") throw fail("__reduce__ returned a name that is empty");
    const known = context.registry.find(entry.module, value);
    return known === undefined ? new PyGlobal(entry.module, value) : globalOfEntry(known);
  }
  const reduction = checked(Array.isArray(value) ? ofTuple(value, fail) : value, fail);
  return context.protocol < 2 ? reduction : seenThrough(reduction, fail);
}

type Fail = (reason: string) => Error;

function ofTuple(tuple: readonly unknown[], fail: Fail): unknown {
  if (tuple.length < 2 || tuple.length > 6) {
    throw fail(`__reduce__ must return 2 to 6 items, it returned ${tuple.length}`);
  }
  const [callable, args, state, listItems, dictItems, stateSetter] = tuple;
  return {
    kind: "reduce",
    callable,
    args,
    state: state ?? undefined,
    listItems: listItems ?? undefined,
    dictItems: dictItems ?? undefined,
    stateSetter: stateSetter ?? undefined,
  };
}

function checked(value: unknown, fail: Fail): Reduction {
  if (typeof value !== "object" || value === null || !("kind" in value) || !KINDS.has(value.kind)) {
    throw fail("__reduce__ must return a string or an array");
  }
  const { callable, args, kwargs, listItems, dictItems, stateSetter } = value as Reduction;
  if (!isCallable(callable)) throw fail("the first item of __reduce__ must be callable");
  if (!Array.isArray(args)) throw fail("the second item of __reduce__ must be an array");
  if (!isIterable(listItems)) throw fail("the fourth item of __reduce__ must be iterable");
  if (!isIterable(dictItems)) throw fail("the fifth item of __reduce__ must be iterable");
  if (stateSetter !== undefined && !isCallable(stateSetter))
    throw fail("the sixth item of __reduce__ must be callable");
  if (kwargs !== undefined && !(kwargs instanceof Map)) throw fail("the keyword arguments must be a Map");
  return value as Reduction;
}

function seenThrough(reduction: Reduction, fail: Fail): Reduction {
  const { kind, callable, args } = reduction;
  if (kind !== "reduce" || !(callable instanceof PyGlobal)) return reduction;
  // Like CPython, by the name alone: libraries have such functions of their own.
  switch (callable.name) {
    case "__newobj__":
      if (!isCallable(args[0])) throw fail("__newobj__ has no class");
      return { ...reduction, kind: "newobj", callable: args[0], args: args.slice(1) };
    case "__newobj_ex__": {
      const [cls, positional, named] = args;
      const kwargs = keywordArguments(named);
      if (!isCallable(cls) || !Array.isArray(positional) || kwargs === undefined || args.length !== 3) {
        throw fail("__newobj_ex__ needs a class, an array and keyword arguments");
      }
      return { ...reduction, kind: "newobj_ex", callable: cls, args: positional, kwargs };
    }
    default:
      return reduction;
  }
}

/** Keyword arguments as a Map: of a Map, or of an object's own properties. */
export function keywordArguments(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (value instanceof Map) return value as ReadonlyMap<string, unknown>;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}

/** A function, or an object that may stand for one: no container, which nothing could call. */
function isCallable(value: unknown): value is object {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== null;
}

function isIterable(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof (value as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] === "function";
}
