import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRedisAdapterError } from "../errors.js";
import { type CompressorName, compressor, decompress } from "./compressors.js";
import { compressLz4Frame, decompressLz4Frame, xxh32 } from "./lz4.js";

const NAMES: readonly CompressorName[] = ["zlib", "gzip", "lzma", "lz4", "zstd"];
const samples: readonly Buffer[] = [
  Buffer.from("x".repeat(16)),
  Buffer.from("héllo ".repeat(1000)),
  Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)),
  Buffer.alloc(300_000, "abcdefghijklmnopqrstuvwxyz0123456789"),
];

describe.each(NAMES)("%s", (name) => {
  test("brings everything back, and knows its own form", async () => {
    const compression = compressor(name);
    await compression.load?.();
    for (const sample of samples) {
      const small = Buffer.from(compression.compress(sample));
      expect(compression.matches(small)).toBe(true);
      expect(decompress(compression, small, sample.length).equals(sample)).toBe(true);
    }
  });

  test("refuses to become longer than it may", async () => {
    const compression = compressor(name);
    await compression.load?.();
    const bomb = Buffer.from(compression.compress(Buffer.alloc(10_000_000)));
    expect(() => decompress(compression, bomb, 1000)).toThrow(/longer than 1000 bytes/);
  });

  test("throws nothing but its own error for damaged data", async () => {
    const compression = compressor(name);
    await compression.load?.();
    const good = Buffer.from(compression.compress(samples[1]!));
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, end) => {
        const bad = Buffer.from(good.subarray(0, end));
        if (at < bad.length) bad[at] = byte;
        try {
          decompress(compression, bad, 100_000);
        } catch (error) {
          expect(isRedisAdapterError(error)).toBe(true);
          refused++;
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test("is no pickle and no digits", () => {
    const compression = compressor(name);
    expect(compression.matches(Buffer.from("80049503", "hex"))).toBe(false);
    expect(compression.matches(Buffer.from("42"))).toBe(false);
  });
});

describe("LZ4 frames", () => {
  test("bring any bytes back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(300))), (runs) => {
        const data = Buffer.concat(runs.flatMap(([bytes, count]) => Array<Uint8Array>(count % 8).fill(bytes)));
        expect(Buffer.from(decompressLz4Frame(Buffer.from(compressLz4Frame(data)), data.length)).equals(data)).toBe(
          true,
        );
      }),
    );
  });

  // python-lz4 4.0: `lz4.frame.compress(TEXT, content_checksum=..., block_checksum=...)`
  const TEXT = `${"pickle ".repeat(6)}brine`;
  test.each([
    [
      "no checksum but the header's",
      "04224d1868402f0000000000000030110000007f7069636b6c6520070010506272696e6500000000",
    ],
    [
      "all checksums",
      "04224d187c402f000000000000006e110000007f7069636b6c6520070010506272696e65671d72640000000022cc579b",
    ],
  ])("of Python are read, and refused where any bit that is checked has changed: %s", (name, hex) => {
    const frame = Buffer.from(hex, "hex");
    expect(Buffer.from(decompressLz4Frame(frame, 100)).toString()).toBe(TEXT);
    // Without the other checksums, what is in a block is not checked.
    const checked = name === "all checksums" ? frame.length : 15;
    for (let at = 0; at < checked; at++) {
      for (let bit = 1; bit < 0x100; bit <<= 1) {
        const damaged = Buffer.from(frame);
        damaged[at]! ^= bit;
        expect(() => decompressLz4Frame(damaged, 100), `byte ${at}, bit ${bit}`).toThrow();
      }
    }
  });

  test.each([
    [1, "aaaaabcdef"],
    [0, undefined],
    [2, undefined],
  ])("hold matches that begin inside of what came before: %i back", (offset, text) => {
    // A literal, a match of four, five literals. python-lz4 refuses an offset of 2, too, and makes zeros of 0.
    const frame = Buffer.from("04224d186040820a0000001061020050626364656600000000", "hex");
    frame[13] = offset;
    if (text !== undefined) expect(Buffer.from(decompressLz4Frame(frame, 10)).toString()).toBe(text);
    else expect(() => decompressLz4Frame(frame, 10)).toThrow("a match starts before the output");
  });

  test("may have matches in the block before", () => {
    // `lz4.frame.compress(b"abc" * 30000, block_linked=True, block_size=lz4.frame.BLOCKSIZE_MAX64KB)`
    const frame = Buffer.from(
      "04224d184840905f010000000000eb0d0100003f6162630300ffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe5506361626361690000000fffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd7506263616263000000" +
        "00",
      "hex",
    );
    expect(Buffer.from(decompressLz4Frame(frame, 90_000)).equals(Buffer.alloc(90_000, "abc"))).toBe(true);
  });

  test("have the checksums of xxHash32", () => {
    // xxhash.xxh32(data).hexdigest() of python-xxhash.
    expect(xxh32(Buffer.from("")).toString(16)).toBe("2cc5d05");
    expect(xxh32(Buffer.from("a")).toString(16)).toBe("550d7456");
    expect(xxh32(Buffer.from("abc")).toString(16)).toBe("32d153ff");
    expect(xxh32(Buffer.from("Nobody inspects the spammish repetition")).toString(16)).toBe("e2293b2f");
  });
});
