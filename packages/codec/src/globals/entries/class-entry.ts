/** How instances of your own classes are put together again: Python's rules (`copyreg`, `load_build`) with JavaScript classes. */

import { bytesOfArguments } from "../../python/bytes.js";
import { itemsOf, itemsOfDict } from "../../python/coerce.js";
import { PyDict } from "../../python/containers/dict.js";
import type { NamedTupleClass } from "../../python/containers/namedtuple.js";
import { attributesOf, setAttributes } from "../../python/objects/attributes.js";
import type { PyGlobal } from "../../python/objects/objects.js";
import { shortText } from "../../python/short-text.js";
import { nestedClass } from "../outer-classes.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../registry.js";
import type { ClassAdapter, PickledClass } from "./class-adapter.js";
import { type Base, baseOf, mappedEntry } from "./class-base.js";
import { ClassReducer } from "./class-reducer.js";

/** What the dates of Python are, by how many bytes a pickle makes one of. */
const DATE_BASES: ReadonlyMap<number, string> = new Map([
  [4, "PyDate"],
  [6, "PyTime"],
  [10, "PyDateTime"],
]);

/** The entry of a class of yours, as `BaseRegistry.register` registers it: for an {@link EntrySource}. */
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
  /** Those of a class below a builtin, which takes the items. */
  readonly copiesArguments: boolean;
  readonly #adapter: ClassAdapter<T>;
  readonly #base: Base | undefined;
  readonly #reducer: ClassReducer<T>;

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
    this.copiesArguments = this.#base !== undefined;
    this.#reducer = new ClassReducer(this, this.#adapter, this.#base);
  }

  #construct(args: readonly unknown[]): T {
    const base = this.#base!.jsClass;
    return Reflect.construct(base, args as unknown[], this.target) as T;
  }

  call(args: readonly unknown[], context: DecodeContext): unknown {
    if (this.#adapter.call !== undefined) return this.#adapter.call(args);
    switch (this.#base?.kind) {
      case "mapped":
        return this.#adopt(mappedEntry(this.#base, context.registry)?.call?.(args, context), args);
      case "set":
      case "frozenset":
        return this.#construct(args);
      case "bytes":
      case "bytearray":
        return this.#ofBytes(this.#base.kind, args, context);
      case "error":
        return this.#construct(args.length === 0 ? [] : [messageOf(args[0])]);
    }
    const prototype = this.target.prototype as PickledClass;
    if (typeof prototype.__reduce__ === "function" || typeof prototype.__reduce_ex__ === "function") {
      // The class itself asked for this call when it was written.
      return Reflect.construct(this.target, args as unknown[]);
    }
    if (this.#base !== undefined) return this.#ofBuiltinCall(this.#base, args, context);
    const [first] = args;
    const base = first instanceof Uint8Array ? DATE_BASES.get(first.length) : undefined;
    throw context.fail(
      base === undefined
        ? `Cannot call class ${this.module}.${this.name}: if it extends one of Python's, as set, deque or OrderedDict, let ${this.target.name} extend PySet, Deque or OrderedDict; an Enum is for registerEnum, an exception for registerException, a struct sequence of C for registerStructSequence; any other class needs a __reduce__ method, or an adapter that has call`
        : `Cannot call class ${this.module}.${this.name}: it is made of bytes; if it extends one of Python's dates, let ${this.target.name} extend ${base}, else have an adapter that has call`,
    );
  }

  /** `Cls(items)` of a class below list, dict or tuple; `Cls(*items)` of one below a named tuple. */
  #ofBuiltinCall(base: Base, args: readonly unknown[], context: DecodeContext): T {
    if (base.kind === "namedtuple") return this.#ofItems(base, args, context);
    if (args.length > 1) throw this.#wrongValue(base.kind, context);
    if (base.kind === "tuple") return this.#ofItems(base, args[0], context);
    return this.#filled(base.kind, args.length === 0 ? [] : args[0], context);
  }

  create(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined, context: DecodeContext): T {
    if (this.#adapter.create !== undefined) return this.#adapter.create(args, kwargs);
    const own = (this.target as unknown as { __new__?: unknown }).__new__;
    if (typeof own === "function") {
      const values = kwargs === undefined ? args : [...args, Object.fromEntries(kwargs)];
      return Reflect.apply(own, this.target, values as unknown[]) as T;
    }
    if (this.#base?.kind === "mapped")
      return this.#adopt(mappedEntry(this.#base, context.registry)?.create?.(args, kwargs, context), args);
    if (this.#base !== undefined) return this.#createFromBase(this.#base, args, context);
    if (args.length > 0 || (kwargs !== undefined && kwargs.size > 0)) {
      throw context.fail(
        `Cannot create ${this.module}.${this.name}: it was written with arguments for __new__, and the class has no static __new__; ${this.#instead(args)}`,
      );
    }
    return Object.create(this.target.prototype) as T;
  }

  /** What a class probably is whose `__new__` got these arguments. */
  #instead(args: readonly unknown[]): string {
    const named = "a namedtuple is for registerNamedTuple";
    if (args.length !== 1) return named;
    const [value] = args;
    if (Array.isArray(value)) return `if it extends tuple, let ${this.target.name} extend Tuple`;
    if (value instanceof Uint8Array) return `if it extends bytes, let ${this.target.name} extend Uint8Array`;
    if (typeof value === "object") return named;
    return `a class that extends str, int or float is for an adapter that has create; ${named}`;
  }

  /** Makes an instance of the class that this one extends one of this class. */
  #adopt(made: unknown, args: readonly unknown[]): T {
    if (typeof made !== "object" || made === null) return this.#construct(args);
    return Object.setPrototypeOf(made, this.target.prototype) as T;
  }

  #createFromBase(base: Base, args: readonly unknown[], context: DecodeContext): T {
    switch (base.kind) {
      case "tuple":
        return this.#ofItems(base, args[0], context);
      case "namedtuple":
        return this.#ofItems(base, args, context);
      case "list":
      case "dict":
        return this.#construct([]);
      case "bytes":
      case "bytearray":
        return this.#ofBytes(base.kind, args, context);
      case "error":
        return this.#construct(args.length === 0 ? [] : [messageOf(args[0])]);
      default:
        return this.#construct(args);
    }
  }

  /** `tuple.__new__` takes one iterable, a namedtuple's the items. */
  #ofItems(base: Base, items: unknown, context: DecodeContext): T {
    const given = items === undefined ? [] : itemsOf(items);
    if (given === undefined) throw this.#wrongValue(base.kind, context);
    const fields =
      base.kind === "namedtuple" ? (base.jsClass as unknown as NamedTupleClass).fields.length : given.length;
    if (given.length !== fields) {
      throw context.fail(`${this.module}.${this.name} has ${fields} fields, the pickle gave ${given.length}`);
    }
    const object = this.#construct([]) as unknown as unknown[];
    for (let i = 0; i < given.length; i++) object[i] = given[i];
    return object as unknown as T;
  }

  /** `Uint8Array` itself would take a length, or make numbers of what is in a list, whatever that costs. */
  #ofBytes(kind: string, args: readonly unknown[], context: DecodeContext): T {
    const bytes = bytesOfArguments(args);
    if (bytes === undefined) throw this.#wrongValue(kind, context);
    return this.#construct([bytes]);
  }

  reconstruct(base: string, value: unknown, context: DecodeContext): T {
    switch (base) {
      case "list":
      case "dict":
        return this.#filled(base, value, context);
      case "object":
        return this.create([], undefined, context);
      case "tuple":
        // By `tuple.__new__`, not by that of the class.
        if ((this.#base?.kind === "tuple" || this.#base?.kind === "namedtuple") && this.#adapter.create === undefined)
          return this.#ofItems(this.#base, value, context);
        return this.create([value], undefined, context);
      default:
        return this.create([value], undefined, context);
    }
  }

  /** One with the items of a list or dict. */
  #filled(base: string, value: unknown, context: DecodeContext): T {
    const object = this.create([], undefined, context);
    if (base === "list") {
      const items = itemsOf(value);
      if (items === undefined) throw this.#wrongValue(base, context);
      this.extend(object, items, context);
      return object;
    }
    const items = Array.isArray(value) && value.length === 0 ? new Map() : itemsOfDict(value);
    if (items === undefined) throw this.#wrongValue(base, context);
    const flat: unknown[] = [];
    for (const [key, item] of items) flat.push(key, item);
    this.setItems(object, flat, context);
    return object;
  }

  #wrongValue(base: string, context: DecodeContext): Error {
    return context.fail(`Cannot make ${this.module}.${this.name}: these are no arguments of a ${base} object`);
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
    const { slots } = this.#adapter;
    const above = this.#base?.kind === "mapped" ? mappedEntry(this.#base, context.registry) : undefined;
    if (above?.setState !== undefined && slots === undefined) {
      above.setState(object, state, context);
      return;
    }
    if (slots !== undefined) this.#checkSlots(slots, state, context);
    if (!setAttributes(object, state)) {
      throw context.fail(
        `Cannot set the state of ${this.module}.${this.name}: the state is no dict but ${shortText(state)}; give the class __setstate__ and __getstate__`,
      );
    }
  }

  /** Slots that came as attributes would go back as slots, which a class that wrote them so does not read. */
  #checkSlots(slots: readonly string[], state: unknown, context: DecodeContext): void {
    for (const [name] of attributesOf(state) ?? []) {
      if (!slots.includes(name)) continue;
      throw context.fail(
        `Cannot set the state of ${this.module}.${this.name}: ${shortText(name)} is in its dict, not among its slots; a class whose __getstate__ gives a dict, as attrs makes it, is registered without slots`,
      );
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
      throw context.fail(
        `Cannot add items to ${this.module}.${this.name}: it is no Array and has no extend method; for a subclass of list, let ${this.target.name} extend Array`,
      );
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
      throw context.fail(
        `Cannot set items of ${this.module}.${this.name}: it is no Map and has no __setitem__ method; for a subclass of dict, let ${this.target.name} extend PyDict`,
      );
    }
  }

  /** A nested class, which protocols below 4 reach through its outer class. */
  getAttribute(attribute: string, context: DecodeContext): unknown {
    return nestedClass(context.registry, this.module, `${this.name}.${attribute}`);
  }

  reduce(object: T, context: EncodeContext): Reduction | PyGlobal {
    return this.#reducer.reduce(object, context);
  }
}

/** Of a JavaScript Error, which has text where Python has any values. */
function messageOf(value: unknown): string {
  return typeof value === "string" ? value : shortText(value);
}
