/** dogpile.cache with its Redis backend, >= 1.1. */
import { createHash } from "node:crypto";
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec, type Ttl } from "./dialect.js";

/** Options of {@link dogpile}. */
export interface DogpileOptions {
  /** The region's `key_mangler`. Default none; `"sha1"`: dogpile's `sha1_mangle_key`. */
  readonly mangle?: "sha1" | ((key: string) => string) | undefined;
  /** `redis_expiration_time`. Milliseconds; default `null`, and 0: none, the region judges by the time of creation. */
  readonly defaultTtl?: Ttl | undefined;
  /**
   * The region's `expiration_time`. Milliseconds; a value made longer ago counts as missing. Default `null`: none, but what
   * Redis' own says.
   */
  readonly expirationTime?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const DOGPILE_OPTIONS = /* @__PURE__ */ optionNames<DogpileOptions>(
  { mangle: true, defaultTtl: true, expirationTime: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["registry", "write pickle: { registry }"],
      ["keyMangler", "mangle"],
      ["redisExpirationTime", "write defaultTtl, in milliseconds"],
    ],
  },
);

const BAR = 0x7c;
/** dogpile's version of the metadata: api.py `value_version`. */
const VALUE_VERSION = 2;

/** What dogpile.cache's Redis backend stores: `{"ct": <time of creation in seconds>, "v": 2}|` and a pickle. */
export function dogpile(options: DogpileOptions = {}): Dialect {
  checkNames(options, DOGPILE_OPTIONS, "options of dogpile()");
  const pickle = pickleCodec(options.pickle);
  const { mangle, expirationTime = null } = options;
  const key = (name: string): string =>
    mangle === "sha1" ? createHash("sha1").update(name).digest("hex") : mangle === undefined ? name : mangle(name);
  return Object.freeze({
    name: "dogpile",
    key,
    unkey: (redisKey: string) => redisKey,
    pattern: (pattern: string) => pattern,
    encode(value: unknown) {
      const metadata = `{"ct": ${Date.now() / 1000}, "v": ${VALUE_VERSION}}|`;
      const bytes = pickle.encode(value);
      return Buffer.concat([Buffer.from(metadata), typeof bytes === "string" ? Buffer.from(bytes) : bytes]);
    },
    decode(raw: Buffer) {
      const bar = raw.indexOf(BAR);
      if (raw[0] !== 0x7b || bar === -1) {
        throw new RedisAdapterError("Cannot read a dogpile value: it has no metadata", { code: "decode" });
      }
      if (expirationTime !== null && Date.now() - createdAt(raw, bar) > expirationTime) return undefined;
      return pickle.decode(raw.subarray(bar + 1));
    },
    // As dogpile, which asks whether there is one.
    ...lifetime(options.defaultTtl || null, "seconds"),
    lockKey: (name: string) => `_lock${key(name)}`,
    flightKey: (name: string) => `_lock${key(name)}`,
    digits: false,
    // The time of creation is part of the bytes.
    canonical: false,
  });
}

/** Longer than any metadata that dogpile writes. */
const MAX_METADATA = 1024;

/** `ct` of the metadata, in milliseconds. */
function createdAt(raw: Buffer, bar: number): number {
  const metadata = bar <= MAX_METADATA ? (JSON.parse(raw.toString("latin1", 0, bar)) as { readonly ct?: unknown }) : {};
  if (typeof metadata.ct !== "number") {
    throw new RedisAdapterError("Cannot read a dogpile value: its metadata has no time", { code: "decode" });
  }
  return metadata.ct * 1000;
}
