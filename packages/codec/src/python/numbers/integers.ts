/** What Python's ints can do and bigints cannot. */

/** `math.gcd` of two that are not negative. */
export function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
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
