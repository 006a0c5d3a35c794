/** Python's `repr` of decoded values, for messages, logs and tests. */

import { BareObject, NoneType, type Range, type SingletonType, Slice } from "./builtins.js";
import { numberOf } from "./coerce.js";
import { PyArray } from "./containers/array.js";
import {
  ChainMap,
  Counter,
  DefaultDict,
  Deque,
  OrderedDict,
  UserDict,
  UserList,
  UserString,
} from "./containers/collections.js";
import { ByteArray, Tuple } from "./containers/sequences.js";
import { FrozenSet } from "./containers/sets.js";
import type { StructSequenceClass } from "./containers/struct-sequence.js";
import { PyDate, PyDateTime, PyTime, TimeDelta, TimeZone } from "./datetime/datetime.js";
import { ZoneInfo } from "./datetime/zoneinfo.js";
import { PytzFixedOffset, PytzUtc, PytzZone } from "./datetime/zones.js";
import { AddressWithPrefix, IPv4Address, IPv6Address } from "./library/ipaddress.js";
import { MethodCaller } from "./library/method-caller.js";
import { PurePath } from "./library/pathlib.js";
import { UUID } from "./library/uuid.js";
import { GenericAlias, Pattern, PyPartial, SimpleNamespace, Subscript } from "./library/values.js";
import { Decimal, DecimalContext } from "./numbers/decimal.js";
import { Fraction } from "./numbers/fraction.js";
import { Complex, floatRepr, PyFloat } from "./numbers/numbers.js";
import { EnumMember } from "./objects/enum.js";
import { PyInstance } from "./objects/instance.js";
import { PyGlobal, PyObject } from "./objects/objects.js";
import { bytearrayRepr, bytesRepr, strRepr } from "./str-repr.js";
import { DjangoModel, LazyObject, LazyString, MultiValueDict, SafeString } from "./web/django.js";
import { Markup } from "./web/markup.js";

/** Characters after which the rest is `...`: shared parts are printed wherever they occur, and can make a small value huge. */
const MAX_LENGTH = 1_000_000;

/** The method by which a class says how its instances are shown, where this file does not know it. */
export const ownRepr: unique symbol = Symbol("repr");

/** What that method returns: all of the text, or what is called and the values between the parentheses. */
export type OwnRepr = string | { readonly name: string; readonly args: readonly unknown[] };

/** Text to print, a value to print, or the end of a container. */
type Part = string | { readonly value: unknown } | { readonly leave: object };

const V = (value: unknown): Part => ({ value });

/**
 * Python's `repr` of a value as Brine decodes it. Works on cycles (`[...]`) and any depth; of more than 1,000,000 characters the
 * end is `...`.
 *
 * @example
 * repr([1, tuple("a", null), new PyFloat(2)]) // => "[1, ('a', None), 2.0]"
 */
export function repr(value: unknown): string {
  return reprWithin(value, MAX_LENGTH);
}

/** The same with another bound: the text has no more characters than `maxLength` and three dots. */
export function reprWithin(value: unknown, maxLength: number): string {
  const stack: Part[] = [V(value)];
  const open = new Set<object>();
  const out: string[] = [];
  let length = 0;
  for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
    if (typeof part === "string") {
      out.push(part);
      length += part.length;
      if (length > maxLength) return `${out.join("").slice(0, maxLength)}...`;
      continue;
    }
    if ("leave" in part) {
      open.delete(part.leave);
      continue;
    }
    const { value: item } = part;
    const leaf = leafRepr(item);
    if (leaf !== undefined) {
      stack.push(leaf);
      continue;
    }
    const container = item as object;
    if (open.has(container)) {
      stack.push(Array.isArray(container) ? (container instanceof Tuple ? "(...)" : "[...]") : "{...}");
      continue;
    }
    open.add(container);
    stack.push({ leave: container });
    const parts = containerParts(container);
    for (let i = parts.length - 1; i >= 0; i--) stack.push(parts[i]!);
  }
  return out.join("");
}

