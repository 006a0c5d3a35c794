/** `decimal`: a Decimal is its text. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { bigintOf, intOf, plainInt } from "../python/coerce.js";
import { Decimal, DecimalContext } from "../python/numbers/decimal.js";
import { hasDigits, MAX_DIGITS } from "../python/numbers/integers.js";

const module = "decimal";

/** Static types became heap types. */
const nameStrings = { "3.12": "static-name", "3.13": "function" } as const;

const decimal: GlobalEntry<Decimal> = {
  module,
  name: "Decimal",
  nameStrings,
  copiesArguments: true,
  target: Decimal,
  call(args, context) {
    const [value] = args;
    if (args.length !== 1 || (typeof value !== "string" && intOf(value) === undefined && typeof value !== "bigint")) {
      throw context.fail("Cannot make a Decimal: needs its text");
    }
    // Python writes text. Each digit of a larger int takes longer to find.
    if (typeof value === "bigint" && !hasDigits(value))
      throw context.fail(`Cannot make a Decimal: its int has more than ${MAX_DIGITS} digits`);
    try {
      return new Decimal(value as string | number | bigint);
    } catch (error) {
      throw context.fail((error as Error).message, error);
    }
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(decimal),
    args: [object.toString()],
    ownsFirst: true,
  }),
};

const context: GlobalEntry<DecimalContext> = {
  module,
  name: "Context",
  nameStrings,
  copiesArguments: true,
  target: DecimalContext,
  call(args, decoding) {
    const [precision, rounding, least, most, big, clamped, flags, traps] = args;
    const [prec, Emin, Emax] = [precision, least, most].map(plainIntOf);
    const [capitals, clamp] = [big, clamped].map(intOf);
    if (
      args.length !== 8 ||
      prec === undefined ||
      Emin === undefined ||
      Emax === undefined ||
      capitals === undefined ||
      clamp === undefined ||
      typeof rounding !== "string" ||
      !Array.isArray(flags) ||
      !Array.isArray(traps)
    ) {
      throw decoding.fail("Cannot make a decimal.Context: needs its 8 settings");
    }
    return new DecimalContext({ prec, rounding, Emin, Emax, capitals, clamp, flags, traps });
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(context),
    args: [
      object.prec,
      object.rounding,
      object.Emin,
      object.Emax,
      object.capitals,
      object.clamp,
      object.flags,
      object.traps,
    ],
  }),
};

/** A Python int as it is decoded by default; `undefined` for anything else. */
function plainIntOf(value: unknown): number | bigint | undefined {
  const int = bigintOf(value);
  return int === undefined ? undefined : plainInt(int);
}

export function decimalEntries(): readonly GlobalEntry[] {
  return [decimal, context] as readonly GlobalEntry[];
}
