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

export const brotliCompressor: Compressor = Object.freeze({
  contentType: "application/x-brotli",
  aliases: ["brotli"],
  compress: (bytes: Uint8Array) => requireBuiltin("node:zlib", "brotli").brotliCompressSync(bytes),
  decompress: (bytes: Uint8Array, maxBytes: number) =>
    requireBuiltin("node:zlib", "brotli").brotliDecompressSync(bytes, { maxOutputLength: maxBytes }),
});
