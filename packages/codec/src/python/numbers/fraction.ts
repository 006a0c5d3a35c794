/** `fractions.Fraction`. */

import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { fractionKey, gcd } from "./decimal.js";

const TEXT = /^\s*([+-]?\d+)(?:\/(\d+))?\s*$/;

/**
 * A Python Fraction: an exact ratio in lowest terms. Data only.
 *
 * @example
 * new Fraction(2, 6).toString() // => "1/3"
 */
export class Fraction implements PyHashable {
  static readonly [pyBase] = true;

  /** Has the sign. */
  readonly numerator: bigint;
  /** Positive. */
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

  /** Of text such as `"1/3"` or `"7"`. */
  static from(value: Fraction | string | bigint | number): Fraction {
    if (value instanceof Fraction) return value;
    if (typeof value !== "string") return new Fraction(value);
    const match = TEXT.exec(value);
    if (match === null) throw new SyntaxError(`Cannot make a Fraction of ${JSON.stringify(value.slice(0, 80))}`);
    return new Fraction(BigInt(match[1]!), BigInt(match[2] ?? 1));
  }

  /** To another Fraction of the same value. Of numbers, only to whole ones: `0.5` is compared by {@link hashEquals}. */
  equals(other: unknown): boolean {
    if (other instanceof Fraction) return this.numerator === other.numerator && this.denominator === other.denominator;
    if (this.denominator !== 1n) return false;
    return typeof other === "bigint" ? other === this.numerator : other === Number(this.numerator);
  }

  /** The quotient of both as doubles: beyond 2^53 not always the nearest one, and NaN where neither is finite. */
  toNumber(): number {
    return Number(this.numerator) / Number(this.denominator);
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
    const isPowerOfTwo = (denominator & (denominator - 1n)) === 0n;
    const size = numerator < 0n ? -numerator : numerator;
    if (isPowerOfTwo && size <= 2n ** 53n && denominator <= 2n ** 1000n) return Number(numerator) / Number(denominator);
    return fractionKey(numerator, denominator);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Fraction(${this.numerator}, ${this.denominator})`;
  }
}
