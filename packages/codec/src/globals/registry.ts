/**
 * What a pickle may name. A class or function that a pickle refers to resolves here, by its exact module and qualified
 * name, or not at all: nothing is ever imported, no dotted name is walked, no prototype is consulted.
 *
 * An {@link GlobalEntry} says everything about one Python name: how to decode what pickles do with it (call it, create an
 * instance, set its state, add its items) and how to encode instances of the JavaScript class that stands for it.
 */
import { PickleError } from "../errors.js";
import type { Protocol } from "../pickle/opcodes.js";
import { defineEnum, type EnumKind, type PyEnum } from "../python/enum.js";
import { exceptionClass, type PyExceptionClass } from "../python/exceptions.js";
import { type NamedTupleClass, namedTuple } from "../python/namedtuple.js";
import type { PyGlobal } from "../python/objects.js";
import { type ClassAdapter, classEntry } from "./class-entry.js";
import { pickledName } from "./decorator.js";
import { enumEntry } from "./enum-entry.js";
import { type ExceptionEntryOptions, exceptionEntry, isExceptionClass } from "./exception-entry.js";
import { globalOfEntry } from "./global-of.js";
import { namedTupleEntry } from "./named-tuple-entry.js";

/** A JavaScript class, also one with a private or abstract constructor. */
// biome-ignore lint/complexity/noBannedTypes: every class is a Function, and abstract and private constructors have no common signature
export type AnyClass = Function & { readonly prototype: object };

/** How the decoder was asked to represent values; entries read it to honour the options. */
export interface DecodeContext {
  readonly registry: ClassRegistryView;
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly tuple: "tuple" | "array";
  readonly dict: "auto" | "map" | "object";
  readonly datetime: "python" | "temporal" | "date";
  /** Makes the error of the opcode at hand; throw what it returns. */
  fail(message: string, cause?: unknown): Error;
}

/** What the encoder tells an entry that reduces an object. */
export interface EncodeContext {
  readonly registry: ClassRegistryView;
  readonly protocol: Protocol;
  /** The CPython whose bytes are written. */
  readonly python: "3.12" | "3.13";
  /** Makes the error for the value at hand, with its path; throw what it returns. */
  fail(message: string, cause?: unknown): Error;
}

/**
 * How an object is written: Python's reduce tuple with names.
 * CPython 3.12 `pickle.py` save_reduce.
 */
export interface Reduction {
  /**
   * - `"reduce"`: `callable(*args)`, REDUCE
   * - `"newobj"`: `callable.__new__(callable, *args)`, NEWOBJ; protocols 0 and 1 write `copyreg._reconstructor` instead,
   *   with `base` saying which builtin holds the value
   * - `"newobj_ex"`: with `kwargs`, NEWOBJ_EX; protocols 2 and 3 write a `functools.partial`
   */
  readonly kind: "reduce" | "newobj" | "newobj_ex";
  /** A global, or an object that itself pickles to a callable. */
  readonly callable: PyGlobal | object;
  readonly args: readonly unknown[];
  readonly kwargs?: ReadonlyMap<string, unknown> | undefined;
  /** For `newobj` at protocols 0 and 1: the builtin base (`object` by default) and its value. */
  readonly base?: { readonly global: PyGlobal; readonly value: unknown } | undefined;
  /** Absent or `undefined`: no BUILD. A falsy Python value such as `{}` is written. */
  readonly state?: unknown;
  /** Written with APPEND(S) after construction. */
  readonly listItems?: Iterable<unknown> | undefined;
  /** Written with SETITEM(S) after construction. */
  readonly dictItems?: Iterable<readonly [unknown, unknown]> | undefined;
  /** Called as `stateSetter(object, state)` instead of BUILD. */
  readonly stateSetter?: PyGlobal | object | undefined;
}

