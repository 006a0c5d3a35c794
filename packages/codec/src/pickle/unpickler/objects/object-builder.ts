/**
 * What GLOBAL, REDUCE, NEWOBJ, INST, OBJ and BUILD mean. Everything goes through the registry's entries by exact name;
 * nothing is imported, no attribute is walked. CPython 3.12 `pickle.py` load_reduce, load_newobj, load_build.
 */
import { reasonOf } from "../../../coded-error.js";
import { UnpicklingError } from "../../../errors.js";
import { globalOfEntry } from "../../../globals/global-of.js";
import type { AnyClass, BytesCall, ClassRegistryView, DecodeContext, GlobalEntry } from "../../../globals/registry.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyGlobal, PyObject } from "../../../python/objects/objects.js";
import { shortText } from "../../../python/short-text.js";
import { typeName } from "../../type-name.js";
import { fault } from "../faults.js";
import type { ResolvedUnpicklerOptions } from "../unpickler-options.js";
import { encodeText } from "./codecs-encode.js";
import { keywordsOf, partialOf } from "./keywords.js";
import { unregistered } from "./unregistered.js";

function operand(message: string): UnpicklingError {
  return fault("bad-operand", message);
}

/** A callable that belongs to pickle itself: safe with any arguments, known whatever the registry. */
class MachineryEntry implements GlobalEntry {
  readonly module: string;
  readonly name: string;
  readonly nameStrings: "interned" | "function";
  readonly run: (builder: ObjectBuilder, args: readonly unknown[]) => unknown;

  constructor(
    module: string,
    name: string,
    run: (builder: ObjectBuilder, args: readonly unknown[]) => unknown,
    nameStrings: "interned" | "function" = "interned",
  ) {
    this.module = module;
    this.name = name;
    this.run = run;
    this.nameStrings = nameStrings;
  }
}

const GETATTR = new MachineryEntry("builtins", "getattr", (builder, args) => builder.getAttribute(args), "function");

const MACHINERY: ReadonlyMap<string, MachineryEntry> = new Map(
  [
    GETATTR,
    new MachineryEntry("_codecs", "encode", (_builder, args) => encodeText(args), "function"),
    new MachineryEntry("copyreg", "_reconstructor", (builder, args) => builder.reconstruct(args)),
    new MachineryEntry("copyreg", "__newobj__", (builder, args) => builder.newobj(args[0], Tuple.from(args.slice(1)))),
    new MachineryEntry("copyreg", "__newobj_ex__", (builder, args) => builder.newobjEx(args[0], args[1], args[2])),
  ].map((entry) => [`${entry.module}\n${entry.name}`, entry]),
);

/** Builds what the opcodes ask for; one for each unpickler, made when the first global appears. */
export class ObjectBuilder implements DecodeContext {
  readonly registry: ClassRegistryView;
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly tuple: "tuple" | "array";
  readonly dict: "auto" | "map" | "object";
  readonly datetime: "python" | "temporal" | "date";
  readonly #isOpaque: boolean;
  /** Globals that the registry does not know, with `unregistered: "opaque"`. */
  readonly #opaqueGlobals = new Map<string, PyGlobal>();
  /** The entries of objects whose class does not tell. */
  readonly #makers = new Map<object, GlobalEntry>();

  constructor(options: ResolvedUnpicklerOptions) {
    this.registry = options.registry;
    this.int = options.int;
    this.float = options.float;
    this.tuple = options.tuple;
    this.dict = options.dict;
    this.datetime = options.datetime;
    this.#isOpaque = options.unregistered === "opaque";
  }

  fail(message: string, cause?: unknown): Error {
    return new UnpicklingError(message, { code: "construct-failed", cause });
  }

  /** The global of exactly this name (Python 3's). @throws UnpicklingError `unregistered-global` */
  resolve(module: string, name: string): PyGlobal {
    const entry =
      MACHINERY.get(`${module}\n${name}`) ??
      this.registry.find(module, name) ??
      this.registry.findOuter?.(module, name);
    if (entry !== undefined)
      return entry instanceof MachineryEntry ? globalOfEntry(entry) : this.registry.globalOf(entry);
    if (this.#isOpaque) return this.#opaqueGlobal(module, name);
    throw unregistered(module, name);
  }

  #opaqueGlobal(module: string, name: string): PyGlobal {
    const key = `${module}\n${name}`;
    let global = this.#opaqueGlobals.get(key);
    if (global === undefined) {
      global = new PyGlobal(module, name);
      this.#opaqueGlobals.set(key, global);
    }
    return global;
  }

