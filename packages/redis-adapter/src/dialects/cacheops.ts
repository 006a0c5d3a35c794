/** django-cacheops: what it stores for queries, functions and its simple cache. */
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec, prefixedKeys, type Ttl } from "./dialect.js";

/** Options of {@link cacheops}. */
export interface CacheopsOptions {
  /** What the function of `CACHEOPS_PREFIX` gives, before every key. Default `""`. */
  readonly prefix?: string | undefined;
  /** Lifetime of what the simple cache stores without one, in milliseconds. Default `null`: none. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const CACHEOPS_OPTIONS = /* @__PURE__ */ optionNames<CacheopsOptions>(
  { prefix: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["registry", "write pickle: { registry }"],
      ["keyPrefix", "prefix"],
      ["cacheopsPrefix", "prefix"],
      ["timeout", "write defaultTtl, in milliseconds"],
    ],
  },
);

/** What stands where a value is being made. */
const LOCK = Buffer.from("LOCK");
/** Before the value in mode INSIDEOUT: the digest of the stamps that it depends on. */
const STAMP = /^[0-9a-f]{40}:/;
const STAMP_LENGTH = 41;

/**
 * What cacheops stores: pickles, under keys that are digests of queries and calls. Its simple cache
 * (`cacheops.cache.set("key", ...)`) has the keys that it is given, and can be written to as well; what depends on tables is
 * only to be read, and to be invalidated with `invalidateCacheops`.
 */
export function cacheops(options: CacheopsOptions = {}): Dialect {
  checkNames(options, CACHEOPS_OPTIONS, "options of cacheops()");
  const pickle = pickleCodec(options.pickle);
  return Object.freeze({
    name: "cacheops",
    ...prefixedKeys(options.prefix ?? ""),
    encode: pickle.encode,
    decode(raw: Buffer) {
      if (raw.equals(LOCK)) return undefined;
      const isStamped = raw.length > STAMP_LENGTH && STAMP.test(raw.toString("latin1", 0, STAMP_LENGTH));
      return pickle.decode(isStamped ? raw.subarray(STAMP_LENGTH) : raw);
    },
    ...lifetime(options.defaultTtl ?? null, "seconds"),
    digits: false,
    canonical: true,
  });
}
