/** A cache over {@link pickled}: values stay as the dialect makes them, so Python reads and writes the same cache. */
import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isPickleError } from "@brine/codec";
import { isKombuError } from "@brine/codec/kombu";
import type { Ttl } from "../dialects/dialect.js";
import { DecodeError, RedisAdapterError } from "../errors.js";
import { script } from "../kombu/scripts.js";
import { send } from "../pickled/client.js";
import type { ReadOptions } from "../pickled/options.js";
import type { PickledRedis } from "../pickled/pickled.js";
import { scanKeys } from "../pickled/scan.js";
import { bySlot } from "../pickled/slots.js";
import { Deadline } from "./deadline.js";
import { evaluate, Lock, type LockOptions } from "./lock.js";
import type { CacheEvents, CacheOptions, GetOrSetOptions, LoadContext } from "./options.js";
import { addTag, invalidateTag } from "./tags.js";
import { Costs } from "./xfetch.js";

/** Django's `incr` and core `touch` fail on a key that is not there; Redis would make one. */
const INCR_EXISTING = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('INCRBY', KEYS[1], ARGV[1])`);

type Loader<T> = (context: LoadContext) => T | Promise<T>;

interface StoreOptions {
  readonly version?: number | undefined;
  readonly staleTtl?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

interface Found<T> {
  /** `undefined`: nothing is stored. */
  readonly value: T | undefined;
  /** Milliseconds until it should be made anew. */
  readonly remaining: number;
}

const NOTHING: Found<never> = Object.freeze({ value: undefined, remaining: 0 });

/** Between two looks for a value that another process is making. */
const POLL_MS = 50;

/** Make one with {@link createCache}. */
export class PickleCache {
  readonly redis: PickledRedis;
  readonly #defaults: CacheOptions;
  readonly #events = new EventEmitter<CacheEvents>();
  readonly #flights = new Map<string, Promise<unknown>>();
  readonly #costs = new Costs();
  readonly #deadline: Deadline;

  constructor(redis: PickledRedis, defaults: CacheOptions = {}) {
    this.redis = redis;
    this.#defaults = Object.freeze({ ...defaults });
    this.#deadline = new Deadline(defaults.timeout ?? 1000);
  }

  /** The stored value; `undefined` when there is none, or Redis is away. */
  async get<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined> {
    return this.#try("get", key, undefined, () => this.redis.get<T>(key, this.#reading(key, options)));
  }

  /** Those that are there. */
  async getMany<T = unknown>(keys: readonly string[], options?: ReadOptions<T>): Promise<Map<string, T>> {
    const none: (T | undefined)[] = [];
    const values = await this.#try("getMany", keys.join(" "), none, () =>
      this.redis.mget<T>(keys, this.#reading("", options)),
    );
    const found = new Map<string, T>();
    for (const [i, value] of values.entries()) if (value !== undefined) found.set(keys[i]!, value);
    return found;
  }

  async set(key: string, value: unknown, ttl: Ttl | undefined = this.#defaults.ttl): Promise<void> {
    await this.#try("set", key, undefined, async () => {
      await this.#store(key, value, this.#spread(ttl));
    });
  }

  /** Stores unless there is a value; whether it did. */
  async add(key: string, value: unknown, ttl: Ttl | undefined = this.#defaults.ttl): Promise<boolean> {
    return this.#try("add", key, false, () => this.redis.set(key, value, { ttl: this.#spread(ttl), nx: true }));
  }

  async setMany(values: Readonly<Record<string, unknown>>, ttl: Ttl | undefined = this.#defaults.ttl): Promise<void> {
    await this.#try("setMany", Object.keys(values).join(" "), undefined, () =>
      this.redis.mset(values, { ttl: this.#spread(ttl) }),
    );
  }

  /** Gives a value a new lifetime; whether there is one. */
  async touch(key: string, ttl: Ttl | undefined = this.#defaults.ttl): Promise<boolean> {
    return this.#try("touch", key, false, async () => {
      const expiry = this.redis.dialect.ttl(ttl);
      if (expiry === "delete") return (await this.redis.del(key)) === 1;
      if (expiry !== "persist") return this.redis.pexpire(key, expiry.px);
      // PERSIST says 0 of a key without a lifetime, too.
      return (await this.redis.persist(key)) || (await this.redis.exists(key)) === 1;
    });
  }

  /** The new number; `undefined` when there is no such key, where Django raises ValueError. */
  async incr(key: string, by: number | bigint = 1): Promise<number | undefined> {
    const { client, dialect } = this.redis;
    if (!dialect.digits) {
      throw new RedisAdapterError(
        `Cannot increment ${JSON.stringify(key)}: ${dialect.name} does not store ints as digits`,
        {
          code: "unsupported",
        },
      );
    }
    return this.#try("incr", key, undefined, async () => {
      const reply = await evaluate(client, INCR_EXISTING, [this.redis.key(key)], [String(by)]);
      return reply === null ? undefined : Number(reply);
    });
  }

  /** Django's `incr_version`: moves a value from one version to a later one, with its lifetime. Whether there was one. */
  async incrVersion(key: string, version = 1, by = 1): Promise<boolean> {
    const { client, dialect } = this.redis;
    const [from, to] = [dialect.key(key, version), dialect.key(key, version + by)];
    if (from === to) {
      throw new RedisAdapterError(`Cannot change the version: keys of ${dialect.name} have none`, {
        code: "unsupported",
      });
    }
    return this.#try("incrVersion", key, false, async () => {
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
      if (raw === null) return false;
      const left = Number(await send(client, "pttl", [from]));
      await send(client, "set", left > 0 ? [to, raw, "PX", left] : [to, raw]);
      await send(client, "del", [from]);
      return true;
    });
  }

  async delete(key: string): Promise<boolean> {
    return this.#try("delete", key, false, async () => (await this.redis.del(key)) === 1);
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    return this.#try("deleteMany", keys.join(" "), 0, () => this.redis.del(...keys));
  }

  /** Deletes the keys that match a glob pattern, within the dialect's prefix and version; how many there were. */
  async deletePattern(pattern: string, version?: number): Promise<number> {
    const { client, dialect } = this.redis;
    let deleted = 0;
    for await (const keys of scanKeys(client, dialect.pattern(pattern, version))) {
      const groups = client.isCluster ? bySlot(keys) : [keys.map((_, i) => i)];
      for (const group of groups)
        deleted += Number(
          await send(
            client,
            "unlink",
            group.map((i) => keys[i]!),
          ),
        );
    }
    return deleted;
  }

  /**
   * The stored value, or what `load` makes of it, which is then stored.
   *
   * @example
   * await cache.getOrSet("report:9", () => makeReport(9), { ttl: 300_000, staleTtl: 30_000, tags: ["reports"] });
   */
  async getOrSet<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T> = {}): Promise<T> {
    const settings: GetOrSetOptions<T> = { ...this.#defaults, ...options };
    const found = await this.#try<Found<T>>("get", key, NOTHING, () => this.#find<T>(key, settings), settings);
    if (found.value !== undefined) {
      const isStale = found.remaining <= 0;
      const isDue = isStale || this.#costs.isDue(key, found.remaining, settings.beta ?? 0);
      this.#events.emit(isStale ? "stale" : "hit", key);
      if (!isDue) return found.value;
      const refreshed = this.#fly(key, load, settings, true);
      if (!settings.staleTtl) return refreshed;
      // Whoever asked is served what there is; a failed loader leaves it there.
      refreshed.catch((error: Error) => this.#report(error, "refresh", key));
      return found.value;
    }
    this.#events.emit("miss", key);
    return this.#fly(key, load, settings, false);
  }

  /** A function with its results cached: `options.key` names the result of given arguments. */
  wrap<A extends readonly unknown[], T>(
    fn: (...args: A) => T | Promise<T>,
    options: GetOrSetOptions<T> & { readonly key: (...args: A) => string },
  ): (...args: A) => Promise<T> {
    return (...args) => this.getOrSet(options.key(...args), () => fn(...args), options);
  }

  /** Deletes what was stored with one of the tags; how many keys there were. */
  async invalidateTags(...tags: string[]): Promise<number> {
    let deleted = 0;
    for (const tag of tags) deleted += await invalidateTag(this.redis.client, this.#tagKey(tag));
    return deleted;
  }

  /** A lock that redis-py's `Lock`, and so django-redis' `cache.lock(key)`, knows as its own. */
  async lock(key: string, options: LockOptions): Promise<Lock | undefined> {
    const { dialect } = this.redis;
    return Lock.acquire(this.redis.client, dialect.lockKey?.(key) ?? dialect.key(key), options);
  }

  on<E extends keyof CacheEvents>(event: E, listener: (...args: CacheEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  off<E extends keyof CacheEvents>(event: E, listener: (...args: CacheEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  async #find<T>(key: string, options: GetOrSetOptions<T>): Promise<Found<T>> {
    const reading = this.#reading(key, options);
    if (!options.staleTtl && !options.beta) {
      return { value: await this.redis.get<T>(key, reading), remaining: Number.POSITIVE_INFINITY };
    }
    const redisKey = this.redis.key(key, options.version);
    const [value, left] = await this.redis.pipeline().get<T>(key, reading).raw("PTTL", redisKey).results();
    const ttl = Number(left);
    return { value, remaining: ttl < 0 ? Number.POSITIVE_INFINITY : ttl - (options.staleTtl ?? 0) };
  }

  /** Makes the value, alone as far as the options say. */
  #fly<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>, isRefresh: boolean): Promise<T> {
    const { singleFlight = "process" } = options;
    if (singleFlight === "off") return this.#load(key, load, options);
    const name = this.redis.key(key, options.version);
    const flying = this.#flights.get(name);
    if (flying !== undefined) return flying as Promise<T>;
    const flight = (
      singleFlight === "redis" ? this.#loadLocked(key, load, options, isRefresh) : this.#load(key, load, options)
    ).finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return flight;
  }

  async #loadLocked<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>, isRefresh: boolean): Promise<T> {
    const { dialect, client } = this.redis;
    const name = dialect.flightKey?.(key) ?? dialect.lockKey?.(`${key}:lock`) ?? dialect.key(`${key}:lock`);
    const ttl = options.lockTtl ?? 30_000;
    const deadline = Date.now() + (options.waitFor ?? 10_000);
    let lock: Lock | undefined;
    while (lock === undefined) {
      lock = await this.#try("lock", key, undefined, () => Lock.acquire(client, name, { ttl }), options);
      if (lock !== undefined || Date.now() >= deadline) break;
      await delay(POLL_MS * (0.5 + Math.random()));
      const found = await this.#try<Found<T>>("get", key, NOTHING, () => this.#find<T>(key, options), options);
      if (found.value !== undefined && (!isRefresh || found.remaining > 0)) return found.value;
    }
    if (lock === undefined) return this.#load(key, load, options);
    const held = lock;
    const renewal = setInterval(() => void held.extend(ttl).catch(() => {}), ttl / 3);
    try {
      if (!isRefresh) {
        // It may have been stored between our look and our lock.
        const found = await this.#try<Found<T>>("get", key, NOTHING, () => this.#find<T>(key, options), options);
        if (found.value !== undefined && found.remaining > 0) return found.value;
      }
      return await this.#load(key, load, options);
    } finally {
      clearInterval(renewal);
      await held.release().catch((error: Error) => this.#report(error, "unlock", key));
    }
  }

  async #load<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>): Promise<T> {
    let ttl: Ttl | undefined = options.ttl;
    let [isTtlSet, isSkipped] = [false, false];
    const started = performance.now();
    const loaded = await load({
      key,
      setTtl(value) {
        ttl = value;
        isTtlSet = true;
      },
      skip() {
        isSkipped = true;
      },
    });
    this.#costs.record(key, performance.now() - started);
    const value = loaded === undefined ? (null as T) : loaded;
    if (value === null && !isTtlSet && options.negativeTtl !== undefined) ttl = options.negativeTtl;
    if (isSkipped || ttl === 0) return value;
    await this.#try(
      "set",
      key,
      undefined,
      () => this.#store(key, value, this.#spread(ttl, options.jitter), options),
      // The value is there: that it could not be stored is no reason to keep it from the caller.
      { onRedisError: "load" },
    );
    return value;
  }

  async #store(key: string, value: unknown, ttl: Ttl | undefined, options: StoreOptions = {}): Promise<void> {
    const expiry = this.redis.dialect.ttl(ttl);
    if (expiry === "delete") {
      await send(this.redis.client, "del", [this.redis.key(key, options.version)]);
      return;
    }
    const left = expiry === "persist" ? null : expiry.px + (value === null ? 0 : (options.staleTtl ?? 0));
    await this.redis.set(key, value, { version: options.version, ...(left === null ? { ttl: null } : { px: left }) });
    for (const tag of options.tags ?? []) {
      await addTag(this.redis.client, this.#tagKey(tag), this.redis.key(key, options.version), left);
    }
  }

  #spread(ttl: Ttl | undefined, jitter: number | undefined = this.#defaults.jitter): Ttl | undefined {
    if (!jitter) return ttl;
    const expiry = this.redis.dialect.ttl(ttl);
    if (typeof expiry === "string") return ttl;
    return Math.max(1, Math.round(expiry.px * (1 + jitter * (2 * Math.random() - 1))));
  }

  #tagKey(tag: string): string {
    return this.redis.dialect.key(`tag:${tag}`);
  }

  #reading<T>(key: string, options: ReadOptions<T> | undefined): ReadOptions<T> {
    return {
      schema: options?.schema,
      version: options?.version,
      onDecodeError:
        options?.onDecodeError ??
        ((error: DecodeError) => {
          this.#events.emit("decodeError", error, error.key ?? key);
          return undefined;
        }),
    };
  }

  async #try<T>(
    operation: string,
    key: string,
    fallback: T,
    call: () => Promise<T>,
    options: { readonly onRedisError?: "load" | "throw" | undefined } = this.#defaults,
  ): Promise<T> {
    try {
      return await this.#deadline.run(call);
    } catch (error) {
      // A value that cannot be encoded, a schema that does not match: not Redis' doing.
      if (!isRedisFailure(error) || options.onRedisError === "throw") throw error;
      this.#report(error, operation, key);
      return fallback;
    }
  }

  #report(error: Error, operation: string, key: string): void {
    // An "error" without listeners would end the process.
    if (this.#events.listenerCount("error") > 0) this.#events.emit("error", error, operation, key);
  }
}

function isRedisFailure(error: unknown): error is Error {
  if (error instanceof DecodeError) return false;
  if (error instanceof RedisAdapterError) return error.code === "timeout" || error.code === "unavailable";
  return error instanceof Error && !isPickleError(error) && !isKombuError(error);
}

/**
 * A cache over a wrapped client.
 *
 * Give the client a small `maxRetriesPerRequest`: with ioredis' defaults one command waits for over a minute when Redis is
 * away. The cache gives up after `timeout`, but the command stays queued.
 *
 * @example
 * const cache = createCache(pickled(redis, { dialect: django() }), { ttl: 300_000, jitter: 0.1 });
 * const report = await cache.getOrSet("report:9", () => makeReport(9));
 */
export function createCache(redis: PickledRedis, defaults: CacheOptions = {}): PickleCache {
  return new PickleCache(redis, defaults);
}
