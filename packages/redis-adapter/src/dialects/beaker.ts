/** Beaker's `ext:redis`. */
import { createHash } from "node:crypto";
import { PyFloat, tuple } from "@brine/codec";
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import {
  type Dialect,
  type Expiry,
  escapeGlob,
  lifetime,
  type PickleOptions,
  pickleCodec,
  type Ttl,
} from "./dialect.js";

/** Options of {@link beaker}. */
export interface BeakerOptions {
  /** The cache's namespace; for functions `"<module>|<function>"`. */
  readonly namespace: string;
  /** `expire`, in milliseconds; whole seconds are stored. Default `null`: none. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const BEAKER_OPTIONS = /* @__PURE__ */ optionNames<BeakerOptions>(
  { namespace: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["registry", "write pickle: { registry }"],
      ["expire", "write defaultTtl, in milliseconds"],
    ],
  },
);

/** In longer keys the user's part is replaced by its digest: ext/redisnm.py `_format_key`. */
const MAX_KEY_LENGTH = 1024;

/**
 * What `beaker.cache` stores: a pickled tuple of the time of storing, the lifetime in seconds or None, and the value.
 *
 * A value is read as long as Redis has it, which Beaker tells to keep it for its lifetime. Beaker itself looks at the time of
 * storing as well: give a value another lifetime by `touch` of a cache, not by `expire`, which Beaker does not see.
 */
export function beaker(options: BeakerOptions): Dialect {
  checkNames(options, BEAKER_OPTIONS, "options of beaker()");
  const pickle = pickleCodec(options.pickle);
  const prefix = `beaker_cache:${options.namespace}:`;
  const { ttl: expiryOf, defaultTtl } = lifetime(options.defaultTtl ?? null, "seconds");
  const key = (name: string): string => {
    const text = backslashReplace(name);
    const isLong = prefix.length + text.length > MAX_KEY_LENGTH;
    return prefix + (isLong ? createHash("sha1").update(text).digest("hex") : text);
  };
  return Object.freeze({
    name: "beaker",
    key,
    unkey: (redisKey: string) => (redisKey.startsWith(prefix) ? redisKey.slice(prefix.length) : redisKey),
    pattern: (pattern: string) => escapeGlob(prefix) + pattern,
    encode: (value: unknown, _place?: string, ttl: Ttl = defaultTtl) =>
      pickle.encode(tuple(new PyFloat(Date.now() / 1000), seconds(expiryOf(ttl)), value)),
    decode(raw: Buffer) {
      const stored = pickle.decode(raw);
      // An old Beaker stored no lifetime: container.py, "Old format".
      if (!Array.isArray(stored) || (stored.length !== 3 && stored.length !== 2)) {
        throw new RedisAdapterError("Cannot read a Beaker value: it is no tuple of three, or two", { code: "decode" });
      }
      return stored.at(-1) as unknown;
    },
    ttl: expiryOf,
    defaultTtl,
    lockKey: (name: string) => `beaker_lock:${key(name)}`,
    flightKey: (name: string) => `beaker_lock:${key(name)}`,
    digits: false,
    timed: true,
    // The time of storing is part of the bytes.
    canonical: false,
  });
}

/** Python's `name.encode("ascii", "backslashreplace")`: cache.py `_get_value`. */
function backslashReplace(name: string): string {
  return name.replaceAll(/[^\0-\x7f]/gu, (character) => {
    const code = character.codePointAt(0)!;
    const [letter, digits] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : ["U", 8];
    return `\\${letter}${code.toString(16).padStart(digits as number, "0")}`;
  });
}

function seconds(expiry: Expiry): number | null {
  return typeof expiry === "object" ? Math.ceil(expiry.px / 1000) : null;
}
