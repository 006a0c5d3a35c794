/** Setting attributes that a sender chose on an object. */
import { Tuple } from "../containers/sequences.js";

/**
 * Sets an own data property, whatever its name: `__proto__` and `constructor` too, and without calling a setter of the class.
 */
export function setOwn(object: object, name: string, value: unknown): void {
  if (name in object && !Object.hasOwn(object, name)) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[name] = value;
  }
}

/** Attribute name, value pairs of a decoded state dict; `undefined` when `state` is no dict of names. */
export function attributesOf(state: unknown): Iterable<readonly [string, unknown]> | undefined {
  if (state instanceof Map) {
    const pairs: [string, unknown][] = [];
    for (const [key, value] of state) {
      const name = attributeName(key);
      if (name === undefined) return undefined;
      pairs.push([name, value]);
    }
    return pairs;
  }
  if (typeof state !== "object" || state === null || Array.isArray(state)) return undefined;
  const prototype = Object.getPrototypeOf(state);
  return prototype === Object.prototype || prototype === null ? Object.entries(state) : undefined;
}

/**
 * What BUILD does to an object without a `__setstate__`: sets the attributes of a dict, or of the pair of a dict (or None) and
 * a dict of slots. CPython 3.12 `load_build`.
 *
 * @returns whether the state is one of these; nothing is set if it is not
 */
export function setAttributes(object: object, state: unknown): boolean {
  if (state === null) return true;
  const isPair = state instanceof Tuple && state.length === 2;
  const first: unknown = isPair ? state[0] : state;
  const attributes = first === null ? [] : attributesOf(first);
  const slots = isPair ? attributesOf(state[1]) : [];
  if (attributes === undefined || slots === undefined) return false;
  for (const [name, value] of attributes) setOwn(object, name, value);
  for (const [name, value] of slots) setOwn(object, name, value);
  return true;
}

/** A str; or bytes, which is what Python 2 wrote when its strings are decoded with `encoding: "bytes"`. */
function attributeName(key: unknown): string | undefined {
  if (typeof key === "string") return key;
  return key instanceof Uint8Array ? String.fromCharCode(...key.subarray(0, 1024)) : undefined;
}
