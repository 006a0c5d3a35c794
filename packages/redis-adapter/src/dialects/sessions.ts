/** Web sessions of Flask and Django in Redis. */
import { jsonSerializer, msgpackSerializer } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec, prefixedKeys, type Ttl } from "./dialect.js";
import { modelOf, serializerCodec } from "./django-redis.js";

/** Options of {@link flaskSession}. */
export interface FlaskSessionOptions {
  /** `SESSION_KEY_PREFIX`. Default `"session:"`. */
  readonly prefix?: string | undefined;
  /** What is written: `"pickle"` as Flask-Session up to 0.5, `"msgpack"` as since 0.6, `"json"`. All are read. Default `"msgpack"`. */
  readonly format?: "pickle" | "msgpack" | "json" | undefined;
  /** `PERMANENT_SESSION_LIFETIME`, in milliseconds here. Default 31 days. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const FLASK_OPTIONS = /* @__PURE__ */ optionNames<FlaskSessionOptions>(
  { prefix: true, format: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["keyPrefix", "prefix"],
      ["sessionKeyPrefix", "prefix"],
      ["sessionSerializationFormat", "format"],
      ["permanentSessionLifetime", "write defaultTtl, in milliseconds"],
    ],
  },
);

const DAY = 86_400_000;

/**
 * What Flask-Session stores: a dict under `session:<session id>`. As msgpack, datetimes with a zone come back in UTC; without
 * one, or as JSON, they are text, as are Decimal and UUID.
 */
export function flaskSession(options: FlaskSessionOptions = {}): Dialect {
  checkNames(options, FLASK_OPTIONS, "options of flaskSession()");
  const pickle = pickleCodec(options.pickle);
  const model = modelOf(options.pickle);
  const { datetime } = options.pickle ?? {};
  const msgpack = serializerCodec(msgpackSerializer({ ...model, datetime, timestamps: true }));
  const json = serializerCodec(jsonSerializer({ ...model, dialect: "5.2" }));
  const { format = "msgpack" } = options;
  const writer = { pickle, msgpack, json }[format];
  return Object.freeze({
    name: "flask-session",
    ...prefixedKeys(options.prefix ?? "session:"),
    encode: writer.encode,
    decode(raw: Buffer) {
      if (raw[0] === OPEN_BRACE) return json.decode(raw);
      return isMsgpackMap(raw) ? msgpack.decode(raw) : pickle.decode(raw);
    },
    ...lifetime(options.defaultTtl === undefined ? 31 * DAY : options.defaultTtl, "seconds"),
    digits: false,
    canonical: false,
  });
}

const OPEN_BRACE = 0x7b;

/** A session is a dict. 0x80 is an empty map of one byte, and the first of many in a pickle of protocol 2 and up. */
function isMsgpackMap(raw: Buffer): boolean {
  const first = raw[0] ?? 0;
  return first === 0x80 ? raw.length === 1 : (first > 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
}

/** Options of {@link djangoSession}. */
export interface DjangoSessionOptions {
  /** The dialect of the cache that holds the sessions: `django()` or `djangoRedis()` with its options. */
  readonly cache: Dialect;
  /**
   * The last part of `SESSION_ENGINE`. Default `"cache"`. `"cached_db"` is for reading: Django writes such a session to its
   * database first, and what is written here is not there.
   */
  readonly engine?: "cache" | "cached_db" | undefined;
  /** `SESSION_COOKIE_AGE`, in milliseconds here. Default two weeks. */
  readonly defaultTtl?: Ttl | undefined;
}

const DJANGO_OPTIONS = /* @__PURE__ */ optionNames<DjangoSessionOptions>(
  { cache: true, engine: true, defaultTtl: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["sessionCookieAge", "write defaultTtl, in milliseconds"],
      ["sessionEngine", "engine"],
    ],
  },
);

/**
 * Django's sessions with `SESSION_ENGINE = "django.contrib.sessions.backends.cache"`: the session's dict as a cached value.
 * Keys are session keys. `SESSION_SERIALIZER` plays no part there. A session with `_session_expiry` in it is to be stored with
 * that lifetime, in a `ttl`.
 *
 * @throws RedisAdapterError `bad-option` for an engine that there is not
 */
export function djangoSession(options: DjangoSessionOptions): Dialect {
  checkNames(options, DJANGO_OPTIONS, "options of djangoSession()");
  const { cache, engine = "cache" } = options;
  if (engine !== "cache" && engine !== "cached_db") {
    throw new RedisAdapterError(`Cannot use the session engine ${JSON.stringify(engine)}: there is none in a cache`, {
      code: "bad-option",
    });
  }
  const prefix = `django.contrib.sessions.${engine}`;
  return Object.freeze({
    ...cache,
    name: "django-session",
    key: (key: string, version?: number) => cache.key(prefix + key, version),
    unkey(redisKey: string) {
      const key = cache.unkey(redisKey);
      return key.startsWith(prefix) ? key.slice(prefix.length) : key;
    },
    pattern: (pattern: string, version?: number) => cache.pattern(prefix + pattern, version),
    ...lifetime(options.defaultTtl === undefined ? 14 * DAY : options.defaultTtl, "seconds"),
  });
}
