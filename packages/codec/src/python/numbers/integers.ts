/** What Python's ints can do and bigints cannot. */

/** Bits of two numbers that are looked at in one go: a quotient of doubles that have as many is rounded down right. */
const LEADING = 50;
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * `math.gcd` of two that are not negative. Lehmer's algorithm, as CPython 3.12 `longobject.c` `_PyLong_GCD`: Euclid's takes a
 * division of the whole numbers for each one or two bits.
 */
export function gcd(first: bigint, second: bigint): bigint {
  let [a, b] = first < second ? [second, first] : [first, second];
  let shift = Math.max(bitLength(a) - LEADING, 0);
  while (a > SAFE) {
    if (b === 0n) return a;
    let x = Number(a >> BigInt(shift));
    if (x < 2 ** (LEADING / 2) && shift > 0) {
      shift = Math.max(bitLength(a) - LEADING, 0);
      x = Number(a >> BigInt(shift));
    }
    [a, b] = smaller(a, b, x, Number(b >> BigInt(shift)));
  }
  let [m, n] = [Number(a), Number(b)];
  while (n !== 0) [m, n] = [n, m % n];
  return BigInt(m);
}

/** A later pair of Euclid's, of `a` and `b` with the leading bits `x` and `y`: as much later as these tell for sure. */
function smaller(a: bigint, b: bigint, x: number, y: number): readonly [bigint, bigint] {
  let [A, B, C, D] = [1, 0, 0, 1];
  let steps = 0;
  for (; y !== C; steps++) {
    const q = Math.floor((x + A - 1) / (y - C));
    const s = B + q * D;
    const t = x - q * y;
    if (s > t) break;
    [x, y] = [y, t];
    [A, B, C, D] = [D, C, s, A + q * C];
  }
  if (steps === 0) return [b, a % b];
  const [aa, bb, cc, dd] = [BigInt(A), BigInt(B), BigInt(C), BigInt(D)];
  return steps % 2 === 1 ? [aa * b - bb * a, dd * a - cc * b] : [aa * a - bb * b, dd * b - cc * a];
}

/** `int.bit_length` of one that is not negative. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return 4 * hex.length + 28 - Math.clz32(Number.parseInt(hex[0]!, 16));
}

/** Python's `sys.int_info.default_max_str_digits`: the most digits of an int that it turns into text, or reads of it. */
export const MAX_DIGITS = 4300;

const MAX_SHOWN = 10n ** BigInt(MAX_DIGITS) - 1n;

/** Whether an int has no more than {@link MAX_DIGITS}. As fast for any. */
export function hasDigits(value: bigint): boolean {
  return value <= MAX_SHOWN && value >= -MAX_SHOWN;
}