  /** What a `findClass` of yours returned, as a global; the value itself of a constant. */
  adopt(found: unknown): object {
    if (found instanceof PyGlobal) return PyGlobal.entryOf(found)?.value ?? found;
    if (typeof found === "function") {
      const entry = this.registry.findByTarget(found as AnyClass);
      if (entry !== undefined) return this.registry.globalOf(entry);
      throw new UnpicklingError(`findClass returned ${found.name}, which is not registered`, { code: "hook-failed" });
    }
    throw new UnpicklingError(`findClass returned ${typeName(found)}, not a class or a PyGlobal`, {
      code: "hook-failed",
    });
  }

  reduce(callable: unknown, args: unknown): unknown {
    if (!(args instanceof Tuple)) throw operand(`arguments are ${typeName(args)}, not a tuple`);
    if (callable instanceof PyGlobal) {
      const entry = PyGlobal.entryOf(callable);
      return entry === undefined ? this.#opaque("reduce", callable, args) : this.#call(entry, callable, args);
    }
    if (callable instanceof PyObject) {
      return isNewMethod(callable)
        ? this.newobj(args[0], Tuple.from(args.slice(1)))
        : this.#opaque("reduce", callable, args);
    }
    const global = this.#globalOfClass(callable);
    return global === undefined ? this.#callPartial(callable, args) : this.reduce(global, args);
  }

