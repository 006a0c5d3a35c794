/** `numpy.dtypes.StringDType` of numpy 2: text of any length, one string an item. */
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import { numberOf } from "../python/coerce.js";
import { DType } from "./dtype.js";

/** Options of {@link StringDType}. */
export interface StringDTypeOptions {
  /** Whether numpy turns what is no str into one when it is put into the array. Default true. */
  readonly coerce?: boolean | undefined;
  /** What stands for a missing item, such as `null` or `NaN`. Default: items cannot be missing. */
  readonly naObject?: unknown;
}

const STRING_DTYPE_OPTIONS = /* @__PURE__ */ optionNames<StringDTypeOptions>({ coerce: true, naObject: true });

/**
 * The type of an array of strings. Only numpy 2 has it.
 *
 * @example
 * const names = new NDArray(["a", null], [2], { dtype: new StringDType({ naObject: null }) });
 * names.toArray() // => [ 'a', null ]
 */
export class StringDType extends DType {
  /** Python's `coerce`: whether numpy makes a str of what is put into the array and is none, instead of refusing it. Default true. */
  readonly coerce: boolean;
  /** Python's `na_object`: what stands for a missing item. `undefined`: none can be missing. */
  readonly naObject: unknown;

  /** @throws PickleError `bad-option` for an option that there is not */
  constructor(options: StringDTypeOptions = {}) {
    super("T", []);
    checkOptions(options, STRING_DTYPE_OPTIONS, "options of StringDType");
    this.coerce = options.coerce ?? true;
    this.naObject = options.naObject;
  }

  /** Whether an array of this type may hold these items: strings, and what {@link naObject} says stands for a missing one. */
  accepts(items: readonly unknown[]): boolean {
    const others = othersOf(items);
    if (others.length === 0) return true;
    return this.naObject !== undefined && others.length === 1 && isSame(others[0], this.naObject);
  }
}

/** What a list holds beside strings, by list: many arrays may share one. Two different values stand for more. */
const OTHERS = new WeakMap<readonly unknown[], readonly unknown[]>();

function othersOf(items: readonly unknown[]): readonly unknown[] {
  let others = OTHERS.get(items);
  if (others === undefined) {
    const found = items.filter((item) => typeof item !== "string");
    others = found.slice(0, found.every((item) => isSame(item, found[0])) ? 1 : 2);
    OTHERS.set(items, others);
  }
  return others;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (isNan(a) && isNan(b));
}

/** Also as an exact float. */
function isNan(value: unknown): boolean {
  return Number.isNaN(numberOf(value));
}
