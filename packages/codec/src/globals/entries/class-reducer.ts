/** How an instance of a class of yours is written: `object.__reduce_ex__`, with JavaScript's classes. */

import { latin1Text } from "../../python/bytes.js";
import { type ByteArray, Tuple } from "../../python/containers/sequences.js";
import { setOwn } from "../../python/objects/attributes.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { isTrue } from "../../python/truth.js";
import { globalOfEntry } from "../global-of.js";
import { keywordArguments, normalizeReduction } from "../reduction.js";
import type { EncodeContext, GlobalEntry, Reduction } from "../registry.js";
import type { ClassAdapter, PickledClass } from "./class-adapter.js";
import { type Base, mappedEntry } from "./class-base.js";

/** Bases whose items are written as items, or as arguments of `__new__`; the others are reduced as what they extend. */
const HAVE_ITEMS: ReadonlySet<Base["kind"]> = new Set(["list", "dict", "tuple", "namedtuple"]);

/** Takes instances of one class apart. */
export class ClassReducer<T extends object> {
  readonly #entry: GlobalEntry<T>;
  readonly #adapter: ClassAdapter<T>;
  readonly #base: Base | undefined;

  constructor(entry: GlobalEntry<T>, adapter: ClassAdapter<T>, base: Base | undefined) {
    this.#entry = entry;
    this.#adapter = adapter;
    this.#base = base;
  }

  reduce(object: T, context: EncodeContext): Reduction | PyGlobal {
    const adapter = this.#adapter;
    if (adapter.reduce !== undefined)
      return normalizeReduction(adapter.reduce(object, context.protocol), this.#entry, context);
    const methods = object as PickledClass;
    if (typeof methods.__reduce_ex__ === "function") {
      return normalizeReduction(methods.__reduce_ex__(context.protocol), this.#entry, context);
    }
    if (typeof methods.__reduce__ === "function") return normalizeReduction(methods.__reduce__(), this.#entry, context);
    return context.protocol < 2 ? this.#reduceOld(object, context) : this.#reduceNew(object, context);
  }

  /** CPython 3.12 `object_getstate_default`: nothing for an object without attributes. */
  #stateOf(object: T): unknown {
    if (this.#adapter.getState !== undefined) return nothingIfNull(this.#adapter.getState(object));
    const methods = object as PickledClass;
    if (typeof methods.__getstate__ === "function") return nothingIfNull(methods.__getstate__());
    const { slots } = this.#adapter;
    const state: Record<string, unknown> = {};
    const inSlots: Record<string, unknown> = {};
    let isEmpty = true;
    let hasSlots = false;
    for (const name of Object.keys(object)) {
      if (Array.isArray(object) && /^\d+$/.test(name)) continue;
      if (object instanceof Uint8Array && /^\d+$/.test(name)) continue;
      const value = (object as Record<string, unknown>)[name];
      if (slots?.includes(name)) {
        setOwn(inSlots, name, value);
        hasSlots = true;
      } else {
        setOwn(state, name, value);
        isEmpty = false;
      }
    }
    if (hasSlots) return Tuple.of<unknown>(isEmpty ? null : state, inSlots);
    return isEmpty ? undefined : state;
  }

  /** Protocol 2 and above: CPython 3.12 `reduce_newobj`. */
  #reduceNew(object: T, context: EncodeContext): Reduction {
    const base = this.#base;
    if (base !== undefined && !HAVE_ITEMS.has(base.kind)) {
      return this.#reduceAsBase(object, base, context);
    }
    const methods = object as PickledClass;
    let args: readonly unknown[] = [];
    let kwargs: ReadonlyMap<string, unknown> | undefined;
    if (this.#adapter.getNewArgs !== undefined) {
      args = this.#arguments("getNewArgs", this.#adapter.getNewArgs(object), context);
    } else if (typeof methods.__getnewargs_ex__ === "function") {
      [args, kwargs] = this.#argumentsAndKeywords(methods.__getnewargs_ex__(), context);
    } else if (typeof methods.__getnewargs__ === "function") {
      args = this.#arguments("__getnewargs__", methods.__getnewargs__(), context);
    } else if (base?.kind === "tuple") {
      args = [Tuple.from(object as unknown as unknown[])];
    } else if (base?.kind === "namedtuple") {
      args = Tuple.from(object as unknown as unknown[]);
    }
    return {
      kind: kwargs !== undefined && kwargs.size > 0 ? "newobj_ex" : "newobj",
      callable: globalOfEntry(this.#entry),
      args,
      kwargs,
      state: this.#stateOf(object),
      listItems: base?.kind === "list" ? (object as unknown as unknown[]) : undefined,
      dictItems: base?.kind === "dict" ? (object as unknown as Map<unknown, unknown>) : undefined,
    };
  }

  #arguments(method: string, args: unknown, context: EncodeContext): readonly unknown[] {
    if (!Array.isArray(args)) throw this.#misuse(`${method} must return an array`, context);
    return args;
  }

  #argumentsAndKeywords(value: unknown, context: EncodeContext): [readonly unknown[], ReadonlyMap<string, unknown>] {
    const [args, named] = Array.isArray(value) && value.length === 2 ? value : [];
    const kwargs = keywordArguments(named);
    if (Array.isArray(args) && kwargs !== undefined) return [args, kwargs];
    throw this.#misuse("__getnewargs_ex__ must return an array and keyword arguments", context);
  }

  #misuse(reason: string, context: EncodeContext): Error {
    return context.fail(`Cannot pickle ${this.#entry.module}.${this.#entry.name}: ${reason}`);
  }

