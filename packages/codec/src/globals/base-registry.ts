/** A class registry: what is registered, by Python name and by JavaScript class, and the registries that it extends. */
import { checkOptions } from "../options/check.js";
import { extendOptionNames, optionNames } from "../options/option-names.js";
import { type NamedTupleClass, namedTuple } from "../python/containers/namedtuple.js";
import { defineEnum, type EnumKind, type FlagBoundary, type PyEnum } from "../python/objects/enum.js";
import { exceptionClass, type PyExceptionClass } from "../python/objects/exceptions.js";
import type { PyGlobal } from "../python/objects/objects.js";
import type { ClassAdapter } from "./class-adapter.js";
import { classEntry } from "./class-entry.js";
import { pickledName } from "./decorator.js";
import { type EnumPickleBy, enumEntry, memberEntries } from "./enum-entry.js";
import {
  EXCEPTION_ENTRY_OPTIONS,
  type ExceptionEntryOptions,
  exceptionEntry,
  isExceptionClass,
} from "./exception-entry.js";
import { ExtensionCodes } from "./extension-codes.js";
import { globalOfEntry } from "./global-of.js";
import { namedTupleEntry } from "./named-tuple-entry.js";
import { OuterClasses } from "./outer-classes.js";
import { badRegistration, splitName } from "./registration.js";
import type { AnyClass, ClassRegistryView, EntrySource, GlobalEntry } from "./registry.js";

/** What {@link BaseRegistry} is made of. */
export interface ClassRegistryOptions {
  /** Registries to look into for what this one does not have, in order. Default: none. */
  readonly extends?: ClassRegistryView | readonly ClassRegistryView[] | null | undefined;
  /** Classes marked with {@link pickled} to register at once. Default: none. */
  readonly classes?: Iterable<AnyClass> | undefined;
}

const REGISTRY_OPTIONS = /* @__PURE__ */ optionNames<ClassRegistryOptions>({ extends: true, classes: true });

/** Of {@link BaseRegistry.registerException}. */
export interface RegisterExceptionOptions extends ExceptionEntryOptions {
  /** The parent of the class that is made. Default `pyExceptions.Exception`. */
  readonly extends?: PyExceptionClass | undefined;
}

const EXCEPTION_OPTIONS = /* @__PURE__ */ extendOptionNames<RegisterExceptionOptions, ExceptionEntryOptions>(
  EXCEPTION_ENTRY_OPTIONS,
  { extends: true },
);

/** Of {@link BaseRegistry.registerEnum}. */
export interface RegisterEnumOptions {
  /** Default `"enum"`. `"flag"` and `"intflag"` have combinations; members of `"int"`, `"str"` and `"intflag"` equal their values as keys. */
  readonly kind?: EnumKind | undefined;
  /** `true` is short for `kind: "flag"`. Default false. */
  readonly flag?: boolean | undefined;
  /** Of flags: what becomes of bits that no member has. Default `"keep"` for `"intflag"`, else `"strict"`. */
  readonly boundary?: FlagBoundary | undefined;
  /**
   * How members are written: `"value"` (default), or as by Python's `enum.pickle_by_enum_name` or
   * `enum.pickle_by_global_name`, with which members are names of the module, too. All are read whatever it says.
   */
  readonly pickleBy?: EnumPickleBy | undefined;
}

const ENUM_OPTIONS = /* @__PURE__ */ optionNames<RegisterEnumOptions>({
  kind: true,
  flag: true,
  boundary: true,
  pickleBy: true,
});

/**
 * A registry that knows only what it is given: no standard library. {@link ClassRegistry} is the one to start from; this is
 * for those who want to allow less.
 */
export class BaseRegistry implements ClassRegistryView {
  readonly #modules = new Map<string, Map<string, GlobalEntry>>();
  readonly #targets = new Map<AnyClass, GlobalEntry>();
  readonly #tags = new Map<string, GlobalEntry>();
  readonly #extensions = new ExtensionCodes();
  readonly #outers = new OuterClasses();
  readonly #parents: readonly ClassRegistryView[];
  /** Sources whose entries are not made yet, in the order in which a class is looked for in them. */
  readonly #sources = new Set<EntrySource>();
  #isFrozen = false;

  constructor(options: ClassRegistryOptions = {}) {
    checkOptions(options, REGISTRY_OPTIONS, "options of a registry");
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
   * @returns the class
   * @example
   * const Boom = registry.registerException("app.errors.Boom");
   * throw new Boom("no fuel", 3);
   */
  registerException<C extends AnyClass = PyExceptionClass>(
    name: string | { readonly module: string; readonly name: string },
    jsClass?: C,
    options: RegisterExceptionOptions = {},
  ): C {
    checkOptions(options, EXCEPTION_OPTIONS, "options of registerException()");
    const { extends: parent, ...entryOptions } = options;
    const parts = splitName(name);
    const pythonName = `${parts.module}.${parts.name}`;
    const target = jsClass ?? (exceptionClass(pythonName, parent) as unknown as C);
    if (!isExceptionClass(target)) {
      throw badRegistration(`Cannot register ${target.name} as exception ${pythonName}: it must extend PyException`);
    }
    if (!Object.hasOwn(target, "pythonName")) Object.defineProperty(target, "pythonName", { value: pythonName });
    this.registerEntry(exceptionEntry(parts, target, entryOptions));
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
   * @returns an object with the members: `Color.RED`
   */
  registerEnum<const M extends Record<string, unknown>>(
    name: string | { readonly module: string; readonly name: string },
    members: M,
    options: RegisterEnumOptions = {},
  ): PyEnum<M> {
    checkOptions(options, ENUM_OPTIONS, "options of registerEnum()");
    const parts = splitName(name);
    const jsName = parts.name.slice(parts.name.lastIndexOf(".") + 1);
    const kind = options.kind ?? (options.flag === true ? "flag" : "enum");
    const pyEnum = defineEnum(jsName, members, kind, options.boundary);
    this.registerEntry(enumEntry(parts, pyEnum, options.pickleBy));
    if (options.pickleBy === "globalName") this.registerEntries(memberEntries(parts.module, pyEnum));
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
    this.#outers.add(entry);
  }

  /**
   * {@link registerEntry} for one after the other.
   *
   * @throws PickleError `bad-option` for the first name or class that is taken; those before it are registered
   */
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
    this.#extensions.add(module, name, code);
    return this;
  }

  /** From here on, registering throws a PickleError `bad-option`. It cannot be undone. */
  freeze(): this {
    this.#isFrozen = true;
    return this;
  }

  /** Whether registering throws, because {@link freeze} was called. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Whether it and all that it extends are frozen, so that what it finds stays so. */
  get isSettled(): boolean {
    return this.#isFrozen && this.#parents.every((parent) => parent.isSettled === true);
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

  findOuter(module: string, name: string): GlobalEntry | undefined {
    const own = this.#outers.find(module, name);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const entry = parent.findOuter?.(module, name);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  findByTarget(target: AnyClass): GlobalEntry | undefined {
    const own = this.#findOwnByTarget(target);
    if (own !== undefined) return own;
    for (const source of this.#sources) {
      if (source.makesItsClasses) continue;
      this.#make(source);
      const made = this.#findOwnByTarget(target);
      if (made !== undefined) return made;
    }
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
    const own = this.#extensions.nameOf(code);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const found = parent.findExtension(code);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  extensionCode(module: string, name: string): number | undefined {
    const own = this.#extensions.codeOf(module, name);
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
