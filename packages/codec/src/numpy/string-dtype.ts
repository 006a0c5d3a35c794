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

  /** Whether an array of this type may hold `item`: a string, or what {@link naObject} says stands for a missing one. */
  accepts(item: unknown): boolean {
    if (typeof item === "string") return true;
    return item === this.naObject ? item !== undefined : isNan(item) && isNan(this.naObject);
  }
}

/** Also as an exact float. */
function isNan(value: unknown): boolean {
  return Number.isNaN(numberOf(value));
}
