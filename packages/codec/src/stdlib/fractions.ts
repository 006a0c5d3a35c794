/** `fractions`: numerator and denominator since Python 3.11, text before. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { bigintOf, plainInt } from "../python/coerce.js";
import { Fraction } from "../python/numbers/fraction.js";
import { hasDigits, MAX_DIGITS } from "../python/numbers/integers.js";

const fraction: GlobalEntry<Fraction> = {
  module: "fractions",
  name: "Fraction",
  copiesArguments: true,
  target: Fraction,
  call(args, context) {
    const [first, second] = args;
    try {
      if (args.length === 1 && typeof first === "string") return Fraction.from(first);
      const numerator = bigintOf(first);
      const denominator = args.length === 1 ? 1n : bigintOf(second);
      if (numerator !== undefined && denominator !== undefined && args.length <= 2) {
        // To bring it to its lowest terms costs the square of its digits.
        if (!hasDigits(numerator) || !hasDigits(denominator))
          throw new RangeError(`Cannot make a Fraction: it has more than ${MAX_DIGITS} digits`);
        return new Fraction(numerator, denominator);
      }
    } catch (error) {
      throw context.fail((error as Error).message, error);
    }
    throw context.fail("Cannot make a Fraction: needs its text, or numerator and denominator");
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(fraction),
    args: [plainInt(object.numerator), plainInt(object.denominator)],
  }),
};

export function fractionsEntries(): readonly GlobalEntry[] {
  return [fraction] as readonly GlobalEntry[];
}