/** The text of values that hold no others; `undefined` for the rest. */
function leafRepr(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return strRepr(value);
    case "number":
      // As it is written: an integral number that is no safe integer is a float.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : floatRepr(value);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "object":
      break;
    case "function":
      return `<class '${value.name}'>`;
    default:
      return String(value);
  }
  if (value === null) return "None";
  if (value instanceof PyFloat || value instanceof Complex) return value.toString();
  if (value instanceof Uint8Array) {
    return value instanceof ByteArray ? bytearrayRepr(value) : bytesRepr(value);
  }
  if (value instanceof ArrayBuffer) return bytesRepr(new Uint8Array(value));
  return namedRepr(value);
}

function namedRepr(value: object): string | undefined {
  if (value instanceof PyGlobal) return globalRepr(value);
  if (value instanceof Decimal) return `Decimal('${value}')`;
  if (value instanceof Fraction) return `Fraction(${value.numerator}, ${value.denominator})`;
  if (value instanceof UUID) return `${value.constructor.name}('${value}')`;
  if (value instanceof PyDate) return `datetime.date(${value.year}, ${value.month}, ${value.day})`;
  if (value instanceof TimeDelta) return timeDeltaRepr(value);
  if (value instanceof ZoneInfo) return `zoneinfo.ZoneInfo(key=${strRepr(value.key)})`;
  if (value instanceof PurePath) return `${value.constructor.name}(${strRepr(value.asPosix())})`;
  if (value instanceof IPv4Address || value instanceof IPv6Address || value instanceof AddressWithPrefix)
    return `${value.constructor.name}('${value}')`;
  if (value instanceof EnumMember) return undefined;
  if (value instanceof PyArray) return arrayRepr(value);
  if (value instanceof Pattern) return patternRepr(value);
  if (value instanceof Markup) return `Markup(${strRepr(value.value)})`;
  if (value instanceof SafeString || value instanceof LazyString) return strRepr(String(value));
  // A pickle may have set its data to anything.
  if (value instanceof UserString && typeof value.data === "string") return strRepr(value.data);
  if (value instanceof PytzUtc) return "<UTC>";
  if (value instanceof PytzFixedOffset) return value.toString();
  if (value instanceof PytzZone) return pytzRepr(value);
  if (value instanceof BareObject) return "<object object>";
  if (value instanceof Date) return repr(PyDateTime.from(value));
  if (value instanceof DjangoModel) return `<${value.model}: ${value.app}.${value.model}>`;
  if (value instanceof DecimalContext) return contextRepr(value);
  const text = (value as Partial<Range & SingletonType>).toString;
  if (value.constructor?.name === "Range" || value.constructor?.name === "SingletonType") return text?.call(value);
  return undefined;
}

/** Builtin functions, which are printed as such; every other global is taken for a class. */
const FUNCTION = /^(?:[a-z_]+)$/;
const LOWER_CLASSES = new Set(
  "int float str bool list dict tuple set frozenset bytes bytearray complex object type range slice memoryview property classmethod staticmethod super enumerate filter map reversed zip".split(
    " ",
  ),
);

function globalRepr(global: PyGlobal): string {
  const { module, name } = global;
  if (module === "builtins") {
    if (name === "Ellipsis" || name === "NotImplemented") return name;
    if (FUNCTION.test(name) && !LOWER_CLASSES.has(name)) return `<built-in function ${name}>`;
    return `<class '${name}'>`;
  }
  return module === "typing" ? `typing.${name}` : `<class '${module}.${name}'>`;
}

function timeDeltaRepr(value: TimeDelta): string {
  const parts: string[] = [];
  if (value.days !== 0) parts.push(`days=${value.days}`);
  if (value.seconds !== 0) parts.push(`seconds=${value.seconds}`);
  if (value.microseconds !== 0) parts.push(`microseconds=${value.microseconds}`);
  return `datetime.timedelta(${parts.length === 0 ? "0" : parts.join(", ")})`;
}