  /** Protocols 0 and 1: CPython 3.12 `copyreg._reduce_ex`, which drops a state that Python takes for false. */
  #reduceOld(object: T, context: EncodeContext): Reduction {
    const base = this.#base;
    if (base !== undefined && !HAVE_ITEMS.has(base.kind)) {
      return this.#reduceAsBase(object, base, context);
    }
    const state = this.#stateOf(object);
    return {
      kind: "newobj",
      callable: globalOfEntry(this.#entry),
      args: [],
      base: base === undefined ? undefined : { global: builtin(builtinOf(base), context), value: valueOfBase(object) },
      state: isTrue(state) ? state : undefined,
    };
  }

  /** As the mapped class that this one extends, under the name of this one. */
  #reduceAsBase(object: T, base: Base, context: EncodeContext): Reduction {
    const callable = globalOfEntry(this.#entry);
    const state = this.#stateOf(object);
    switch (base.kind) {
      case "set":
      case "frozenset":
        return { kind: "reduce", callable, args: [[...(object as unknown as Set<unknown>)]], state };
      case "bytes": {
        const value = new Uint8Array(object as unknown as Uint8Array);
        return { kind: "newobj", callable, args: [value], base: { global: builtin("bytes", context), value }, state };
      }
      case "bytearray":
        return { kind: "reduce", callable, args: bytearrayArguments(object as unknown as ByteArray, context), state };
      case "error":
        return { kind: "reduce", callable, args: [(object as unknown as Error).message], state };
    }
    const entry = mappedEntry(base, context.registry);
    const reduction = entry?.reduce?.(object, context);
    if (reduction === undefined || reduction instanceof PyGlobal) {
      throw context.fail(
        `Cannot pickle ${this.#entry.module}.${this.#entry.name}: the registry knows no way to write ${base.jsClass.name}, which it extends`,
      );
    }
    const own = reduction.callable === globalOfEntry(entry!) ? { ...reduction, callable } : reduction;
    // What Python's own classes keep of attributes, their entries do: nothing, for a datetime. More must be asked for.
    const isAsked = this.#adapter.getState !== undefined || "__getstate__" in object;
    return own.state === undefined && isAsked ? { ...own, state } : own;
  }
}

/** CPython 3.12 `bytearrayobject.c` `_common_reduce`: text for Pythons that had no bytes. */
function bytearrayArguments(object: ByteArray, context: EncodeContext): readonly unknown[] {
  const bytes = new Uint8Array(object);
  if (context.protocol < 3) return [latin1Text(bytes), "latin-1"];
  return bytes.length === 0 ? [] : [bytes];
}

function nothingIfNull(state: unknown): unknown {
  return state === null ? undefined : state;
}

/** The builtin that holds the value: that a tuple has names is its class's matter. */
function builtinOf({ kind }: Base): string {
  return kind === "namedtuple" ? "tuple" : kind;
}

function builtin(name: string, context: EncodeContext): PyGlobal {
  const entry = context.registry.find("builtins", name);
  return entry === undefined ? new PyGlobal("builtins", name) : globalOfEntry(entry);
}

/** The plain value of an Array or Map subclass. */
function valueOfBase(object: object): unknown {
  if (object instanceof Tuple) return Tuple.from(object);
  if (Array.isArray(object)) return Array.from(object);
  return new Map(object as Map<unknown, unknown>);
}