/** One Python name. Every operation is optional; a pickle that asks for one that is absent gets an error. */
export interface GlobalEntry<T extends object = object> {
  /** Python 3's module, as written at protocol 3 and above: `"builtins"`, `"datetime"`. */
  readonly module: string;
  /** `__qualname__`: `"datetime"`, `"Outer.Inner"`. */
  readonly name: string;
  /** The JavaScript class whose direct instances this entry encodes, and which stands for the Python class as a value. */
  readonly target?: AnyClass | undefined;

  /** REDUCE: the result of `name(*args)`. `args` is the decoder's own array: do not keep it. */
  call?(args: readonly unknown[], context: DecodeContext): unknown;
  /** `functools.partial(name, *args, **kwargs)()`, which is how Python writes a call with keywords. */
  callWithKeywords?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown>, context: DecodeContext): unknown;
  /** NEWOBJ, NEWOBJ_EX: `cls.__new__(cls, *args, **kwargs)`. Must not run a constructor of the user's. */
  create?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined, context: DecodeContext): T;
  /** `copyreg._reconstructor(cls, base, value)` of protocols 0 and 1; default: `create` for base `object`. */
  reconstruct?(base: string, value: unknown, context: DecodeContext): T;
  /** BUILD. `state` is what Python's `__setstate__` would get. Fills `object` in place: others may hold it already. */
  setState?(object: T, state: unknown, context: DecodeContext): void;
  /** APPEND(S). */
  extend?(object: T, items: readonly unknown[], context: DecodeContext): void;
  /** SETITEM(S): `items` is key, value, key, value, ... */
  setItems?(object: T, items: readonly unknown[], context: DecodeContext): void;
  /** `getattr(name, attribute)` for the few attributes that pickles really use (enum members, `ZoneInfo._unpickle`). */
  getAttribute?(attribute: string, context: DecodeContext): unknown;

  /** How an instance of `target` is written. */
  reduce?(object: T, context: EncodeContext): Reduction | PyGlobal;
  /**
   * Which Python strings its names are, which decides whether equal strings share a memo entry at protocol 4 and above:
   * `"interned"` (default: Python classes, builtin types, exceptions, datetime, collections, decimal: shared),
   * `"static-name"` (C static types: the module is shared, the class name is a fresh string),
   * `"fresh"` (operator, array, io: neither is shared),
   * `"function"` (builtin functions, C heap types: the module is shared with those of the same module alone, the name is
   * fresh),
   * `"submodule"` (classes of a module that its package imports: as `"function"`, and the name is shared).
   */
  readonly nameStrings?: NameStrings | Readonly<Record<EncodeContext["python"], NameStrings>> | undefined;
}

/** See {@link GlobalEntry}. */
export type NameStrings = "interned" | "static-name" | "fresh" | "function" | "submodule";

/**
 * Entries that are made when they are first asked for, so that a program that meets no `ipaddress` does not pay for it at
 * import.
 */
export interface EntrySource {
  /** Every Python module of which it has names. */
  readonly modules: readonly string[];
  entries(): Iterable<GlobalEntry>;
  /** See {@link BaseRegistry.registerTwin}. */
  twins?(): Iterable<readonly [target: AnyClass | string, entry: GlobalEntry]>;
}

/** What decoder and encoder need of a registry. */
export interface ClassRegistryView {
  /** The entry of exactly this module and qualified name (Python 3 names). */
  find(module: string, name: string): GlobalEntry | undefined;
  /** The entry whose `target` is exactly this class. */
  findByTarget(target: AnyClass): GlobalEntry | undefined;
  /** The one PyGlobal that stands for an entry in decoded values. */
  globalOf(entry: GlobalEntry): PyGlobal;
  /** `copyreg` extension registry: the global under a code, and the code of a global. */
  findExtension(code: number): { readonly module: string; readonly name: string } | undefined;
  extensionCode(module: string, name: string): number | undefined;
}

/** What {@link BaseRegistry} is made of. */
export interface ClassRegistryOptions {
  /** Registries to look into for what this one does not have, in order. */
  readonly extends?: ClassRegistryView | readonly ClassRegistryView[] | null | undefined;
  /** Classes marked with {@link pickled} to register at once. */
  readonly classes?: Iterable<AnyClass> | undefined;
}

