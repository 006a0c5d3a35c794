/** aiocache's `RedisCache` with `PickleSerializer`, up to 0.12. */
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import type { Dialect, PickleOptions, Ttl } from "./dialect.js";
import { plain } from "./plain.js";

/** Options of {@link aiocache}. */
export interface AiocacheOptions {
  /** aiocache's `namespace`, before every key as it is. Default: none. */
  readonly namespace?: string | undefined;
  /** aiocache's `ttl`, in milliseconds here. Default `null`: none. */
  readonly defaultTtl?: Ttl | undefined;
  /** Of pickle's decoder and encoder: registry, limits, protocol. Default: theirs. */
  readonly pickle?: PickleOptions | undefined;
}

const AIOCACHE_OPTIONS = /* @__PURE__ */ optionNames<AiocacheOptions>(
  { namespace: true, defaultTtl: true, pickle: true },
  {
    instead: [
      ["ttl", "write defaultTtl, in milliseconds"],
      ["prefix", "namespace"],
    ],
  },
);

/** What aiocache stores: pickles, ints too (its `increment` makes a value that its own `get` cannot read). */
export function aiocache(options: AiocacheOptions = {}): Dialect {
  checkNames(options, AIOCACHE_OPTIONS, "options of aiocache()");
  const { namespace = "" } = options;
  const prefix = namespace === "" ? "" : `${namespace}:`;
  return Object.freeze({
    ...plain({ ...options.pickle, prefix, defaultTtl: options.defaultTtl }),
    name: "aiocache",
    // aiocache.lock.RedLock
    lockKey: (key: string) => `${prefix}${key}-lock`,
  });
}
