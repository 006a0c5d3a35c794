/** Signatures around stored values: write access to Redis is then not enough to make a reader unpickle something. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type Dialect, type Ttl, toBuffer } from "./dialect.js";

/** Options of {@link signed}. */
export interface SignedOptions {
  /** Secrets: the first one signs, all of them verify. To rotate, put the new one first, and drop the old one later. */
  readonly keys: readonly (string | Uint8Array)[];
  /**
   * - `"brine"` (default): HMAC-SHA256 over a purpose, the key in Redis and the value, so that a signed value is good in its
   *   own place only. A Python reader checks it in a few lines: see {@link signed}.
   * - `"huey"`: huey's `SignedSerializer`.
   * - `"itsdangerous"`: `itsdangerous.Signer`, as requests-cache uses it.
   * - `"django"`: `django.core.signing.Signer` of the value in base64.
   *
   * The last three do not bind a value to its key: who can write to Redis can copy one from key to key.
   */
  readonly format?: "brine" | "huey" | "itsdangerous" | "django" | undefined;
  /** Keeps signatures of one purpose from being good for another. Default: that of the format, `"cache"` for `"brine"`. */
  readonly salt?: string | undefined;
}

const SIGNED_OPTIONS = /* @__PURE__ */ optionNames<SignedOptions>(
  { keys: true, format: true, salt: true },
  {
    instead: [
      ["secrets", "keys"],
      ["secret", "keys"],
    ],
  },
);

interface Format {
  sign(value: Buffer, place: string, secret: Uint8Array): Buffer;
  /** The value of what is rightly signed; `undefined` otherwise. */
  verify(signed: Buffer, place: string, secret: Uint8Array): Buffer | undefined;
}

/**
 * Adds a signature to every value of a dialect, and verifies it before anything is decompressed or unpickled.
 * Ints are signed as well, so INCR is not possible any more.
 *
 * What `"brine"` stores is `brine1.`, 32 bytes of MAC, and the value as the dialect makes it. In Python:
 *
 * ```python
 * def loads(raw, redis_key, secret, salt=b"cache"):
 *     head, mac, value = raw[:7], raw[7:39], raw[39:]
 *     good = hmac.new(secret, b"brine1\0" + salt + b"\0" + redis_key + b"\0" + value, "sha256").digest()
 *     if head != b"brine1." or not hmac.compare_digest(mac, good): raise ValueError("bad signature")
 *     return pickle.loads(value)
 * ```
 *
 * @throws RedisAdapterError `bad-option`; reading throws `bad-signature`, within a DecodeError
 */
export function signed(dialect: Dialect, options: SignedOptions): Dialect {
  checkNames(options, SIGNED_OPTIONS, "options of signed()");
  const secrets = options.keys.map((key) => (typeof key === "string" ? Buffer.from(key) : key));
  if (secrets.length === 0 || secrets.some((secret) => secret.length === 0)) {
    throw new RedisAdapterError("Cannot sign: keys must be at least one secret, none of them empty", {
      code: "bad-option",
    });
  }
  const format = formatOf(options);
  const bytesOf = (value: Buffer | string): Buffer => (typeof value === "string" ? Buffer.from(value) : value);
  return Object.freeze({
    ...dialect,
    name: `signed ${dialect.name}`,
    encode: (value: unknown, place = "", ttl?: Ttl) =>
      format.sign(bytesOf(dialect.encode(value, place, ttl)), place, secrets[0]!),
    decode(raw: Buffer, place = "") {
      for (const secret of secrets) {
        const value = format.verify(raw, place, secret);
        if (value !== undefined) return dialect.decode(value, place);
      }
      throw new RedisAdapterError("The signature does not match", { code: "bad-signature" });
    },
    digits: false,
  });
}

const MAGIC = Buffer.from("brine1.");
const MAC_BYTES = 32;

function formatOf(options: SignedOptions): Format {
  const { format = "brine" } = options;
  switch (format) {
    case "brine":
      return brine(options.salt ?? "cache");
    case "huey": {
      const salt = options.salt ?? "huey";
      const key = (secret: Uint8Array) => createHash("sha1").update(salt).update(secret).digest();
      return suffixed(":", (value, secret) => createHmac("sha1", key(secret)).update(value).digest("hex"));
    }
    case "itsdangerous": {
      const salt = options.salt ?? "itsdangerous.Signer";
      // key_derivation "django-concat".
      const key = (secret: Uint8Array) => createHash("sha1").update(salt).update("signer").update(secret).digest();
      return suffixed(".", (value, secret) => createHmac("sha1", key(secret)).update(value).digest("base64url"));
    }
    case "django": {
      const salt = options.salt ?? "django.core.signing.Signer";
      const key = (secret: Uint8Array) => createHash("sha256").update(`${salt}signer`).update(secret).digest();
      const text = suffixed(":", (value, secret) =>
        createHmac("sha256", key(secret)).update(value).digest("base64url"),
      );
      return {
        sign: (value, place, secret) => text.sign(Buffer.from(value.toString("base64url")), place, secret),
        verify(signed, place, secret) {
          const value = text.verify(signed, place, secret);
          return value === undefined ? undefined : Buffer.from(value.toString("latin1"), "base64url");
        },
      };
    }
    default:
      format satisfies never;
      throw new RedisAdapterError(`Cannot sign as ${JSON.stringify(format)}: there is no such format`, {
        code: "bad-option",
      });
  }
}

function brine(salt: string): Format {
  const mac = (value: Buffer, place: string, secret: Uint8Array): Buffer =>
    createHmac("sha256", secret).update(`brine1\0${salt}\0${place}\0`).update(value).digest();
  return {
    sign: (value, place, secret) => Buffer.concat([MAGIC, mac(value, place, secret), value]),
    verify(signed, place, secret) {
      const start = MAGIC.length + MAC_BYTES;
      if (signed.length < start || !signed.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
      const value = signed.subarray(start);
      return timingSafeEqual(signed.subarray(MAGIC.length, start), mac(value, place, secret)) ? value : undefined;
    },
  };
}

/** The value, a separator and a signature in text. */
function suffixed(separator: string, signatureOf: (value: Buffer, secret: Uint8Array) => string): Format {
  return {
    sign: (value, _place, secret) => Buffer.concat([value, Buffer.from(separator + signatureOf(value, secret))]),
    verify(signed, _place, secret) {
      const at = signed.lastIndexOf(separator);
      if (at === -1) return undefined;
      const value = signed.subarray(0, at);
      const [given, good] = [signed.subarray(at + 1), Buffer.from(signatureOf(value, secret))];
      return given.length === good.length && timingSafeEqual(given, good) ? toBuffer(value) : undefined;
    },
  };
}
