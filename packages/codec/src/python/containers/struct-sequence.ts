/** Struct sequences: what C modules of Python have in place of named tuples, such as `os.terminal_size`. CPython 3.12 `structseq.c`. */
import { type NamedTupleClass, namedTuple } from "./namedtuple.js";
import type { Tuple } from "./sequences.js";

/** A class made by {@link structSequence}: a {@link Tuple} with a getter for each field, and what has a name only. */
export interface StructSequenceClass<F extends string = string> {
  /** The fields that are items, in their order. Frozen. */
  readonly fields: readonly F[];
  /** Python's, with its module: `"os.terminal_size"`. */
  readonly pythonName: string;
  /** Has a getter for each field; the items themselves lie at their indices. */
  readonly prototype: StructSequence<F>;
  /** Takes the items, one for each field, and {@link StructSequence.extra}, by default `{}`: as Python's class does. */
  new (items: readonly unknown[], extra?: unknown): StructSequence<F>;
}

/** An instance of a {@link StructSequenceClass}. */
export type StructSequence<F extends string = string> = Tuple & {
  readonly [K in F]: unknown;
} & {
  /** A dict of what has no place among the items and is read by its name only, such as `f_fsid` of `os.statvfs_result`. */
  readonly extra: unknown;
};

/** Makes the class of a struct sequence. @param pythonName - with its module */
export function structSequence<const F extends string>(
  pythonName: string,
  fields: readonly F[],
): StructSequenceClass<F> {
  const name = pythonName.slice(pythonName.lastIndexOf(".") + 1);
  const made = {
    [name]: class extends (namedTuple(name, fields) as NamedTupleClass) {
      static readonly pythonName = pythonName;

      constructor(items: readonly unknown[], extra: unknown = {}) {
        super(...items.slice(0, fields.length));
        Object.defineProperty(this, "extra", { value: extra, enumerable: false });
      }
    },
  };
  return made[name] as unknown as StructSequenceClass<F>;
}
