/**
 * How instances of your own classes are taken apart and put together: Python's rules (`object.__reduce_ex__`, `copyreg`)
 * with JavaScript classes.
 */
import { attributesOf, setOwn } from "../python/attributes.js";
import { latin1Text } from "../python/bytes.js";
import { PyDict } from "../python/dict.js";
import { PyGlobal, pyBase } from "../python/objects.js";
import { ByteArray, Tuple } from "../python/sequences.js";
import { FrozenSet, PySet } from "../python/sets.js";
import { globalOfEntry } from "./global-of.js";
import { toReduction } from "./reduction.js";
import type { AnyClass, ClassRegistryView, DecodeContext, EncodeContext, GlobalEntry, Reduction } from "./registry.js";

/** Python's pickling methods, with which a class decides how it is pickled. Every one is optional. */
export interface PickledClass {
  /** The state to write instead of the own enumerable properties; `null` writes none. */
  __getstate__?(): unknown;
  /** Takes the state back. Without it, a dict's items become own properties. */
  __setstate__?(state: never): void;
  /** Arguments for `cls.__new__`, given to `static __new__` here when decoding. Protocol 2 and above. */
  __getnewargs__?(): readonly unknown[];
  /** Arguments and keyword arguments for `cls.__new__`. Protocol 2 and above. */
  __getnewargs_ex__?(): readonly [readonly unknown[], Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>];
  /** `[callable, args, state?, listItems?, dictItems?, stateSetter?]`, a {@link Reduction}, or the name of a global. */
  __reduce__?(): Reduction | PyGlobal | readonly unknown[] | string;
  __reduce_ex__?(protocol: number): Reduction | PyGlobal | readonly unknown[] | string;
}

/** {@link PickledClass} from outside, for classes that you cannot change. Every part is optional. */
export interface ClassAdapter<T extends object = object> {
  /** The state to write; `null` writes none. Default: own enumerable properties. */
  getState?(object: T): unknown;
  /** Takes the state back. */
  setState?(object: T, state: unknown): void;
  /** Makes an instance without state. Default: an object of the class, without calling its constructor. */
  create?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined): T;
  /** Arguments for `create`. */
  getNewArgs?(object: T): readonly unknown[];
  /** Takes over completely: what `__reduce_ex__` would return. */
  reduce?(object: T, protocol: number): Reduction | PyGlobal | readonly unknown[] | string;
  /** A pickle calls the class: `Cls(*args)`. */
  call?(args: readonly unknown[]): T;
  /** Python's `extend(items)`. */
  extend?(object: T, items: readonly unknown[]): void;
  /** Python's `object[key] = value` for each pair. */
  setItem?(object: T, key: unknown, value: unknown): void;
}

/** Builtin classes that one may extend, and the Python type whose instances hold the value at protocols 0 and 1. */
const BASES: ReadonlyMap<AnyClass, string> = new Map<AnyClass, string>([
  [Tuple, "tuple"],
  [Array, "list"],
  [PyDict, "dict"],
  [Map, "dict"],
  [FrozenSet, "frozenset"],
  [PySet, "set"],
  [Set, "set"],
  [ByteArray, "bytearray"],
  [Uint8Array, "bytes"],
  [Error, "error"],
]);

interface Base {
  readonly jsClass: AnyClass;
  /** A Python builtin, `"error"` for JavaScript's own errors, or `"mapped"` for Brine's classes. */
  readonly kind: string;
}

/** The nearest class above `jsClass` whose constructor has to run to make an instance, because it has internal state. */
function baseOf(jsClass: AnyClass): Base | undefined {
  for (
    let parent = Object.getPrototypeOf(jsClass);
    typeof parent === "function";
    parent = Object.getPrototypeOf(parent)
  ) {
    if (Object.hasOwn(parent, pyBase)) return { jsClass: parent, kind: "mapped" };
    const kind = BASES.get(parent);
    if (kind !== undefined) return { jsClass: parent, kind };
  }
  return undefined;
}

