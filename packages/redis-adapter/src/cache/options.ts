/** Options of {@link createCache}. */
import { extendOptionNames, optionNames } from "@brine/codec/options";
import type { Ttl } from "../dialects/dialect.js";
import type { ReadOptions } from "../pickled/options.js";

/** Defaults of a {@link createCache} cache. */
export interface CacheOptions {
  /** Lifetime of values in milliseconds; `null`: for ever. Default: the dialect's. */
  readonly ttl?: Ttl | undefined;
  /** Spreads lifetimes: 0.1 means ±10 %. Default 0. */
  readonly jitter?: number | undefined;
  /** Lifetime of `null`, which is also what a loader's `undefined` becomes. Default: `ttl`; 0: not stored. */
  readonly negativeTtl?: Ttl | undefined;
  /** How long a value other than `null` is kept after its time, to be served while one caller makes it anew. Milliseconds, default 0. */
  readonly staleTtl?: number | undefined;
  /** Make values anew before they expire, the earlier the larger: XFetch. 1 is usual. Default 0: off. */
  readonly beta?: number | undefined;
  /**
   * How many callers make a missing value. `"process"` (default): one a process. `"redis"`: one over all processes that
   * lock as redis-py does, Python's too; the others wait. `"off"`: all of them.
   */
  readonly singleFlight?: "process" | "redis" | "off" | undefined;
  /** With `"redis"`: when the lock ends if its holder dies. Milliseconds, default 30,000; it is renewed meanwhile. */
  readonly lockTtl?: number | undefined;
  /** With `"redis"`: how long to wait for another's value before making one. Milliseconds, default 10,000. */
  readonly waitFor?: number | undefined;
  /** Deadline of each step with Redis. Milliseconds, default 1000. */
  readonly timeout?: number | undefined;
  /** Deadline of a loader: its signal aborts, and who waits gets an error `timeout`. Milliseconds, default none. */
  readonly loadTimeout?: number | undefined;
  /** `"load"` (default): without Redis, values are made and not stored, and reading finds nothing. `"throw"`: every call fails with what Redis failed with. */
  readonly onRedisError?: "load" | "throw" | undefined;
}

/** Those that a single call may have, too. */
type ValueOptions = Omit<CacheOptions, "timeout">;

const VALUE_OPTIONS = /* @__PURE__ */ optionNames<ValueOptions>(
  {
    ttl: true,
    jitter: true,
    negativeTtl: true,
    staleTtl: true,
    beta: true,
    singleFlight: true,
    lockTtl: true,
    waitFor: true,
    loadTimeout: true,
    onRedisError: true,
  },
  {
    instead: [
      ["ttlSeconds", "write ttl, in milliseconds"],
      ["maxAge", "ttl"],
    ],
  },
);

export const CACHE_OPTIONS = /* @__PURE__ */ extendOptionNames<CacheOptions, ValueOptions>(
  VALUE_OPTIONS,
  { timeout: true },
  {
    instead: [
      ["defaultTtl", "ttl"],
      ["prefix", "give it to the dialect, as in plain({ prefix })"],
    ],
  },
);

/** How a value that is missing is made, kept and found again. */
export interface GetOrSetOptions<T = unknown> extends Omit<CacheOptions, "timeout">, ReadOptions<T> {
  /** Names under which the value is deleted by {@link PickleCache.invalidateTags}. Default: none. */
  readonly tags?: readonly string[] | undefined;
  /**
   * Ends the wait of this call with its reason. The loader goes on as long as another call waits for the same value. Default:
   * none.
   */
  readonly signal?: AbortSignal | undefined;
}

export const GET_OR_SET_OPTIONS = /* @__PURE__ */ extendOptionNames<GetOrSetOptions, ValueOptions>(
  VALUE_OPTIONS,
  { schema: true, version: true, onDecodeError: true, tags: true, signal: true },
  { instead: [["timeout", "give it to createCache, or write loadTimeout"]] },
);

/** What a loader is told, and may decide. */
export interface LoadContext {
  /** The one that was asked for, without what the dialect puts around it. */
  readonly key: string;
  /**
   * Aborts when `loadTimeout` is over, and when every call that waits for the value was ended by a signal of its own. What the
   * loader makes of it then is not stored.
   */
  readonly signal: AbortSignal;
  /** Overrides the lifetime of the value at hand: milliseconds; `null` for ever. */
  setTtl(ttl: Ttl): void;
  /** Do not store the value at hand. */
  skip(): void;
}

/** What a cache tells of itself. */
export interface CacheEvents {
  /** A value was found. */
  hit: [key: string];
  /** None was found. */
  miss: [key: string];
  /** A value past its time was served; it is being made anew. */
  stale: [key: string];
  /** Redis failed; the caller was served all the same, unless `onRedisError` is `"throw"`. */
  error: [error: Error, operation: string, key: string];
  /**
   * A write that was given up after `timeout` was carried out all the same, by a server that was slow or a connection that came
   * back. What others stored meanwhile may be overwritten: `delete` the key where that matters.
   */
  late: [operation: string, key: string];
  /** A stored value could not be decoded; it counts as missing, and stays. */
  decodeError: [error: Error, key: string];
}
