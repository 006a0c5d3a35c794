/** A cache over {@link pickled}: values stay as the dialect makes them, so Python reads and writes the same cache. */
import type { Ttl } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { checkStep } from "../pickled/commands/counters.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { unlinkAll } from "../pickled/iteration/clear.js";
import { scanKeys } from "../pickled/iteration/scan.js";
import { READ_OPTIONS, type ReadOptions } from "../pickled/options.js";
import type { PickledRedis } from "../pickled/pickled.js";
import type { Counted } from "../pickled/types.js";
import { CacheAccess } from "./access.js";
import type { InTime } from "./deadline.js";
import { GetOrSet, type Loader } from "./get-or-set.js";
import { increment } from "./increment.js";
import { LOCK_OPTIONS, Lock, type LockOptions } from "./lock.js";
import {
  CACHE_OPTIONS,
  type CacheEvents,
  type CacheOptions,
  GET_OR_SET_OPTIONS,
  type GetOrSetOptions,
} from "./options.js";
import { deleteTagged, stampTag } from "./tags.js";

/**
 * A cache over a wrapped client: values of its dialect with deadlines, lifetimes, tags and locks. Make one with
 * {@link createCache}. Unless `onRedisError` is `"throw"`, a Redis that is away is a cache without values.
 */
export class PickleCache {
  /** The wrapped client given, for its commands; `client` of it is the raw one. */
  readonly redis: PickledRedis;
  readonly #access: CacheAccess;
  readonly #getOrSet: GetOrSet;

  /** For {@link createCache}. */
  constructor(redis: PickledRedis, defaults: CacheOptions = {}) {
    checkNames(defaults, CACHE_OPTIONS, "options of createCache()");
    this.redis = redis;
    this.#access = new CacheAccess(redis, defaults);
    this.#getOrSet = new GetOrSet(this.#access);
  }

  /**
   * The stored value; `undefined` when there is none, or Redis is away.
   *
   * @throws DecodeError `decode` where `onDecodeError` is `"throw"`; what Redis failed with, where `onRedisError` is
   */
  async get<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined> {
    checkNames(options, READ_OPTIONS, "options of get()");
    return this.#access.attempt("get", key, undefined, () =>
      this.redis.get<T>(key, this.#access.reading(key, options)),
    );
  }

  /** The stored values by key, without those that are missing; empty when Redis is away, unless `onRedisError` is `"throw"`. */
  async getMany<T = unknown>(keys: readonly string[], options?: ReadOptions<T>): Promise<Map<string, T>> {
    checkNames(options, READ_OPTIONS, "options of getMany()");
    const none: (T | undefined)[] = [];
    const values = await this.#access.attempt("getMany", keys.join(" "), none, () =>
      this.redis.mget<T>(keys, this.#access.reading("", options)),
    );
    const found = new Map<string, T>();
    for (const [i, value] of values.entries()) if (value !== undefined) found.set(keys[i]!, value);
    return found;
  }

