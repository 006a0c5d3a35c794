/** A class registry: the ways to register, each of which makes an entry. How entries are found is in `entry-table.ts`. */
import { checkOptions } from "../options/check.js";
import { type NamedTupleClass, namedTuple } from "../python/containers/namedtuple.js";
import { type StructSequenceClass, structSequence } from "../python/containers/struct-sequence.js";
import { exceptionClass } from "../python/objects/builtin-exceptions.js";
import { defineEnum, type PyEnum } from "../python/objects/enum.js";
import type { PyExceptionClass } from "../python/objects/exception.js";
import type { PyGlobal } from "../python/objects/objects.js";
import { pickledName } from "./decorator.js";
import { type ClassAdapter, checkAdapter } from "./entries/class-adapter.js";
import { classEntry } from "./entries/class-entry.js";
import { enumEntry, memberEntries } from "./entries/enum-entry.js";
import { exceptionEntry, isExceptionClass } from "./entries/exception-entry.js";
import { namedTupleEntry } from "./entries/named-tuple-entry.js";
import { structSequenceEntry } from "./entries/struct-sequence-entry.js";
import { EntryTable } from "./entry-table.js";
import { globalOfEntry } from "./global-of.js";
import { badRegistration, splitName } from "./registration.js";
import type { AnyClass, ClassRegistryView, EntrySource, GlobalEntry } from "./registry.js";
import {
  type ClassRegistryOptions,
  checkEnumChoices,
  ENUM_OPTIONS,
  EXCEPTION_OPTIONS,
  REGISTRY_OPTIONS,
  type RegisterEnumOptions,
  type RegisterExceptionOptions,
} from "./registry-options.js";

/**
 * A registry that knows only what it is given: no standard library. {@link ClassRegistry} is the one to start from; this is
 * for those who want to allow less.
 */
export class BaseRegistry implements ClassRegistryView {
  readonly #table: EntryTable;
  #isFrozen = false;

