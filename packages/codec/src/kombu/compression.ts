/** kombu's compression: names, content types, and who compresses. kombu 5.6 `compression.py`. */
import { reasonOf } from "../coded-error.js";
import { nearest } from "../options/nearest.js";
import { optionNames } from "../options/option-names.js";
import { isContentType, normalizeContentType } from "./content-type.js";
import { DecodeError, EncodeError, isKombuError, SerializerNotInstalled } from "./errors.js";
import { checkOptions } from "./option-names.js";
import { checkBound } from "./option-values.js";

/** One way to compress: what {@link CompressionRegistry.register} takes. */
export interface Compressor {
  /** Goes into the message's header `compression`: `"application/x-gzip"`. */
  readonly contentType: string;
  /** Its names in settings and options: `["gzip", "zlib"]`. */
  readonly aliases: readonly string[];
  /** Loads the library, if that cannot be done synchronously. Rejects with {@link SerializerNotInstalled} without it. */
  load?(): Promise<void>;
  /** Whether `compress` and `decompress` can be called; absent: always. */
  isLoaded?(): boolean;
  /** What it throws becomes an {@link EncodeError}. */
  compress(bytes: Uint8Array): Uint8Array;
  /** Must allocate no more than about `maxBytes`, and throw a RangeError when the output would be longer. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/** Bound on decompressed bodies where none is given: 128 MiB, RabbitMQ's own bound on messages up to 3.13. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** What {@link CompressionRegistry.decompress} takes. */
export interface DecompressOptions {
  /** Name or content type of the compression. */
  readonly contentType: string;
  /** Bytes of the result at most. Default {@link DEFAULT_MAX_DECOMPRESSED_BYTES}. */
  readonly maxBytes?: number | undefined;
}

const DECOMPRESS_OPTIONS = /* @__PURE__ */ optionNames<DecompressOptions>({ contentType: true, maxBytes: true });

/**
 * Compressors by content type and name. A value, not a global.
 *
 * @example
 * const compression = createCompression();
 * const { body, contentType } = await compression.compress(Buffer.from("abc"), "zlib");
 * contentType // => 'application/x-gzip'
 * await compression.decompress(body, { contentType, maxBytes: 1_000_000 }) // => <Buffer 61 62 63>
 */
export class CompressionRegistry {
  readonly #byType = new Map<string, Compressor>();
  readonly #types = new Map<string, string>();

  /** Adds a compressor, or replaces the one of its content type. */
  register(compressor: Compressor): void {
    const type = normalizeContentType(compressor.contentType);
    this.#byType.set(type, compressor);
    for (const alias of compressor.aliases) this.#types.set(alias, type);
  }

  /**
   * Removes a compressor and its names.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` if there is none
   */
  unregister(nameOrType: string): void {
    const type = normalizeContentType(this.get(nameOrType).contentType);
    this.#byType.delete(type);
    for (const [alias, named] of this.#types) if (named === type) this.#types.delete(alias);
  }

  /** Whether a compressor has this name or content type; its library may still be missing. */
  has(nameOrType: string): boolean {
    return this.#find(nameOrType) !== undefined;
  }

  /** Content types, in the order they were registered. */
  get contentTypes(): string[] {
    return [...this.#byType.values()].map((compressor) => compressor.contentType);
  }

  /**
   * The compressor of a name or content type.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` if there is none
   */
  get(nameOrType: string): Compressor {
    const found = this.#find(nameOrType);
    if (found === undefined) {
      const meant = nearest(nameOrType, this.#types.keys());
      const hint =
        meant === undefined ? `; there are ${[...this.#types.keys()].join(", ")}` : `; did you mean ${meant}?`;
      throw new SerializerNotInstalled(`No compression installed for ${nameOrType}${hint}`, {
        code: "unknown-compression",
        contentType: nameOrType,
      });
    }
    return found;
  }

  /**
   * Loads the libraries of these, so that the synchronous methods can use them. Only zstd on a Node without one needs it.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` for an unknown name, `not-installed` without the library
   */
  async load(...namesOrTypes: string[]): Promise<void> {
    for (const nameOrType of namesOrTypes) await this.get(nameOrType).load?.();
  }

  /**
   * Compresses, after loading the library if there is one. `contentType` is what the header `compression` is to say.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` for an unknown name, `not-installed` without the library
   * @throws {@link EncodeError} `encode-failed` for what the library throws
   */
  async compress(bytes: Uint8Array, nameOrType: string): Promise<{ body: Uint8Array; contentType: string }> {
    await this.load(nameOrType);
    return this.compressSync(bytes, nameOrType);
  }

  /**
   * Decompresses, after loading the library if there is one.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` for an unknown name, `not-installed` without the library
   * @throws {@link DecodeError} as {@link decompressSync}
   */
  async decompress(bytes: Uint8Array, options: DecompressOptions): Promise<Uint8Array> {
    await this.load(options.contentType);
    return this.decompressSync(bytes, options);
  }

  /**
   * As {@link compress}; a compressor that must be loaded first throws unless {@link load} was awaited.
   *
   * @throws as {@link compress}
   */
  compressSync(bytes: Uint8Array, nameOrType: string): { body: Uint8Array; contentType: string } {
    const compressor = this.get(nameOrType);
    const { contentType } = compressor;
    try {
      return { body: compressor.compress(bytes), contentType };
    } catch (cause) {
      if (isKombuError(cause)) throw cause;
      throw new EncodeError(`Cannot compress as ${contentType}: ${reasonOf(cause)}`, {
        code: "encode-failed",
        contentType,
        cause,
      });
    }
  }

  /**
   * As {@link decompress}; a compressor that must be loaded first throws unless {@link load} was awaited.
   *
   * @throws {@link SerializerNotInstalled} `unknown-compression` for an unknown name, `not-installed` without the library
   * @throws {@link DecodeError} `too-large` when the result would exceed `maxBytes`, without having made it;
   *   `decompress-failed` for damage
   * @throws {@link KombuError} `bad-option` for an option that there is not, or a `maxBytes` that is no number from 0
   */
  decompressSync(bytes: Uint8Array, options: DecompressOptions): Uint8Array {
    checkOptions(options, DECOMPRESS_OPTIONS, "options of decompress()");
    checkBound("maxBytes", options.maxBytes);
    const compressor = this.get(options.contentType);
    const { contentType } = compressor;
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES;
    try {
      return compressor.decompress(bytes, maxBytes);
    } catch (cause) {
      if (isKombuError(cause)) throw cause;
      const tooLarge = cause instanceof RangeError;
      const reason = tooLarge ? `the result is longer than ${maxBytes} bytes` : reasonOf(cause);
      throw new DecodeError(`Cannot decompress ${contentType}: ${reason}`, {
        code: tooLarge ? "too-large" : "decompress-failed",
        contentType,
        cause,
      });
    }
  }

  #find(nameOrType: string): Compressor | undefined {
    const type = isContentType(nameOrType) ? normalizeContentType(nameOrType) : this.#types.get(nameOrType);
    return type === undefined ? undefined : this.#byType.get(type);
  }
}
