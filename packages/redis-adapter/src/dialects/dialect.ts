/** What a Python library does to values, keys and lifetimes before they reach Redis. */
import { dumps, loads, type PicklerOptions, type UnpicklerOptions } from "@brine/codec";
import { PICKLE_LIMITS, PICKLE_OPTIONS } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";

/** A lifetime in milliseconds; `null`: no expiry (Django's `timeout=None`). */
export type Ttl = number | null;

/** What a lifetime means to Redis: milliseconds from now (`PX`), no expiry, or that the key is deleted at once. */
export type Expiry = { readonly px: number } | "persist" | "delete";

/** Makes bytes of values, and values of bytes. */
export interface ValueCodec {
  /**
   * The bytes of a value: never empty, and never anything that ioredis would turn into text by itself.
   *
   * @param place - the key in Redis, or the channel, and the field: for codecs that bind a value to its place
   * @param ttl - the lifetime it is stored with, for codecs that keep it inside; `undefined` for what has none of its own,
   *   such as a member of a set
   */
  encode(value: unknown, place?: string, ttl?: Ttl): Buffer | string;
  /** The value of bytes that are stored; `undefined` for what the library takes for missing although it is there. What it throws becomes a DecodeError. */
  decode(raw: Buffer, place?: string): unknown;
}

/** How one Python library names keys, frames values and treats lifetimes. Make your own by implementing it. */
export interface Dialect extends ValueCodec {
  /** What messages and DecodeErrors call it: `"django"`. */
  readonly name: string;
  /** The version of keys that are given none; absent where keys have no versions. */
  readonly version?: number | undefined;
  /** The key in Redis of a user's key. */
  key(key: string, version?: number): string;
  /** The user's key of a key in Redis. */
  unkey(redisKey: string): string;
  /** A glob pattern for SCAN, with the dialect's own part escaped. */
  pattern(pattern: string, version?: number): string;
  /** The lifetime of what is stored without one: milliseconds; `null`: none. */
  readonly defaultTtl: Ttl;
  /** What a lifetime in milliseconds becomes in Redis; `undefined`: the default. */
  ttl(ttl: Ttl | undefined): Expiry;
  /** Whether values carry their lifetime, so that a new one needs a new value. */
  readonly timed?: boolean | undefined;
  /** Milliseconds for which the library keeps a value after its time is over. */
  readonly graceTtl?: number | undefined;
  /** Where the library keeps its lock of a key, as redis-py's `Lock`. */
  lockKey?(key: string, version?: number): string;
  /** Where the library keeps the lock under which it makes the value of a key anew. Default: the lock `<key>:lock`. */
  flightKey?(key: string): string;
  /** The name in Redis of a hash, where it is not that of a key: django-redis 6 prefixes fields, and not the names of hashes. */
  hash?(name: string): string;
  /** The name in Redis of a field of a hash. Absent: as it is. */
  field?(field: string): string;
  /** The user's name of a field in Redis. Absent: as it is. */
  unfield?(field: string): string;
  /** Whether an integer is stored as its digits, so that INCRBY works. */
  readonly digits: boolean;
  /** Whether the library's own `incr` starts a missing key at 0, as Redis does. Django raises ValueError instead. */
  readonly incrCreates?: boolean | undefined;
  /** Whether the library's own `incr` adds to what Redis cannot count with, too: floats, bools, ints beyond 64 bits. */
  readonly incrAny?: boolean | undefined;
  /** Whether equal values have equal bytes, equal to CPython's: what SISMEMBER, SREM and ZSCORE compare. */
  readonly canonical: boolean;
  /** Loads what cannot be loaded synchronously; awaited before the first command. */
  load?(): Promise<void>;
}

/**
 * How values are pickled and unpickled: the options of `dumps` and of `loads`. Decoded bytes are views of the reply by
 * default. The default protocol is 4, which every Python >= 3.4 reads.
 */
export interface PickleOptions extends PicklerOptions, UnpicklerOptions {}

