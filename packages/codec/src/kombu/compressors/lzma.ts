/** .xz files, through the package `@napi-rs/lzma`. */
import { requirePeer } from "../builtin-module.js";
import type { Compressor } from "../compression.js";
import { xzSize } from "./xz-size.js";

/** What is used of `@napi-rs/lzma`. */
export interface LzmaModule {
  /** Whole .xz files, synchronously; damage throws. */
  readonly xz: {
    compressSync(input: Uint8Array): Uint8Array;
    decompressSync(input: Uint8Array): Uint8Array;
  };
}

/** The dictionary of xz's highest preset; a decoder may allocate what a file asks for. */
const MAX_DICTIONARY = 64 * 1024 * 1024;

/**
 * kombu's `lzma`: the .xz container, as Python's `lzma.compress` writes it.
 *
 * @param module - the package `@napi-rs/lzma`; by default it is loaded when first used
 */
export function lzmaCompressor(module?: LzmaModule): Compressor {
  let loaded = module;
  const load = (): LzmaModule => {
    loaded ??= requirePeer("@napi-rs/lzma", "lzma compression") as LzmaModule;
    return loaded;
  };
  return {
    contentType: "application/x-lzma",
    aliases: ["lzma", "xz"],
    compress: (bytes) => load().xz.compressSync(bytes),
    decompress(bytes, maxBytes) {
      const { size, dictionarySize, streamEnds } = xzSize(bytes);
      if (size > maxBytes) throw new RangeError(`output exceeds ${maxBytes} bytes`);
      if (dictionarySize > MAX_DICTIONARY) throw new Error(`its dictionary is larger than ${MAX_DICTIONARY} bytes`);
      const { xz } = load();
      if (streamEnds.length === 1) return xz.decompressSync(bytes.subarray(0, streamEnds[0]));
      const result = new Uint8Array(size);
      let length = 0;
      for (const [i, end] of streamEnds.entries()) {
        const part = xz.decompressSync(bytes.subarray(i === 0 ? 0 : streamEnds[i - 1]!, end));
        result.set(part, length);
        length += part.length;
      }
      return result.subarray(0, length);
    },
  };
}
