import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeLong, encodeLong } from "./longs.js";

// python3 -c "import pickle; print(pickle.encode_long(x).hex())"
const VECTORS: readonly (readonly [value: number | bigint, hex: string])[] = [
  [0, ""],
  [1, "01"],
  [127, "7f"],
  [128, "8000"],
  [255, "ff00"],
  [256, "0001"],
  [32767, "ff7f"],
  [32768, "008000"],
  [-1, "ff"],
  [-127, "81"],
  [-128, "80"],
  [-129, "7fff"],
  [-256, "00ff"],
  [-32768, "0080"],
  [-32769, "ff7fff"],
  [2 ** 31, "0000008000"],
  [-(2 ** 31), "00000080"],
  [-(2 ** 31) - 1, "ffffff7fff"],
  [Number.MAX_SAFE_INTEGER, "ffffffffffff1f"],
  [Number.MIN_SAFE_INTEGER, "010000000000e0"],
  [2n ** 53n, "00000000000020"],
  [-(2n ** 53n), "000000000000e0"],
  [2n ** 55n, "0000000000008000"],
  [-(2n ** 55n), "00000000000080"],
  [2n ** 63n - 1n, "ffffffffffffff7f"],
  [2n ** 63n, "000000000000008000"],
  [-(2n ** 63n), "0000000000000080"],
  [-(2n ** 63n) - 1n, "ffffffffffffff7fff"],
  [2n ** 64n, "000000000000000001"],
  [2n ** 70n, "000000000000000040"],
  [2n ** 127n, "0000000000000000000000000000008000"],
  [-(2n ** 127n), "00000000000000000000000000000080"],
  [2n ** 128n - 1n, "ffffffffffffffffffffffffffffffff00"],
  [-(2n ** 128n) + 1n, "01000000000000000000000000000000ff"],
  [10n ** 40n, "000000000061f5b9abbfa45cc3f129631d"],
];

/** Two's complement by definition, independent of the code under test. */
function hexOf(value: bigint): string {
  const out: string[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0xffn);
    out.push(byte.toString(16).padStart(2, "0"));
    rest >>= 8n;
    if ((rest === 0n && byte < 0x80) || (rest === -1n && byte >= 0x80)) return out.join("");
  }
}

describe("longs", () => {
  test.each(VECTORS)("%s is %s as bytes, both ways", (value, hex) => {
    expect(Buffer.from(encodeLong(value)).toString("hex")).toBe(hex);
    expect(Buffer.from(encodeLong(BigInt(value))).toString("hex")).toBe(hex);
    const bytes = Buffer.from(`aa${hex}aa`, "hex");
    expect(decodeLong(bytes, 1, bytes.length - 1)).toBe(value);
  });

  test("redundant sign bytes decode to the same int", () => {
    for (let padding = 0; padding < 24; padding++) {
      expect(decodeLong(Buffer.from([7, ...new Array(padding).fill(0)]), 0, padding + 1)).toBe(7);
      expect(decodeLong(Buffer.from([0xf9, ...new Array(padding).fill(0xff)]), 0, padding + 1)).toBe(-7);
    }
  });

  test("any bigint survives a round trip in its shortest form", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (value) => {
        const bytes = encodeLong(value);
        if (value !== 0n) expect(Buffer.from(bytes).toString("hex")).toBe(hexOf(value));
        expect(BigInt(decodeLong(bytes, 0, bytes.length))).toBe(value);
      }),
    );
  });

  test("a number beyond the safe range is written as the integer it holds", () => {
    expect(Buffer.from(encodeLong(1e300))).toEqual(Buffer.from(encodeLong(BigInt(1e300))));
  });
});
