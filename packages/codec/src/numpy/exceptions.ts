/** What some of numpy's exceptions do in their own way. */
import { bigintOf } from "../python/coerce.js";
import { PyException, type PyExceptionClass, quoted, shown } from "../python/objects/exception.js";
import { DType, nameOf } from "./dtype.js";

/** `AxisError(axis, ndim, msg_prefix)`, or with a message alone. */
class AxisError extends PyException {
  protected override describe(): string {
    const [axis, dimensions, prefix = null] = this.args;
    if (this.args.length === 1 || this.args.length > 3) return super.describe();
    const message = `axis ${shown(axis)} is out of bounds for array of dimension ${shown(dimensions)}`;
    return prefix === null ? message : `${shown(prefix)}: ${message}`;
  }
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** numpy 2.4 `_ArrayMemoryError._size_to_string`. */
function sizeText(bytes: number): string {
  let unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  let count = bytes / 1024 ** unit;
  if (Math.round(count) === 1024 && unit < UNITS.length - 1) {
    unit++;
    count /= 1024;
  }
  if (unit === 0) return `${count} bytes`;
  const whole = Math.round(count);
  const text = whole < 1000 ? count.toPrecision(3) : `${whole}`;
  // Python keeps the point behind three digits.
  return `${text}${text.includes(".") ? "" : "."} ${UNITS[unit]}`;
}

/** `_ArrayMemoryError(shape, dtype)` */
class ArrayMemoryError extends PyException {
  protected override describe(): string {
    const [shape, dtype] = this.args;
    if (!(dtype instanceof DType) || !Array.isArray(shape) || shape.length > 64) return super.describe();
    let bytes = dtype.itemSize ?? 0;
    for (const axis of shape) bytes *= Number(bigintOf(axis) ?? 0);
    return `Unable to allocate ${sizeText(bytes)} for an array with shape ${quoted(shape)} and data type ${nameOf(dtype)}`;
  }
}

/** By name. */
export const numpyBehaviours: ReadonlyMap<string, PyExceptionClass> = new Map<string, PyExceptionClass>([
  ["AxisError", AxisError],
  ["_ArrayMemoryError", ArrayMemoryError],
]);
