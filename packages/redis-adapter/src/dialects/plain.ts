import { extendOptionNames, PICKLE_OPTIONS } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import { type Dialect, lifetime, type PickleOptions, pickleCodec, prefixedKeys, type Ttl } from "./dialect.js";

/** Options of {@link plain}. */
export interface PlainOptions extends PickleOptions {
  /** Put before every key, as it is. Default `""`. */
  readonly prefix?: string | undefined;
  /** Lifetime of what is stored without one, in milliseconds. Default `null`: values do not expire. */
  readonly defaultTtl?: Ttl | undefined;
}

const PLAIN_OPTIONS = /* @__PURE__ */ extendOptionNames<PlainOptions, PickleOptions>(
  PICKLE_OPTIONS,
  { prefix: true, defaultTtl: true },
  {
    instead: [
      ["ttl", "defaultTtl"],
      ["keyPrefix", "prefix"],
    ],
  },
);

/**
 * Pickles and nothing else: `redis.set(key, pickle.dumps(value))` and `pickle.loads(redis.get(key))` in Python. Also what
 * walrus, arq's payloads and aiocache store.
 */
export function plain(options: PlainOptions = {}): Dialect {
  checkNames(options, PLAIN_OPTIONS, "options of plain()");
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
