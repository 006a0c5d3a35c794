/** `gcd`, against Euclid's algorithm. */
import { expect, it } from "vitest";
import { gcd } from "./integers.js";

function euclid(a: bigint, b: bigint): bigint {
  return b === 0n ? a : euclid(b, a % b);
}

/** Of so many bits, the same in each run. */
function numbers(seed: number): (bits: number) => bigint {
  let state = BigInt(seed);
  return (bits) => {
    let value = 0n;
    for (let have = 0; have < bits; have += 32) {
      state = (state * 6364136223846793005n + 1442695040888963407n) % 2n ** 64n;
      value = (value << 32n) | (state >> 32n);
    }
    return value % 2n ** BigInt(bits);
  };
}

it("is that of Euclid's algorithm, for numbers of any size with and without a common factor", () => {
  const next = numbers(7);
  const sizes = [1, 30, 49, 50, 51, 53, 54, 64, 99, 100, 101, 128, 500, 2000];
  for (let round = 0; round < 20; round++) {
    for (const first of sizes) {
      for (const second of sizes) {
        const common = next(round % 2 === 0 ? 1 : 60) + 1n;
        const [a, b] = [next(first) * common, next(second) * common];
        expect(gcd(a, b), `${a} and ${b}`).toBe(euclid(a, b));
      }
    }
  }
});

it("is that of Euclid's algorithm for neighbours of Fibonacci, of powers, and for zero", () => {
  let [a, b] = [0n, 1n];
  for (let i = 0; i < 400; i++) {
    expect([gcd(a, b), gcd(b * 3n ** 50n, a * 3n ** 50n)]).toEqual([1n, 3n ** 50n]);
    [a, b] = [b, a + b];
  }
  for (let i = 0n; i < 200n; i++) {
    for (const other of [0n, 1n, 2n ** i, 2n ** i - 1n, 2n ** i + 1n, 3n ** i])
      for (const one of [0n, 2n ** i, 2n ** 150n - 1n]) expect(gcd(one, other)).toBe(euclid(one, other));
  }
});
