/** What `bool(value)` is in Python. */

import { Range } from "./builtins.js";
import { PyArray } from "./containers/array.js";
import { Deque } from "./containers/collections.js";
import { TimeDelta } from "./datetime/datetime.js";
import { Decimal } from "./numbers/decimal.js";
import { Fraction } from "./numbers/fraction.js";
import { Complex, PyFloat } from "./numbers/numbers.js";

/** Whether Python takes a value for true: false are `None`, zeros of any type, and what is empty. NaN is true. */
export function isTrue(value: unknown): boolean {
  if (typeof value === "number") return value !== 0;
  if (typeof value !== "object" || value === null) return typeof value === "function" || Boolean(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  if (value instanceof Deque || value instanceof PyArray || value instanceof Range) return value.length > 0;
  if (value instanceof ArrayBuffer) return value.byteLength > 0;
  if (value instanceof PyFloat) return value.value !== 0;
  if (value instanceof Complex) return value.re !== 0 || value.im !== 0;
  if (value instanceof Decimal) return !value.equals(ZERO);
  if (value instanceof Fraction) return Number(value.numerator) !== 0;
  if (value instanceof TimeDelta) return value.days !== 0 || value.seconds !== 0 || value.microseconds !== 0;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype !== Object.prototype && prototype !== null) || Object.keys(value).length > 0;
}

const ZERO = /* @__PURE__ */ new Decimal("0");
