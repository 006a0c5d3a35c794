/** Names of numpy that mean no array: types, functions, exceptions, and classes whose instances are kept as data. */
import { dataEntry } from "../globals/entries/data-entry.js";
import { exceptionEntry } from "../globals/entries/exception-entry.js";
import type { GlobalEntry } from "../globals/registry.js";
import { behave, exceptionClass, type PyExceptionName, pyExceptions } from "../python/objects/builtin-exceptions.js";
import type { PyExceptionClass } from "../python/objects/exception.js";
import { numpyBehaviours } from "./exceptions.js";

/** Types of scalars, written in C. Two of them by the names of numpy 1 and of numpy 2, and numpy 2's own of `bool_`. */
const SCALAR_TYPES =
  "generic number integer signedinteger unsignedinteger inexact floating complexfloating flexible character bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 float128 complex64 complex128 complex256 longdouble clongdouble str_ bytes_ void object_ datetime64 timedelta64 longlong ulonglong intc uintc";

/** Classes of dtypes, which numpy 2 has by name. */
const DTYPE_CLASSES =
  "Bool Int8 UInt8 Int16 UInt16 Int32 UInt32 Int64 UInt64 LongLong ULongLong Float16 Float32 Float64 LongDouble Complex64 Complex128 CLongDouble Object Bytes Str Void DateTime64 TimeDelta64 String";

/** `numpy.add` and its like, by name only. Written with the name that numpy 1 gives at most protocols. */
const UFUNCS =
  "absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count bitwise_or bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul matvec maximum minimum modf multiply negative nextafter not_equal positive power rad2deg radians reciprocal remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh trunc vecdot vecmat";

/** Subclasses of ndarray and of its scalars, by module. */
const ARRAY_CLASSES: Readonly<Record<string, string>> = {
  numpy: "matrix recarray record memmap chararray",
  "numpy.char": "chararray",
  "numpy.rec": "recarray record",
  "numpy.ma": "MaskedArray",
  "numpy.ma.core": "MaskedArray mvoid",
  "numpy.ma.mrecords": "MaskedRecords",
};

/** Random generators, written in C. */
const BIT_GENERATORS: Readonly<Record<string, string>> = {
  "numpy.random._pcg64": "PCG64 PCG64DXSM",
  "numpy.random._mt19937": "MT19937",
  "numpy.random._philox": "Philox",
  "numpy.random._sfc64": "SFC64",
  "numpy.random.bit_generator": "SeedSequence",
};

/** What makes generators; given a generator's class, or up to numpy 1.24 its name. Before 1.17 there was one of RandomState alone. */
const GENERATOR_CONSTRUCTORS: Readonly<Record<string, string>> = {
  "numpy.random": "__RandomState_ctor",
  "numpy.random._pickle": "__generator_ctor __bit_generator_ctor __randomstate_ctor",
};

/** What is kept as data. */
const DATA: Readonly<Record<string, string>> = {
  numpy: "poly1d iinfo finfo",
  "numpy.core": "_DType_reconstruct _ufunc_reconstruct",
  "numpy._core": "_DType_reconstruct _ufunc_reconstruct",
  "numpy.core.getlimits": "iinfo finfo",
  "numpy.ma.core": "_mareconstruct MaskedConstant",
  "numpy.ma.mrecords": "_mrreconstruct",
  "numpy.polynomial.chebyshev": "Chebyshev",
  "numpy.polynomial.hermite": "Hermite",
  "numpy.polynomial.hermite_e": "HermiteE",
  "numpy.polynomial.laguerre": "Laguerre",
  "numpy.polynomial.legendre": "Legendre",
  "numpy.polynomial.polynomial": "Polynomial",
  "numpy.random.bit_generator": "__pyx_unpickle_SeedSequence",
};

/** `Name<Parent`, a builtin; in the module of numpy 1 before 1.25, and in that of newer ones. */
const EXCEPTIONS: readonly (readonly [modules: readonly string[], classes: string])[] = [
  [["numpy.linalg"], "LinAlgError<ValueError"],
  [
    ["numpy", "numpy.exceptions"],
    "AxisError<ValueError ComplexWarning<RuntimeWarning DTypePromotionError<TypeError ModuleDeprecationWarning<DeprecationWarning RankWarning<RuntimeWarning TooHardError<RuntimeError VisibleDeprecationWarning<UserWarning",
  ],
  [
    ["numpy.core._exceptions", "numpy._core._exceptions"],
    "UFuncTypeError<TypeError _ArrayMemoryError<MemoryError _UFuncBinaryResolutionError<TypeError _UFuncInputCastingError<TypeError _UFuncNoLoopError<TypeError _UFuncOutputCastingError<TypeError",
  ],
];

/** `module.name` for each of the names that stand by their module. */
function byModule<T>(names: Readonly<Record<string, string>>, make: (module: string, name: string) => T): T[] {
  return Object.entries(names).flatMap(([module, list]) => list.split(" ").map((name) => make(module, name)));
}

function exceptionEntries(): GlobalEntry[] {
  return EXCEPTIONS.flatMap(([modules, classes]) =>
    modules.flatMap((module) =>
      classes.split(" ").map((row) => {
        const [name, parent] = row.split("<") as [string, PyExceptionName];
        const jsClass: PyExceptionClass = exceptionClass(`${module}.${name}`, pyExceptions[parent]);
        const behaviour = numpyBehaviours.get(name);
        if (behaviour !== undefined) behave(jsClass, behaviour);
        return exceptionEntry({ module, name }, jsClass);
      }),
    ),
  );
}

/** The entries of all these names. */
export function nameEntries(): readonly GlobalEntry[] {
  const nameStrings = "static-name";
  return [
    ...SCALAR_TYPES.split(" ").map((name): GlobalEntry => ({ module: "numpy", name, nameStrings })),
    ...DTYPE_CLASSES.split(" ").map(
      (name): GlobalEntry => ({ module: "numpy.dtypes", name: `${name}DType`, nameStrings }),
    ),
    ...["numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath"].flatMap((module) =>
      UFUNCS.split(" ").map((name): GlobalEntry => ({ module, name, nameStrings })),
    ),
    ...byModule(BIT_GENERATORS, (module, name): GlobalEntry => ({ module, name, nameStrings })),
    ...byModule(ARRAY_CLASSES, (module, name): GlobalEntry => ({ module, name })),
    ...byModule(DATA, (module, name) => dataEntry(module, name)),
    ...byModule(GENERATOR_CONSTRUCTORS, (module, name) => dataEntry(module, name, { ownsFirst: true })),
    ...exceptionEntries(),
  ];
}
