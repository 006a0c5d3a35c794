/** Little data that asks for much: what it costs is bounded by what it makes, and by its own length. */
import zlib from "node:zlib";
import { Zstd } from "@hpcc-js/wasm-zstd";
import { beforeAll, describe, expect, test } from "vitest";
import { createCompression } from "../create-compression.js";
import { bzip2 } from "./bzip2-encoder.js";

const MIB = 1024 * 1024;

/** python-zstandard: `ZstdCompressor(write_content_size=False).compress(b"pickle " * 8)` */
const UNSTATED = "KLUv/QAAbQAAOHBpY2tsZSABACoqRg==";

/** A frame of blocks that repeat `byte`: 4 bytes for each 128 KiB. */
function zstdBomb(size: number, hasContentSize = true): Buffer {
  const block = 128 * 1024;
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, hasContentSize ? 0xa0 : 0x00]);
  const sizes = hasContentSize ? Buffer.alloc(4) : Buffer.from([0x38]);
  if (hasContentSize) sizes.writeUInt32LE(size);
  const blocks = Buffer.alloc((size / block) * 4);
  for (let at = 0; at < blocks.length; at += 4) {
    blocks.writeUIntLE((block << 3) | (1 << 1) | (at + 4 === blocks.length ? 1 : 0), at, 3);
    blocks[at + 3] = 0x61;
  }
  return Buffer.concat([header, sizes, blocks]);
}

test("bzip2: many small streams take one room for their blocks", async () => {
  const stream = bzip2(Buffer.from("a"));
  const many = Buffer.concat(Array.from({ length: 20_000 }, () => stream));
  const result = await createCompression().decompress(many, { contentType: "bzip2" });
  expect(Buffer.from(result).equals(Buffer.alloc(20_000, "a"))).toBe(true);
});

test("bzip2: the checksum of a stream is compared, and not only those of its blocks", () => {
  const damaged = Buffer.from(bzip2(Buffer.from("a")));
  // The last four bytes but for some bits of padding.
  damaged[damaged.length - 2]! ^= 0x01;
  expect(() => createCompression().decompressSync(damaged, { contentType: "bzip2" })).toThrow(
    expect.objectContaining({ code: "decompress-failed", message: expect.stringContaining("checksum of a stream") }),
  );
});

test("lzma: a block's header that is longer than it says is refused before anything is decompressed", async () => {
  const compression = createCompression();
  const { body } = await compression.compress(Buffer.from("text"), "lzma");
  const long = Buffer.from(body);
  // The size of the filter's properties.
  long[15] = 10;
  await expect(compression.decompress(long, { contentType: "lzma" })).rejects.toMatchObject({
    code: "decompress-failed",
    message: expect.stringContaining("header is longer than it says"),
  });
});

test("lzma: a dictionary that is too large is no result that is", async () => {
  const compression = createCompression();
  const { body } = await compression.compress(Buffer.from("text"), "lzma");
  const large = Buffer.from(body);
  // The properties of LZMA2: the dictionary's size in half steps of two, 40 for 4 GiB.
  large[16] = 40;
  await expect(compression.decompress(large, { contentType: "lzma" })).rejects.toMatchObject({
    code: "decompress-failed",
    message: expect.stringContaining("dictionary is larger than"),
  });
});

const hasOwn = "zstdDecompressSync" in zlib;

describe.each([
  { which: "the package", isThere: true },
  { which: "Node's own, since 22.15", isThere: hasOwn },
])("zstd through $which", ({ which, isThere }) => {
  if (!isThere) return test.skip(`node:zlib has zstd since 22.15, this is Node ${process.versions.node}`);
  let compression = createCompression();
  beforeAll(async () => {
    if (which === "the package") compression = createCompression({ zstd: await Zstd.load() });
  });
  const decompress = (bytes: Uint8Array, maxBytes = 128 * MIB): Uint8Array =>
    compression.decompressSync(bytes, { contentType: "zstd", maxBytes });

  test("says whether it has to be loaded first", async () => {
    const given = compression.get("zstd");
    expect(given.isLoaded!()).toBe(true);
    const unloaded = createCompression().get("zstd");
    expect(unloaded.isLoaded!()).toBe(hasOwn);
    await unloaded.load!();
    expect(unloaded.isLoaded!()).toBe(true);
  });

  test("makes a result of 120 MiB from few bytes", { timeout: 120_000 }, () => {
    const result = decompress(zstdBomb(120 * MIB));
    expect(result.length).toBe(120 * MIB);
    expect([result[0], result.at(-1)]).toEqual([0x61, 0x61]);
  });

  test.each([true, false])("makes nothing that is too long, content size stated: %s", (stated) => {
    expect(() => decompress(zstdBomb(120 * MIB, stated), MIB)).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(decompress(zstdBomb(MIB, stated), MIB)).toHaveLength(MIB);
  });

  test("makes 128 MiB at most where it is told no bound", () => {
    const longer = zstdBomb(128 * MIB + 128 * 1024);
    expect(() => compression.decompressSync(longer, { contentType: "zstd" })).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  test("makes no room for what a frame says and its blocks cannot hold", () => {
    const frame = zstdBomb(128 * 1024);
    frame.writeUInt32LE(100 * MIB, 5);
    expect(() => decompress(frame)).toThrow(expect.objectContaining({ message: expect.stringContaining("less than") }));
    // A block is 128 KiB at most.
    const large = zstdBomb(128 * 1024);
    large.writeUIntLE(((128 * 1024 + 1) << 3) | (1 << 1) | 1, 9, 3);
    expect(() => decompress(large)).toThrow(expect.objectContaining({ message: expect.stringContaining("damaged") }));
  });

  test("takes results apart as it got them", () => {
    for (const size of [0, 1, 1000, 131_072, 131_073, 700_000]) {
      const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * i) >>> 7));
      const { body } = compression.compressSync(bytes, "zstd");
      expect(Buffer.from(decompress(body)).equals(bytes)).toBe(true);
      expect(() => decompress(body.subarray(0, -1))).toThrow(expect.objectContaining({ code: "decompress-failed" }));
    }
  });

  test("notices damage, also in a frame that does not state its content size", () => {
    const frame = Buffer.from(UNSTATED, "base64");
    expect(Buffer.from(decompress(frame)).toString()).toBe("pickle ".repeat(8));
    let refused = 0;
    for (let at = 0; at < frame.length; at++) {
      const damaged = Buffer.from(frame);
      damaged[at]! ^= 0x55;
      try {
        decompress(damaged, MIB);
      } catch (error) {
        expect(error).toMatchObject({ name: "DecodeError" });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5);
  });
});
