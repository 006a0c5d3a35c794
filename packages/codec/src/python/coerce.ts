/** Reading decoded values as what a Python constructor wants, whatever the model options made of them. */
import { latin1Bytes } from "./bytes.js";
import { PyFloat } from "./numbers/numbers.js";

/** A Python int that fits a JavaScript number exactly; `undefined` for anything else. */
export function intOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  return typeof value === "boolean" ? Number(value) : undefined;
}

/** A Python int of any size, as a bigint; `undefined` for anything else. */
export function bigintOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === "boolean" ? BigInt(value) : undefined;
}

/** A Python int or float as a JavaScript number; `undefined` for anything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  return value instanceof PyFloat ? value.value : undefined;
}

/** Bytes, or the text that Python 2's str became when it was decoded as latin-1. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === "string" ? latin1Bytes(value) : undefined;
}

/** A dict with str keys as pairs; `undefined` for anything else. */
export function itemsOfDict(value: unknown): Map<unknown, unknown> | undefined {
  if (value instanceof Map) return value;
  if (typeof value !== "object" || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return new Map(Object.entries(value));
}

/** What Python's `list(x)` gives of a sequence, a set, a str or a dict; `undefined` for anything else. */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  if (typeof value === "string") return Array.from(value);
  const dict = itemsOfDict(value);
  return dict === undefined ? undefined : [...dict.keys()];
}

/** The integer as Brine decodes it by default: a number while it is safe. */
export function plainInt(value: bigint): number | bigint {
  return value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value;
}
