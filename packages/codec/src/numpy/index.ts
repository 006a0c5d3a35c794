/**
 * `@brine/codec/numpy`: numpy's arrays, scalars and types. Not in the default registry: register them where you want them.
 *
 * @example
 * const registry = registerNumpy(new ClassRegistry());
 * const bytes = dumps(new NDArray(Float64Array.of(1, 2, 3, 4), [2, 2]), { registry }); // as numpy writes it
 * const array = loads(bytes, { registry }) as NDArray;
 * array.toArray() // => [ [ 1, 2 ], [ 3, 4 ] ]
 */
import { reasonOf } from "../coded-error.js";
import type { BaseRegistry } from "../globals/base-registry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../globals/registry.js";
import { bytesOf, intOf } from "../python/coerce.js";
import { PickleBuffer } from "../python/containers/buffers.js";
import { ByteArray, Tuple } from "../python/containers/sequences.js";
import { PyGlobal } from "../python/objects/objects.js";
import { isExportable } from "./buffer-format.js";
import { DType } from "./dtype.js";
import { nameEntries } from "./names.js";
import { isListed, NDArray, type NDArrayOptions } from "./ndarray.js";
import { NumpyScalar } from "./scalar.js";
import { axesOf } from "./shape.js";
import { StringDType } from "./string-dtype.js";

export { DType, type DTypeField, type DTypeKind, type SubDType } from "./dtype.js";
export type { ArrayItems } from "./items.js";
export { doublesOfLongDouble } from "./long-double.js";
export { NDArray, type NDArrayOptions } from "./ndarray.js";
export { NumpyScalar } from "./scalar.js";
export { StringDType, type StringDTypeOptions } from "./string-dtype.js";

const dtype: GlobalEntry<DType> = {
  module: "numpy",
  name: "dtype",
  target: DType,
  call(args, context) {
    const [code] = args;
    if (args.length !== 3 || !(code instanceof PyGlobal || (typeof code === "string" && DType.isCode(code)))) {
      throw context.fail("Cannot make a numpy.dtype: needs its code");
    }
    return new DType(code, []);
  },
  setState(object, state, context) {
    if (!Array.isArray(state)) throw context.fail("Cannot set the state of a numpy.dtype: needs a tuple");
    try {
      DType.fill(object, state);
    } catch (error) {
      throw context.fail(`Cannot set the state of a numpy.dtype: ${reasonOf(error)}`, error);
    }
  },
  reduce: ({ code, state }) => ({
    kind: "reduce",
    callable: globalOfEntry(dtype as unknown as GlobalEntry),
    args: [code, false, true],
    // Two types with one code have two strings for it in Python.
    ownsFirst: typeof code === "string",
    state: state.length === 0 ? undefined : state,
  }),
};

const stringDType: GlobalEntry<StringDType> = {
  module: "numpy._core._internal",
  name: "_convert_to_stringdtype_kwargs",
  target: StringDType,
  call(args, context) {
    const coerce = intOf(args[0]);
    if (args.length < 1 || args.length > 2 || coerce === undefined)
      throw context.fail("Cannot make a numpy StringDType: needs coerce, and perhaps na_object");
    return new StringDType({ coerce: coerce !== 0, naObject: args[1] });
  },
  reduce: ({ coerce, naObject }) => ({
    kind: "reduce",
    callable: globalOfEntry(stringDType as unknown as GlobalEntry),
    args: naObject === undefined ? [Number(coerce)] : [Number(coerce), naObject],
  }),
};

function listOf(contents: unknown): unknown[] | undefined {
  return Array.isArray(contents) ? contents : undefined;
}

function arrayOf(
  type: unknown,
  shape: unknown,
  { order, readonly }: Pick<NDArrayOptions, "order" | "readonly">,
  contents: unknown,
  context: DecodeContext,
  subtype?: object,
): NDArray {
  if (!(type instanceof DType)) throw context.fail("Cannot make a numpy array: no dtype");
  const axes = axesOf(shape);
  if (axes === undefined) throw context.fail("Cannot make a numpy array: bad shape");
  const data = isListed(type) ? listOf(contents) : bytesOf(contents);
  if (type instanceof StringDType && !(Array.isArray(data) && type.accepts(data)))
    throw context.fail("Cannot make a numpy array of strings: an item is none");
  if (data === undefined) throw context.fail("Cannot make a numpy array: no contents");
  try {
    return new NDArray(data, axes, { dtype: type, order, readonly }, subtype);
  } catch (error) {
    throw context.fail(reasonOf(error), error);
  }
}

const ndarray: GlobalEntry<NDArray> = {
  module: "numpy",
  name: "ndarray",
  nameStrings: "static-name",
  target: NDArray,
  setState(object, state, context) {
    if (!Array.isArray(state) || state.length !== 5) throw context.fail("Cannot set the state of a numpy array");
    const [, shape, type, isFortran, contents] = state;
    const order = isFortran ? "F" : "C";
    NDArray.fill(object, arrayOf(type, shape, { order }, contents, context, object.subtype));
  },
  reduce: (object, context) => reduceArray(object, context),
};

