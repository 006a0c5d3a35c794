/** Compressors of django-redis (`django_redis/compressors/`): real zlib, gzip, xz, lz4 frames and zstd frames. */
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { createCompression } from "@brine/codec/kombu";
import { RedisAdapterError } from "../errors.js";
import { compressLz4Frame, decompressLz4Frame } from "./lz4.js";

/** One way to compress values: an option of {@link djangoRedis}. */
export interface ValueCompressor {
  /** What errors call it: `"zlib"`. */
  readonly name: string;
  /** Values of so many bytes and fewer are stored as they are: django-redis' `min_length`. */
  readonly minLength: number;
  /** Whether data can be of this format; what cannot is taken for a value that was stored uncompressed. */
  matches(data: Buffer): boolean;
  /** Compresses what is longer than `minLength`; its input stays the caller's. */
  compress(data: Buffer): Uint8Array;
  /**
   * Only of what {@link matches}. When it throws anything but a RangeError, the value is taken for one that was stored
   * uncompressed.
   *
   * @throws RangeError when the result would be longer than `maxBytes`
   */
  decompress(data: Buffer, maxBytes: number): Uint8Array;
  /** Loads its library; awaited before the first command. Absent: nothing is to be loaded. */
  load?(): Promise<void>;
}

/** The compressors of django-redis, by the name of their module. */
export type CompressorName = "zlib" | "gzip" | "lzma" | "lz4" | "zstd";

/** kombu's registry has xz and zstd already, with bounds; its `gzip` is zlib, so that one is not taken from there. */
const shared = (name: "lzma" | "zstd") => createCompression().get(name);

const startsWith = (data: Buffer, ...magic: number[]): boolean => magic.every((byte, i) => data[i] === byte);

/**
 * The compressor of a name. `lzma` needs the package `@napi-rs/lzma`; `zstd` needs Node >= 22.15 or the package
 * `@hpcc-js/wasm-zstd`. The rest is built in.
 *
 * @throws RedisAdapterError `bad-option` for a name that there is not
 */
export function compressor(name: CompressorName): ValueCompressor {
  switch (name) {
    case "zlib":
      return {
        name,
        minLength: 15,
        // RFC 1950: the method is 8 and the first two bytes are a multiple of 31.
        matches: (data) => data.length > 2 && (data[0]! & 0x0f) === 8 && data.readUInt16BE(0) % 31 === 0,
        compress: (data) => deflateSync(data, { level: 6 }),
        decompress: (data, maxBytes) => inflateSync(data, { maxOutputLength: maxBytes }),
      };
    case "gzip":
      return {
        name,
        minLength: 15,
        matches: (data) => startsWith(data, 0x1f, 0x8b),
        compress: (data) => gzipSync(data),
        decompress: (data, maxBytes) => gunzipSync(data, { maxOutputLength: maxBytes }),
      };
    case "lz4":
      return {
        name,
        minLength: 15,
        matches: (data) => startsWith(data, 0x04, 0x22, 0x4d, 0x18),
        compress: compressLz4Frame,
        decompress: decompressLz4Frame,
      };
    case "lzma": {
      const lzma = shared("lzma");
      return {
        name,
        minLength: 100,
        matches: (data) => startsWith(data, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
        compress: (data) => lzma.compress(data),
        decompress: (data, maxBytes) => lzma.decompress(data, maxBytes),
      };
    }
    case "zstd": {
      const zstd = shared("zstd");
      return {
        name,
        minLength: 15,
        matches: (data) => startsWith(data, 0x28, 0xb5, 0x2f, 0xfd),
        compress: (data) => zstd.compress(data),
        decompress: (data, maxBytes) => zstd.decompress(data, maxBytes),
        load: async () => zstd.load?.(),
      };
    }
    default:
      name satisfies never;
      throw new RedisAdapterError(`Cannot use compressor ${JSON.stringify(name)}: there is none`, {
        code: "bad-option",
      });
  }
}

/** As {@link ValueCompressor.decompress}, with errors of this package. */
export function decompress(compressor: ValueCompressor, data: Buffer, maxBytes: number): Buffer {
  let result: Uint8Array;
  try {
    result = compressor.decompress(data, maxBytes);
  } catch (cause) {
    const reason =
      cause instanceof RangeError ? `the result is longer than ${maxBytes} bytes` : (cause as Error).message;
    throw new RedisAdapterError(`Cannot decompress ${compressor.name}: ${reason}`, { code: "decode", cause });
  }
  return Buffer.from(result.buffer, result.byteOffset, result.byteLength);
}
