import { optionNames } from "../options/option-names.js";
import { CompressionRegistry } from "./compression.js";
import { bzip2Compressor } from "./compressors/bzip2.js";
import { type LzmaModule, lzmaCompressor } from "./compressors/lzma.js";
import { brotliCompressor, zlibCompressor } from "./compressors/zlib.js";
import { zstdCompressor } from "./compressors/zstd.js";
import type { ZstdInstance } from "./compressors/zstd-wasm.js";
import { checkOptions } from "./option-names.js";

/** Where the libraries of compressors come from. */
export interface CompressionOptions {
  /** The package `@napi-rs/lzma`, needed for lzma; by default it is loaded when first used, which only Node can. */
  readonly lzma?: LzmaModule | undefined;
  /** `await Zstd.load()` of `@hpcc-js/wasm-zstd`; by default Node's own zstd, else the package is loaded when first used. */
  readonly zstd?: ZstdInstance | undefined;
}

const COMPRESSION_OPTIONS = /* @__PURE__ */ optionNames<CompressionOptions>({ lzma: true, zstd: true });

/**
 * A registry with all of kombu's compressors: gzip (zlib), bzip2, brotli, lzma (.xz) and zstd. gzip and brotli need Node; lzma
 * the package `@napi-rs/lzma`; zstd `@hpcc-js/wasm-zstd` where Node has none of its own; bzip2 nothing.
 *
 * @throws {@link KombuError} `bad-option` for an option that there is not
 */
export function createCompression(options: CompressionOptions = {}): CompressionRegistry {
  checkOptions(options, COMPRESSION_OPTIONS, "options of createCompression()");
  const registry = new CompressionRegistry();
  registry.register(zlibCompressor);
  registry.register(bzip2Compressor);
  registry.register(brotliCompressor);
  registry.register(lzmaCompressor(options.lzma));
  registry.register(zstdCompressor(options.zstd));
  return registry;
}
