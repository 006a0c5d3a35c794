/**
 * `@brine/codec/numpy`: numpy's arrays, scalars and types. Not in the default registry: register them where you want them.
 *
 * @example
 * const registry = registerNumpy(new ClassRegistry());
 * const bytes = dumps(new NDArray(Float64Array.of(1, 2, 3, 4), [2, 2]), { registry }); // as numpy writes it
 * const array = loads(bytes, { registry }) as NDArray;
 * array.toArray() // => [ [ 1, 2 ], [ 3, 4 ] ]
 */
import type { BaseRegistry } from "../globals/base-registry.js";
import { dataEntry } from "../globals/data-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../globals/registry.js";
import { bytesOf, intOf } from "../python/coerce.js";
import { PickleBuffer } from "../python/containers/buffers.js";
import { ByteArray, Tuple } from "../python/containers/sequences.js";
import { PyGlobal } from "../python/objects/objects.js";
import { DType } from "./dtype.js";
import { NDArray, type NDArrayOptions, NumpyScalar, sizeOf } from "./ndarray.js";
import { StringDType } from "./string-dtype.js";

export { DType, type DTypeKind } from "./dtype.js";
export type { ArrayItems } from "./items.js";
export { NDArray, type NDArrayOptions, NumpyScalar } from "./ndarray.js";
export { StringDType, type StringDTypeOptions } from "./string-dtype.js";