/** `_reconstruct(ndarray, (0,), b'b')`, which its state then fills. */
const reconstruct: GlobalEntry = {
  module: "numpy.core.multiarray",
  name: "_reconstruct",
  nameStrings: "function",
  call(args, context) {
    const [cls] = args;
    if (args.length !== 3 || !(cls instanceof PyGlobal)) throw context.fail("Cannot make a numpy array: no class");
    const isPlain = cls.module === "numpy" && cls.name === "ndarray";
    return new NDArray([], [0], {}, isPlain ? undefined : cls);
  },
};

/**
 * `_frombuffer(buffer, dtype, shape, order)`: the contents are the buffer itself, not a copy of it. numpy 2.3 and newer say
 * `"K"`, of an array whose axes were exchanged, and in which order they are now.
 */
const fromBuffer: GlobalEntry = {
  module: "numpy.core.numeric",
  name: "_frombuffer",
  call(args, context) {
    const [buffer, type, shape, order, axes] = args;
    const isTransposed = args.length === 5 && order === "K";
    if (!isTransposed && (args.length !== 4 || (order !== "C" && order !== "F")))
      throw context.fail("Cannot make a numpy array of a buffer");
    // Bytes are immutable in Python, and so is an array that they are the contents of.
    const isOwn = buffer instanceof PickleBuffer;
    const readonly = isOwn ? buffer.readonly : !(buffer instanceof ByteArray);
    const layout = { order: order === "F" ? order : "C", readonly } as const;
    const array = arrayOf(type, shape, layout, isOwn ? buffer.bytes : buffer, context);
    if (!isTransposed) return array;
    const exchanged = axesOf(axes);
    if (array.bytes === undefined || exchanged === undefined || !isPermutation(exchanged, array.shape.length))
      throw context.fail("Cannot make a numpy array of a buffer: bad order of its axes");
    return NDArray.transpose(array, exchanged);
  },
};

function isPermutation(axes: readonly number[], count: number): boolean {
  return axes.length === count && axes.every((axis, k) => axis < count && axes.indexOf(axis) === k);
}

const scalar: GlobalEntry<NumpyScalar> = {
  module: "numpy.core.multiarray",
  name: "scalar",
  nameStrings: "function",
  target: NumpyScalar,
  call(args, context) {
    const [type, value] = args;
    if (type instanceof DType && type.hasObjects && value instanceof NDArray && value.shape.length === 0)
      return new NumpyScalar(type, value);
    const bytes = bytesOf(value);
    if (!(type instanceof DType) || bytes === undefined || bytes.length !== type.itemSize) {
      throw context.fail("Cannot make a numpy scalar: needs a dtype and its bytes");
    }
    return new NumpyScalar(type, bytes);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(scalar as unknown as GlobalEntry),
    args: [object.dtype, object.bytes ?? object.array],
  }),
};

/** numpy 1.24 `array_reduce_ex`: a buffer since protocol 5, else bytes. */
function reduceArray(object: NDArray, context: EncodeContext): Reduction {
  const { shape, dtype: type } = object;
  // Of one row, column or item, and of none, both orders are the same; numpy calls it C then.
  const isFortran = object.order === "F" && !shape.includes(0) && shape.filter((axis) => axis !== 1).length > 1;
  const bytes = object.bytes === undefined || object.order !== "K" ? object.bytes : NDArray.rowsFirst(object);
  if (context.protocol >= 5 && bytes !== undefined && object.subtype === undefined && isExportable(type)) {
    const buffer = new PickleBuffer(bytes, { readonly: object.readonly });
    return {
      kind: "reduce",
      callable: globalOfEntry(fromBuffer),
      args: [buffer, type, Tuple.from(shape), isFortran ? "F" : "C"],
    };
  }
  const cls = object.subtype ?? globalOfEntry(ndarray as unknown as GlobalEntry);
  return {
    kind: "reduce",
    // Numpy 1 does not know the type, so the name may be numpy 2's own.
    callable: globalOfEntry(type instanceof StringDType ? reconstruct2 : reconstruct),
    args: [cls, Tuple.of(0), Uint8Array.of(0x62)],
    state: Tuple.of<unknown>(1, Tuple.from(shape), type, isFortran, bytes ?? object.data),
  };
}

/** numpy 2 renamed `numpy.core`; it still reads the old names, which is why they are written. */
function renamed(entry: GlobalEntry): GlobalEntry {
  const { target: _target, reduce: _reduce, ...rest } = entry;
  return { ...rest, module: entry.module.replace("numpy.core", "numpy._core") };
}

const reconstruct2: GlobalEntry = renamed(reconstruct);

/** The entries of {@link registerNumpy}, for `BaseRegistry.registerEntries` or an `EntrySource`. */
export const numpyEntries: readonly GlobalEntry[] = [
  dtype,
  ndarray,
  reconstruct,
  fromBuffer,
  scalar,
  stringDType,
  reconstruct2,
  ...[fromBuffer, scalar as unknown as GlobalEntry].map(renamed),
  ...nameEntries(),
] as readonly GlobalEntry[];

/**
 * Teaches a registry numpy's arrays, scalars and types ({@link NDArray}, {@link NumpyScalar}, {@link DType}), its exceptions, and by
 * name its ufuncs, masked arrays and random generators. Names of numpy 1 and 2 are read; those that both read are written.
 *
 * @returns the registry
 * @throws PickleError `bad-option` when it has them already, or is frozen
 */
export function registerNumpy<R extends BaseRegistry>(registry: R): R {
  registry.registerEntries(numpyEntries);
  return registry;
}
