/**
 * What a pickle may name. A class or function that a pickle refers to resolves here, by its exact module and qualified
 * name, or not at all: nothing is ever imported, no dotted name is walked, no prototype is consulted.
 *
 * An {@link GlobalEntry} says everything about one Python name: how to decode what pickles do with it (call it, create an
 * instance, set its state, add its items) and how to encode instances of the JavaScript class that stands for it.
 */
import type { Protocol } from "../pickle/opcodes.js";
import type { PyGlobal } from "../python/objects/objects.js";

/** A JavaScript class, also one with a private or abstract constructor. */
// biome-ignore lint/complexity/noBannedTypes: every class is a Function, and abstract and private constructors have no common signature
export type AnyClass = Function & { readonly prototype: object };

/**
 * How the decoder was asked to represent values; entries read it to honour the options. Tuples are always {@link Tuple}: they
 * become arrays, where that is asked for, once the whole pickle is read.
 */
export interface DecodeContext {
  /** Where the names of this pickle resolve. */
  readonly registry: ClassRegistryView;
  /** `"auto"`: a number while it is safe, else a bigint. `"bigint"`: always a bigint. */
  readonly int: "auto" | "bigint";
  /** `"number"`, or `"exact"`: {@link PyFloat}. */
  readonly float: "number" | "exact";
  /** `"auto"`: a plain object when every key is a str, else a {@link PyDict}. `"map"`: always PyDict. `"object"`: other keys are an error. */
  readonly dict: "auto" | "map" | "object";
  /** `"python"`: PyDateTime and its kin. `"temporal"`: Temporal's types. `"date"`: Date for datetime alone. */
  readonly datetime: "python" | "temporal" | "date";
  /**
   * Counts a value's items, characters or bytes towards `Limits.maxCopies`: for an entry that goes through a value within its
   * state. Its arguments are counted for it, if it says {@link GlobalEntry.copiesArguments}; so are the attributes of a state.
   *
   * @throws UnpicklingError `limit-exceeded`
   */
  countCopies(value: unknown): void;
  /** Makes the UnpicklingError `construct-failed` of the opcode at hand; throw what it returns. */
  fail(message: string, cause?: unknown): Error;
}

/** What the encoder tells an entry that reduces an object. */
export interface EncodeContext {
  /** Where the values of this pickle find their entries, and extension codes are looked up. */
  readonly registry: ClassRegistryView;
  /** The pickle's, 0 to 5. */
  readonly protocol: Protocol;
  /** The CPython whose bytes are written: the option `python`. */
  readonly python: "3.12" | "3.13";
  /** Makes the PicklingError `unpicklable` of the value at hand, with its path; throw what it returns. */
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
  /** Positional: of `newobj` those after the class, of which `__new__` gets `callable` itself. */
  readonly args: readonly unknown[];
  /**
   * The bytes, the string, the array or the Map that `args` begin with was made for this call: nothing else in the data
   * refers to it.
   */
  readonly ownsFirst?: boolean | undefined;
  /** For `newobj_ex` only. */
  readonly kwargs?: ReadonlyMap<string, unknown> | undefined;
  /** For `newobj` at protocols 0 and 1: the builtin base (`object` by default) and its value. */
  readonly base?: { readonly global: PyGlobal; readonly value: unknown } | undefined;
  /** Absent or `undefined`: no BUILD. A falsy Python value such as `{}` is written. */
  readonly state?: unknown;
  /** The state is a plain object that was made for this call: nothing else in the data refers to it. */
  readonly ownsState?: boolean | undefined;
  /** Written with APPEND(S) after construction. */
  readonly listItems?: Iterable<unknown> | undefined;
  /** Written with SETITEM(S) after construction. */
  readonly dictItems?: Iterable<readonly [unknown, unknown]> | undefined;
  /** Called as `stateSetter(object, state)` instead of BUILD. */
  readonly stateSetter?: PyGlobal | object | undefined;
}

/** A call on bytes of one length, and perhaps a second argument: how Python writes dates and times. */
export interface BytesCall<T extends object = object> {
  /** In bytes, 0 to 255: 4 for a date, 6 for a time, 10 for a datetime. Only a call on exactly as many comes here. */
  readonly size: number;
  /**
   * The result of `name(bytes[at:at + size])`, or of `name(bytes[at:at + size], second)` unless `second` is `undefined`. The
   * bytes are the decoder's input: do not keep them.
   */
  call(bytes: Uint8Array, at: number, second: unknown, context: DecodeContext): unknown;
  /**
   * How an instance of `target` is written, without the array and the bytes that a {@link Reduction} is made of: sets
   * `bytes[at]` to `bytes[at + size - 1]`, and no others, and returns the second argument, `undefined` for none. `reduce` has
   * to say the same.
   */
  write?(object: T, bytes: Uint8Array, at: number, context: EncodeContext): unknown;
}

