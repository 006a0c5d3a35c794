/** `builtins`, known as `__builtin__` at protocols 0 to 2. */
import { dataEntry } from "../globals/entries/data-entry.js";
import { adoptGlobal, globalOfEntry } from "../globals/global-of.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry } from "../globals/registry.js";
import {
  BareObject,
  Ellipsis,
  EllipsisType,
  NoneType,
  NotImplemented,
  NotImplementedType,
  type PyInt,
  Range,
  SingletonType,
  Slice,
} from "../python/builtins.js";
import { bytesFrom, bytesOfArguments } from "../python/bytes.js";
import { bigintOf, itemsOf, plainInt } from "../python/coerce.js";
import { ByteArray, Tuple } from "../python/containers/sequences.js";
import { FrozenSet, setOf } from "../python/containers/sets.js";
import { Complex, PyFloat } from "../python/numbers/numbers.js";
import { type BoundMethod, FreshString, PyGlobal } from "../python/objects/objects.js";

const module = "builtins";

function isInt(value: unknown): value is PyInt {
  return typeof value === "bigint" || Number.isInteger(value);
}

function isIndex(value: unknown): value is PyInt | boolean {
  return isInt(value) || typeof value === "boolean";
}

const toInt = (value: PyInt | boolean): PyInt => (typeof value === "boolean" ? Number(value) : value);

function wrongArguments(name: string, args: readonly unknown[], context: DecodeContext): Error {
  return context.fail(`Cannot call ${name} with ${args.length} arguments of these types`);
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return Number(value);
  return value instanceof PyFloat ? value.value : undefined;
}

const complex: GlobalEntry<Complex> = {
  module,
  name: "complex",
  target: Complex,
  call(args, context) {
    const [first] = args;
    // Of a subclass, at protocols 0 and 1.
    if (args.length === 1 && first instanceof Complex) return new Complex(first.re, first.im);
    const re = args.length > 0 ? asNumber(args[0]) : 0;
    const im = args.length > 1 ? asNumber(args[1]) : 0;
    if (re === undefined || im === undefined || args.length > 2) throw wrongArguments("complex", args, context);
    return new Complex(re, im);
  },
  create: (args, _kwargs, context) => complex.call!(args, context) as Complex,
  reduce(object) {
    const args = [new PyFloat(object.re), new PyFloat(object.im)];
    const callable = globalOfEntry(complex);
    // `copyreg` has a function for complex numbers, not for what extends them.
    if (object.constructor === Complex) return { kind: "reduce", callable, args };
    const { re, im, ...attributes } = object;
    return {
      kind: "newobj",
      callable,
      args,
      base: { global: callable, value: new Complex(re, im) },
      state: Object.keys(attributes).length === 0 ? undefined : attributes,
    };
  },
};

/** As an int, whatever it would be written as alone: `-0` and integers that are not safe are floats elsewhere. */
function writtenIndex(range: Range, name: "start" | "stop" | "step", context: EncodeContext): PyInt {
  const value = range[name];
  if (Number.isSafeInteger(value) && value !== 0) return value;
  const int = bigintOf(value);
  if (int === undefined || (name === "step" && int === 0n))
    throw context.fail(`Cannot pickle a range: its ${name} is ${int === undefined ? "no integer" : "0"}`);
  return plainInt(int);
}

const range: GlobalEntry<Range> = {
  module,
  name: "range",
  // As a key it computes with them.
  copiesArguments: true,
  target: Range,
  call(args, context) {
    if (args.length < 1 || args.length > 3 || !args.every(isIndex)) throw wrongArguments("range", args, context);
    const [first, second, third] = args as readonly (PyInt | boolean)[];
    const step = third === undefined ? 1 : toInt(third);
    if (BigInt(step) === 0n) throw context.fail("Cannot call range: step must not be zero");
    return second === undefined ? new Range(0, toInt(first!)) : new Range(toInt(first!), toInt(second), step);
  },
  reduce: (object, context) => ({
    kind: "reduce",
    callable: globalOfEntry(range),
    args: [
      writtenIndex(object, "start", context),
      writtenIndex(object, "stop", context),
      writtenIndex(object, "step", context),
    ],
  }),
};

const slice: GlobalEntry<Slice> = {
  module,
  name: "slice",
  target: Slice,
  call(args, context) {
    if (args.length < 1 || args.length > 3) throw wrongArguments("slice", args, context);
    return args.length === 1 ? new Slice(null, args[0]) : new Slice(args[0], args[1], args[2] ?? null);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(slice),
    args: [object.start, object.stop, object.step],
  }),
};

/** `set([...])` and `frozenset([...])`: how they are written at protocols 0 to 3. */
const set: GlobalEntry = {
  module,
  name: "set",
  copiesArguments: true,
  target: Set,
  call(args, context) {
    const items = args.length === 0 ? [] : args.length === 1 ? itemsOf(args[0]) : undefined;
    if (items === undefined) throw wrongArguments("set", args, context);
    return setOf(items);
  },
};

