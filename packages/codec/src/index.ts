/** `@brine/codec`: Python's pickle for JavaScript. Public names only; no logic. */
export * from "./errors.js";
export { BaseRegistry } from "./globals/base-registry.js";
export { pickled } from "./globals/decorator.js";
export { ClassRegistry, defaultRegistry } from "./globals/default-registry.js";
export type { ClassAdapter, PickledClass } from "./globals/entries/class-adapter.js";
export { classEntry } from "./globals/entries/class-entry.js";
export { type DataEntryOptions, dataEntry } from "./globals/entries/data-entry.js";
export { type ExceptionEntryOptions, exceptionEntry } from "./globals/entries/exception-entry.js";
export { globalOfEntry } from "./globals/global-of.js";
export { normalizeReduction } from "./globals/reduction.js";
export type * from "./globals/registry.js";
export type {
  ClassRegistryOptions,
  RegisterEnumOptions,
  RegisterExceptionOptions,
} from "./globals/registry-options.js";
export { DEFAULT_LIMITS, type Limits } from "./limits.js";
export { dump, dumps, Pickler } from "./pickle/api-dump.js";
export { load, loadAll, loads, Unpickler } from "./pickle/api-load.js";
export { DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, type OpcodeName, type Protocol } from "./pickle/opcodes.js";
export type {
  DumpOptions,
  LoadOptions,
  ModelOptions,
  PicklerOptions,
  UnpicklerOptions,
  WaitOptions,
} from "./pickle/options.js";
export type { PickledBytes } from "./pickle/pickled-bytes.js";
export type { PickleSink } from "./pickle/streams/sinks.js";
export type { PickleSource } from "./pickle/streams/sources.js";
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
export { type ArrayData, PyArray, type TypeCode } from "./python/containers/array.js";
export { PickleBuffer } from "./python/containers/buffers.js";
export {
  ChainMap,
  Counter,
  DefaultDict,
  Deque,
  OrderedDict,
  UserDict,
  UserList,
  UserString,
} from "./python/containers/collections.js";
export { PyDict } from "./python/containers/dict.js";
export { type NamedTupleClass, namedTuple } from "./python/containers/namedtuple.js";
export { ByteArray, Tuple, tuple } from "./python/containers/sequences.js";
export { FrozenSet, PySet, type SetLike } from "./python/containers/sets.js";
export type { StructSequence, StructSequenceClass } from "./python/containers/struct-sequence.js";
export { type DateFields, PyDate, PyDateTime, PyTime, type TimeFields } from "./python/datetime/datetime.js";
export type { TemporalLike } from "./python/datetime/temporal.js";
export { TimeDelta, type TimeDeltaParts } from "./python/datetime/timedelta.js";
export { TimeZone, type TzInfo, type WallTime } from "./python/datetime/tzinfo.js";
export { ZoneInfo } from "./python/datetime/zoneinfo.js";
export { DateutilZone, PytzFixedOffset, PytzUtc, PytzZone } from "./python/datetime/zones.js";
export { HashParts, hashKey, type PyHashable } from "./python/hash.js";
export { hashEquals } from "./python/key-table.js";
export {
  IPv4Address,
  IPv4Interface,
  IPv4Network,
  IPv6Address,
  IPv6Interface,
  IPv6Network,
} from "./python/library/ipaddress.js";
export { JSONDecodeError } from "./python/library/json-decode-error.js";
export { PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath } from "./python/library/pathlib.js";
export { UUID } from "./python/library/uuid.js";
export {
  GenericAlias,
  Pattern,
  PyPartial,
  SimpleNamespace,
  StatResult,
  StructTime,
  Subscript,
} from "./python/library/values.js";
export { Decimal, DecimalContext } from "./python/numbers/decimal.js";
export { Fraction } from "./python/numbers/fraction.js";
export { Complex, floatRepr, PyFloat } from "./python/numbers/numbers.js";
export { exceptionClass, type PyExceptionName, pyExceptions } from "./python/objects/builtin-exceptions.js";
export { defineEnum, type EnumKind, EnumMember, memberOf, type PyEnum } from "./python/objects/enum.js";
export { PyException, type PyExceptionClass } from "./python/objects/exception.js";
export { PyInstance } from "./python/objects/instance.js";
export { PyGlobal, PyObject, type PyObjectStep } from "./python/objects/objects.js";
export { repr } from "./python/repr.js";
export { Morsel, SimpleCookie } from "./python/web/cookies.js";
export {
  DjangoModel,
  LazyObject,
  LazyString,
  MultiValueDict,
  QueryDict,
  SafeString,
} from "./python/web/django.js";
export { Markup } from "./python/web/markup.js";