  /** @throws PickleError `bad-option` for an option that there is not, or a class that is not marked with {@link pickled} */
  constructor(options: ClassRegistryOptions = {}) {
    checkOptions(options, REGISTRY_OPTIONS, "options of a registry");
    const parents = options.extends ?? [];
    this.#table = new EntryTable(
      Array.isArray(parents) ? [...(parents as readonly ClassRegistryView[])] : [parents as ClassRegistryView],
    );
    for (const jsClass of options.classes ?? []) this.register(jsClass);
  }

  /**
   * Maps a Python class to a JavaScript class, both ways. Its constructor is not called when an instance is decoded:
   * state is set with `__setstate__`, or property by property; see {@link PickledClass} and {@link ClassAdapter}.
   *
   * @param name - `"module.ClassName"`, or `{ module, name }` for a nested class (`{ module: "app", name: "Outer.Inner" }`);
   *   left out when the class is marked with {@link pickled}
   * @param adapter - how to take the class apart and put it together, for classes that you cannot change
   * @throws PickleError `bad-option` when the name is taken or of another form, the class has another name already, or the
   *   registry is frozen
   */
  register<T extends object>(
    name: string | { readonly module: string; readonly name: string },
    jsClass: AnyClass & { readonly prototype: T },
    adapter?: ClassAdapter<T>,
  ): this;
  /** The same of a class marked with {@link pickled}, under the name that it was marked with. */
  register(jsClass: AnyClass): this;
  register(
    first: string | { readonly module: string; readonly name: string } | AnyClass,
    jsClass?: AnyClass,
    adapter?: ClassAdapter<never>,
  ): this {
    if (typeof first === "function") {
      if (typeof jsClass === "string") {
        throw badRegistration(
          `Cannot register class ${first.name}: the name comes first, register(${JSON.stringify(jsClass)}, ${first.name})`,
        );
      }
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
    if (jsClass.prototype === undefined) {
      throw badRegistration(
        `Cannot register function ${jsClass.name} as class ${JSON.stringify(first)}: use registerFunction`,
      );
    }
    const parts = splitName(first);
    const pythonName = `${parts.module}.${parts.name}`;
    checkAdapter(adapter, pythonName);
    if (isExceptionClass(jsClass) && adapter === undefined) {
      this.registerException(parts, jsClass);
      return this;
    }
    return this.registerEntry(classEntry(parts, jsClass, adapter as ClassAdapter<object> | undefined));
  }

  /**
   * Lets pickles refer to a Python function by name. Without `call` it decodes to a {@link PyGlobal} and cannot be called
   * by a pickle; with it, a pickle's call runs `call(...args)`, so it must be safe with any arguments, and `call` itself, as a
   * value, is written as that name.
   *
   * @param name - `"module.function"`, or `{ module, name }` for one within a class
   * @throws PickleError `bad-option` when the name or the function is taken, or the registry is frozen
   */
  registerFunction(
    name: string | { readonly module: string; readonly name: string },
    call?: (...args: never[]) => unknown,
  ): this {
    const entry: GlobalEntry = { ...splitName(name), nameStrings: "interned" };
    if (call === undefined) return this.registerEntry(entry);
    if (typeof call !== "function") {
      throw badRegistration(`Cannot register ${entry.module}.${entry.name}: what it calls must be a function`);
    }
    return this.registerEntry({
      ...entry,
      target: call as unknown as AnyClass,
      call: (args) => call(...(args as never[])),
    });
  }

  /**
   * Maps a Python exception. Give a class below {@link PyException}, or leave it out to have one made. Its constructor is not
   * called when an exception is decoded; that of the class of Brine's above it is.
   *
   * @returns the class
   * @throws PickleError `bad-option` for a class that is not below PyException, one that is given with `extends`, a name or class
   *   that is taken, or a frozen registry
   * @example
   * const registry = new ClassRegistry();
   * const Boom = registry.registerException("app.errors.Boom");
   * loads(dumps(new Boom("no fuel", 3), { registry }), { registry }) instanceof Boom // => true
   */
  registerException(
    name: string | { readonly module: string; readonly name: string },
    jsClass?: undefined,
    options?: RegisterExceptionOptions,
  ): PyExceptionClass;
  registerException<C extends AnyClass>(
    name: string | { readonly module: string; readonly name: string },
    jsClass: C,
    options?: RegisterExceptionOptions,
  ): C;
  registerException(
    name: string | { readonly module: string; readonly name: string },
    jsClass?: AnyClass,
    options: RegisterExceptionOptions = {},
  ): AnyClass {
    checkOptions(options, EXCEPTION_OPTIONS, "options of registerException()");
    const { extends: parent, ...entryOptions } = options;
    const parts = splitName(name);
    const pythonName = `${parts.module}.${parts.name}`;
    if (jsClass !== undefined && parent !== undefined) {
      throw badRegistration(
        `Cannot register exception ${pythonName}: extends is for a class that is made here, and ${jsClass.name} has a parent`,
      );
    }
    const target = jsClass ?? exceptionClass(pythonName, parent);
    if (!isExceptionClass(target)) {
      throw badRegistration(`Cannot register ${target.name} as exception ${pythonName}: it must extend PyException`);
    }
    this.registerEntry(exceptionEntry(parts, target, entryOptions));
    if (!Object.hasOwn(target, "pythonName")) Object.defineProperty(target, "pythonName", { value: pythonName });
    return target;
  }

  /**
   * Maps a `collections.namedtuple` or a `typing.NamedTuple`.
   *
   * @param fields - their names, in the order of Python's `_fields`; a pickle with more or fewer items is an error
   * @returns its class: `new Point(1, 2).x`
   * @throws PickleError `bad-option` when the name is taken, or the registry is frozen
   */
  registerNamedTuple<const F extends string>(
    name: string | { readonly module: string; readonly name: string },
    fields: readonly F[],
  ): NamedTupleClass<F> {
    const parts = splitName(name);
    checkFields(parts, fields);
    const jsClass = namedTuple(parts.name, fields);
    this.registerEntry(namedTupleEntry(parts, jsClass));
    return jsClass;
  }

  /**
   * Maps a struct sequence: what looks like a named tuple and comes from a module written in C, such as `os.terminal_size` and
   * `resource.struct_rusage`.
   *
   * @param fields - those that are items, in their order (Python's first `n_sequence_fields`); a pickle with more or fewer is an error
   * @returns its class: `new TerminalSize([80, 24]).columns`
   * @throws PickleError `bad-option` when the name is taken, or the registry is frozen
   * @example
   * const registry = new ClassRegistry();
   * const TerminalSize = registry.registerStructSequence("os.terminal_size", ["columns", "lines"]);
   * const size = loads(dumps(new TerminalSize([80, 24]), { registry }), { registry }) as InstanceType<typeof TerminalSize>;
   * size.columns // => 80
   */
  registerStructSequence<const F extends string>(
    name: string | { readonly module: string; readonly name: string },
    fields: readonly F[],
  ): StructSequenceClass<F> {
    const parts = splitName(name);
    checkFields(parts, fields);
    const jsClass = structSequence(`${parts.module}.${parts.name}`, fields);
    this.registerEntry(structSequenceEntry(parts, jsClass));
    return jsClass;
  }

  /**
   * Maps an `enum.Enum`, by its members' names and values. A second name of a value is an alias of the first.
   *
   * @returns an object with the members: `Color.RED`; {@link memberOf} finds one by its value
   * @throws PickleError `bad-option` when the name is taken, the registry is frozen, or an option has no such value
   */
  registerEnum<const M extends Record<string, unknown>>(
    name: string | { readonly module: string; readonly name: string },
    members: M,
    options: RegisterEnumOptions = {},
  ): PyEnum<M> {
    checkOptions(options, ENUM_OPTIONS, "options of registerEnum()");
    checkEnumChoices(options);
    const parts = splitName(name);
    if (typeof members !== "object" || members === null || Array.isArray(members)) {
      throw badRegistration(
        `Cannot register ${parts.module}.${parts.name}: its members must be an object of values by name, such as { RED: 1 }`,
      );
    }
    const jsName = parts.name.slice(parts.name.lastIndexOf(".") + 1);
    const kind = options.kind ?? (options.flag === true ? "flag" : "enum");
    const pyEnum = defineEnum(jsName, members, kind, options.boundary);
    this.registerEntry(enumEntry(parts, pyEnum, options.pickleBy));
    if (options.pickleBy === "globalName") this.registerEntries(memberEntries(parts.module, pyEnum));
    return pyEnum;
  }

  /**
   * Registers everything about one Python name. The base of the other methods.
   *
   * @throws PickleError `bad-option` when the name or its `target` is taken, or the registry is frozen
   */
  registerEntry(entry: GlobalEntry): this {
    this.#assertMutable();
    this.#table.add(entry);
    return this;
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
   * @throws PickleError `bad-option` when the class or tag is taken, or the registry is frozen
   */
  registerTwin(target: AnyClass | string, entry: GlobalEntry): this {
    this.#assertMutable();
    this.#table.addTwin(target, entry);
    return this;
  }

  /**
   * Registers entries that are made when one of their modules, or a class that nothing else here has, is first looked for.
   * Put the commonest first: classes are looked for source by source. That a name or class is taken shows only then, as a
   * PickleError `bad-option`.
   *
   * @throws PickleError `bad-option` when the registry is frozen
   */
  registerSource(source: EntrySource): this {
    this.#assertMutable();
    this.#table.addSource(source);
    return this;
  }

  /**
   * `copyreg.add_extension`: protocol 2 and above write the global as this code, and read the code as the global. The global
   * itself has to be registered to be read.
   *
   * @param code - 1 to 2,147,483,647
   * @throws PickleError `bad-option` when the code or the name is taken, the code is none, or the registry is frozen
   */
  registerExtension(module: string, name: string, code: number): this {
    this.#assertMutable();
    this.#table.addExtension(module, name, code);
    return this;
  }

  /** From here on, registering throws a PickleError `bad-option`. It cannot be undone. Those that it extends are not frozen by it. */
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
    return this.#isFrozen && this.#table.hasSettledParents;
  }

  find(module: string, name: string): GlobalEntry | undefined {
    return this.#table.find(module, name);
  }

  findOuter(module: string, name: string): GlobalEntry | undefined {
    return this.#table.findOuter(module, name);
  }

  findByTarget(target: AnyClass): GlobalEntry | undefined {
    return this.#table.findByTarget(target);
  }

  globalOf(entry: GlobalEntry): PyGlobal {
    return globalOfEntry(entry);
  }

  findExtension(code: number): { readonly module: string; readonly name: string } | undefined {
    return this.#table.findExtension(code);
  }

  extensionCode(module: string, name: string): number | undefined {
    return this.#table.extensionCode(module, name);
  }

  /** The entries registered here, without those of the registries it extends; makes those of all its sources. */
  entries(): IterableIterator<GlobalEntry> {
    return this.#table.entries();
  }

  #assertMutable(): void {
    if (this.#isFrozen) throw badRegistration("Cannot register in a frozen registry: make one that extends it");
  }
}

function checkFields({ module, name }: { readonly module: string; readonly name: string }, fields: unknown): void {
  if (Array.isArray(fields)) return;
  throw badRegistration(`Cannot register ${module}.${name}: its fields must be an array of names, such as ["x", "y"]`);
}