function arrayRepr(value: PyArray): string {
  if (value.length === 0) return `array('${value.typecode}')`;
  if (typeof value.data === "string") return `array('${value.typecode}', ${strRepr(value.data)})`;
  const isFloat = value.typecode === "f" || value.typecode === "d";
  const items = Array.from(value, (item) => (isFloat ? floatRepr(item as number) : String(item)));
  return `array('${value.typecode}', [${items.join(", ")}])`;
}

const FLAGS: readonly (readonly [number, string])[] = [
  [2, "re.IGNORECASE"],
  [4, "re.LOCALE"],
  [8, "re.MULTILINE"],
  [16, "re.DOTALL"],
  [32, "re.UNICODE"],
  [64, "re.VERBOSE"],
  [128, "re.DEBUG"],
  [256, "re.ASCII"],
];

/** Characters of a pattern's own `repr` that are shown: what follows is cut off, the quote at its end too. */
const MAX_PATTERN = 200;

/** CPython 3.12 `pattern_repr`: re.UNICODE is the default of text and not shown. */
function patternRepr({ pattern, flags }: Pattern): string {
  const isText = typeof pattern === "string";
  const shown = isText && (flags & (32 | 4 | 256)) === 32 ? flags & ~32 : flags;
  const names = FLAGS.filter(([bit]) => (shown & bit) !== 0).map(([, name]) => name);
  const text = isText ? strRepr(pattern) : bytesRepr(pattern);
  const cut = Array.from(text.slice(0, 2 * MAX_PATTERN))
    .slice(0, MAX_PATTERN)
    .join("");
  return `re.compile(${cut}${names.length === 0 ? "" : `, ${names.join("|")}`})`;
}

function pytzRepr({ zone, offset }: PytzZone): string {
  if (offset === null) return `<StaticTzInfo '${zone}'>`;
  const delta = new TimeDelta(0, offset.utcOffset).toString();
  const sign = offset.utcOffset >= 0 ? "+" : "";
  return `<DstTzInfo '${zone}' ${offset.name}${sign}${delta} ${offset.dst === 0 ? "STD" : "DST"}>`;
}

function contextRepr(value: DecimalContext): string {
  const signals = (list: readonly unknown[]): string =>
    `[${list.map((signal) => (signal instanceof PyGlobal ? signal.name : "?")).join(", ")}]`;
  return (
    `Context(prec=${value.prec}, rounding=${value.rounding}, Emin=${value.Emin}, Emax=${value.Emax}, ` +
    `capitals=${value.capitals}, clamp=${value.clamp}, flags=${signals(value.flags)}, traps=${signals(value.traps)})`
  );
}

function listParts(before: string, items: Iterable<unknown>, after: string): Part[] {
  const parts: Part[] = [before];
  let isFirst = true;
  for (const item of items) {
    if (!isFirst) parts.push(", ");
    isFirst = false;
    parts.push(V(item));
  }
  parts.push(after);
  return parts;
}

function dictParts(entries: Iterable<readonly [unknown, unknown]>): Part[] {
  const parts: Part[] = ["{"];
  for (const [key, value] of entries) {
    if (parts.length > 1) parts.push(", ");
    parts.push(V(key), ": ", V(value));
  }
  parts.push("}");
  return parts;
}

function keywordParts(entries: Iterable<readonly [string, unknown]>): Part[] {
  const parts: Part[] = [];
  for (const [key, value] of entries) {
    if (parts.length > 0) parts.push(", ");
    parts.push(`${key}=`, V(value));
  }
  return parts;
}

