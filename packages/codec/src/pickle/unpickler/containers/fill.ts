/** Filling dicts, sets and lists. */
import { reasonOf } from "../../../coded-error.js";
import { UnpicklingError } from "../../../errors.js";
import { MAX_HASHED_TEXT } from "../../../python/collisions.js";
import type { PyDict } from "../../../python/containers/dict.js";
import { FrozenSet, fillPlainSet as fillSet, type PySet } from "../../../python/containers/sets.js";
import { textAsKey } from "../../../python/hash.js";
import { fillByShape } from "./shapes.js";

/** Sets an own property, whatever its name: `__proto__` must never reach the setter that changes a prototype. */
function setOwnKey(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

/** A list, not a tuple or a list of a class of its own; asking for the prototype would take a call out of V8's code. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.constructor === Array;
}

/** A dict that is a plain object. */
export function isDictObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A TypeError of PyDict or PySet says that Python could not hash the key, a RangeError that the keys would take too long. */
function badKey(error: unknown): UnpicklingError {
  const code = error instanceof RangeError ? "limit-exceeded" : "unhashable";
  return new UnpicklingError(reasonOf(error), { code, cause: error });
}

/** @throws UnpicklingError `limit-exceeded` */
function longKey(key: string): string {
  try {
    return textAsKey(key);
  } catch (error) {
    throw badKey(error);
  }
}

/** Sets the pairs `items[from]`, `items[from + 1]`, ... up to `to`. @throws UnpicklingError `unhashable`, or `limit-exceeded` */
export function fillDict(dict: PyDict, items: readonly unknown[], from: number, to: number): void {
  try {
    for (let i = from; i < to; i += 2) dict.set(items[i], items[i + 1]);
  } catch (error) {
    throw badKey(error);
  }
}

/** From so many items on it pays to look whether the keys have come together before. */
const FEWEST_FOR_SHAPE = 4;

/** Sets pairs on an empty object; returns the index of the first pair whose key is not a str, or `to`. */
export function fillNewObject(object: object, items: readonly unknown[], from: number, to: number): number {
  if (to - from >= FEWEST_FOR_SHAPE && fillByShape(object, items, from, to)) return to;
  return fillObject(object, items, from, to);
}

/** As {@link fillNewObject}, whatever the object has already. */
export function fillObject(object: object, items: readonly unknown[], from: number, to: number): number {
  for (let i = from; i < to; i += 2) {
    const key = items[i];
    if (typeof key !== "string") return i;
    if (key === "__proto__") setOwnKey(object, key, items[i + 1]);
    else if (key.length > MAX_HASHED_TEXT) setOwnKey(object, longKey(key), items[i + 1]);
    else (object as Record<string, unknown>)[key] = items[i + 1];
  }
  return to;
}

/** From so many items on a list is made longer at once, which costs a call but spares copying it again and again. */
const LARGE_BATCH = 64;

/** Appends `items[from]` to `items[to - 1]`. */
export function appendItems(list: unknown[], items: readonly unknown[], from: number, to: number): void {
  if (to - from < LARGE_BATCH) {
    for (let i = from; i < to; i++) list.push(items[i]);
    return;
  }
  const offset = list.length - from;
  list.length += to - from;
  for (let i = from; i < to; i++) list[offset + i] = items[i];
}

/**
 * Adds members to a Set; returns the index of the first that a Set compares in another way than Python, or `to`.
 *
 * @throws UnpicklingError `limit-exceeded`
 */
export function fillPlainSet(set: Set<unknown>, items: readonly unknown[], from: number, to: number): number {
  try {
    return fillSet(set, items, from, to);
  } catch (error) {
    throw badKey(error);
  }
}

/** @throws UnpicklingError `unhashable`, or `limit-exceeded` */
export function fillPySet(set: PySet, items: readonly unknown[], from: number, to: number): void {
  try {
    for (let i = from; i < to; i++) set.add(items[i]);
  } catch (error) {
    throw badKey(error);
  }
}

/** @throws UnpicklingError `unhashable`, or `limit-exceeded` */
export function newFrozenSet(items: readonly unknown[]): FrozenSet {
  try {
    return new FrozenSet(items);
  } catch (error) {
    throw badKey(error);
  }
}

/** `list[index] = value` for each pair, as Python's lists do it. */
export function setListItems(list: unknown[], items: readonly unknown[], from: number, to: number): void {
  for (let i = from; i < to; i += 2) {
    const key = items[i];
    const index = typeof key === "boolean" ? Number(key) : key;
    if (typeof index !== "number" || !Number.isInteger(index)) {
      throw new UnpicklingError("a list index is no int", { code: "bad-operand" });
    }
    const at = index < 0 ? list.length + index : index;
    if (at < 0 || at >= list.length) {
      throw new UnpicklingError(`index ${index} is not in the list of ${list.length}`, { code: "bad-operand" });
    }
    list[at] = items[i + 1];
  }
}
