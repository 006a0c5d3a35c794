import { type Dialect, lifetime, type PickleOptions, pickleCodec, prefixedKeys, type Ttl } from "./dialect.js";

/** Options of {@link plain}. */
export interface PlainOptions extends PickleOptions {
  /** Before every key. Default `""`. */
  readonly prefix?: string | undefined;
  /** Default `null`: values do not expire. */
  readonly defaultTtl?: Ttl | undefined;
}

/**
 * Pickles and nothing else: `redis.set(key, pickle.dumps(value))` and `pickle.loads(redis.get(key))` in Python. Also what
 * walrus, arq's payloads and aiocache store.
 */
export function plain(options: PlainOptions = {}): Dialect {
  const { prefix = "", defaultTtl = null, ...pickle } = options;
  return Object.freeze({
    name: "plain",
    ...prefixedKeys(prefix),
    ...pickleCodec(pickle),
    ...lifetime(defaultTtl),
    lockKey: prefixedKeys(prefix).key,
    digits: false,
    canonical: true,
  });
}