  /**
   * Stores a value, whatever was there. Resolves also when Redis is away, unless `onRedisError` is `"throw"`.
   *
   * @param ttl - milliseconds, `null` for ever; default: the cache's, else the dialect's. `jitter` spreads it
   * @throws RedisAdapterError `encode` or `too-large` for a value that cannot be stored
   */
  async set(key: string, value: unknown, ttl: Ttl | undefined = this.#access.defaults.ttl): Promise<void> {
    await this.#access.attempt("set", key, undefined, (inTime) =>
      this.#access.store(key, value, this.#access.spread(ttl), inTime),
    );
  }

  /** Stores unless there is a value, as Django's `cache.add`; whether it did. `ttl` as for {@link set}. */
  async add(key: string, value: unknown, ttl: Ttl | undefined = this.#access.defaults.ttl): Promise<boolean> {
    return this.#access.attempt("add", key, false, () =>
      this.redis.set(key, value, { ttl: this.#access.spread(ttl), nx: true }),
    );
  }

  /** Stores several values by key as {@link set}, in one transaction; in a cluster one by one. */
  async setMany(
    values: Readonly<Record<string, unknown>>,
    ttl: Ttl | undefined = this.#access.defaults.ttl,
  ): Promise<void> {
    await this.#access.attempt("setMany", Object.keys(values).join(" "), undefined, () =>
      this.redis.mset(values, { ttl: this.#access.spread(ttl) }),
    );
  }

  /** Gives a value a new lifetime, as Django's `cache.touch`; whether there is one. `ttl` as for {@link set}, without jitter. */
  async touch(key: string, ttl: Ttl | undefined = this.#access.defaults.ttl): Promise<boolean> {
    const { redis } = this;
    return this.#access.attempt("touch", key, false, async (inTime) => {
      const expiry = redis.dialect.ttl(ttl);
      if (expiry === "delete") return (await redis.del(key)) === 1;
      if (redis.dialect.timed) {
        const value = await redis.get(key);
        inTime();
        return value !== undefined && (await redis.set(key, value, { ttl, xx: true }));
      }
      if (expiry !== "persist") return redis.pexpire(key, expiry.px);
      // PERSIST says 0 of a key without a lifetime, too.
      return (await redis.persist(key)) || (await redis.exists(key)) === 1;
    });
  }

  /**
   * Adds `by` (default 1) to an int that is stored, and gives the new number. What becomes of a missing key is the library's: cachelib starts at 0; Django raises ValueError, and here
   * it is `undefined`. By a bigint it is a bigint. Floats, bools and ints beyond 64 bits are added to where the library does
   * that: django-redis.
   *
   * @throws RedisAdapterError `unsupported` where the dialect pickles ints, or the value is no number that the library counts
   *   with; `too-large` when it was counted, and is now beyond
   *   what a number can say
   */
  async incr<N extends number | bigint = number>(key: string, by?: N): Promise<Counted<N> | undefined> {
    const step = by ?? 1;
    const { dialect } = this.redis;
    if (!dialect.digits) {
      throw new RedisAdapterError(
        `Cannot increment ${JSON.stringify(key)}: ${dialect.name} does not store ints as digits`,
        { code: "unsupported" },
      );
    }
    checkStep(step);
    return this.#access.attempt("incr", key, undefined, async (inTime) => {
      return (await increment(this.redis, key, step, inTime)) as Counted<N> | undefined;
    });
  }

  /** Django's `incr_version`: moves a value from one version to a later one, with its lifetime. Whether there was one. */
  async incrVersion(key: string, version = this.redis.dialect.version ?? 1, by = 1): Promise<boolean> {
    const { client, dialect } = this.redis;
    const [from, to] = [this.redis.key(key, version), this.redis.key(key, version + by)];
    if (from === to) {
      throw new RedisAdapterError(`Cannot change the version: keys of ${dialect.name} have none`, {
        code: "unsupported",
      });
    }
    return this.#access.attempt("incrVersion", key, false, (inTime) => rename(client, from, to, inTime));
  }

  /** Deletes a key; whether there was one. */
  async delete(key: string): Promise<boolean> {
    return this.#access.attempt("delete", key, false, async () => (await this.redis.del(key)) === 1);
  }

  /** Deletes several keys; how many there were. */
  async deleteMany(keys: readonly string[]): Promise<number> {
    return this.#access.attempt("deleteMany", keys.join(" "), 0, () => this.redis.del(...keys));
  }

  /**
   * Deletes the keys that match a glob pattern, within the dialect's prefix and version; how many there were. Each step has
   * the deadline, and one that fails throws: what should be gone may still be there.
   */
  async deletePattern(pattern: string, version?: number): Promise<number> {
    const { client, dialect } = this.redis;
    const portions = scanKeys(client, dialect.pattern(pattern, version));
    for (let deleted = 0; ; ) {
      const { value: keys, done } = await this.#access.run(() => portions.next());
      if (done) return deleted;
      deleted += await this.#access.run(() => unlinkAll(client, keys));
    }
  }

  /**
   * The stored value, or what `load` makes of it, which is then stored.
   *
   * @example
   * await cache.getOrSet("report:9", () => makeReport(9), { ttl: 300_000, staleTtl: 30_000, tags: ["reports"] });
   * await cache.getOrSet("rates", async ({ signal }) => (await fetch(url, { signal })).json(), { loadTimeout: 2000 });
   */
  async getOrSet<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T> = {}): Promise<T> {
    checkNames(options, GET_OR_SET_OPTIONS, "options of getOrSet()");
    return this.#getOrSet.get(key, load, options);
  }

  /** A function with its results cached: `options.key` names the result of given arguments. */
  wrap<A extends readonly unknown[], T>(
    fn: (...args: A) => T | Promise<T>,
    options: GetOrSetOptions<T> & { readonly key: (...args: A) => string },
  ): (...args: A) => Promise<T> {
    const { key, ...others } = options;
    checkNames(others, GET_OR_SET_OPTIONS, "options of wrap()");
    return (...args) => this.getOrSet(key(...args), () => fn(...args), others);
  }

  /**
   * Deletes what was stored with one of the tags; how many keys there were. What is being made with one of them now, by any
   * process, is given to who waits for it, and not stored. Fails as {@link deletePattern} does.
   */
  async invalidateTags(...tags: string[]): Promise<number> {
    const { client } = this.redis;
    let deleted = 0;
    for (const tag of tags) {
      const keys = this.#access.tagKeys(tag);
      await this.#access.run(() => stampTag(client, keys));
      this.#getOrSet.forget(tag);
      deleted += await deleteTagged(client, keys, (call) => this.#access.run(call));
    }
    return deleted;
  }

  /**
   * Takes a lock that redis-py's `Lock`, and so django-redis' `cache.lock(key)`, knows as its own; `undefined` when others hold it
   * for longer than `wait`. Fails when Redis does.
   *
   * @throws RedisAdapterError `bad-option` for an option that there is not; the reason of `signal`
   */
  async lock(key: string, options: LockOptions): Promise<Lock | undefined> {
    checkNames(options, LOCK_OPTIONS, "options of lock()");
    const { client, dialect } = this.redis;
    // Asked for in any case: it refuses what is no key, which would be one lock for all.
    const redisKey = this.redis.key(key);
    return Lock.acquire(client, dialect.lockKey?.(key) ?? redisKey, options);
  }

  /** {@link CacheEvents} has the events and what their listeners get. */
  on<E extends keyof CacheEvents>(event: E, listener: (...args: CacheEvents[E]) => void): this {
    this.#access.events.on(event, listener as never);
    return this;
  }

  /** `listener` is the function that {@link on} was given. */
  off<E extends keyof CacheEvents>(event: E, listener: (...args: CacheEvents[E]) => void): this {
    this.#access.events.off(event, listener as never);
    return this;
  }
}

