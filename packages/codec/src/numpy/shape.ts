/** Shapes: the length of each axis. */
import { intOf } from "../python/coerce.js";

/** Axes that numpy allows, in its newest version. */
const MAX_AXES = 64;

/** Places that an array may have and no byte of it pays for: rows without items, and items without bytes. */
const MAX_EMPTY_PLACES = 2 ** 24;

/** A shape from a pickle; `undefined` when it is none. */
export function axesOf(shape: unknown): number[] | undefined {
  if (!Array.isArray(shape) || shape.length > MAX_AXES) return undefined;
  const axes = shape.map((axis) => intOf(axis) ?? -1);
  return axes.every((axis) => axis >= 0) ? axes : undefined;
}

/** How many items an array of this shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/**
 * Whether an array of `shape` takes up `length`, in units of which an item has `itemSize`; and in nested arrays no more
 * room than that, but for some empty places.
 */
export function fits(shape: readonly number[], itemSize: number, length: number): boolean {
  if (shape.length > MAX_AXES || !shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)) return false;
  const places = sizeOf(shape.includes(0) ? shape.slice(0, shape.indexOf(0)) : shape);
  return sizeOf(shape) * itemSize === length && places <= Math.max(length, MAX_EMPTY_PLACES);
}

/** How far apart in memory the neighbours on each axis are, in items. */
export function stridesOf(shape: readonly number[], order: "C" | "F"): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let k = 0; k < shape.length; k++) {
    const axis = order === "C" ? shape.length - 1 - k : k;
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** The items of an array rows first, `size` bytes each, out of a block where those next to each other on an axis are `strides` apart. */
export function rowsFirst(
  block: Uint8Array,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const copy = new Uint8Array(block.length);
  const indices = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < copy.length; to += size) {
    for (let k = 0; k < size; k++) copy[to + k] = block[from * size + k]!;
    // Counts up the last index, and the one before it where that has come to its end.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++indices[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      indices[axis] = 0;
    }
  }
  return copy;
}
