/** `decimal.Decimal` and `decimal.Context`. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { equalsNumber } from "./equals-number.js";

/** What Python's `str` prints without a change: no exponent, no leading zeros, not as small as to need an exponent. */
const CANONICAL = /^-?(?:0(?!\.000000)|[1-9]\d*)(?:\.\d+)?$/;
const NUMBER = /^\s*([+-])?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?0*\d{1,19}))?\s*$/;
const SPECIAL = /^\s*([+-])?(?:(inf|infinity)|(s?nan)(\d*))\s*$/i;

/** Digits beyond which a Decimal is not written out to compare it with an int: `1E+1000` is short, and the number is not. */
const MAX_EXPANSION = 1000;

/** `decimal.MAX_EMAX` and `decimal.MIN_ETINY` of 64-bit machines. */
const MAX_EMAX = 999_999_999_999_999_999n;
const MIN_ETINY = -1_999_999_999_999_999_997n;

/** Own and enumerable, unlike a #private: deep comparison, as in tests, would take any two for equal. No pickle can name it. */
const TEXT: unique symbol = Symbol("text");

interface Parts {
  readonly isNegative: boolean;
  /** Without leading zeros. */
  readonly digits: string;
  readonly exponent: bigint;
}

function parse(text: string): Parts | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const fraction = match[3] ?? match[4] ?? "";
  return {
    isNegative: match[1] === "-",
    digits: ((match[2] ?? "") + fraction).replace(/^0+(?=\d)/, ""),
    exponent: BigInt(match[5] ?? 0) - BigInt(fraction.length),
  };
}

/** CPython 3.12 `_pydecimal.py` Decimal.__str__. */
function format({ isNegative, digits, exponent }: Parts): string {
  const left = exponent + BigInt(digits.length);
  const point = exponent <= 0n && left > -6n ? Number(left) : 1;
  let text: string;
  if (point <= 0) text = `0.${"0".repeat(-point)}${digits}`;
  else if (point >= digits.length) text = digits;
  else text = `${digits.slice(0, point)}.${digits.slice(point)}`;
  const shown = left - BigInt(point);
  const suffix = shown === 0n ? "" : `E${shown > 0n ? "+" : ""}${shown}`;
  return (isNegative ? "-" : "") + text + suffix;
}

/**
 * A Python Decimal: the exact value with its number of places, so that `1.10` stays `1.10`. Data only: for arithmetic hand
 * `toString()` to a decimal library.
 *
 * @example
 * new Decimal("1.10").toString() // => '1.10'
 */
export class Decimal implements PyHashable {
  static readonly [pyBase] = true;

  private readonly [TEXT]: string;

  /**
   * @param value - text that Python's `Decimal` takes; a bigint; or a number, by its shortest text: 0.1 is `Decimal('0.1')`, where
   *   Python's `Decimal(0.1)` has all 55 digits of the double. Default `"0"`
   * @throws SyntaxError for text that is no decimal number
   */
  constructor(value: string | number | bigint | Decimal = "0") {
    const text = typeof value === "string" ? value : String(value);
    this[TEXT] = CANONICAL.test(text) ? text : canonical(text);
  }

  /**
   * As the constructor; a Decimal is given back itself.
   *
   * @throws SyntaxError for text that is no decimal number
   */
  static from(value: string | number | bigint | Decimal): Decimal {
    return value instanceof Decimal ? value : new Decimal(value);
  }

  /** Python's `is_nan()`: whether it is a NaN, also a signaling one, `sNaN`. */
  get isNaN(): boolean {
    return this[TEXT].includes("N");
  }

  /** Python's `is_finite()`: false for both infinities and every NaN. */
  get isFinite(): boolean {
    return !this[TEXT].includes("N") && !this[TEXT].includes("I");
  }

  /**
   * Python's `==`: to any number of exactly this value, so that `1.0` equals `1.00` and 1, but `0.1` not the double 0.1. A NaN
   * equals nothing.
   */
  equals(other: unknown): boolean {
    return !this.isNaN && equalsNumber(this, other);
  }

  /** The nearest double, as Python's `float(decimal)`; NaN also of an `sNaN`, for which that raises a ValueError. */
  toNumber(): number {
    if (this.isNaN) return Number.NaN;
    return Number(this[TEXT]);
  }

  /** Python's `str`: `1.10`, `1E+3`, `NaN`. */
  toString(): string {
    return this[TEXT];
  }

  /** As {@link toString}, because a JSON number would lose the places: `"1.10"`. */
  toJSON(): string {
    return this[TEXT];
  }

