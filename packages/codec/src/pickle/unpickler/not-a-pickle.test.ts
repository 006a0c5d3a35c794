/** What is said of bytes that are no pickle. */
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { dumps } from "../api-dump.js";
import { load, loads, Unpickler } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("what is no pickle", () => {
  const pickled = Buffer.from(dumps({ a: 1 }));
  test.each<[string | Uint8Array, string]>([
    ['{"a": 1}', "byte 0x7b is no opcode; this looks like JSON"],
    ["true", "there is no mark; this looks like JSON"],
    [gzipSync(pickled), "byte 0x1f is no opcode; this looks like gzip, to be decompressed first"],
    [deflateSync(pickled, { level: 1 }), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    [deflateSync(pickled), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    [deflateSync(pickled, { level: 9 }), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    ["\x28\xb5\x2f\xfd\x04\0", "byte 0xb5 is no opcode; this looks like zstd, to be decompressed first"],
    ["\xfd7zXZ\0\0", "byte 0xfd is no opcode; this looks like xz, to be decompressed first"],
    ["BZh91AY&SY", "needs 825845850 bytes, 5 remain; this looks like bzip2, to be decompressed first"],
    ["\x04\x22\x4d\x18", "byte 0x04 is no opcode; this looks like LZ4, to be decompressed first"],
    ["!\x80\x04N.", "byte 0x21 is no opcode; this looks like a value of cachelib or Flask-Caching"],
    ["42", "byte 0x34 is no opcode; this looks like digits"],
    ["1", "there is no mark; this looks like digits"],
    ["-7", "byte 0x2d is no opcode; this looks like digits"],
    [pickled.toString("base64"), "the line has no end; this looks like a pickle in base64"],
    [
      Buffer.from(dumps({ a: 1 }, { protocol: 2 })).toString("base64"),
      "the line has no end; this looks like a pickle in base64",
    ],
    [
      Buffer.from(dumps({ a: 1 }, { protocol: 0 })).toString("base64"),
      "too few items on the stack; this looks like a pickle in base64",
    ],
    [pickled.toString("hex"), "byte 0x38 is no opcode; this looks like a pickle in hexadecimal"],
    [`\\x${pickled.toString("hex")}`, "byte 0x5c is no opcode; this looks like bytea of PostgreSQL as text"],
    ["b'\\x80\\x04N.'", "too few items on the stack; this looks like what Python's str\\(\\) or repr\\(\\) shows"],
    [Buffer.from(pickled.toString("utf8")), "byte 0xef is no opcode; this looks like bytes that were decoded as text"],
    [
      Buffer.from(pickled.toString("latin1")),
      "byte 0xc2 is no opcode; this looks like a pickle that was written as text",
    ],
    // As Django 3.2 stores a session, and keeps it in a cookie; the signature is none.
    ["gAWVCgAAAAAAAAB9lIwBYZRLAXMu:1xY1bp:CMoP", "the line has no end; this looks like a signed session of Django: "],
    [".eJxrYJ06lwECaqdo9LAkJxaVTImd:1xY1bp:LqE6", "too few items on the stack; this looks like a signed session"],
    ["PK\x03\x04aa", "the line has no end; this looks like a zip file, as of torch.save"],
    ["\x93NUMPY\x01\0", "too few items on the stack; this looks like an array of numpy.save"],
    ["\x89HDF\r\n\x1a\n", "byte 0x48 is no opcode; this looks like HDF5"],
    ["SQLite format 3\0", "the line has no end; this looks like a database of SQLite"],
    // As joblib.dump(value, file, compress=("lzma", 3)) begins.
    ["]\0\0@\0\xff\xff", "byte 0x00 is no opcode; this looks like lzma, to be decompressed first"],
    // As dbm.ndbm and dbm.gnu begin the files of a shelf.
    [
      `${"\0".repeat(4)}\x01${"\0".repeat(7)}a\x15\x06\0\t`,
      "byte 0x00 is no opcode; this looks like a database of dbm",
    ],
    ["\xce\x9aW\x13\0\x10", "byte 0xce is no opcode; this looks like a database of dbm"],
    // What multiprocessing.connection sends for {"a": 1}, and how logging's SocketHandler begins.
    [
      "\0\0\0\x15\x80\x04\x95\n",
      "byte 0x00 is no opcode; this looks like a pickle after its length in 4 bytes, as logging's",
    ],
    [
      "\0\0\x01\xce}q\0(X\x04",
      "byte 0x00 is no opcode; this looks like a pickle after its length in 4 bytes, as logging's",
    ],
    ["\0\0\0\0\0\0\0\0\0\0", "byte 0x00 is no opcode$"],
    // As cachelib 0.9 writes a file of its FileSystemCache.
    ["\xf8\xcd\rk\x80\x05\x95\n", "byte 0xf8 is no opcode; this looks like a pickle after 4 bytes, which are a time"],
    ["\0\0\0\0\x80\x05\x95\n", "byte 0x00 is no opcode; this looks like a pickle after 4 bytes, which are a time"],
    ["\x15\0\0\0\0\0\0\0\x80\x04", "byte 0x15 is no opcode; this looks like a pickle after 8 bytes"],
    ["N{", "byte 0x7b is no opcode$"],
    ["2024-05-06", "too few items on the stack$"],
  ])("what is no pickle is called what it looks like: %j", (input, message) => {
    const bytes = typeof input === "string" ? raw(input) : input;
    expect(failure(() => loads(bytes)).message).toMatch(new RegExp(`^Cannot (?:unpickle|decode [A-Z_]+): ${message}`));
  });

  test("nothing at all is called empty, with what that means", async () => {
    const message = /^Cannot unpickle: the input is empty; nothing was stored there, or was not written yet, or it/;
    const error = failure(() => loads(new Uint8Array()));
    expect([error.code, error.offset, error.opcode]).toEqual(["truncated", 0, undefined]);
    expect(error.message).toMatch(message);
    await expect(load([])).rejects.toThrow(message);
    const unpickler = new Unpickler(pickled);
    unpickler.load();
    const atEnd = failure(() => unpickler.load());
    expect([atEnd.code, atEnd.offset]).toEqual(["truncated", pickled.length]);
    expect(atEnd.message).toMatch(message);
  });

  test("a pickle that is cut is called nothing else, whatever its protocol", () => {
    const value = { "b'": ["{", 'x"', 8002, "gAS", true, null, [1]], h: new Set(["PK"]), n: 2 ** 40 };
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const bytes = dumps(value, { protocol });
      for (let length = 0; length < bytes.length; length++) {
        expect(failure(() => loads(bytes.subarray(0, length))).message).not.toContain("looks like");
      }
    }
  });

  test("what a file looks like is said of files, too", async () => {
    const sources = [[gzipSync(pickled)], [raw('{"a"'), raw(": 1}")]];
    const reasons = sources.map((chunks) => load(chunks).catch((error: Error) => error.message));
    expect(await Promise.all(reasons)).toEqual([
      "Cannot unpickle: byte 0x1f is no opcode; this looks like gzip, to be decompressed first",
      "Cannot unpickle: byte 0x7b is no opcode; this looks like JSON",
    ]);
  });
});