/** Pickles, without anything around them. */
export function pickleCodec(options: PickleOptions = {}): ValueCodec {
  checkNames(options, PICKLE_OPTIONS, "options of pickle");
  checkNames(options.limits, PICKLE_LIMITS, "limits of pickle");
  // Frozen, limits and all, the codec looks at them once only.
  const limits = options.limits && Object.freeze({ ...options.limits });
  const encoding: PicklerOptions = Object.freeze({ ...options, limits });
  const decoding: UnpicklerOptions = Object.freeze({ ...options, limits, bytes: options.bytes ?? "view" });
  return {
    encode: (value) => toBuffer(dumps(value, encoding)),
    decode: (raw) => loads(raw, decoding),
  };
}

/** ioredis would store another Uint8Array as the text of its numbers. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Python's `int(bytes)`: digits with underscores between them, a sign, white space around; 4300 digits at most. */
const INT = /^[\t\n\v\f\r ]*[-+]?[0-9]+(?:_[0-9]+)*[\t\n\v\f\r ]*$/;
const MAX_DIGITS = 4300;
/** What an int can start with; a pickle of protocol 2 and up starts with 0x80, so most values need no more than this. */
const isIntStart = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** The digits of what Python would call an int, and nothing else: bool and float are no ints to these libraries. */
export function encodeDigits(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  // -0 and integral numbers beyond 2**53 are floats to the codec, too.
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  return undefined;
}

/** The int that Python's `int(raw)` reads; `undefined` where it raises ValueError. */
export function decodeDigits(raw: Buffer, int: "auto" | "bigint" | undefined): number | bigint | undefined {
  const first = raw[0];
  if (first === undefined || !isIntStart(first) || raw.length > MAX_DIGITS * 2) return undefined;
  const text = raw.toString("latin1");
  if (!INT.test(text)) return undefined;
  const digits = text.trim().replaceAll("_", "");
  const big = digits.startsWith("+") ? digits.slice(1) : digits;
  if (big.length - (big.startsWith("-") ? 1 : 0) > MAX_DIGITS) return undefined;
  if (int === "bigint") return BigInt(big);
  const number = Number(big);
  // -0 is 0 to Python's int.
  return Number.isSafeInteger(number) ? number + 0 : BigInt(big);
}

/** A codec that stores ints as their digits and everything else as `inner` does. */
export function withDigits(inner: ValueCodec, int: "auto" | "bigint" | undefined): ValueCodec {
  return {
    encode: (value) => encodeDigits(value) ?? inner.encode(value),
    decode: (raw) => decodeDigits(raw, int) ?? inner.decode(raw),
  };
}

/** The parts of a dialect that most do alike: keys are `prefix` and the user's key, nothing expires by default. */
export function prefixedKeys(prefix: string): Pick<Dialect, "key" | "unkey" | "pattern"> {
  return {
    key: (key) => prefix + key,
    unkey: (redisKey) => (redisKey.startsWith(prefix) ? redisKey.slice(prefix.length) : redisKey),
    pattern: (pattern) => escapeGlob(prefix) + pattern,
  };
}

/**
 * Lifetimes where 0 and less delete.
 *
 * @param unit - `"seconds"` for libraries that cut off fractions of a second. What is less than one is left as it is: the
 *   library could not say it, and would delete.
 */
export function lifetime(
  defaultTtl: Ttl,
  unit: "seconds" | "milliseconds" = "milliseconds",
): Pick<Dialect, "ttl" | "defaultTtl"> {
  return {
    defaultTtl,
    ttl(ttl) {
      const ms = ttl === undefined ? defaultTtl : ttl;
      if (ms === null) return "persist";
      if (Number.isNaN(ms)) throw new RedisAdapterError("Cannot use NaN as a lifetime", { code: "bad-option" });
      if (ms === Number.POSITIVE_INFINITY) return "persist";
      const px = unit === "seconds" && ms >= 1000 ? Math.trunc(ms / 1000) * 1000 : Math.trunc(ms);
      return px <= 0 ? "delete" : { px };
    },
  };
}

/** Text that matches itself in a glob pattern, escaped as django-redis does it. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[]/g, "[$&]");
}