const dtype: GlobalEntry<DType> = {
  module: "numpy",
  name: "dtype",
  nameStrings: "static-name",
  target: DType,
  call(args, context) {
    const [code] = args;
    if (args.length !== 3 || (typeof code !== "string" && !(code instanceof PyGlobal))) {
      throw context.fail("Cannot make a numpy.dtype: needs its code");
    }
    return new DType(code, []);
  },
  setState(object, state, context) {
    if (!Array.isArray(state) || state.length < 5) throw context.fail("Cannot set the state of a numpy.dtype");
    object.state = state;
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(dtype as unknown as GlobalEntry),
    args: [object.code, false, true],
    state: object.state,
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

/** Whether numpy pickles an array's items one by one, not as bytes: objects, records that hold some, strings of any length. */
const isListed = (type: DType): boolean => type.hasObjects || type.kind === "T";

function shapeOf(value: unknown, context: DecodeContext): number[] {
  const shape = Array.isArray(value) ? value.map((axis) => intOf(axis) ?? -1) : [-1];
  if (sizeOf(shape) === undefined) throw context.fail("Cannot make a numpy array: bad shape");
  return shape;
}

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
  const axes = shapeOf(shape, context);
  const data = isListed(type) ? listOf(contents) : bytesOf(contents);
  if (type instanceof StringDType && !(Array.isArray(data) && data.every((item) => type.accepts(item))))
    throw context.fail("Cannot make a numpy array of strings: an item is none");
  if (data === undefined) throw context.fail("Cannot make a numpy array: no contents");
  try {
    return new NDArray(data, axes, { dtype: type, order, readonly }, subtype);
  } catch (error) {
    throw context.fail((error as Error).message, error);
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

/** `_frombuffer(buffer, dtype, shape, order)`: the contents are the buffer itself, not a copy of it. */
const fromBuffer: GlobalEntry = {
  module: "numpy.core.numeric",
  name: "_frombuffer",
  call(args, context) {
    const [buffer, type, shape, order] = args;
    if (args.length !== 4 || (order !== "C" && order !== "F"))
      throw context.fail("Cannot make a numpy array of a buffer");
    // Bytes are immutable in Python, and so is an array that they are the contents of.
    const isOwn = buffer instanceof PickleBuffer;
    const readonly = isOwn ? buffer.readonly : !(buffer instanceof ByteArray);
    return arrayOf(type, shape, { order, readonly }, isOwn ? buffer.bytes : buffer, context);
  },
};

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

/** Types whose arrays numpy never hands out as a buffer. */
const isBufferless = (type: DType): boolean =>
  isListed(type) || type.kind === "M" || type.kind === "m" || typeof type.code !== "string" || type.itemSize === 0;

/** numpy 1.24 `array_reduce_ex`: a buffer since protocol 5, else bytes. */
function reduceArray(object: NDArray, context: EncodeContext): Reduction {
  const { bytes, shape, order } = object;
  if (context.protocol >= 5 && bytes !== undefined && object.subtype === undefined && !isBufferless(object.dtype)) {
    return {
      kind: "reduce",
      callable: globalOfEntry(fromBuffer),
      args: [new PickleBuffer(bytes, { readonly: object.readonly }), object.dtype, Tuple.from(shape), order],
    };
  }
  const cls = object.subtype ?? globalOfEntry(ndarray as unknown as GlobalEntry);
  // Of one row, column or item both orders are the same; numpy calls it C then.
  const isFortran = order === "F" && shape.filter((axis) => axis !== 1).length > 1;
  return {
    kind: "reduce",
    // Numpy 1 does not know the type, so the name may be numpy 2's own.
    callable: globalOfEntry(object.dtype instanceof StringDType ? reconstruct2 : reconstruct),
    args: [cls, Tuple.of(0), Uint8Array.of(0x62)],
    state: Tuple.of<unknown>(1, Tuple.from(shape), object.dtype, isFortran, bytes ?? object.data),
  };
}

/** numpy 2 renamed `numpy.core`; it still reads the old names, which is why they are written. */
function renamed(entry: GlobalEntry): GlobalEntry {
  const { target: _target, reduce: _reduce, ...rest } = entry;
  return { ...rest, module: entry.module.replace("numpy.core", "numpy._core") };
}

const reconstruct2: GlobalEntry = renamed(reconstruct);

const TYPES = [
  ..."generic number integer signedinteger unsignedinteger inexact floating complexfloating flexible character".split(
    " ",
  ),
  ..."bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split(" "),
  ..."str_ bytes_ void object_ datetime64 timedelta64 matrix recarray record longlong ulonglong intc uintc".split(" "),
  // Two of them by the names of numpy 1 and of numpy 2, and numpy 2's own of bool_.
  ..."float128 complex256 longdouble clongdouble bool memmap chararray".split(" "),
];

/** Classes of dtypes, which numpy 2 has by name. */
const DTYPE_CLASSES =
  "Bool Int8 UInt8 Int16 UInt16 Int32 UInt32 Int64 UInt64 LongLong ULongLong Float16 Float32 Float64 LongDouble Complex64 Complex128 CLongDouble Object Bytes Str Void DateTime64 TimeDelta64 String";

/** `numpy.add` and its like, by name only. Written with the name that numpy 1 gives at most protocols. */
const UFUNCS =
  "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count bitwise_or bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul matvec maximum minimum modf multiply negative nextafter not_equal positive power rad2deg radians reciprocal remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh trunc vecdot vecmat";

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
  ...TYPES.map((name): GlobalEntry => ({ module: "numpy", name })),
  ...DTYPE_CLASSES.split(" ").map((name): GlobalEntry => ({ module: "numpy.dtypes", name: `${name}DType` })),
  dataEntry("numpy.core", "_DType_reconstruct"),
  { module: "numpy.char", name: "chararray" },
  ...["numpy.rec", "numpy.ma", "numpy.ma.core"].flatMap((module) =>
    ["recarray", "record", "MaskedArray"].map((name): GlobalEntry => ({ module, name })),
  ),
  ...["PCG64", "MT19937", "PCG64DXSM", "Philox", "SFC64"].flatMap((name): GlobalEntry[] => [
    { module: `numpy.random._${name.toLowerCase()}`, name },
  ]),
  ...["numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath"].flatMap((module) =>
    UFUNCS.split(" ").map((name): GlobalEntry => ({ module, name })),
  ),
  dataEntry("numpy", "poly1d"),
  dataEntry("numpy.ma.core", "_mareconstruct"),
  dataEntry("numpy.ma.core", "MaskedConstant"),
  { module: "numpy.random.bit_generator", name: "SeedSequence" },
  dataEntry("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
  dataEntry("numpy.random._pickle", "__generator_ctor"),
  dataEntry("numpy.random._pickle", "__bit_generator_ctor"),
  dataEntry("numpy.random._pickle", "__randomstate_ctor"),
] as readonly GlobalEntry[];

/**
 * Teaches a registry numpy's arrays, scalars and types ({@link NDArray}, {@link NumpyScalar}, {@link DType}), and by name its
 * ufuncs, masked arrays and random generators. Names of numpy 1 and 2 are read; those that both read are written.
 *
 * @returns the registry
 * @throws PickleError `bad-option` when it has them already, or is frozen
 */
export function registerNumpy<R extends BaseRegistry>(registry: R): R {
  registry.registerEntries(numpyEntries);
  return registry;
}