  [hashKey](): unknown {
    const text = this[TEXT];
    if (!this.isFinite) {
      if (text.includes("N")) {
        if (text.includes("s")) throw new TypeError("Cannot hash a signaling NaN value");
        return this;
      }
      return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    const { isNegative, digits, exponent } = parse(text)!;
    const significant = withoutZeros(digits);
    if (significant === "") return 0;
    const scale = exponent + BigInt(digits.length - significant.length);
    const sign = isNegative ? "-" : "";
    if (scale < 0n) return isDouble(significant, -scale) ? Number(text) : scaledKey(sign, significant, scale);
    const isShort = BigInt(significant.length) + scale <= MAX_EXPANSION;
    return isShort ? BigInt(sign + significant) * 10n ** scale : scaledKey(sign, significant, scale);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Decimal('${this[TEXT]}')`;
  }
}

function canonical(text: string): string {
  const plain = text.replaceAll("_", "");
  const special = SPECIAL.exec(plain);
  if (special !== null) {
    const sign = special[1] === "-" ? "-" : "";
    if (special[2] !== undefined) return `${sign}Infinity`;
    const digits = special[4]!.replace(/^0+/, "");
    return `${sign}${special[3]!.toLowerCase() === "snan" ? "sNaN" : "NaN"}${digits}`;
  }
  const parts = parse(plain);
  if (parts === undefined || !isInRange(parts)) {
    throw new SyntaxError(`Cannot make a Decimal of ${JSON.stringify(text.slice(0, 80))}: not a decimal number`);
  }
  return format(parts);
}

function isInRange({ digits, exponent }: Parts): boolean {
  return exponent >= MIN_ETINY && exponent + BigInt(digits.length - 1) <= MAX_EMAX;
}

/** `digits` without the zeros at the end: a regular expression would look at each run of zeros as often as it is long. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}

/** The canonical form of `digits * 10 ** scale` that is not written out. The digits do not end in 0. */
export function scaledKey(sign: "" | "-", digits: string, scale: bigint): string {
  return `E${sign}${digits},${scale}`;
}

/** Digits of a power of five, for each of its factors. */
const DIGITS_OF_FIVE = Math.log10(5);

/**
 * Whether `digits / 10 ** places`, in which `digits` do not end in 0, is exactly a double. It is then `n / 2 ** places` with
 * an `n` of at most 53 bits: `digits` are `n * 5 ** places`, which their number alone rules out of most.
 */
function isDouble(digits: string, places: bigint): boolean {
  const extra = digits.length - Number(places) * DIGITS_OF_FIVE;
  if (places > 1074n || extra < 0 || extra > 17) return false;
  const [all, fives] = [BigInt(digits), 5n ** places];
  return all % fives === 0n && all / fives <= 9007199254740992n;
}

/** `decimal.Context`: the settings of decimal arithmetic, as data. Nothing here acts on them. */
export class DecimalContext {
  /** Significant digits of a result, a bigint beyond 2^53 as `decimal.MAX_PREC` is. Python's default is 28. */
  readonly prec: number | bigint;
  /** The name of a constant of `decimal`. Python's default is `"ROUND_HALF_EVEN"`. */
  readonly rounding: string;
  /** The smallest exponent of a first digit, 0 or less. Python's default is -999,999. */
  readonly Emin: number | bigint;
  /** The largest exponent of a first digit, 0 or more. Python's default is 999,999. */
  readonly Emax: number | bigint;
  /** 1, Python's default, writes `1E+3`; 0 writes `1e+3`. */
  readonly capitals: number;
  /** 1 keeps exponents to those of an IEEE format of `prec` digits; 0, Python's default, does not. */
  readonly clamp: number;
  /** The signals that have been raised: references to classes of `decimal`. */
  readonly flags: readonly unknown[];
  /** The signals that raise an exception: references to classes of `decimal`. */
  readonly traps: readonly unknown[];

  constructor(settings: {
    readonly prec: number | bigint;
    readonly rounding: string;
    readonly Emin: number | bigint;
    readonly Emax: number | bigint;
    readonly capitals: number;
    readonly clamp: number;
    readonly flags: readonly unknown[];
    readonly traps: readonly unknown[];
  }) {
    this.prec = settings.prec;
    this.rounding = settings.rounding;
    this.Emin = settings.Emin;
    this.Emax = settings.Emax;
    this.capitals = settings.capitals;
    this.clamp = settings.clamp;
    this.flags = settings.flags;
    this.traps = settings.traps;
  }
}
