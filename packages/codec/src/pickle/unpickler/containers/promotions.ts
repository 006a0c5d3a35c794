/** Turning one kind of container into another while it is filled. */
import { PyDict } from "../../../python/containers/dict.js";
import { PySet } from "../../../python/containers/sets.js";

/**
 * Objects that became another kind of container after they were put on the stack: a plain object whose first key that is
 * not a str arrived, a Set whose first tuple arrived. Usually nothing but the stack and the memo knows them by then.
 */
export class Promotions {
  readonly #successors = new Map<object, object>();

  /** The dict that takes an object's place. */
  toDict(object: object): PyDict {
    const dict = new PyDict();
    for (const key of Object.keys(object)) dict.set(key, (object as Record<string, unknown>)[key]);
    this.#successors.set(object, dict);
    return dict;
  }

  toPySet(set: Set<unknown>): PySet {
    const successor = new PySet(set);
    this.#successors.set(set, successor);
    return successor;
  }

  /** What stands for an object now. */
  current(value: unknown): unknown {
    return typeof value === "object" && value !== null ? (this.#successors.get(value) ?? value) : value;
  }
}
