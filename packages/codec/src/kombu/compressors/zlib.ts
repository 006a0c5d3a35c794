/** The compressors Node has itself: zlib and brotli. */
import { requireBuiltin } from "../builtin-module.js";
import type { Compressor } from "../compression.js";

/**
 * kombu's `gzip`, which is zlib's format (RFC 1950), not gzip's: kombu calls Python's `zlib.compress`. Data that really is
 * gzip is refused, as Python does.
 */
export const zlibCompressor: Compressor = Object.freeze({
  contentType: "application/x-gzip",
  aliases: ["gzip", "zlib"],
  compress: (bytes: Uint8Array) => requireBuiltin("node:zlib", "zlib").deflateSync(bytes),
  decompress: (bytes: Uint8Array, maxBytes: number) =>
    requireBuiltin("node:zlib", "zlib").inflateSync(bytes, { maxOutputLength: maxBytes }),
});

interface BrotliResult {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how much of the input was taken. */
  readonly engine: { readonly bytesWritten: number };
}

/** kombu's `brotli`: one stream, and nothing behind it. */
export const brotliCompressor: Compressor = Object.freeze({
  contentType: "application/x-brotli",
  aliases: ["brotli"],
  compress: (bytes: Uint8Array) => requireBuiltin("node:zlib", "brotli").brotliCompressSync(bytes),
  decompress(bytes: Uint8Array, maxBytes: number) {
    const options = { maxOutputLength: maxBytes, info: true };
    const { brotliDecompressSync } = requireBuiltin("node:zlib", "brotli");
    // The types do not know what `info` makes of the result.
    const { buffer, engine } = brotliDecompressSync(bytes, options) as unknown as BrotliResult;
    // Python refuses what follows; Node ignores it.
    if (engine.bytesWritten !== bytes.length) throw new Error("data follows the end of the stream");
    return buffer;
  },
});
