/**
 * What REDUCE, NEWOBJ, INST, OBJ and BUILD mean. Everything goes through the registry's entries; no attribute is walked.
 * CPython 3.12 `pickle.py` load_reduce, load_newobj, load_build.
 */
import { UnpicklingError } from "../../../errors.js";
import { globalOfEntry } from "../../../globals/global-of.js";
import type { AnyClass, BytesCall, ClassRegistryView, DecodeContext, GlobalEntry } from "../../../globals/registry.js";
import { SingletonType } from "../../../python/builtins.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyGlobal, PyObject } from "../../../python/objects/objects.js";
import { typeName } from "../../type-name.js";
import { badOperand, refused } from "../faults.js";
import type { ResolvedUnpicklerOptions } from "../unpickler-options.js";
import { Copies, type Sharing } from "./copies.js";
import { keywordsOf, partialOf } from "./keywords.js";
import { isNewMethod, MachineryEntry, RECONSTRUCTOR } from "./machinery.js";

/** Builds what the opcodes ask for; one for each unpickler, made when it is first needed. */
export class ObjectBuilder implements DecodeContext {
  readonly registry: ClassRegistryView;
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly dict: "auto" | "map" | "object";
  readonly datetime: "python" | "temporal" | "date";
  /** Whether what nobody registered is kept as it is, and nothing called. */
  readonly isOpaque: boolean;
  /** Whether a `str` of Python 2 is bytes here, which is not what its classes were written with. */
  readonly #keepsBytes: boolean;
  /** The entries of objects whose class does not tell. */
  readonly #makers = new Map<object, GlobalEntry>();

  readonly #copies: Copies;

  constructor(options: ResolvedUnpicklerOptions, sharing: Sharing) {
    this.#copies = new Copies(sharing, options.limits.maxCopies);
    this.registry = options.registry;
    this.int = options.int;
    this.float = options.float;
    this.dict = options.dict;
    this.datetime = options.datetime;
    this.isOpaque = options.unregistered === "opaque";
    this.#keepsBytes = options.encoding === "bytes";
  }

  fail(message: string, cause?: unknown): Error {
    const hint = this.#keepsBytes ? '; where it got bytes for a str of Python 2, pass encoding: "latin1"' : "";
    return new UnpicklingError(message + hint, { code: "construct-failed", cause });
  }

  reduce(callable: unknown, args: unknown): unknown {
    if (!(args instanceof Tuple)) throw badOperand(`arguments are ${typeName(args)}, not a tuple`);
    if (callable instanceof PyGlobal) {
      const entry = PyGlobal.entryOf(callable);
      return entry === undefined ? this.#opaque("reduce", callable, args) : this.#call(entry, callable, args);
    }
    if (callable instanceof PyObject) {
      return isNewMethod(callable)
        ? this.newobj(args[0], Tuple.from(args.slice(1)))
        : this.#opaque("reduce", callable, args);
    }
    // `type(None)()`: what attrs writes in place of a hash that it keeps.
    if (callable instanceof SingletonType && args.length === 0) return callable.value;
    const global = this.#globalOfClass(callable);
    return global === undefined ? this.#callPartial(callable, args) : this.reduce(global, args);
  }

