/** Django's own `django.core.cache.backends.redis.RedisCache` (Django >= 4.0). */
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import {
  type Dialect,
  escapeGlob,
  lifetime,
  type PickleOptions,
  pickleCodec,
  type Ttl,
  withDigits,
} from "./dialect.js";

/** Where Django puts keys; the same for its own backend and for django-redis. */
export interface DjangoKeyOptions {
  /** `KEY_PREFIX`. Default `""`; the colon after it stays. */
  readonly prefix?: string | undefined;
  /** `VERSION` of keys that are given none. Default 1. */
  readonly version?: number | undefined;
  /** `KEY_FUNCTION`. Default `"%s:%s:%s" % (prefix, version, key)`. */
  readonly keyFunction?: ((key: string, prefix: string, version: number) => string) | undefined;
  /** `REVERSE_KEY_FUNCTION` of django-redis, for {@link keyFunction}. Default: none; keys of Redis are then given as they are where there is a `keyFunction`. */
  readonly reverseKeyFunction?: ((redisKey: string) => string) | undefined;
}

/** Options of {@link django}. */
export interface DjangoOptions extends DjangoKeyOptions {
  /** `TIMEOUT`, in milliseconds here; `null`: none. Default 300,000, as Django's 300 seconds. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Django writes protocol 5 (its Python's highest); the default here is 4, which every Python reads. */
  readonly pickle?: PickleOptions | undefined;
}

export const DJANGO_OPTIONS = /* @__PURE__ */ optionNames<DjangoOptions>(
  { prefix: true, version: true, keyFunction: true, reverseKeyFunction: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["registry", "write pickle: { registry }"],
      ["keyPrefix", "prefix"],
      ["timeout", "write defaultTtl, in milliseconds"],
      ["location", "it belongs to the client"],
    ],
  },
);

/** Django's default lifetime of a cached value. */
export const DJANGO_TTL = 300_000;

export function djangoKeys(options: DjangoKeyOptions): Pick<Dialect, "version" | "key" | "unkey" | "pattern"> {
  const { prefix = "", version: ownVersion = 1, keyFunction, reverseKeyFunction } = options;
  return {
    version: ownVersion,
    key: (key, version = ownVersion) =>
      keyFunction ? keyFunction(key, prefix, version) : `${prefix}:${version}:${key}`,
    unkey(redisKey) {
      if (reverseKeyFunction) return reverseKeyFunction(redisKey);
      if (keyFunction || !redisKey.startsWith(`${prefix}:`)) return redisKey;
      // The version is a number, so its colon is the first one after the prefix; the key may have more.
      const colon = redisKey.indexOf(":", prefix.length + 1);
      return colon === -1 ? redisKey : redisKey.slice(colon + 1);
    },
    pattern(pattern, version = ownVersion) {
      return keyFunction
        ? keyFunction(pattern, escapeGlob(prefix), version)
        : `${escapeGlob(prefix)}:${version}:${pattern}`;
    },
  };
}

/**
 * What `django.core.cache` stores: key `:1:key`, ints as digits (so that `cache.incr` works), everything else pickled.
 *
 * django-redis without compressor and with its default serializer reads and writes the same.
 */
export function django(options: DjangoOptions = {}): Dialect {
  checkNames(options, DJANGO_OPTIONS, "options of django()");
  const keys = djangoKeys(options);
  return Object.freeze({
    name: "django",
    ...keys,
    ...withDigits(pickleCodec(options.pickle), options.pickle?.int),
    ...lifetime(options.defaultTtl === undefined ? DJANGO_TTL : options.defaultTtl, "seconds"),
    lockKey: keys.key,
    digits: true,
    canonical: true,
  });
}
