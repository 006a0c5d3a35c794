/** Keys that V8 cannot tell apart, for the tests. */

const MASK = 2n ** 64n - 1n;

/** What `value ^ (value >> shift)` was made of. */
function unshifted(hash: bigint, shift: bigint): bigint {
  let value = hash;
  for (let i = 0n; i < 64n; i += shift) value = hash ^ (value >> shift);
  return value;
}

/** What `factor` is multiplied with to give 1, in 64 bits. */
function inverse(factor: bigint): bigint {
  let value = 1n;
  for (let i = 0; i < 6; i++) value = (value * (2n - factor * value)) & MASK;
  return value;
}

const [OF_65, OF_21, OF_FIRST] = [inverse(65n), inverse(21n), inverse(2n ** 18n - 1n)];

/** The 64 bits of floats, or of ints, for which V8's hash of a key of a Map ends in the same thirty bits. */
export function collidingBits(count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => {
    let hash = unshifted((BigInt(i + 1) << 30n) & MASK, 22n);
    hash = unshifted((hash * OF_65) & MASK, 11n);
    hash = unshifted((hash * OF_21) & MASK, 31n);
    return ((hash + 1n) * OF_FIRST) & MASK;
  });
}
