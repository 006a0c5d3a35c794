/** django-redis (`django_redis.cache.RedisCache`), 5.2 to 6.0. */
import { jsonSerializer, msgpackSerializer, type Serializer } from "@brine/codec/kombu";
import { extendOptionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type CompressorName, compressor, decompress, type ValueCompressor } from "./compressors.js";
import {
  type Dialect,
  lifetime,
  type PickleOptions,
  pickleCodec,
  toBuffer,
  type ValueCodec,
  withDigits,
} from "./dialect.js";
import { DJANGO_OPTIONS, DJANGO_TTL, type DjangoOptions, djangoKeys } from "./django.js";
import { herd, herdPickle } from "./herd.js";

/** Options of {@link djangoRedis}. */
export interface DjangoRedisOptions extends DjangoOptions {
  /** `OPTIONS.SERIALIZER`: what values are written with. Default `"pickle"`. */
  readonly serializer?: "pickle" | "json" | "msgpack" | ValueCodec | undefined;
  /** `OPTIONS.COMPRESSOR`, by the name of its module, or one of your own. Default: none. */
  readonly compressor?: CompressorName | ValueCompressor | undefined;
  /**
   * `CLIENT_CLASS = "django_redis.client.HerdClient"`: values carry their end, stay for `CACHE_HERD_TIMEOUT` after it, and
   * are given to most readers meanwhile. Needs the pickle serializer, and `incr` is refused, as in Python. Default false.
   */
  readonly herd?: boolean | undefined;
  /** `CACHE_HERD_TIMEOUT`, in milliseconds here. Default 60,000. */
  readonly herdTtl?: number | undefined;
  /** Bytes of a decompressed value at most. Default 64 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
}

const DJANGO_REDIS_OPTIONS = /* @__PURE__ */ extendOptionNames<DjangoRedisOptions, DjangoOptions>(
  DJANGO_OPTIONS,
  { serializer: true, compressor: true, herd: true, herdTtl: true, maxDecompressedBytes: true },
  {
    instead: [
      ["cacheHerdTimeout", "write herdTtl, in milliseconds"],
      ["herdTimeout", "write herdTtl, in milliseconds"],
    ],
  },
);

const DEFAULT_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;

/**
 * What django-redis stores: keys as Django's, ints as digits, everything else serialized and then compressed. A value that
 * is too short for the compressor, or does not have its form, is stored as it is; both sides read both.
 *
 * @throws RedisAdapterError `bad-option` for a serializer or compressor that there is not, and for `herd` without pickle
 */
export function djangoRedis(options: DjangoRedisOptions = {}): Dialect {
  checkNames(options, DJANGO_REDIS_OPTIONS, "options of djangoRedis()");
  const keys = djangoKeys(options);
  const { serializer = "pickle" } = options;
  const compression = typeof options.compressor === "string" ? compressor(options.compressor) : options.compressor;
  const maxBytes = options.maxDecompressedBytes ?? DEFAULT_MAX_DECOMPRESSED_BYTES;
  if (options.herd && serializer !== "pickle") {
    throw new RedisAdapterError("Cannot use herd with a serializer other than pickle: its marker is a Python object", {
      code: "bad-option",
    });
  }
  const pickle = options.herd ? herdPickle(options.pickle) : options.pickle;
  const serialize = serializerOf(serializer, pickle);
  const codec = compression === undefined ? serialize : compressed(serialize, compression, maxBytes);
  const load = compression?.load;
  return Object.freeze({
    name: `django-redis${options.herd ? "+herd" : ""}${compression ? `+${compression.name}` : ""}`,
    ...keys,
    ...(options.herd ? herd(codec, options.herdTtl, pickle?.int) : withDigits(codec, pickle?.int)),
    ...lifetime(options.defaultTtl === undefined ? DJANGO_TTL : options.defaultTtl),
    lockKey: keys.key,
    // django-redis 6 `hset(name, key, value)`: the name is raw, the field is a key.
    hash: (name: string) => name,
    field: (field: string) => keys.key(field),
    unfield: keys.unkey,
    digits: !options.herd,
    incrAny: true,
    canonical: compression === undefined && serializer === "pickle",
    ...(load === undefined ? {} : { load: () => load() }),
  });
}

function serializerOf(
  serializer: NonNullable<DjangoRedisOptions["serializer"]>,
  pickle: PickleOptions | undefined,
): ValueCodec {
  if (typeof serializer !== "string") return serializer;
  switch (serializer) {
    case "pickle":
      return pickleCodec(pickle);
    case "json":
      // DjangoJSONEncoder writes dates, Decimal and UUID as plain strings, as kombu 5.2 does.
      return serializerCodec(jsonSerializer({ ...modelOf(pickle), dialect: "5.2" }));
    case "msgpack":
      return serializerCodec(msgpackSerializer(modelOf(pickle)));
    default:
      serializer satisfies never;
      throw new RedisAdapterError(`Cannot use serializer ${JSON.stringify(serializer)}: there is none`, {
        code: "bad-option",
      });
  }
}

/** How values are to be represented, of the options for pickles: the same in whatever form they are stored. */
export function modelOf({ int, float, dict }: PickleOptions = {}): Pick<PickleOptions, "int" | "float" | "dict"> {
  return { int, float, dict };
}

export function serializerCodec(serializer: Serializer): ValueCodec {
  return {
    encode: (value) => toBuffer(serializer.encode!(value)),
    decode: (raw) => serializer.decode!(raw),
  };
}

function compressed(inner: ValueCodec, compression: ValueCompressor, maxBytes: number): ValueCodec {
  return {
    encode(value) {
      const plain = inner.encode(value);
      const bytes = typeof plain === "string" ? Buffer.from(plain) : plain;
      return bytes.length > compression.minLength ? toBuffer(compression.compress(bytes)) : bytes;
    },
    decode(raw) {
      if (!compression.matches(raw)) return inner.decode(raw);
      let bytes: Buffer;
      try {
        bytes = decompress(compression, raw, maxBytes);
      } catch (error) {
        if (error instanceof RedisAdapterError && error.cause instanceof RangeError) throw error;
        // django-redis: what cannot be decompressed was stored as it is.
        bytes = raw;
      }
      return inner.decode(bytes);
    },
  };
}