  #call(entry: GlobalEntry, global: PyGlobal, args: readonly unknown[]): unknown {
    if (entry instanceof MachineryEntry) return entry.run(this, args);
    if (entry.call === undefined) throw operand(`${global} cannot be called`);
    let result: unknown;
    try {
      result = entry.call(args, this);
    } catch (error) {
      throw refused(entry, "arguments", error);
    }
    return this.#made(entry, result);
  }

  /** {@link reduce} with arguments that are read from the input. */
  reduceBytes(global: PyGlobal, call: BytesCall, bytes: Uint8Array, at: number, second: unknown): unknown {
    const entry = PyGlobal.entryOf(global)!;
    let result: unknown;
    try {
      result = call.call(bytes, at, second, this);
    } catch (error) {
      throw refused(entry, "arguments", error);
    }
    return this.#made(entry, result);
  }

  /** Remembers the entry of an object whose class will not lead back to it. */
  #made(entry: GlobalEntry, result: unknown): unknown {
    if (typeof result !== "object" || result === null) return result === undefined ? null : result;
    if (entry.setState === undefined && entry.extend === undefined && entry.setItems === undefined) return result;
    if (Object.getPrototypeOf(result) !== entry.target?.prototype) this.#makers.set(result, entry);
    return result;
  }

  #opaque(
    kind: "reduce" | "newobj" | "newobj_ex",
    callable: unknown,
    args: readonly unknown[],
    kwargs?: Map<string, unknown>,
  ): PyObject {
    if (!this.#isOpaque && !(callable instanceof PyGlobal && PyGlobal.entryOf(callable) === undefined)) {
      throw operand(`${String(callable)} cannot be called`);
    }
    return new PyObject(kind, callable, args, kwargs);
  }

  /** INST and OBJ: the call of an old-style class, which is REDUCE for a class that is called and NEWOBJ for the rest. */
  instantiate(callable: unknown, args: Tuple): unknown {
    if (args.length === 0 && callable instanceof PyGlobal) {
      const entry = PyGlobal.entryOf(callable);
      // Python makes an instance of an old-style class without its __init__ when there are no arguments.
      if (entry?.create !== undefined) return this.newobj(callable, args);
    }
    return this.reduce(callable, args);
  }

  newobj(cls: unknown, args: unknown): unknown {
    const [entry, global] = this.#classOf(cls);
    if (!(args instanceof Tuple)) throw operand(`arguments are ${typeName(args)}, not a tuple`);
    if (entry === undefined) return this.#opaque("newobj", global, args);
    return this.#create(entry, global, args, undefined);
  }

  newobjEx(cls: unknown, args: unknown, kwargs: unknown): unknown {
    const [entry, global] = this.#classOf(cls);
    if (!(args instanceof Tuple)) throw operand(`arguments are ${typeName(args)}, not a tuple`);
    if (kwargs === null) throw operand("keyword arguments are None, not a dict");
    const named = keywordsOf(kwargs);
    if (entry === undefined) return this.#opaque("newobj_ex", global, args, named);
    return this.#create(entry, global, args, named);
  }

  #classOf(cls: unknown): readonly [GlobalEntry | undefined, PyGlobal] {
    const global = cls instanceof PyGlobal ? cls : this.#globalOfClass(cls);
    if (global !== undefined) return [PyGlobal.entryOf(global), global];
    throw operand(`${typeName(cls)} is no class`);
  }

  /** The reference to a class or function that is registered: `persistentLoad` may have given it itself. */
  #globalOfClass(value: unknown): PyGlobal | undefined {
    const entry = typeof value === "function" ? this.registry.findByTarget(value as AnyClass) : undefined;
    return entry === undefined ? undefined : this.registry.globalOf(entry);
  }

  #create(
    entry: GlobalEntry,
    global: PyGlobal,
    args: readonly unknown[],
    kwargs: ReadonlyMap<string, unknown> | undefined,
  ): unknown {
    if (entry.create === undefined) throw operand(`${global} cannot be created with __new__`);
    let result: unknown;
    try {
      result = entry.create(args, kwargs, this);
    } catch (error) {
      throw refused(entry, "arguments of __new__", error);
    }
    return this.#made(entry, result);
  }

  /** `copyreg._reconstructor(cls, base, value)` of protocols 0 and 1. */
  reconstruct(args: readonly unknown[]): unknown {
    if (args.length !== 3) throw operand(`copyreg._reconstructor takes 3 arguments, not ${args.length}`);
    const [entry, global] = this.#classOf(args[0]);
    const base = args[1];
    if (!(base instanceof PyGlobal)) throw operand(`${typeName(base)} is no class`);
    if (entry === undefined) {
      return this.#opaque("reduce", globalOfEntry(MACHINERY.get("copyreg\n_reconstructor")!), Tuple.from(args));
    }
    if (entry.reconstruct === undefined) {
      if (base.module === "builtins" && base.name === "object") {
        return this.#create(entry, global, new Tuple(), undefined);
      }
      return this.#create(entry, global, Tuple.of(args[2]), undefined);
    }
    let result: unknown;
    try {
      result = entry.reconstruct(base.name, args[2], this);
    } catch (error) {
      throw refused(entry, "value", error);
    }
    return this.#made(entry, result);
  }

  /**
   * `getattr(owner, name)`: only what the owner's entry offers, and `__new__`. Any other is an error, or kept as what it is,
   * which nothing can call, with `unregistered: "opaque"`.
   */
  getAttribute(args: readonly unknown[]): unknown {
    const [owner, name] = args;
    if (args.length !== 2 || typeof name !== "string") throw operand("getattr takes an object and a str");
    if (this.#isOpaque && !(owner instanceof PyGlobal && PyGlobal.entryOf(owner)?.getAttribute !== undefined)) {
      return new PyObject("reduce", globalOfEntry(GETATTR), Tuple.from(args));
    }
    if (!(owner instanceof PyGlobal)) throw operand(`getattr on ${typeName(owner)} is not allowed`);
    const entry = PyGlobal.entryOf(owner);
    if (entry === undefined || (name === "__new__" && entry.create !== undefined)) {
      return new PyObject("reduce", globalOfEntry(GETATTR), Tuple.from(args));
    }
    if (entry.getAttribute === undefined) throw operand(`getattr(${owner}, ${shortText(name)}) is not allowed`);
    let result: unknown;
    try {
      result = entry.getAttribute(name, this);
    } catch (error) {
      throw refused(entry, `attribute ${shortText(name)}`, error);
    }
    if (result === undefined) throw operand(`${owner} has no attribute ${shortText(name)}`);
    return result;
  }

  /** `functools.partial(cls.__new__, cls, *args, **kwargs)()`: how protocols 2 and 3 write NEWOBJ_EX. */
  #callPartial(callable: unknown, args: Tuple): unknown {
    const partial = partialOf(callable);
    const target = partial?.func instanceof PyGlobal ? PyGlobal.entryOf(partial.func) : undefined;
    if (partial !== undefined && target?.callWithKeywords !== undefined) {
      return this.#callWithKeywords(target, [...(partial.args as readonly unknown[]), ...args], partial.keywords);
    }
    if (partial === undefined || !isNewMethod(partial.func)) throw operand(`${typeName(callable)} cannot be called`);
    const all = [...(partial.args as readonly unknown[]), ...args];
    const named = keywordsOf(partial.keywords);
    const rest = Tuple.from(all.slice(1));
    return named.size === 0 ? this.newobj(all[0], rest) : this.newobjEx(all[0], rest, named);
  }

  #callWithKeywords(entry: GlobalEntry, args: readonly unknown[], keywords: unknown): unknown {
    try {
      return entry.callWithKeywords!(args, keywordsOf(keywords), this);
    } catch (error) {
      throw refused(entry, "arguments", error);
    }
  }

  build(object: unknown, state: unknown): void {
    if (object instanceof PyObject) {
      PyObject.record(object, { kind: "state", state });
      return;
    }
    if (object instanceof PyGlobal) throw operand(`BUILD would change ${object} itself`);
    const entry = this.entryFor(object);
    if (entry?.setState === undefined) {
      // As in CPython, where None as state touches nothing.
      if (state === null) return;
      throw operand(`${entry === undefined ? typeName(object) : `${entry.module}.${entry.name}`} takes no state`);
    }
    try {
      entry.setState(object as object, state, this);
    } catch (error) {
      throw refused(entry, "state", error);
    }
  }

  /** APPEND(S) to what is no list. */
  extend(object: unknown, items: readonly unknown[]): void {
    if (object instanceof PyObject) {
      PyObject.record(object, { kind: "items", items });
      return;
    }
    const entry = this.entryFor(object);
    if (entry?.extend === undefined) throw operand(`${typeName(object)} takes no items`);
    try {
      entry.extend(object as object, items, this);
    } catch (error) {
      throw refused(entry, "items", error);
    }
  }

  /** SETITEM(S) on what is neither a dict nor a list. */
  setItems(object: unknown, pairs: readonly unknown[]): void {
    if (object instanceof PyObject) {
      PyObject.record(object, { kind: "pairs", pairs });
      return;
    }
    const entry = this.entryFor(object);
    if (entry?.setItems === undefined) throw operand(`${typeName(object)} takes no items by key`);
    try {
      entry.setItems(object as object, pairs, this);
    } catch (error) {
      throw refused(entry, "items", error);
    }
  }

  /** The entry that says what may be done to an object. */
  entryFor(object: unknown): GlobalEntry | undefined {
    if (typeof object !== "object" || object === null) return undefined;
    const maker = this.#makers.get(object);
    if (maker !== undefined) return maker;
    const prototype: unknown = Object.getPrototypeOf(object);
    if (typeof prototype !== "object" || prototype === null || prototype === Object.prototype) return undefined;
    const jsClass: unknown = Object.hasOwn(prototype, "constructor") ? prototype.constructor : undefined;
    return typeof jsClass === "function" ? this.registry.findByTarget(jsClass as AnyClass) : undefined;
  }
}

function refused(entry: GlobalEntry, what: string, error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError && error.offset === undefined) return error;
  const reason = reasonOf(error);
  return new UnpicklingError(`${entry.module}.${entry.name} refused its ${what}: ${reason}`, {
    code: "construct-failed",
    cause: error,
  });
}

/** `getattr(cls, "__new__")`, kept as what it is until it is called. */
function isNewMethod(value: unknown): boolean {
  if (!(value instanceof PyObject) || value.args[1] !== "__new__") return false;
  return value.callable instanceof PyGlobal && PyGlobal.entryOf(value.callable) === GETATTR;
}
