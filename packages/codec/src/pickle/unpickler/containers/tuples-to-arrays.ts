/** The option `tuple: "array"`. */
import { Tuple } from "../../../python/containers/sequences.js";
import { keepsTuples } from "../../../python/objects/objects.js";
import { rewire } from "./rewire.js";

/**
 * Puts plain arrays in place of tuples, one array for each tuple. Instances of classes below tuple are no plain tuples, and
 * stay; so does what Python's own code is given when the value is written back.
 */
export function tuplesToArrays(root: unknown): unknown {
  const arrays = new Map<object, unknown[]>();
  const replacement = (object: object): object => {
    if (!Array.isArray(object) || Object.getPrototypeOf(object) !== Tuple.prototype) return object;
    let array = arrays.get(object);
    if (array === undefined) {
      array = Array.from(object);
      arrays.set(object, array);
    }
    return array;
  };
  return rewire(root, replacement, isKept);
}

function isKept(object: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(object);
  return (prototype?.constructor as { readonly [keepsTuples]?: boolean } | undefined)?.[keepsTuples] === true;
}
