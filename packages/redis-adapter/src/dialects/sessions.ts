/** Web sessions of Flask and Django in Redis. */
import { jsonSerializer, msgpackSerializer } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec, prefixedKeys, type Ttl } from "./dialect.js";
import { serializerCodec } from "./django-redis.js";

/** Options of {@link flaskSession}. */
export interface FlaskSessionOptions {
  /** `SESSION_KEY_PREFIX`. Default `"session:"`. */
  readonly prefix?: string | undefined;
  /** What is written: `"pickle"` as Flask-Session up to 0.5, `"msgpack"` as since 0.6, `"json"`. All are read. Default `"msgpack"`. */
  readonly format?: "pickle" | "msgpack" | "json" | undefined;
  /** `PERMANENT_SESSION_LIFETIME`. Milliseconds; default 31 days. */
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

/** What Flask-Session stores: a dict under `session:<session id>`. */
export function flaskSession(options: FlaskSessionOptions = {}): Dialect {
  checkNames(options, FLASK_OPTIONS, "options of flaskSession()");
  const pickle = pickleCodec(options.pickle);
  const msgpack = serializerCodec(msgpackSerializer());
  const json = serializerCodec(jsonSerializer({ dialect: "5.2" }));
  const { format = "msgpack" } = options;
  const writer = { pickle, msgpack, json }[format];
  return Object.freeze({
    name: "flask-session",
    ...prefixedKeys(options.prefix ?? "session:"),
    encode: writer.encode,
    decode(raw: Buffer) {
      // A pickle of protocol 2 and up; in msgpack 0x80 is an empty map, which is one byte long.
      if (raw[0] === 0x80 && raw.length > 1) return pickle.decode(raw);
      if (raw[0] === 0x7b) return json.decode(raw);
      return msgpack.decode(raw);
    },
    ...lifetime(options.defaultTtl === undefined ? 31 * DAY : options.defaultTtl, "seconds"),
    digits: false,
    canonical: false,
  });
}

/** Options of {@link djangoSession}. */
export interface DjangoSessionOptions {
  /** The dialect of the cache that holds the sessions: `django()` or `djangoRedis()` with its options. */
  readonly cache: Dialect;
  /** `SESSION_COOKIE_AGE`. Milliseconds; default two weeks. */
  readonly defaultTtl?: Ttl | undefined;
}

const DJANGO_OPTIONS = /* @__PURE__ */ optionNames<DjangoSessionOptions>(
  { cache: true, defaultTtl: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["sessionCookieAge", "write defaultTtl, in milliseconds"],
    ],
  },
);

/**
 * Django's sessions with `SESSION_ENGINE = "django.contrib.sessions.backends.cache"`: the session's dict as a cached value.
 * Keys are session keys. `SESSION_SERIALIZER` plays no part there.
 */
export function djangoSession(options: DjangoSessionOptions): Dialect {
  checkNames(options, DJANGO_OPTIONS, "options of djangoSession()");
  const { cache } = options;
  const prefix = "django.contrib.sessions.cache";
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