const frozenset: GlobalEntry = {
  module,
  name: "frozenset",
  copiesArguments: true,
  target: FrozenSet,
  call(args, context) {
    const items = args.length === 0 ? [] : args.length === 1 ? itemsOf(args[0]) : undefined;
    if (items === undefined) throw wrongArguments("frozenset", args, context);
    // A frozenset of a frozenset is the same object.
    const [given] = args;
    if (given instanceof FrozenSet && Object.getPrototypeOf(given) === FrozenSet.prototype) return given;
    return new FrozenSet(items);
  },
};

const bytearray: GlobalEntry = {
  module,
  name: "bytearray",
  copiesArguments: true,
  target: ByteArray,
  call(args, context) {
    const bytes = bytesOfArguments(args);
    if (bytes === undefined) throw wrongArguments("bytearray", args, context);
    return new ByteArray(bytes);
  },
  setState(_object, state, context) {
    // Python 2.7 writes its empty __dict__ as None, later ones nothing.
    if (state !== null) throw context.fail("Cannot set the state of a bytearray: it has no attributes");
  },
};

const bytes: GlobalEntry = {
  module,
  name: "bytes",
  copiesArguments: true,
  target: Uint8Array,
  call(args, context) {
    const value = bytesOfArguments(args);
    if (value === undefined) throw wrongArguments("bytes", args, context);
    return bytesFrom(value);
  },
};

const tuple: GlobalEntry = {
  module,
  name: "tuple",
  copiesArguments: true,
  target: Tuple,
  call(args, context) {
    const items = args.length === 0 ? [] : args.length === 1 ? itemsOf(args[0]) : undefined;
    if (items === undefined) throw wrongArguments("tuple", args, context);
    // A tuple of a tuple is the same object.
    if (Object.getPrototypeOf(items) === Tuple.prototype) return items;
    return Tuple.from(items);
  },
};

const list: GlobalEntry = {
  module,
  name: "list",
  copiesArguments: true,
  target: Array,
  call(args, context) {
    const items = args.length === 0 ? [] : args.length === 1 ? itemsOf(args[0]) : undefined;
    if (items === undefined) throw wrongArguments("list", args, context);
    return [...items];
  },
};

const object: GlobalEntry<BareObject> = {
  module,
  name: "object",
  target: BareObject,
  call(args, context) {
    if (args.length > 0) throw wrongArguments("object", args, context);
    return new BareObject();
  },
  create(args, kwargs, context) {
    if (args.length > 0 || (kwargs?.size ?? 0) > 0) throw wrongArguments("object", args, context);
    return new BareObject();
  },
  reduce: () => ({ kind: "newobj", callable: globalOfEntry(object), args: [] }),
};

const SINGLETON_TYPES = [NoneType, EllipsisType, NotImplementedType];

/** `type(None)`: the only calls of `type` that pickles have. */
const type: GlobalEntry<SingletonType> = {
  module,
  name: "type",
  target: SingletonType,
  call(args, context) {
    const found = args.length === 1 ? SINGLETON_TYPES.find((singleton) => singleton.value === args[0]) : undefined;
    if (found === undefined) throw wrongArguments("type", args, context);
    return found;
  },
  reduce: (value) => ({ kind: "reduce", callable: globalOfEntry(type), args: [value.value] }),
};

/** Types that decode to a reference and that no pickle may call. */
const TYPES: readonly (readonly [name: string, target?: AnyClass])[] = [
  ["int", BigInt as unknown as AnyClass],
  ["float", PyFloat],
  ["bool", Boolean],
  ["str", String],
  ["dict", Map],
  ["memoryview"],
  ["property"],
  ["classmethod"],
  ["staticmethod"],
  ["super"],
];

/** Functions that decode to a reference. */
const FUNCTIONS = [
  ..."abs all any ascii bin callable chr dir divmod format hasattr hash hex id isinstance".split(" "),
  ..."issubclass len max min next oct ord pow print repr round sorted sum vars".split(" "),
];

/** Iterators are what they were made of, and how far they are. */
const ITERATORS = ["enumerate", "filter", "iter", "map", "reversed", "zip"];

/** How a {@link BoundMethod} is written. */
export const boundMethodTwin: GlobalEntry<BoundMethod> = {
  module,
  name: "getattr",
  reduce: (object) => ({ kind: "reduce", callable: GETATTR, args: [object.owner, new FreshString(object.method)] }),
};

const GETATTR = new PyGlobal(module, "getattr");

export function builtinsEntries(): readonly GlobalEntry[] {
  const types = TYPES.map(([name, target]): GlobalEntry => ({ module, name, target }));
  return [
    complex,
    range,
    slice,
    set,
    frozenset,
    bytearray,
    bytes,
    tuple,
    list,
    object,
    type,
    adoptGlobal({ module, name: "Ellipsis" }, Ellipsis),
    adoptGlobal({ module, name: "NotImplemented" }, NotImplemented),
    ...types,
    // Another name of `str`.
    adoptGlobal({ module: "typing", name: "Text" }, globalOfEntry(types.find((entry) => entry.name === "str")!)),
    ...ITERATORS.map((name) => dataEntry(module, name, name === "iter" ? { nameStrings: "function" } : {})),
    ...FUNCTIONS.map((name): GlobalEntry => ({ module, name, nameStrings: "function" })),
  ] as readonly GlobalEntry[];
}
