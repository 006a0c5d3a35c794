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