  #call(entry: GlobalEntry, global: PyGlobal, args: readonly unknown[]): unknown {
    this.#copies.arguments(args, entry);
    if (entry instanceof MachineryEntry) return entry.run(this, args);
    if (entry.call === undefined) {
      if (this.isOpaque) return this.#opaque("reduce", global, args);
      throw badOperand(
        `${global} cannot be called: only its name is registered; registerFunction(${JSON.stringify(String(global))}, f) says what makes the result, unregistered: "opaque" keeps the call as data`,
      );
    }
    let result: unknown;
    try {
      result = entry.call(args, this);
    } catch (error) {
      // `flag | flag` of an enum that is opaque itself.
      if (this.isOpaque && isUnregistered(args[0])) return this.#opaque("reduce", global, args);
      throw refused(entry, "arguments", error);
    }
    return this.#made(entry, result);
  }

  countCopies(value: unknown): void {
    this.#copies.read(value);
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
    kind: PyObject["kind"],
    callable: unknown,
    args: readonly unknown[],
    kwargs?: Map<string, unknown>,
  ): PyObject {
    if (!this.isOpaque && !(callable instanceof PyGlobal && PyGlobal.entryOf(callable) === undefined)) {
      throw badOperand(`${String(callable)} cannot be called`);
    }
    return new PyObject(kind, callable, args, kwargs);
  }

  /** INST and OBJ: the call of an old-style class, which is REDUCE for a class that is called and NEWOBJ for the rest. */
  instantiate(callable: unknown, args: Tuple): unknown {
    if (callable instanceof PyObject && !isNewMethod(callable)) return this.#opaque("obj", callable, args);
    if (callable instanceof PyGlobal) {
      const entry = PyGlobal.entryOf(callable);
      if (entry === undefined) return this.#opaque("obj", callable, args);
      if (args.length > 0) return this.reduce(callable, args);
      // Python makes an instance of an old-style class without its __init__ when there are no arguments.
      if (entry.create !== undefined) return this.newobj(callable, args);
    }
    return this.reduce(callable, args);
  }

  newobj(cls: unknown, args: unknown): unknown {
    const [entry, global] = this.#classOf(cls);
    if (!(args instanceof Tuple)) throw badOperand(`arguments are ${typeName(args)}, not a tuple`);
    if (entry === undefined) return this.#opaque("newobj", global, args);
    return this.#create(entry, global, args, undefined);
  }

  newobjEx(cls: unknown, args: unknown, kwargs: unknown): unknown {
    const [entry, global] = this.#classOf(cls);
    if (!(args instanceof Tuple)) throw badOperand(`arguments are ${typeName(args)}, not a tuple`);
    if (kwargs === null) throw badOperand("keyword arguments are None, not a dict");
    this.#copies.read(kwargs);
    const named = keywordsOf(kwargs);
    if (entry === undefined) return this.#opaque("newobj_ex", global, args, named);
    return this.#create(entry, global, args, named);
  }

  #classOf(cls: unknown): readonly [GlobalEntry, PyGlobal] | readonly [undefined, PyGlobal | PyObject] {
    const global = cls instanceof PyGlobal ? cls : this.#globalOfClass(cls);
    if (global !== undefined) {
      const entry = PyGlobal.entryOf(global);
      return entry === undefined ? [undefined, global] : [entry, global];
    }
    // `getattr(Outer, 'Inner')`: a nested class below protocol 4.
    if (this.isOpaque && cls instanceof PyObject) return [undefined, cls];
    throw badOperand(`${typeName(cls)} is no class`);
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
    if (entry.create === undefined) throw badOperand(`${global} cannot be created with __new__`);
    this.#copies.arguments(args, entry);
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
    if (args.length !== 3) throw badOperand(`copyreg._reconstructor takes 3 arguments, not ${args.length}`);
    const [entry, global] = this.#classOf(args[0]);
    const base = args[1];
    if (!(base instanceof PyGlobal)) throw badOperand(`${typeName(base)} is no class`);
    if (PyGlobal.entryOf(base) instanceof MachineryEntry) throw badOperand(`${base} is no class`);
    if (entry === undefined) {
      return this.#opaque("reduce", globalOfEntry(RECONSTRUCTOR), Tuple.from(args));
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

  /** `functools.partial(cls.__new__, cls, *args, **kwargs)()`: how protocols 2 and 3 write NEWOBJ_EX. */
  #callPartial(callable: unknown, args: Tuple): unknown {
    const partial = partialOf(callable);
    this.#copies.read(partial?.keywords);
    const target = partial?.func instanceof PyGlobal ? PyGlobal.entryOf(partial.func) : undefined;
    if (partial !== undefined && target?.callWithKeywords !== undefined) {
      return this.#callWithKeywords(target, [...(partial.args as readonly unknown[]), ...args], partial.keywords);
    }
    if (partial === undefined || !isNewMethod(partial.func)) throw badOperand(`${typeName(callable)} cannot be called`);
    const all = [...(partial.args as readonly unknown[]), ...args];
    const named = keywordsOf(partial.keywords);
    const rest = Tuple.from(all.slice(1));
    return named.size === 0 ? this.newobj(all[0], rest) : this.newobjEx(all[0], rest, named);
  }

  #callWithKeywords(entry: GlobalEntry, args: readonly unknown[], keywords: unknown): unknown {
    this.#copies.arguments(args, entry);
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
    if (object instanceof PyGlobal) throw badOperand(`BUILD would change ${object} itself`);
    const entry = this.entryFor(object);
    if (entry?.setState === undefined) {
      // As in CPython, where None as state touches nothing.
      if (state === null) return;
      throw badOperand(`${entry === undefined ? typeName(object) : `${entry.module}.${entry.name}`} takes no state`);
    }
    this.#copies.attributes(state);
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
    if (entry?.extend === undefined) throw badOperand(`${typeName(object)} takes no items`);
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
    if (entry?.setItems === undefined) throw badOperand(`${typeName(object)} takes no items by key`);
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

/** What `unregistered: "opaque"` made of a class or function, or of a call. */
function isUnregistered(value: unknown): boolean {
  return value instanceof PyObject || (value instanceof PyGlobal && PyGlobal.entryOf(value) === undefined);
}