const NAME = /^[^\s.]+(\.[^\s.]+)+$/;

/** The module and qualified name of `"app.models.A"` (the last part is the name) or `{ module, name }`. */
export function splitName(name: string | { readonly module: string; readonly name: string }): {
  readonly module: string;
  readonly name: string;
} {
  if (typeof name !== "string") return name;
  if (!NAME.test(name))
    throw badRegistration(`Cannot register ${JSON.stringify(name)}: not of the form "module.ClassName"`);
  const dot = name.lastIndexOf(".");
  return { module: name.slice(0, dot), name: name.slice(dot + 1) };
}

function badRegistration(message: string): PickleError {
  return new PickleError(message, { code: "bad-option" });
}

/**
 * A registry that knows only what it is given: no standard library. {@link ClassRegistry} is the one to start from; this is
 * for those who want to allow less.
 */
export class BaseRegistry implements ClassRegistryView {
  readonly #modules = new Map<string, Map<string, GlobalEntry>>();
  readonly #targets = new Map<AnyClass, GlobalEntry>();
  readonly #tags = new Map<string, GlobalEntry>();
  readonly #extensionNames = new Map<number, { readonly module: string; readonly name: string }>();
  readonly #extensionCodes = new Map<string, number>();
  readonly #parents: readonly ClassRegistryView[];
  /** Sources whose entries are not made yet, in the order in which a class is looked for in them. */
  readonly #sources = new Set<EntrySource>();
  #isFrozen = false;

  constructor(options: ClassRegistryOptions = {}) {
    const parents = options.extends ?? [];
    this.#parents = Array.isArray(parents)
      ? [...(parents as readonly ClassRegistryView[])]
      : [parents as ClassRegistryView];
    for (const jsClass of options.classes ?? []) this.register(jsClass);
  }

  /**
   * Maps a Python class to a JavaScript class, both ways. Its constructor is not called when an instance is decoded:
   * state is set with `__setstate__`, or property by property; see {@link PickledClass} and {@link ClassAdapter}.
   *
   * @param name - `"module.ClassName"`, or `{ module, name }` for a nested class (`{ module: "app", name: "Outer.Inner" }`);
   *   left out when the class is marked with {@link pickled}
   * @param adapter - how to take the class apart and put it together, for classes that you cannot change
   * @throws PickleError `bad-option` when the name is taken, or the class has another name already
   */
  register<T extends object>(
    name: string | { readonly module: string; readonly name: string },
    jsClass: AnyClass & { readonly prototype: T },
    adapter?: ClassAdapter<T>,
  ): this;
  register(jsClass: AnyClass): this;
  register(
    first: string | { readonly module: string; readonly name: string } | AnyClass,
    jsClass?: AnyClass,
    adapter?: ClassAdapter<never>,
  ): this {
    if (typeof first === "function") {
      const name = pickledName(first);
      if (name === undefined) {
        throw badRegistration(
          `Cannot register class ${first.name} without a name: mark it with @pickled("module.${first.name}")`,
        );
      }
      return this.register(name, first);
    }
    if (typeof jsClass !== "function")
      throw badRegistration(`Cannot register ${JSON.stringify(first)}: no class given`);
    return this.registerEntry(classEntry(splitName(first), jsClass, adapter as ClassAdapter<object> | undefined));
  }

  /**
   * Lets pickles refer to a Python function by name. Without `call` it decodes to a {@link PyGlobal} and cannot be called
   * by a pickle; with it, a pickle's call runs `call(...args)`, so it must be safe with any arguments.
   */
  registerFunction(
    name: string | { readonly module: string; readonly name: string },
    call?: (...args: never[]) => unknown,
  ): this {
    const entry: GlobalEntry = { ...splitName(name), nameStrings: "interned" };
    if (call === undefined) return this.registerEntry(entry);
    return this.registerEntry({
      ...entry,
      target: call as unknown as AnyClass,
      call: (args) => call(...(args as never[])),
    });
  }

