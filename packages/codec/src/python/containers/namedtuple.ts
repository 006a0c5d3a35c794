/** `collections.namedtuple`. */
import { Tuple } from "./sequences.js";

/** A class made by {@link namedTuple}: a {@link Tuple} with a getter for each field. Its constructor takes the items, one for each field. */
export interface NamedTupleClass<F extends string = string> {
  /** Python's `_fields`, in the order of the items. Frozen. */
  readonly fields: readonly F[];
  /** Has a getter for each field; the items themselves lie at their indices. */
  readonly prototype: Tuple & { readonly [K in F]: unknown };
  new (...items: unknown[]): Tuple & { readonly [K in F]: unknown };
}

/**
 * Makes a named tuple class: Python's `collections.namedtuple(name, fields)`. `BaseRegistry.registerNamedTuple` makes one and
 * registers it, which reading and writing need.
 *
 * @example
 * const Point = namedTuple("Point", ["x", "y"]);
 * new Point(1, 2).x // => 1
 */
export function namedTuple<const F extends string>(name: string, fields: readonly F[]): NamedTupleClass<F> {
  const made = {
    [name]: class extends Tuple {
      static readonly fields = Object.freeze([...fields]);

      constructor(...items: unknown[]) {
        super(items.length);
        for (let i = 0; i < items.length; i++) this[i] = items[i];
      }
    },
  };
  const jsClass = made[name]!;
  for (const [i, field] of fields.entries()) {
    Object.defineProperty(jsClass.prototype, field, {
      get(this: Tuple) {
        return this[i];
      },
      configurable: true,
    });
  }
  return jsClass as unknown as NamedTupleClass<F>;
}

/** Whether a class is itself one that {@link namedTuple} made, not below one. */
export function isNamedTupleClass(jsClass: object): jsClass is NamedTupleClass {
  return Object.getPrototypeOf(jsClass) === Tuple && Object.hasOwn(jsClass, "fields");
}
