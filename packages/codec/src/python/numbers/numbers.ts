/** Python's numbers that JavaScript has no type for: a float that stays one, and complex. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { equalsNumber } from "./equals-number.js";

/** `repr(x)` of a Python float: `1.0`, `1e+16`, `1e-05`, `inf`, `nan`. CPython 3.12 `float_repr`. */
export function floatRepr(x: number): string {
  if (Number.isInteger(x)) {
    if (Object.is(x, -0)) return "-0.0";
    if (x < 1e16 && x > -1e16) return `${x}.0`;
  } else if (Number.isNaN(x)) {
    return "nan";
  } else if (x === Number.POSITIVE_INFINITY) {
    return "inf";
  } else if (x === Number.NEGATIVE_INFINITY) {
    return "-inf";
  } else if (x >= 1e-4 || x <= -1e-4) {
    return String(x);
  }
  // Both languages print the shortest digits that read back as the same double; only the layout differs.
  const text = x.toExponential();
  const e = text.indexOf("e");
  const digits = text.slice(e + 2);
  return `${text.slice(0, e + 2)}${digits.length < 2 ? "0" : ""}${digits}`;
}

/**
 * A Python float. JavaScript's `2` and `2.0` are one number, which Brine writes as the int `2`; `new PyFloat(2)` is always
 * written as the float `2.0`. Arithmetic and comparison see the plain number through `valueOf`.
 *
 * @example
 * dumps(2) // => <Buffer 80 04 4b 02 2e>
 * dumps(new PyFloat(2)) // => <Buffer 80 04 95 0a 00 00 00 00 00 00 00 47 40 00 00 00 00 00 00 00 2e>
 */
export class PyFloat implements PyHashable {
  /** Also NaN, an infinity or -0. */
  readonly value: number;

  /** @param value - any number; what is none is made one by `Number` */
  constructor(value: number) {
    this.value = Number(value);
  }

  /** As {@link value}, so that arithmetic and comparison see the plain number. */
  valueOf(): number {
    return this.value;
  }

  /**
   * Python's `==`: to any number of exactly this value, so that 1 equals `1n`, `true` and `new Decimal("1.0")`. A NaN equals
   * nothing.
   */
  equals(other: unknown): boolean {
    return !Number.isNaN(this.value) && equalsNumber(this, other);
  }

  /** Python's `repr`: `2.0`. */
  toString(): string {
    return floatRepr(this.value);
  }

  /** The plain number, which JSON writes as `2`. */
  toJSON(): number {
    return this.value;
  }

  [hashKey](): unknown {
    // NaN differs from every number and is found again only as the same object.
    return Number.isNaN(this.value) ? this : this.value;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `PyFloat(${floatRepr(this.value)})`;
  }
}

/** A part of a complex number as Python's repr shows it: `4` rather than `4.0`. */
function complexPart(x: number): string {
  const text = floatRepr(x);
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}

/**
 * A Python complex number: data only, no arithmetic.
 *
 * @example
 * new Complex(4, 6).toString() // => '(4+6j)'
 */
export class Complex implements PyHashable {
  static readonly [pyBase] = true;

  /** Python's `real`. */
  readonly re: number;
  /** Python's `imag`. */
  readonly im: number;

  /** @param im - default 0 */
  constructor(re: number, im = 0) {
    this.re = Number(re);
    this.im = Number(im);
  }

  /** Python's `==`: to a Complex with equal parts, and without an imaginary part to any number that its real part equals. A NaN equals nothing. */
  equals(other: unknown): boolean {
    if (other instanceof Complex) return this.re === other.re && this.im === other.im;
    return this.im === 0 && !Number.isNaN(this.re) && equalsNumber(this, other);
  }

  /** Python's `repr`: `(4+6j)`, `2j`, `(-0+2j)`. CPython 3.12 `complex_repr`. */
  toString(): string {
    const im = complexPart(this.im);
    if (Object.is(this.re, 0)) return `${im}j`;
    return `(${complexPart(this.re)}${im.startsWith("-") ? "" : "+"}${im}j)`;
  }

  /** `{ re, im }`, of which JSON writes NaN and infinities as null. */
  toJSON(): { re: number; im: number } {
    return { re: this.re, im: this.im };
  }

  [hashKey](): unknown {
    if (this.im === 0) return Number.isNaN(this.re) ? this : this.re;
    return Number.isNaN(this.re) || Number.isNaN(this.im) ? this : `c${this.re + 0},${this.im}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Complex ${this.toString()}`;
  }
}
