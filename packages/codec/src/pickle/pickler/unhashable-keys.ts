/** Keys that JavaScript takes, by identity, and Python cannot hash: no Python could read a pickle that has one. */
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, Tuple } from "../../python/containers/sequences.js";
import { PySet } from "../../python/containers/sets.js";

const DICT = "a dict";
const SET = "a set";

/** What to use in place of each. */
const INSTEAD: Readonly<Record<string, string>> = {
  "a list": "use tuple(...)",
  [DICT]: "use a tuple of its items",
  [SET]: "use a FrozenSet",
  "a bytearray": "use a Uint8Array",
};

/** By prototype: classes of yours may have a `__hash__` in Python. */
const KINDS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [Array.prototype, "a list"],
  [Object.prototype, DICT],
  [null, DICT],
  [Map.prototype, DICT],
  [PyDict.prototype, DICT],
  [Set.prototype, SET],
  [PySet.prototype, SET],
  [ByteArray.prototype, "a bytearray"],
]);

/**
 * Why Python cannot hash a key: `"a list ...: Python cannot hash it; use tuple(...)"`, or `undefined`. Of a tuple the items are
 * looked at, not theirs: shared ones could be met exponentially often.
 */
export function unhashableKey(key: object): string | undefined {
  const kind = KINDS.get(Object.getPrototypeOf(key)) ?? kindOfItem(key);
  if (kind === undefined) return undefined;
  return `${kind} as a key of a dict or a member of a set: Python cannot hash it; ${INSTEAD[kind]}`;
}

function kindOfItem(key: object): string | undefined {
  if (!(key instanceof Tuple)) return undefined;
  for (const item of key) {
    const kind = typeof item === "object" && item !== null ? KINDS.get(Object.getPrototypeOf(item)) : undefined;
    if (kind !== undefined) return kind;
  }
  return undefined;
}
