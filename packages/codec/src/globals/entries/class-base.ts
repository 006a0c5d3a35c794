/** What a class of yours is built on, which decides how its instances are made and written. */
import { PyDict } from "../../python/containers/dict.js";
import { isNamedTupleClass } from "../../python/containers/namedtuple.js";
import { ByteArray, Tuple } from "../../python/containers/sequences.js";
import { FrozenSet, PySet } from "../../python/containers/sets.js";
import { pyBase } from "../../python/objects/objects.js";
import type { AnyClass, ClassRegistryView, GlobalEntry } from "../registry.js";

/** Builtin classes that one may extend, and the Python type whose instances hold the value at protocols 0 and 1. */
const BASES: ReadonlyMap<AnyClass, BaseKind> = new Map<AnyClass, BaseKind>([
  [Tuple, "tuple"],
  [Array, "list"],
  [PyDict, "dict"],
  [Map, "dict"],
  [FrozenSet, "frozenset"],
  [PySet, "set"],
  [Set, "set"],
  [ByteArray, "bytearray"],
  [Uint8Array, "bytes"],
  [Error, "error"],
]);

/** A Python builtin, `"namedtuple"`, `"error"` for JavaScript's own errors, or `"mapped"` for Brine's classes. */
type BaseKind =
  | "tuple"
  | "list"
  | "dict"
  | "frozenset"
  | "set"
  | "bytearray"
  | "bytes"
  | "namedtuple"
  | "error"
  | "mapped";

export interface Base {
  readonly jsClass: AnyClass;
  readonly kind: BaseKind;
}

/** The nearest class above `jsClass` whose constructor has to run to make an instance, because it has internal state. */
export function baseOf(jsClass: AnyClass): Base | undefined {
  for (
    let parent = Object.getPrototypeOf(jsClass);
    typeof parent === "function";
    parent = Object.getPrototypeOf(parent)
  ) {
    if (Object.hasOwn(parent, pyBase)) return { jsClass: parent, kind: "mapped" };
    if (isNamedTupleClass(parent)) return { jsClass: parent, kind: "namedtuple" };
    const kind = BASES.get(parent);
    if (kind !== undefined) return { jsClass: parent, kind };
  }
  return undefined;
}

/** The entry of the class of Brine's that a class extends. It knows what pickles hold: the ten bytes of a datetime. */
export function mappedEntry(base: Base, registry: ClassRegistryView): GlobalEntry | undefined {
  return registry.findByTarget(base.jsClass);
}
