/** Zstandard: Node's own where it has it (22.15 and later), else the package `@hpcc-js/wasm-zstd`. */
import { builtinModule } from "../../bytes/node-modules.js";
import { notInstalled } from "../builtin-module.js";
import type { Compressor } from "../compression.js";
import { zstdFrame } from "./zstd-size.js";
import { copyingAtOnce, decompressFrame, type ZstdInstance } from "./zstd-wasm.js";

/** What `node:zlib` has since Node 22.15, and the types of Node 20 lack. */
interface ZstdOfNode {
  zstdCompressSync(bytes: Uint8Array, options: { readonly pledgedSrcSize: number }): Uint8Array;
  zstdDecompressSync(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Uint8Array;
}

/**
 * kombu's `zstd`: one frame that states its content size, which python-zstandard requires.
 *
 * @param instance - `await Zstd.load()` of `@hpcc-js/wasm-zstd`; by default Node's own, else the package is loaded by `load`
 */
export function zstdCompressor(instance?: ZstdInstance): Compressor {
  let zstd = instance && copyingAtOnce(instance);
  const node = instance === undefined ? zstdOfNode() : undefined;
  const loaded = (): ZstdInstance => {
    if (zstd === undefined) {
      throw notInstalled("@hpcc-js/wasm-zstd", "zstd compression synchronously before load()", undefined);
    }
    return zstd;
  };
  return {
    contentType: "application/zstd",
    aliases: ["zstd", "zstandard"],
    isLoaded: () => node !== undefined || zstd !== undefined,
    async load() {
      if (node !== undefined || zstd !== undefined) return;
      try {
        const { Zstd } = await import("@hpcc-js/wasm-zstd");
        zstd = copyingAtOnce(await Zstd.load());
      } catch (cause) {
        throw notInstalled("@hpcc-js/wasm-zstd", "zstd compression", cause);
      }
    },
    compress: (bytes) => node?.zstdCompressSync(bytes, { pledgedSrcSize: bytes.length }) ?? loaded().compress(bytes),
    decompress(bytes, maxBytes) {
      const size = zstdFrame(bytes);
      const { contentSize, atMost, end } = size;
      if (contentSize !== undefined && contentSize > maxBytes) throw new RangeError(`output exceeds ${maxBytes} bytes`);
      if (contentSize !== undefined && contentSize > atMost) throw new Error("holds less than it says");
      // What follows the first frame is ignored, as by python-zstandard.
      const frame = bytes.subarray(0, end);
      if (node !== undefined) return node.zstdDecompressSync(frame, { maxOutputLength: maxBytes });
      return decompressFrame(loaded(), frame, size, maxBytes);
    },
  };
}

function zstdOfNode(): ZstdOfNode | undefined {
  const zlib: object | undefined = builtinModule("node:zlib");
  return zlib !== undefined && "zstdDecompressSync" in zlib ? (zlib as ZstdOfNode) : undefined;
}
