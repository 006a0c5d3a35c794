/** How a decoded value is shown in JSON. */
import { defaultRegistry } from "../globals/default-registry.js";
import { Deque } from "../python/containers/collections.js";
import { ByteArray, Tuple } from "../python/containers/sequences.js";
import { FrozenSet } from "../python/containers/sets.js";
import { Complex, PyFloat } from "../python/numbers/numbers.js";
import { PyGlobal, PyObject } from "../python/objects/objects.js";
import { piecesOf } from "../python/str-repr.js";
import { printableJson } from "./printable.js";

/** A JSON array or object whose parts are values, forms, or ready texts. */
export type Form =
  | { readonly kind: "array"; readonly items: readonly unknown[] }
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, unknown])[] };

/** Wraps a form inside a form, so that it is not taken for a value. */
export class Nested {
  readonly form: Form;

  constructor(form: Form) {
    this.form = form;
  }
}

/** Bytes as a string of base64. */
export class Base64 {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value that refers to nothing, and is shown in no object or array of its own. */
export type Scalar =
  | string
  | bigint
  | boolean
  | number
  | undefined
  | null
  | symbol
  | PyFloat
  | Base64
  | (() => unknown);

export function isScalar(value: unknown): value is Scalar {
  return typeof value !== "object" || value === null || value instanceof PyFloat || value instanceof Base64;
}

/** Characters, or bytes, that are shown at once; a multiple of 3, so that base64 can be cut there. */
const PIECE = 48 * 1024;

/** Whether a value is shown in pieces: the JSON of a large string may be longer than a string can be. */
export function isLong(value: Scalar): value is string | Base64 {
  return (typeof value === "string" && value.length > PIECE) || value instanceof Base64;
}

/** The JSON of a large string. */
export function* longText(value: string | Base64): Generator<string, void, undefined> {
  yield '"';
  if (typeof value === "string") {
    for (const piece of piecesOf(value)) yield quote(piece).slice(1, -1);
  } else {
    const { buffer, byteOffset, length } = value.bytes;
    for (let at = 0; at < length; at += PIECE) {
      yield Buffer.from(buffer, byteOffset + at, Math.min(PIECE, length - at)).toString("base64");
    }
  }
  yield '"';
}

/** The JSON of any other scalar. */
export function scalarText(value: Exclude<Scalar, Base64>): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return floatText(value);
    case "undefined":
      return "null";
    case "object":
      return value === null ? "null" : floatText(value.value, String(value));
    default:
      return quote(String(value));
  }
}

export function quote(text: string): string {
  return printableJson(JSON.stringify(text));
}

/** A number; Python's spelling keeps 2.0 a float. JSON has no infinity. */
function floatText(value: number, repr = String(value)): string {
  return Number.isFinite(value) ? repr : `{"$float": ${quote(repr)}}`;
}

/** The form of anything that is no scalar. */
export function formOf(value: object): Form {
  if (value instanceof Tuple) return tagged(pythonName(value) ?? "$tuple", array(value));
  if (Array.isArray(value)) return { kind: "array", items: value };
  if (value instanceof ByteArray) return tagged("$bytearray", new Base64(value));
  if (value instanceof Uint8Array) return tagged("$bytes", new Base64(value));
  if (value instanceof PyGlobal) return tagged("$global", value.toString());
  if (value instanceof PyObject) return objectForm(value);
  if (value instanceof Complex) return tagged("$complex", array([new PyFloat(value.re), new PyFloat(value.im)]));
  const name = pythonName(value);
  if (value instanceof Set) {
    return tagged(name ?? (value instanceof FrozenSet ? "$frozenset" : "$set"), array([...value]));
  }
  if (value instanceof Map) return mapForm(value, name);
  if (value instanceof Deque) return dequeForm(value, name);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return plainForm(value);
  if (value instanceof Error && "args" in value) return tagged(name ?? "$exception", Reflect.get(value, "args"));
  const tag = name ?? `$${value.constructor?.name ?? "object"}`;
  // A class that has no text of its own is what is in it.
  if (value.toString === Object.prototype.toString) {
    const parts = Object.entries(value).filter(([, part]) => part !== undefined);
    return tagged(tag, new Nested(plainForm(Object.fromEntries(parts))));
  }
  return tagged(tag, String(value));
}

function array(items: readonly unknown[]): Nested {
  return new Nested({ kind: "array", items });
}

function tagged(tag: string, value: unknown): Form {
  return { kind: "object", entries: [[tag, value]] };
}

/** `$collections.OrderedDict`: the class that the registry has for it, builtins aside. */
function pythonName(value: object): string | undefined {
  const entry = defaultRegistry.findByTarget(value.constructor as Parameters<typeof defaultRegistry.findByTarget>[0]);
  if (entry === undefined || (entry.module === "builtins" && /^(?:dict|set|frozenset|list|tuple)$/.test(entry.name))) {
    return undefined;
  }
  return `$${entry.module}.${entry.name}`;
}

function plainForm(value: object): Form {
  const entries = Object.entries(value);
  // A key that looks like one of ours would be taken for it.
  if (!entries.some(([key]) => key.startsWith("$"))) return { kind: "object", entries };
  return tagged("$dict", array(entries.map((entry) => array(entry))));
}

function mapForm(value: ReadonlyMap<unknown, unknown>, name: string | undefined): Form {
  const entries = [...value];
  if (name === undefined && entries.every(([key]) => typeof key === "string" && !key.startsWith("$"))) {
    return { kind: "object", entries: entries as [string, unknown][] };
  }
  return tagged(name ?? "$dict", array(entries.map((entry) => array(entry))));
}

function dequeForm(value: Deque, name = "$deque"): Form {
  const entries: [string, unknown][] = [[name, array([...value])]];
  if (value.maxlen !== null) entries.push(["maxlen", value.maxlen]);
  return { kind: "object", entries };
}

function objectForm(value: PyObject): Form {
  const entries: [string, unknown][] = [
    ["$object", value.callable instanceof PyGlobal ? value.callable.toString() : value.callable],
    ["args", array(value.args)],
  ];
  if (value.kwargs !== undefined) entries.push(["kwargs", value.kwargs]);
  for (const step of value.steps) {
    if (step.kind === "state") entries.push(["state", step.state]);
    else if (step.kind === "items") entries.push(["items", array(step.items)]);
    else entries.push(["pairs", array(step.pairs)]);
  }
  return { kind: "object", entries };
}
