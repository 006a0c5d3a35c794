import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bunzip2 } from "./bzip2-decoder.js";
import { bzip2 } from "./bzip2-encoder.js";

/** CPython 3.11: `bz2.compress(b"a")` */
const OF_A = Buffer.from("425a683931415926535919939b6b00000001002000200021184682ee48a70a120332736d60", "hex");

/** `bz2.compress` of {@link mixed}: four code tables, of which each group of symbols takes another. */
const OF_MIXED =
  "QlpoOTFBWSZTWen9aT0AAGBBAHAAP/hAArzE2arQglNCJtqU9QSCQpsqmhAAACokKaPURuHo5JkYnx+3Ekm0cKhz7iNRTdJ8lllRiKVFo5Kc7NP2lvjc" +
  "4aHGuKjUWDw3v5/z/aP5A4C4NQZF8DDXN/iEfDhsafBjfNLknHsRypxNbstbOBrMLgxLoq0xAxECgMZ1SNIyfpxxYq8ScNLGJLGzUMpK1ZZUsiqqrpXp" +
  "7epjbzk2/tjtI/ajyNhl++3U+O/FbRZ8hIWtTP5Uj1ENRROEWERg3oY6UTGURpRVEC6DFiCJoZiGFIm1Ewf8UZDdLfqfe8Y+1W3fatvVx1HnY+KrCYwy" +
  "bqDRE3aM4JaIXFVQoZlKXkTKUrlbjwjDBpNW3iKtsN2WfV73uh5Y8JO+Pj4cGofg0t8xEV5osGfBTt3asixBZIdxKHglw+klIkOndwGletQqye2SZsoD" +
  "8Rj3Sng80eibab4Le29GYhjrxOR8sUsh8w7Id7IQbPgYxo6RMfZHGux95o829t6g5tMZutnrC1v1pH+yWlfn62ooP3WmdO007tWnJSZRi4TTrExyh1JJ" +
  "jFxwnDOCZPVLhmGYsOr+LuSKcKEh0/rSeg==";

/** `bytes(97 + (i * i * 7 >> 5) % (2 + i // 150) for i in range(1500))` */
function mixed(): Buffer {
  return Buffer.from(Array.from({ length: 1500 }, (_, i) => 97 + (((i * i * 7) >> 5) % (2 + Math.floor(i / 150)))));
}

function withBits(bytes: Buffer, at: number, count: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = 0; i < count; i++) {
    const mask = 0x80 >> ((at + i) & 7);
    const isSet = ((value >> (count - 1 - i)) & 1) === 1;
    if (isSet) changed[(at + i) >> 3]! |= mask;
    else changed[(at + i) >> 3]! &= ~mask;
  }
  return changed;
}

test("reads what CPython makes with several code tables", () => {
  expect(Buffer.from(bunzip2(Buffer.from(OF_MIXED, "base64"), 1500)).equals(mixed())).toBe(true);
});

test("brings back what repeats itself, of which many rotations are alike", () => {
  const letters = fc.array(fc.constantFrom(97, 98, 99), { maxLength: 60 });
  fc.assert(
    fc.property(letters, fc.integer({ min: 1, max: 6 }), letters, (part, count, end) => {
      const bytes = Buffer.from([...Array.from({ length: count }, () => part).flat(), ...end]);
      expect(Buffer.from(bunzip2(bzip2(bytes), bytes.length)).equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("takes blocks as long as the level says, and no longer: CPython refuses the second, too", () => {
  const ofLevelOne = (length: number): [Buffer, Buffer] => {
    // Neighbours differ, so that the block is as long as the bytes.
    const bytes = Buffer.from(Array.from({ length }, (_, i) => ((Math.imul(i, 2654435761) >>> 24) & 0xfe) | (i & 1)));
    return [bytes, withBits(Buffer.from(bzip2(bytes)), 24, 8, 0x31)];
  };
  const [bytes, fits] = ofLevelOne(100_000);
  expect(Buffer.from(bunzip2(fits, 100_000)).equals(bytes)).toBe(true);
  const [, isLonger] = ofLevelOne(100_001);
  expect(() => bunzip2(isLonger, 200_000)).toThrow("a block is longer than its stream allows");
});

describe("refuses what is damaged, as CPython does", () => {
  test.each([
    ["no magic bytes", 0, 8, 0x43, "does not start with BZh1 to BZh9"],
    ["level 0", 24, 8, 0x30, "does not start with BZh1 to BZh9"],
    ["level :", 24, 8, 0x3a, "does not start with BZh1 to BZh9"],
    ["no magic number of a block", 32, 8, 0, "neither a block nor the end of the stream follows"],
    ["another checksum", 80, 8, 0, "checksum of a block does not match"],
    ["an origin of 1 in a block of 1", 113, 24, 1, "origin of a block is outside of it"],
    ["no symbols", 137, 16, 0, "a block uses no symbols"],
    ["one code table", 169, 3, 1, "bad number of code tables"],
    ["seven code tables", 169, 3, 7, "bad number of code tables"],
    ["no selectors", 172, 15, 0, "a block has no selectors"],
    ["a selector of the third of two tables", 187, 3, 0b110, "a selector names no table"],
    ["a code of no bits", 188, 5, 0, "bad code length"],
    ["a code of 21 bits", 188, 5, 21, "bad code length"],
  ])("%s", (_, at, count, value, message) => {
    expect(Buffer.from(bunzip2(OF_A, 1)).toString()).toBe("a");
    expect(() => bunzip2(withBits(OF_A, at, count, value), 100)).toThrow(message);
  });

  test("and what is cut, wherever it is", () => {
    const bytes = Buffer.from(OF_MIXED, "base64");
    for (let length = 1; length < bytes.length; length++) {
      expect(() => bunzip2(bytes.subarray(0, length), 2000), `${length} bytes`).toThrow(Error);
    }
  });
});

test("randomised blocks are not supported", () => {
  expect(() => bunzip2(withBits(OF_A, 112, 1, 1), 100)).toThrow("randomised");
});