/** Moves a value with its lifetime, in a cluster from slot to slot as well. Whether there was one. */
async function rename(client: RedisLike, from: string, to: string, inTime: InTime): Promise<boolean> {
  if (!client.isCluster) {
    try {
      await send(client, "rename", [from, to]);
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.includes("no such key")) return false;
      throw error;
    }
  }
  const raw = (await send(client, "get", [from])) as Buffer | null;
  const left = Number(await send(client, "pttl", [from]));
  // -1: it has no lifetime; below, or 0: it ended meanwhile, and must not live on for ever.
  if (raw === null || left === 0 || left < -1) return false;
  inTime();
  await send(client, "set", left > 0 ? [to, raw, "PX", left] : [to, raw]);
  await send(client, "del", [from]);
  return true;
}

/**
 * A cache over a wrapped client.
 *
 * Give the client a small `maxRetriesPerRequest`: with ioredis' defaults one command waits for over a minute when Redis is
 * away. The cache gives up after `timeout`, and what it has not sent by then it never sends. What was sent may be carried out
 * later by a server that was slow: the event `late` tells of it.
 *
 * @throws RedisAdapterError `bad-option` for a client that is not wrapped by {@link pickled}
 * @example
 * const cache = createCache(pickled(new Redis(), { dialect: django() }), { ttl: 300_000, jitter: 0.1 });
 * const report = await cache.getOrSet("report:9", () => makeReport(9));
 */
export function createCache(redis: PickledRedis, defaults: CacheOptions = {}): PickleCache {
  if (redis?.dialect === undefined) {
    throw new RedisAdapterError("Cannot make a cache: want pickled(client), not the client", { code: "bad-option" });
  }
  return new PickleCache(redis, defaults);
}
