/** What Python would call the type of a decoded value, for messages. */
import { PyDict } from "../python/containers/dict.js";
import { ByteArray, Tuple } from "../python/containers/sequences.js";
import { FrozenSet } from "../python/containers/sets.js";
import { PyGlobal, PyObject } from "../python/objects/objects.js";

export function typeName(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "a str";
    case "number":
      return Number.isInteger(value) ? "an int" : "a float";
    case "bigint":
      return "an int";
    case "boolean":
      return "a bool";
    case "undefined":
      return "nothing";
    case "object":
      return value === null ? "None" : objectTypeName(value);
    default:
      return `a ${typeof value}`;
  }
}

function objectTypeName(value: object): string {
  if (value instanceof Tuple) return "a tuple";
  if (value instanceof ByteArray) return "a bytearray";
  if (value instanceof FrozenSet) return "a frozenset";
  if (value instanceof PyGlobal) return `the global ${value}`;
  if (value instanceof PyObject) return "an opaque object";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === PyDict.prototype) return "a dict";
  if (prototype === Array.prototype) return "a list";
  if (prototype === Set.prototype) return "a set";
  if (value instanceof Uint8Array) return "bytes";
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
}