  /**
   * Maps a Python exception. Give a class below {@link PyException}, or leave it out to have one made.
   *
   * @param options - `extends`: the parent of the class that is made; default `pyExceptions.Exception`
   * @returns the class
   * @example
   * const Boom = registry.registerException("app.errors.Boom");
   * throw new Boom("no fuel", 3);
   */
  registerException<C extends AnyClass = PyExceptionClass>(
    name: string | { readonly module: string; readonly name: string },
    jsClass?: C,
    options: ExceptionEntryOptions & { readonly extends?: PyExceptionClass | undefined } = {},
  ): C {
    const parts = splitName(name);
    const pythonName = `${parts.module}.${parts.name}`;
    const target = jsClass ?? (exceptionClass(pythonName, options.extends) as unknown as C);
    if (!isExceptionClass(target)) {
      throw badRegistration(`Cannot register ${target.name} as exception ${pythonName}: it must extend PyException`);
    }
    if (!Object.hasOwn(target, "pythonName")) Object.defineProperty(target, "pythonName", { value: pythonName });
    this.registerEntry(exceptionEntry(parts, target, options));
    return target;
  }

  /**
   * Maps a `collections.namedtuple`.
   *
   * @returns its class: `new Point(1, 2).x`
   */
  registerNamedTuple<const F extends string>(
    name: string | { readonly module: string; readonly name: string },
    fields: readonly F[],
  ): NamedTupleClass<F> {
    const parts = splitName(name);
    const jsClass = namedTuple(parts.name, fields);
    this.registerEntry(namedTupleEntry(parts, jsClass));
    return jsClass;
  }

  /**
   * Maps an `enum.Enum`, by its members' names and values.
   *
   * @param options - `kind`: `"flag"` and `"intflag"` have combinations; members of `"int"`, `"str"` and `"intflag"` equal
   *   their values as keys. `flag: true` is short for `kind: "flag"`
   * @returns an object with the members: `Color.RED`
   */
  registerEnum<const M extends Record<string, unknown>>(
    name: string | { readonly module: string; readonly name: string },
    members: M,
    options: { readonly kind?: EnumKind | undefined; readonly flag?: boolean | undefined } = {},
  ): PyEnum<M> {
    const parts = splitName(name);
    const jsName = parts.name.slice(parts.name.lastIndexOf(".") + 1);
    const pyEnum = defineEnum(jsName, members, options.kind ?? (options.flag === true ? "flag" : "enum"));
    this.registerEntry(enumEntry(parts, pyEnum));
    return pyEnum;
  }

  /** Registers everything about one Python name. The base of the other methods. */
  registerEntry(entry: GlobalEntry): this {
    this.#assertMutable();
    this.#add(entry);
    return this;
  }

