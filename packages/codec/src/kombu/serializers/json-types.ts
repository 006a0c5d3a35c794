/** The values that kombu's JSON has a form for beyond JSON's own, in its two dialects. */

import { ByteArray } from "../../python/containers/sequences.js";
import { PyDate, PyDateTime, PyTime } from "../../python/datetime/datetime.js";
import { UUID } from "../../python/library/uuid.js";
import { Decimal } from "../../python/numbers/decimal.js";
import { LazyString } from "../../python/web/django.js";
import { base64, fromBase64 } from "../base64.js";
import { decodeUtf8, encodeUtf8 } from "../text.js";
import type { ObjectHook } from "./json-parser.js";
import { UNSUPPORTED } from "./json-writer.js";

/**
 * `"5.3"`: kombu 5.3 and later, `{"__type__": ..., "__value__": ...}` both ways. `"5.2"`: kombu up to 5.2, plain strings,
 * which stay strings when read.
 */
export type JsonDialect = "5.3" | "5.2";

/** The form of a value in a dialect, or `UNSUPPORTED`. kombu 5.6 and 5.2 `utils/json.py` JSONEncoder.default. */
export function toJsonForm(value: object, dialect: JsonDialect): unknown {
  const python = pythonValue(value);
  return dialect === "5.3" ? envelopeOf(python) : stringOf(python);
}

/** What a JavaScript value is in Python, where it has its own class for it. */
function pythonValue(value: object): object {
  if (value instanceof Date) return PyDateTime.from(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  switch (tag) {
    case "Temporal.Instant":
    case "Temporal.ZonedDateTime":
    case "Temporal.PlainDateTime":
      return PyDateTime.from(value as Parameters<typeof PyDateTime.from>[0]);
    case "Temporal.PlainDate":
      return PyDate.from(value as Parameters<typeof PyDate.from>[0]);
    case "Temporal.PlainTime":
      return PyTime.from(value as Parameters<typeof PyTime.from>[0]);
    default:
      return value;
  }
}

function envelopeOf(value: object): unknown {
  if (value instanceof LazyString) return value.toString();
  if (value instanceof PyDateTime) return envelope("datetime", value.toString());
  if (value instanceof PyDate) return envelope("date", value.toString());
  if (value instanceof PyTime) return envelope("time", value.toString());
  if (value instanceof Decimal) return envelope("decimal", value.toString());
  if (value instanceof UUID) return envelope("uuid", { hex: value.hex });
  // A bytearray is an error in kombu.
  if (value instanceof Uint8Array && !(value instanceof ByteArray)) {
    const text = utf8OrUndefined(value);
    return text === undefined ? envelope("base64", base64(value)) : envelope("bytes", text);
  }
  return UNSUPPORTED;
}

function envelope(type: string, value: unknown): object {
  return { __type__: type, __value__: value };
}

function stringOf(value: object): unknown {
  if (value instanceof LazyString) return value.toString();
  // A date is written as its midnight, and UTC as Z.
  if (value instanceof PyDate) return `${value.toString()}T00:00:00`;
  if (value instanceof PyDateTime) return value.toString().replace(/\+00:00$/, "Z");
  if (value instanceof PyTime || value instanceof Decimal || value instanceof UUID) return value.toString();
  return UNSUPPORTED;
}

function utf8OrUndefined(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** Reads the values of envelopes, into Python's classes or as `datetime` says. kombu 5.6 `utils/json.py` object_hook. */
export function objectHook(datetime: "python" | "temporal" | "date"): ObjectHook {
  const represent = (value: PyDateTime | PyDate | PyTime): object => {
    if (datetime === "temporal") return value.toTemporal();
    return datetime === "date" && value instanceof PyDateTime ? value.toDate() : value;
  };
  return (object) => {
    const found = envelopeIn(object);
    if (found === undefined) return object;
    const [type, value] = found;
    switch (type) {
      case "datetime":
        return represent(PyDateTime.from(text(value)));
      case "date":
        return represent(PyDateTime.from(text(value)).date());
      case "time":
        return represent(PyTime.from(text(value)));
      case "decimal":
        return Decimal.from(isInt(value) ? value : text(value));
      case "uuid":
        return uuidOf(value);
      case "bytes":
        return bytesOf(text(value));
      case "base64":
        return fromBase64(text(value));
      default:
        throw new TypeError(`unsupported __type__ ${JSON.stringify(type) ?? String(type)}`);
    }
  };
}

/** `__type__` and `__value__`, if the object has exactly these keys. */
function envelopeIn(object: object): readonly [unknown, unknown] | undefined {
  if (object instanceof Map) {
    if (object.size !== 2 || !object.has("__type__") || !object.has("__value__")) return undefined;
    return [object.get("__type__"), object.get("__value__")];
  }
  if (!Object.hasOwn(object, "__type__") || !Object.hasOwn(object, "__value__")) return undefined;
  if (Object.keys(object).length !== 2) return undefined;
  const { __type__, __value__ } = object as { readonly __type__: unknown; readonly __value__: unknown };
  return [__type__, __value__];
}

/** `uuid.UUID(**value)`: of what it takes, `hex`, which kombu writes, or `int`, and nothing beside. */
function uuidOf(value: unknown): UUID {
  const fields = value instanceof Map ? [...value] : Object.entries(value ?? {});
  const [name, given] = fields.length === 1 ? fields[0]! : [];
  if (name === "hex" && typeof given === "string") return UUID.from(given);
  if (name === "int" && isInt(given)) return new UUID(given);
  throw new TypeError("__value__ of a uuid is neither its hex nor its int");
}

function isInt(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("__value__ is not a string");
  return value;
}

function bytesOf(value: string): Uint8Array {
  const bytes = encodeUtf8(value);
  return globalThis.Buffer === undefined ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
