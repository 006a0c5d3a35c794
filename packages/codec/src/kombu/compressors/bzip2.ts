import type { Compressor } from "../compression.js";
import { bunzip2 } from "./bzip2-decoder.js";
import { bzip2 } from "./bzip2-encoder.js";

/** bzip2, in TypeScript: no maintained package for Node can write it. */
export const bzip2Compressor: Compressor = Object.freeze({
  contentType: "application/x-bz2",
  aliases: ["bzip2", "bzip"],
  compress: bzip2,
  decompress: bunzip2,
});
