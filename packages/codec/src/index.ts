/** `@brine/codec`: Python's pickle for JavaScript. Public names only; no logic. */
export * from "./errors.js";
export {
  BaseRegistry,
  type ClassRegistryOptions,
  type RegisterEnumOptions,
  type RegisterExceptionOptions,
} from "./globals/base-registry.js";
export type { ClassAdapter, PickledClass } from "./globals/class-adapter.js";
export { classEntry } from "./globals/class-entry.js";
export { type DataEntryOptions, dataEntry } from "./globals/data-entry.js";
export { pickled } from "./globals/decorator.js";
export { ClassRegistry, defaultRegistry } from "./globals/default-registry.js";
export { type ExceptionEntryOptions, exceptionEntry } from "./globals/exception-entry.js";
export { globalOfEntry } from "./globals/global-of.js";
export type * from "./globals/registry.js";
export { DEFAULT_LIMITS, type Limits } from "./limits.js";
export { dump, dumps, Pickler } from "./pickle/api-dump.js";
export { load, loadAll, loads, Unpickler } from "./pickle/api-load.js";
export { DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, type OpcodeName, type Protocol } from "./pickle/opcodes.js";
export type { ModelOptions, PicklerOptions, UnpicklerOptions } from "./pickle/options.js";
export { normalizeReduction } from "./pickle/pickler/save-reduce.js";
export type { PickleSink } from "./pickle/streams/sinks.js";
export type { PickleSource } from "./pickle/streams/sources.js";
export { type ArrayData, PyArray, type TypeCode } from "./python/array.js";
export { PickleBuffer } from "./python/buffers.js";
export {
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
} from "./python/builtins.js";
export {
  ChainMap,
  Counter,
  DefaultDict,
  Deque,
  OrderedDict,
  UserDict,
  UserList,
  UserString,
} from "./python/collections.js";
export { Morsel, SimpleCookie } from "./python/cookies.js";
export { type DateFields, PyDate, PyDateTime, PyTime, type TimeFields } from "./python/datetime.js";
export { Decimal, DecimalContext } from "./python/decimal.js";
export { PyDict } from "./python/dict.js";
export { DjangoModel, LazyObject, LazyString, MultiValueDict, QueryDict, SafeString } from "./python/django.js";
export { defineEnum, type EnumKind, EnumMember, memberOf, type PyEnum } from "./python/enum.js";
export {
  exceptionClass,
  PyException,
  type PyExceptionClass,
  type PyExceptionName,
  pyExceptions,
} from "./python/exceptions.js";
export { Fraction } from "./python/fraction.js";
export { HashParts, hashEquals, hashKey, type PyHashable } from "./python/hash.js";
export { PyInstance } from "./python/instance.js";
export {
  IPv4Address,
  IPv4Interface,
  IPv4Network,
  IPv6Address,
  IPv6Interface,
  IPv6Network,
} from "./python/ipaddress.js";
export { JSONDecodeError } from "./python/json-decode-error.js";
export { type NamedTupleClass, namedTuple } from "./python/namedtuple.js";
export { Complex, floatRepr, PyFloat } from "./python/numbers.js";
export { PyGlobal, PyObject, type PyObjectStep } from "./python/objects.js";
export { PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath } from "./python/pathlib.js";
export { repr } from "./python/repr.js";
export { ByteArray, Tuple, tuple } from "./python/sequences.js";
export { FrozenSet, PySet } from "./python/sets.js";
export type { TemporalLike } from "./python/temporal.js";
export { TimeDelta, type TimeDeltaParts } from "./python/timedelta.js";
export { TimeZone, type TzInfo, type WallTime } from "./python/tzinfo.js";
export { UUID } from "./python/uuid.js";
export {
  GenericAlias,
  Pattern,
  PyPartial,
  SimpleNamespace,
  StatResult,
  StructTime,
  Subscript,
} from "./python/values.js";
export { ZoneInfo } from "./python/zoneinfo.js";
export { DateutilZone, PytzFixedOffset, PytzUtc, PytzZone } from "./python/zones.js";