function containerParts(value: object): Part[] {
  if (Array.isArray(value)) return sequenceParts(value);
  if (value instanceof Map) return mapParts(value);
  if (value instanceof Set) return setParts(value);
  const own = (value as { [ownRepr]?(): OwnRepr })[ownRepr]?.();
  if (own !== undefined) return typeof own === "string" ? [own] : listParts(`${own.name}(`, own.args, ")");
  const parts = datetimeParts(value) ?? valueParts(value) ?? instanceParts(value);
  if (parts !== undefined) return parts;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return dictParts(Object.entries(value));
  const name = value.constructor?.name ?? "object";
  return [`${name}(`, ...keywordParts(Object.entries(value)), ")"];
}

function sequenceParts(value: readonly unknown[]): Part[] {
  if (value instanceof Tuple) {
    const { fields, pythonName } = value.constructor as Partial<StructSequenceClass>;
    if (fields !== undefined) {
      return [
        `${pythonName ?? value.constructor.name}(`,
        ...keywordParts(fields.map((field, i) => [field, value[i]] as const)),
        ")",
      ];
    }
    return listParts("(", value, value.length === 1 ? ",)" : ")");
  }
  return listParts("[", value, "]");
}

function mapParts(value: Map<unknown, unknown>): Part[] {
  const name = value.constructor.name;
  if (value instanceof DefaultDict) {
    const factory = typeof value.factory === "function" ? `<class '${value.factory.name}'>` : undefined;
    return [
      `${name === "DefaultDict" ? "defaultdict" : name}(`,
      factory ?? V(value.factory),
      ", ",
      ...dictParts(value),
      ")",
    ];
  }
  if (value instanceof OrderedDict || value instanceof Counter) {
    const entries = value instanceof Counter ? mostCommon(value) : value;
    return value.size === 0 ? [`${name}()`] : [`${name}(`, ...dictParts(entries), ")"];
  }
  if (value instanceof MultiValueDict) return [`<${name}: `, ...dictParts(value), ">"];
  return dictParts(value);
}

/** Python's `most_common()`: by count, the largest first; as they are if a count is no int or float, and may have no order. */
function mostCommon(counter: Counter): Iterable<readonly [unknown, unknown]> {
  const entries = [...counter];
  const counts = entries.map(([, count]) => (typeof count === "bigint" ? count : numberOf(count)));
  if (counts.some((count) => count === undefined || Number.isNaN(count))) return entries;
  const order = entries.map((_entry, i) => i);
  order.sort((i, j) => (counts[i]! > counts[j]! ? -1 : counts[i]! < counts[j]! ? 1 : 0));
  return order.map((i) => entries[i]!);
}

function setParts(value: Set<unknown>): Part[] {
  if (value instanceof FrozenSet) {
    const name = Object.getPrototypeOf(value) === FrozenSet.prototype ? "frozenset" : value.constructor.name;
    return value.size === 0 ? [`${name}()`] : listParts(`${name}({`, value, "})");
  }
  const isPlain = value.constructor === Set || value.constructor.name === "PySet";
  if (value.size === 0) return [isPlain ? "set()" : `${value.constructor.name}()`];
  return isPlain ? listParts("{", value, "}") : listParts(`${value.constructor.name}({`, value, "})");
}

function datetimeParts(value: object): Part[] | undefined {
  if (value instanceof TimeZone) {
    if (value === TimeZone.utc) return ["datetime.timezone.utc"];
    return ["datetime.timezone(", V(value.offset), ...(value.name === null ? [] : [", ", V(value.name)]), ")"];
  }
  if (!(value instanceof PyDateTime) && !(value instanceof PyTime)) return undefined;
  const isDate = value instanceof PyDateTime;
  const numbers: number[] = isDate ? [value.year, value.month, value.day] : [];
  numbers.push(value.hour, value.minute);
  if (value.second !== 0 || value.microsecond !== 0) numbers.push(value.second);
  if (value.microsecond !== 0) numbers.push(value.microsecond);
  const parts: Part[] = [`datetime.${isDate ? "datetime" : "time"}(${numbers.join(", ")}`];
  // datetime has its fold before its zone, time behind it.
  if (isDate && value.fold !== 0) parts.push(", fold=1");
  if (value.tzinfo !== null) parts.push(", tzinfo=", V(value.tzinfo));
  if (!isDate && value.fold !== 0) parts.push(", fold=1");
  parts.push(")");
  return parts;
}