  #add(entry: GlobalEntry): void {
    let names = this.#modules.get(entry.module);
    if (names === undefined) {
      names = new Map();
      this.#modules.set(entry.module, names);
    }
    if (names.has(entry.name)) throw badRegistration(`Cannot register ${entry.module}.${entry.name} twice`);
    if (entry.target !== undefined) {
      const other = this.#targets.get(entry.target);
      if (other !== undefined) {
        throw badRegistration(
          `Cannot register ${entry.target.name} as ${entry.module}.${entry.name}: it is ${other.module}.${other.name} already`,
        );
      }
      this.#targets.set(entry.target, entry);
    }
    names.set(entry.name, entry);
  }

  registerEntries(entries: Iterable<GlobalEntry>): this {
    for (const entry of entries) this.registerEntry(entry);
    return this;
  }

  /**
   * Another class whose instances are written as an entry says, and never decoded to: `Date` beside {@link PyDateTime}.
   *
   * @param target - the class, or the `Symbol.toStringTag` of a class that several libraries have, such as
   *   `"Temporal.PlainDate"`
   */
  registerTwin(target: AnyClass | string, entry: GlobalEntry): this {
    this.#assertMutable();
    this.#addTwin(target, entry);
    return this;
  }

  #addTwin(target: AnyClass | string, entry: GlobalEntry): void {
    const has = typeof target === "string" ? this.#tags.has(target) : this.#targets.has(target);
    if (has) {
      throw badRegistration(`Cannot register ${typeof target === "string" ? target : target.name} twice`);
    }
    if (typeof target === "string") this.#tags.set(target, entry);
    else this.#targets.set(target, entry);
  }

  /**
   * Registers entries that are made when one of their modules, or a class that nothing else here has, is first looked for.
   * Put the commonest first: classes are looked for source by source.
   */
  registerSource(source: EntrySource): this {
    this.#assertMutable();
    this.#sources.add(source);
    return this;
  }

  /** Makes a source's entries. Not a change of what is registered, so also of a frozen registry. */
  #make(source: EntrySource): void {
    this.#sources.delete(source);
    for (const entry of source.entries()) this.#add(entry);
    for (const [target, entry] of source.twins?.() ?? []) this.#addTwin(target, entry);
  }

  /** `copyreg.add_extension`: protocol 2 and above write the global as this code, and read the code as the global. */
  registerExtension(module: string, name: string, code: number): this {
    this.#assertMutable();
    if (!Number.isInteger(code) || code < 1 || code > 0x7fffffff) {
      throw badRegistration(`Cannot register extension code ${code}: must be an integer from 1 to 2147483647`);
    }
    const key = `${module}\n${name}`;
    if (this.#extensionNames.has(code)) throw badRegistration(`Cannot register extension code ${code} twice`);
    if (this.#extensionCodes.has(key))
      throw badRegistration(`Cannot register an extension code for ${module}.${name} twice`);
    this.#extensionNames.set(code, Object.freeze({ module, name }));
    this.#extensionCodes.set(key, code);
    return this;
  }

  /** No registration after this. */
  freeze(): this {
    this.#isFrozen = true;
    return this;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  find(module: string, name: string): GlobalEntry | undefined {
    let own = this.#modules.get(module)?.get(name);
    if (own === undefined && this.#sources.size > 0) {
      for (const source of this.#sources) if (source.modules.includes(module)) this.#make(source);
      own = this.#modules.get(module)?.get(name);
    }
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const entry = parent.find(module, name);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  findByTarget(target: AnyClass): GlobalEntry | undefined {
    let own = this.#findOwnByTarget(target);
    for (const source of this.#sources) {
      if (own !== undefined) break;
      this.#make(source);
      own = this.#findOwnByTarget(target);
    }
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const entry = parent.findByTarget(target);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #findOwnByTarget(target: AnyClass): GlobalEntry | undefined {
    return this.#targets.get(target) ?? (this.#tags.size === 0 ? undefined : this.#findByTag(target));
  }

  #findByTag(target: AnyClass): GlobalEntry | undefined {
    const prototype = target.prototype as { readonly [Symbol.toStringTag]?: unknown } | undefined;
    if (prototype === undefined || prototype === null || !Object.hasOwn(prototype, Symbol.toStringTag))
      return undefined;
    // A getter on the prototype, such as that of typed arrays, may want an instance.
    const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
    return typeof tag === "string" ? this.#tags.get(tag) : undefined;
  }

  globalOf(entry: GlobalEntry): PyGlobal {
    return globalOfEntry(entry);
  }

  findExtension(code: number): { readonly module: string; readonly name: string } | undefined {
    const own = this.#extensionNames.get(code);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const found = parent.findExtension(code);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  extensionCode(module: string, name: string): number | undefined {
    const own = this.#extensionCodes.get(`${module}\n${name}`);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const code = parent.extensionCode(module, name);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  /** The entries registered here, without those of the registries it extends. */
  *entries(): IterableIterator<GlobalEntry> {
    for (const source of this.#sources) this.#make(source);
    for (const names of this.#modules.values()) yield* names.values();
  }

  #assertMutable(): void {
    if (this.#isFrozen) throw badRegistration("Cannot register in a frozen registry: make one that extends it");
  }
}