/** One Python name. Every operation is optional; a pickle that asks for one that is absent gets an error. */
export interface GlobalEntry<T extends object = object> {
  /** Python 3's module, as written at protocol 3 and above: `"builtins"`, `"datetime"`. */
  readonly module: string;
  /** `__qualname__`: `"datetime"`, `"Outer.Inner"`. */
  readonly name: string;
  /** The JavaScript class whose direct instances this entry encodes, and which stands for the Python class as a value. */
  readonly target?: AnyClass | undefined;
  /** What the name is, when it is no class or function but a constant: `socket.AF_INET`. A pickle that names it gets this. */
  readonly value?: object | undefined;

  /** REDUCE: the result of `name(*args)`. `args` is the decoder's own array: do not keep it. */
  call?(args: readonly unknown[], context: DecodeContext): unknown;
  /**
   * Whether a call of it, or NEWOBJ, takes as long as its arguments are: it goes through their items, characters or bytes. Long
   * ones then count towards `Limits.maxCopies`. Default false.
   */
  readonly copiesArguments?: boolean | undefined;
  /** `call` on bytes, where that is what Python writes. */
  readonly bytesCall?: BytesCall<T> | undefined;
  /** `functools.partial(name, *args, **kwargs)()`, which is how Python writes a call with keywords. */
  callWithKeywords?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown>, context: DecodeContext): unknown;
  /** NEWOBJ, NEWOBJ_EX: `cls.__new__(cls, *args, **kwargs)`. Must not run a constructor of the user's. */
  create?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined, context: DecodeContext): T;
  /** `copyreg._reconstructor(cls, base, value)` of protocols 0 and 1; default: `create` for base `object`. */
  reconstruct?(base: string, value: unknown, context: DecodeContext): T;
  /** BUILD. `state` is what Python's `__setstate__` would get. Fills `object` in place: others may hold it already. */
  setState?(object: T, state: unknown, context: DecodeContext): void;
  /** APPEND(S): `items` is the decoder's own array: do not keep it. */
  extend?(object: T, items: readonly unknown[], context: DecodeContext): void;
  /** SETITEM(S): `items` is key, value, key, value, ... */
  setItems?(object: T, items: readonly unknown[], context: DecodeContext): void;
  /** `getattr(name, attribute)` for the few attributes that pickles really use (enum members, `ZoneInfo._unpickle`). */
  getAttribute?(attribute: string, context: DecodeContext): unknown;

  /**
   * For types of which Python keeps one object a value: instances with equal keys are written as that one object, the
   * first of them. `undefined`: each is an object of its own.
   */
  singletonKey?(object: T, context: EncodeContext): string | undefined;
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

/** Which Python strings a class's names are; {@link GlobalEntry.nameStrings} says what each stands for. */
export type NameStrings = "interned" | "static-name" | "fresh" | "function" | "submodule";

/**
 * Entries that are made when they are first asked for, so that a program that meets no `ipaddress` does not pay for it at
 * import.
 */
export interface EntrySource {
  /** Every Python module of which it has names. */
  readonly modules: readonly string[];
  /** Called once, when something is looked for that they may have. Their modules must be among {@link modules}. */
  entries(): Iterable<GlobalEntry>;
  /** None of its classes exists before its entries do, so nothing is looked for in it by class. */
  readonly makesItsClasses?: boolean | undefined;
  /** What {@link BaseRegistry.registerTwin} takes, made and registered with the entries. */
  twins?(): Iterable<readonly [target: AnyClass | string, entry: GlobalEntry]>;
}

/** What decoder and encoder need of a registry; {@link BaseRegistry} has it. */
export interface ClassRegistryView {
  /** Whether what it finds stays so: nothing is registered any more, neither here nor in what it extends. Absent: no. */
  readonly isSettled?: boolean;
  /** The entry of exactly this module and qualified name (Python 3 names). */
  find(module: string, name: string): GlobalEntry | undefined;
  /** The entry of a class that is not registered but others within it are: `Outer` of `Outer.Inner`. */
  findOuter?(module: string, name: string): GlobalEntry | undefined;
  /** The entry whose `target` is exactly this class. */
  findByTarget(target: AnyClass): GlobalEntry | undefined;
  /** The one PyGlobal that stands for an entry in decoded values. */
  globalOf(entry: GlobalEntry): PyGlobal;
  /** The global that `copyreg.add_extension` put under a code; `undefined`: none. */
  findExtension(code: number): { readonly module: string; readonly name: string } | undefined;
  /** The code of a global in that registry, from 1 to 2,147,483,647. `undefined`: none, so that it is written by name. */
  extensionCode(module: string, name: string): number | undefined;
}
