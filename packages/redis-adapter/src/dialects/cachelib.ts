/** cachelib and Flask-Caching. */
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import {
  type Dialect,
  decodeDigits,
  encodeDigits,
  lifetime,
  type PickleOptions,
  pickleCodec,
  prefixedKeys,
  type Ttl,
  toBuffer,
} from "./dialect.js";

/** Options of {@link cachelib} and {@link flaskCaching}. */
export interface CachelibOptions {
  /** `key_prefix`, `CACHE_KEY_PREFIX`. Default `""` for cachelib, `"flask_cache_"` for Flask-Caching. */
  readonly prefix?: string | undefined;
  /**
   * How ints are written. `"digits"` (default): as cachelib >= 0.15.4, so that `inc` works; earlier versions read them, too.
   * `"pickle"`: as earlier versions write them.
   */
  readonly ints?: "digits" | "pickle" | undefined;
  /** `default_timeout`. Milliseconds; default 300,000; `null` or 0: none. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. cachelib writes its Python's highest protocol; the default here is 4. */
  readonly pickle?: PickleOptions | undefined;
}

const CACHELIB_OPTIONS = /* @__PURE__ */ optionNames<CachelibOptions>(
  { prefix: true, ints: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["registry", "write pickle: { registry }"],
      ["keyPrefix", "prefix"],
      ["cacheKeyPrefix", "prefix"],
      ["defaultTimeout", "write defaultTtl, in milliseconds"],
      ["cacheDefaultTimeout", "write defaultTtl, in milliseconds"],
    ],
  },
);

const MARK = 0x21;
const MARK_BYTES = Buffer.from("!");

/** What `cachelib.redis.RedisCache` stores: `!` and a pickle. A value without the mark is an int or, as it is, bytes. */
export function cachelib(options: CachelibOptions = {}): Dialect {
  checkNames(options, CACHELIB_OPTIONS, "options of cachelib()");
  const pickle = pickleCodec(options.pickle);
  const keys = prefixedKeys(options.prefix ?? "");
  const digits = (options.ints ?? "digits") === "digits";
  const { ttl: expiryOf, defaultTtl } = lifetime(
    options.defaultTtl === undefined ? 300_000 : options.defaultTtl,
    "seconds",
  );
  return Object.freeze({
    name: "cachelib",
    ...keys,
    encode(value: unknown) {
      const int = digits ? encodeDigits(value) : undefined;
      if (int !== undefined) return int;
      const bytes = pickle.encode(value);
      return Buffer.concat([MARK_BYTES, typeof bytes === "string" ? Buffer.from(bytes) : toBuffer(bytes)]);
    },
    decode(raw: Buffer) {
      if (raw[0] === MARK) return pickle.decode(raw.subarray(1));
      // cachelib: "before 0.8 we did not have serialization. Still support that."
      return decodeDigits(raw, options.pickle?.int) ?? raw;
    },
    // 0 means no expiry here, where Django deletes.
    ttl: (ttl: Ttl | undefined) =>
      (ttl ?? (ttl === null ? null : defaultTtl)) === 0 ? ("persist" as const) : expiryOf(ttl),
    defaultTtl,
    lockKey: keys.key,
    digits,
    incrCreates: true,
    canonical: true,
  });
}

/** What Flask-Caching stores with `CACHE_TYPE = "RedisCache"`: cachelib's values behind its own prefix. */
export function flaskCaching(options: CachelibOptions = {}): Dialect {
  checkNames(options, CACHELIB_OPTIONS, "options of flaskCaching()");
  return Object.freeze({
    ...cachelib({ ...options, prefix: options.prefix ?? "flask_cache_" }),
    name: "flask-caching",
  });
}
