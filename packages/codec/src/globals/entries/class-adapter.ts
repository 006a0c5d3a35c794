/** What a class of yours may say about how its instances are pickled: Python's methods on it, or an adapter beside it. */
import { checkOptions } from "../../options/check.js";
import { optionNames } from "../../options/option-names.js";
import type { PyGlobal } from "../../python/objects/objects.js";
import { badRegistration } from "../registration.js";
import type { Reduction } from "../registry.js";

/** Python's pickling methods, with which a class decides how it is pickled. Every one is optional. */
export interface PickledClass {
  /**
   * The state to write instead of the own enumerable properties; `null` writes none. A class without `__setstate__` gets back
   * only a dict (a plain object or a Map), or the tuple of a dict or `null` and a dict of slots.
   */
  __getstate__?(): unknown;
  /** Takes the state back, which is `null` where Python's is None. Without it, a dict's items become own properties. */
  __setstate__?(state: never): void;
  /** Arguments for `cls.__new__`, given to `static __new__` here when decoding. Protocol 2 and above. */
  __getnewargs__?(): readonly unknown[];
  /**
   * Arguments and keyword arguments for `cls.__new__`, asked for in place of `__getnewargs__`. When decoding, `static __new__`
   * gets the keyword arguments, where there are any, as a plain object behind the others. Protocol 2 and above.
   */
  __getnewargs_ex__?(): readonly [readonly unknown[], Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>];
  /**
   * Python's tuple as an array, `[callable, args, state?, listItems?, dictItems?, stateSetter?]`; a {@link Reduction}; or the
   * name of a global of the class's module. A callable that is the class itself is called as `new Cls(...args)` when decoding.
   */
  __reduce__?(): Reduction | PyGlobal | readonly unknown[] | string;
  /** As `__reduce__`, and asked in its place; `protocol` is the pickle's, 0 to 5. */
  __reduce_ex__?(protocol: number): Reduction | PyGlobal | readonly unknown[] | string;
}

/** {@link PickledClass} from outside, for classes that you cannot change. Every part is optional. */
export interface ClassAdapter<T extends object = object> {
  /**
   * The names in Python's `__slots__`, those of the classes above included, as of `@dataclass(slots=True)`. Own properties of
   * these names are written as Python writes slots, without which it could not read them. Default: none.
   */
  readonly slots?: readonly string[] | undefined;
  /** The state to write; `null` writes none. Default: own enumerable properties. */
  getState?(object: T): unknown;
  /** Takes back what `getState` gave. Default: a dict's items become own properties. */
  setState?(object: T, state: unknown): void;
  /** Makes an instance without state. Default: an object of the class, without calling its constructor. */
  create?(args: readonly unknown[], kwargs: ReadonlyMap<string, unknown> | undefined): T;
  /** Arguments for `create`, at protocol 2 and above. Default: none. */
  getNewArgs?(object: T): readonly unknown[];
  /** Takes over completely: what {@link PickledClass.__reduce_ex__} would return. Default: see there. */
  reduce?(object: T, protocol: number): Reduction | PyGlobal | readonly unknown[] | string;
  /** A pickle calls the class: `Cls(*args)`. Default: `new Cls(...args)` if it has a `__reduce__`, the builtin that it extends if any, else an error. */
  call?(args: readonly unknown[]): T;
  /** Python's `extend(items)`. Default: an Array gets them, else the object's own `extend` or `append`. */
  extend?(object: T, items: readonly unknown[]): void;
  /** Python's `object[key] = value` for each pair. Default: the object's own `__setitem__`; a Map gets them. */
  setItem?(object: T, key: unknown, value: unknown): void;
}

const ADAPTER_PARTS = /* @__PURE__ */ optionNames<ClassAdapter>({
  slots: true,
  getState: true,
  setState: true,
  create: true,
  getNewArgs: true,
  reduce: true,
  call: true,
  extend: true,
  setItem: true,
});

/** @throws PickleError `bad-option` for a part that there is not, or that is no function, and slots that are no names */
export function checkAdapter(adapter: ClassAdapter<never> | undefined, pythonName: string): void {
  checkOptions(adapter, ADAPTER_PARTS, `adapter of ${pythonName}`);
  for (const [part, value] of Object.entries(adapter ?? {})) {
    if (value === undefined) continue;
    const isSlots = part === "slots";
    const isRight = isSlots
      ? Array.isArray(value) && value.every((name) => typeof name === "string")
      : typeof value === "function";
    if (!isRight) {
      const wanted = isSlots ? "an array of names" : "a function";
      throw badRegistration(`Cannot use adapter of ${pythonName}: ${part} must be ${wanted}`);
    }
  }
}