function valueParts(value: object): Part[] | undefined {
  if (value instanceof EnumMember) {
    if (value.name === null) return [`<${value.enumName}: `, V(value.value), ">"];
    return [`<${value}: `, V(value.value), ">"];
  }
  if (value instanceof Slice) return listParts("slice(", [value.start, value.stop, value.step], ")");
  if (value instanceof Deque) {
    const name = value.constructor === Deque ? "deque" : value.constructor.name;
    return listParts(`${name}([`, value, value.maxlen === null ? "])" : `], maxlen=${value.maxlen})`);
  }
  if (value instanceof ChainMap) {
    return Array.isArray(value.maps) ? listParts("ChainMap(", value.maps, ")") : ["ChainMap(", V(value.maps), ")"];
  }
  if (value instanceof UserDict || value instanceof UserList || value instanceof UserString) return [V(value.data)];
  if (value instanceof SimpleNamespace) {
    const name = value.constructor === SimpleNamespace ? "namespace" : value.constructor.name;
    return [`${name}(`, ...keywordParts(Object.entries(value)), ")"];
  }
  if (value instanceof PyPartial) {
    const keywords = value.keywords instanceof Map ? [...value.keywords] : Object.entries(value.keywords as object);
    const name = value.constructor === PyPartial ? "functools.partial" : value.constructor.name;
    const parts: Part[] = [`${name}(`, V(value.func)];
    for (const arg of value.args) parts.push(", ", V(arg));
    for (const [key, item] of keywords) parts.push(`, ${String(key)}=`, V(item));
    return [...parts, ")"];
  }
  if (value instanceof GenericAlias) return subscriptParts(value.origin, value.args);
  if (value instanceof Subscript) return subscriptParts(value.origin, value.parameters);
  if (value instanceof LazyObject) return ["<SimpleLazyObject: ", V(value.wrapped), ">"];
  return undefined;
}

function subscriptParts(origin: unknown, parameters: unknown): Part[] {
  const name = (item: unknown): Part =>
    item instanceof PyGlobal ? (item.module === "builtins" ? item.name : item.toString()) : V(item);
  let items: readonly unknown[] = parameters instanceof Tuple ? parameters : [parameters];
  let of = name(origin);
  if (of === "typing.Union" && items.length === 2 && items[1] === NoneType) {
    of = "typing.Optional";
    items = [items[0]];
  }
  const parts: Part[] = [of, items.length === 0 ? "[()" : "["];
  for (let i = 0; i < items.length; i++) parts.push(...(i > 0 ? [", "] : []), name(items[i]));
  return [...parts, "]"];
}

function instanceParts(value: object): Part[] | undefined {
  if (value instanceof MethodCaller && value.keywords !== undefined) {
    const parts = listParts(`${value.pythonName}(`, value.args, "");
    for (const [key, item] of Object.entries(value.keywords)) parts.push(`, ${key}=`, V(item));
    return [...parts, ")"];
  }
  if (value instanceof PyInstance) {
    const parts = listParts(`${value.pythonName}(`, value.args, ")");
    if (value.state !== undefined && value.state !== null) parts.push(" with state ", V(value.state));
    return parts;
  }
  if (!(value instanceof PyObject)) return undefined;
  const name = value.callable instanceof PyGlobal ? value.callable.toString() : "?";
  const parts = listParts(`<${name} object: (`, value.args, ")");
  if (value.state !== undefined) parts.push(", state ", V(value.state));
  return [...parts, ">"];
}
