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

  test("have the checksums of xxHash32", () => {
    // xxhash.xxh32(data).hexdigest() of python-xxhash.
    expect(xxh32(Buffer.from("")).toString(16)).toBe("2cc5d05");
    expect(xxh32(Buffer.from("a")).toString(16)).toBe("550d7456");
    expect(xxh32(Buffer.from("abc")).toString(16)).toBe("32d153ff");
    expect(xxh32(Buffer.from("Nobody inspects the spammish repetition")).toString(16)).toBe("e2293b2f");
  });
});
