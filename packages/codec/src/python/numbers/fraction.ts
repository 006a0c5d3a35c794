/** `fractions.Fraction`. */

import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { scaledKey } from "./decimal.js";
import { equalsNumber } from "./equals-number.js";
import { bitLength, gcd, MAX_DIGITS } from "./integers.js";

/** Decimal places beyond which a Fraction is not written out to compare it with a Decimal: the time grows with their square. */
const MAX_PLACES = 2000;

const TEXT = /^\s*([+-]?\d+)(?:\/(\d+))?\s*$/;

/**
 * A Python `fractions.Fraction`: an exact ratio in lowest terms. Data only.
 *
 * @example
 * new Fraction(2, 6).toString() // => '1/3'
 */
export class Fraction implements PyHashable {
  static readonly [pyBase] = true;

  /** In lowest terms; has the sign. */
  readonly numerator: bigint;
  /** In lowest terms; positive. */
  readonly denominator: bigint;

  /** @throws RangeError when the denominator is zero or a number is no integer */
  constructor(numerator: bigint | number, denominator: bigint | number = 1n) {
    let [n, d] = [BigInt(numerator), BigInt(denominator)];
    if (d === 0n) throw new RangeError(`Cannot make a Fraction of ${n}/0`);
    if (d < 0n) [n, d] = [-n, -d];
    const divisor = gcd(n < 0n ? -n : n, d);
    this.numerator = n / divisor;
    this.denominator = d / divisor;
  }

  /**
   * Of text such as `"1/3"` or `"7"`, or of an integer; Python's `Fraction` also takes decimals, such as `"1.5"`.
   *
   * @throws SyntaxError for other text
   * @throws RangeError for a number that is no integer, the denominator 0, or text with more than 4300 digits of either, which
   *   Python refuses too
   */
  static from(value: Fraction | string | bigint | number): Fraction {
    if (value instanceof Fraction) return value;
    if (typeof value !== "string") return new Fraction(value);
    const match = TEXT.exec(value);
    if (match === null) throw new SyntaxError(`Cannot make a Fraction of ${JSON.stringify(value.slice(0, 80))}`);
    const [, numerator, denominator = "1"] = match as unknown as [string, string, string | undefined];
    if (digitsOf(numerator) > MAX_DIGITS || digitsOf(denominator) > MAX_DIGITS)
      throw new RangeError(`Cannot make a Fraction: it has more than ${MAX_DIGITS} digits`);
    return new Fraction(BigInt(numerator), BigInt(denominator));
  }

  /** Python's `==`: to any number of exactly this value, a Fraction, a Decimal, a double or an integer. */
  equals(other: unknown): boolean {
    if (other instanceof Fraction) return this.numerator === other.numerator && this.denominator === other.denominator;
    return equalsNumber(this, other);
  }

  /** The nearest double, as Python's `float(fraction)`; infinite where that raises an OverflowError. */
  toNumber(): number {
    const { numerator, denominator } = this;
    return numerator < 0n ? -quotient(-numerator, denominator) : quotient(numerator, denominator);
  }

  /** Python's `str`: `1/3`. */
  toString(): string {
    return this.denominator === 1n ? String(this.numerator) : `${this.numerator}/${this.denominator}`;
  }

  /** As {@link toString}: `"1/3"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    const { numerator, denominator } = this;
    if (denominator === 1n) return numerator;
    const twos = bitLength(denominator & -denominator) - 1;
    const fives = powerOfFive(denominator >> BigInt(twos));
    const size = numerator < 0n ? -numerator : numerator;
    if (fives === 0 && twos <= 1074 && size <= 2n ** 53n) return this.toNumber();
    const places = Math.max(twos, fives ?? 0);
    // What ends in decimals may be a Decimal.
    if (fives === undefined || places > MAX_PLACES) return `q${numerator.toString(16)}/${denominator.toString(16)}`;
    const digits = size * 2n ** BigInt(places - twos) * 5n ** BigInt(places - fives);
    return scaledKey(numerator < 0n ? "-" : "", String(digits), BigInt(-places));
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Fraction(${this.numerator}, ${this.denominator})`;
  }
}

/** Bits of a quotient before it is rounded: more than a double has. */
const QUOTIENT_BITS = 66;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** Below 2 to this power doubles have fewer bits; above the other there are none. */
const LEAST_EXPONENT = -1021;
const MOST_EXPONENT = 1024;

/** The double nearest to `n / d`, for `n` of 0 or more and `d` above. CPython 3.12 `longobject.c` long_true_divide. */
function quotient(n: bigint, d: bigint): number {
  if (n <= MAX_SAFE && d <= MAX_SAFE) return Number(n) / Number(d);
  /** The quotient is between 2 ** (exponent - 1) and 2 ** (exponent + 1). */
  const exponent = bitLength(n) - bitLength(d);
  if (exponent > MOST_EXPONENT) return Number.POSITIVE_INFINITY;
  if (exponent < LEAST_EXPONENT) {
    // In units of the smallest double, to the nearest, of two as near to the even one.
    const scaled = n << 1074n;
    const [whole, rest] = [scaled / d, (scaled % d) * 2n];
    const isUp = rest > d || (rest === d && (whole & 1n) === 1n);
    return Number(isUp ? whole + 1n : whole) * Number.MIN_VALUE;
  }
  const shift = BigInt(QUOTIENT_BITS - exponent);
  const [top, bottom] = shift >= 0n ? [n << shift, d] : [n, d << -shift];
  // The last bit stands for all that follow, so that Number() rounds what is just above a half up.
  const bits = (top / bottom) | (top % bottom === 0n ? 0n : 1n);
  return Number(bits) * 2 ** -QUOTIENT_BITS * 2 ** (exponent - 1) * 2;
}

/** Which power of five `value` is; `undefined` if it is none. */
function powerOfFive(value: bigint): number | undefined {
  if (value === 1n) return 0;
  if (value % 5n !== 0n) return undefined;
  const power = Math.floor(bitLength(value) / Math.log2(5));
  return 5n ** BigInt(power) === value ? power : undefined;
}

/** Digits of an int in text, without its sign. */
function digitsOf(text: string): number {
  return /^[+-]/.test(text) ? text.length - 1 : text.length;
}