/** The entry of a class of yours. */
export function classEntry<T extends object>(
  name: { readonly module: string; readonly name: string },
  jsClass: AnyClass,
  adapter: ClassAdapter<T> | undefined,
): GlobalEntry<T> {
  return new ClassEntry(name, jsClass, adapter);
}

class ClassEntry<T extends object> implements GlobalEntry<T> {
  readonly module: string;
  readonly name: string;
  readonly target: AnyClass;
  readonly #adapter: ClassAdapter<T>;
  readonly #base: Base | undefined;

  constructor(
    name: { readonly module: string; readonly name: string },
    jsClass: AnyClass,
    adapter: ClassAdapter<T> | undefined,
  ) {
    this.module = name.module;
    this.name = name.name;
    this.target = jsClass;
    this.#adapter = adapter ?? {};
    this.#base = baseOf(jsClass);
  }

  #construct(args: readonly unknown[]): T {
    const base = this.#base!.jsClass;
    return Reflect.construct(base, args as unknown[], this.target) as T;
  }

  call(args: readonly unknown[], context: DecodeContext): unknown {
    if (this.#adapter.call !== undefined) return this.#adapter.call(args);
    switch (this.#base?.kind) {
      case "mapped":
        return this.#adopt(this.#mapped(context)?.call?.(args, context), args);
      case "set":
      case "frozenset":
        return this.#construct(args);
      case "bytes":
      case "bytearray":
        return this.#construct([context.registry.find("builtins", this.#base.kind)?.call?.(args, context) ?? []]);
      case "error":
        return this.#construct(args.length === 0 ? [] : [String(args[0])]);
    }
    const prototype = this.target.prototype as PickledClass;
    if (typeof prototype.__reduce__ === "function" || typeof prototype.__reduce_ex__ === "function") {
      // The class itself asked for this call when it was written.
      return Reflect.construct(this.target, args as unknown[]);
    }
    throw context.fail(
      `Cannot call class ${this.module}.${this.name}: give it a __reduce__ method, or register it with an adapter that has call`,
    );
  }

  create(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined, context: DecodeContext): T {
    if (this.#adapter.create !== undefined) return this.#adapter.create(args, kwargs);
    const own = (this.target as unknown as { __new__?: unknown }).__new__;
    if (typeof own === "function") {
      const values = kwargs === undefined ? args : [...args, Object.fromEntries(kwargs)];
      return Reflect.apply(own, this.target, values as unknown[]) as T;
    }
    if (this.#base?.kind === "mapped") return this.#adopt(this.#mapped(context)?.create?.(args, kwargs, context), args);
    if (this.#base !== undefined) return this.#createFromBase(this.#base, args);
    if (args.length > 0 || (kwargs !== undefined && kwargs.size > 0)) {
      throw context.fail(
        `Cannot create ${this.module}.${this.name}: it was written with arguments for __new__, and the class has no static __new__`,
      );
    }
    return Object.create(this.target.prototype) as T;
  }

  /** The entry of the class of Brine's that this one extends. It knows what pickles hold: the ten bytes of a datetime. */
  #mapped(context: { readonly registry: ClassRegistryView }): GlobalEntry | undefined {
    return context.registry.findByTarget(this.#base!.jsClass);
  }

  /** Makes an instance of the class that this one extends one of this class. */
  #adopt(made: unknown, args: readonly unknown[]): T {
    if (typeof made !== "object" || made === null) return this.#construct(args);
    return Object.setPrototypeOf(made, this.target.prototype) as T;
  }

  #createFromBase(base: Base, args: readonly unknown[]): T {
    switch (base.kind) {
      case "tuple": {
        // tuple.__new__ takes one iterable; a namedtuple's takes the items, and is registered as one.
        const object = this.#construct([]) as unknown as unknown[];
        const items = args[0];
        if (Array.isArray(items)) for (let i = 0; i < items.length; i++) object.push(items[i]);
        return object as unknown as T;
      }
      case "list":
      case "dict":
        return this.#construct([]);
      case "error":
        return this.#construct(args.length === 0 ? [] : [String(args[0])]);
      default:
        return this.#construct(args);
    }
  }

  reconstruct(base: string, value: unknown, context: DecodeContext): T {
    switch (base) {
      case "list":
        return this.#extended(this.create([], undefined, context), value, context);
      case "dict": {
        const object = this.create([], undefined, context);
        const items = value instanceof Map ? value : Object.entries(value as object);
        const flat: unknown[] = [];
        for (const [key, item] of items) flat.push(key, item);
        this.setItems(object, flat, context);
        return object;
      }
      case "object":
        return this.create([], undefined, context);
      default:
        return this.create([value], undefined, context);
    }
  }

  #extended(object: T, items: unknown, context: DecodeContext): T {
    this.extend(object, Array.isArray(items) ? items : [], context);
    return object;
  }

  setState(object: T, state: unknown, context: DecodeContext): void {
    if (this.#adapter.setState !== undefined) {
      this.#adapter.setState(object, state);
      return;
    }
    const own = (object as PickledClass).__setstate__;
    if (typeof own === "function") {
      own.call(object, state as never);
      return;
    }
    this.#setDefaultState(object, state, context);
  }

  /** CPython 3.12 `load_build`: a dict, or the pair of a dict and a dict of slots. */
  #setDefaultState(object: T, state: unknown, context: DecodeContext): void {
    const parts = Array.isArray(state) && state.length === 2 ? state : [state];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (part === null) continue;
      const attributes = attributesOf(part);
      if (attributes === undefined) {
        throw context.fail(
          `Cannot set the state of ${this.module}.${this.name}: the state is no dict, and the class has no __setstate__`,
        );
      }
      for (const [name, value] of attributes) setOwn(object, name, value);
    }
  }

  extend(object: T, items: readonly unknown[], context: DecodeContext): void {
    if (this.#adapter.extend !== undefined) {
      this.#adapter.extend(object, items);
      return;
    }
    if (Array.isArray(object)) {
      for (let i = 0; i < items.length; i++) Array.prototype.push.call(object, items[i]);
      return;
    }
    const methods = object as { extend?: unknown; append?: unknown };
    if (typeof methods.extend === "function") {
      Reflect.apply(methods.extend, object, [[...items]]);
    } else if (typeof methods.append === "function") {
      for (let i = 0; i < items.length; i++) Reflect.apply(methods.append, object, [items[i]]);
    } else {
      throw context.fail(`Cannot add items to ${this.module}.${this.name}: it is no Array and has no extend method`);
    }
  }

  setItems(object: T, items: readonly unknown[], context: DecodeContext): void {
    const setItem = this.#adapter.setItem;
    if (setItem !== undefined) {
      for (let i = 0; i + 1 < items.length; i += 2) setItem(object, items[i], items[i + 1]);
      return;
    }
    const own = (object as { __setitem__?: unknown }).__setitem__;
    if (typeof own === "function") {
      for (let i = 0; i + 1 < items.length; i += 2) Reflect.apply(own, object, [items[i], items[i + 1]]);
    } else if (object instanceof Map) {
      // The class's own `set` may count on fields that its constructor, which did not run, makes.
      const set = object instanceof PyDict ? PyDict.prototype.set : Map.prototype.set;
      for (let i = 0; i + 1 < items.length; i += 2) set.call(object, items[i], items[i + 1]);
    } else {
      throw context.fail(`Cannot set items of ${this.module}.${this.name}: it is no Map and has no __setitem__ method`);
    }
  }

  /** A nested class, which protocols below 4 reach through its outer class. */
  getAttribute(attribute: string, context: DecodeContext): unknown {
    const nested = context.registry.find(this.module, `${this.name}.${attribute}`);
    return nested === undefined ? undefined : globalOfEntry(nested);
  }

  reduce(object: T, context: EncodeContext): Reduction | PyGlobal {
    const adapter = this.#adapter;
    if (adapter.reduce !== undefined) return toReduction(adapter.reduce(object, context.protocol), this, context);
    const methods = object as PickledClass;
    if (typeof methods.__reduce_ex__ === "function") {
      return toReduction(methods.__reduce_ex__(context.protocol), this, context);
    }
    if (typeof methods.__reduce__ === "function") return toReduction(methods.__reduce__(), this, context);
    return context.protocol < 2 ? this.#reduceOld(object, context) : this.#reduceNew(object, context);
  }

  /** CPython 3.12 `object_getstate_default`: nothing for an object without attributes. */
  #stateOf(object: T): unknown {
    if (this.#adapter.getState !== undefined) return nothingIfNull(this.#adapter.getState(object));
    const methods = object as PickledClass;
    if (typeof methods.__getstate__ === "function") return nothingIfNull(methods.__getstate__());
    const state: Record<string, unknown> = {};
    let isEmpty = true;
    for (const name of Object.keys(object)) {
      if (Array.isArray(object) && /^\d+$/.test(name)) continue;
      if (object instanceof Uint8Array && /^\d+$/.test(name)) continue;
      setOwn(state, name, (object as Record<string, unknown>)[name]);
      isEmpty = false;
    }
    return isEmpty ? undefined : state;
  }

  /** Protocol 2 and above: CPython 3.12 `reduce_newobj`. */
  #reduceNew(object: T, context: EncodeContext): Reduction {
    const base = this.#base;
    if (base !== undefined && base.kind !== "list" && base.kind !== "dict" && base.kind !== "tuple") {
      return this.#reduceAsBase(object, base, context);
    }
    const methods = object as PickledClass;
    let args: readonly unknown[] = [];
    let kwargs: ReadonlyMap<string, unknown> | undefined;
    if (this.#adapter.getNewArgs !== undefined) {
      args = this.#adapter.getNewArgs(object);
    } else if (typeof methods.__getnewargs_ex__ === "function") {
      const [positional, named] = methods.__getnewargs_ex__();
      args = positional;
      kwargs = named instanceof Map ? named : new Map(Object.entries(named));
    } else if (typeof methods.__getnewargs__ === "function") {
      args = methods.__getnewargs__();
    } else if (base?.kind === "tuple") {
      args = [Tuple.from(object as unknown as unknown[])];
    }
    return {
      kind: kwargs !== undefined && kwargs.size > 0 ? "newobj_ex" : "newobj",
      callable: globalOfEntry(this),
      args,
      kwargs,
      state: this.#stateOf(object),
      listItems: base?.kind === "list" ? (object as unknown as unknown[]) : undefined,
      dictItems: base?.kind === "dict" ? (object as unknown as Map<unknown, unknown>) : undefined,
    };
  }

  /** Protocols 0 and 1: CPython 3.12 `copyreg._reduce_ex`, which drops a state that Python takes for false. */
  #reduceOld(object: T, context: EncodeContext): Reduction {
    const base = this.#base;
    if (base !== undefined && base.kind !== "list" && base.kind !== "dict" && base.kind !== "tuple") {
      return this.#reduceAsBase(object, base, context);
    }
    const state = this.#stateOf(object);
    return {
      kind: "newobj",
      callable: globalOfEntry(this),
      args: [],
      base: base === undefined ? undefined : { global: builtin(base.kind, context), value: valueOfBase(object) },
      state: isFalse(state) ? undefined : state,
    };
  }

  /** As the mapped class that this one extends, under the name of this one. */
  #reduceAsBase(object: T, base: Base, context: EncodeContext): Reduction {
    const callable = globalOfEntry(this);
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
    const entry = this.#mapped(context);
    const reduction = entry?.reduce?.(object, context);
    if (reduction === undefined || reduction instanceof PyGlobal) {
      throw context.fail(
        `Cannot pickle ${this.module}.${this.name}: the registry knows no way to write ${base.jsClass.name}, which it extends`,
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

/** What `bool(state)` is in Python. */
function isFalse(state: unknown): boolean {
  if (state === undefined || state === null || state === false || state === 0 || state === "" || state === 0n)
    return true;
  if (Array.isArray(state)) return state.length === 0;
  if (state instanceof Map || state instanceof Set) return state.size === 0;
  if (state instanceof Uint8Array) return state.length === 0;
  return Object.getPrototypeOf(state) === Object.prototype && Object.keys(state as object).length === 0;
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
