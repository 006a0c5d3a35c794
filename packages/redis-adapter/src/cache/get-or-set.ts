/** Cached values, or what a loader makes of them: once for all who ask, early, late, or not at all. */
import { setTimeout as delay } from "node:timers/promises";
import type { Ttl } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import type { CacheAccess } from "./access.js";
import { Lock } from "./lock.js";
import type { GetOrSetOptions, LoadContext } from "./options.js";
import { Costs } from "./xfetch.js";

export type Loader<T> = (context: LoadContext) => T | Promise<T>;

interface Found<T> {
  /** `undefined`: nothing is stored. */
  readonly value: T | undefined;
  /** Milliseconds until it should be made anew. */
  readonly remaining: number;
}

const NOTHING: Found<never> = Object.freeze({ value: undefined, remaining: 0 });

/** Between two looks for a value that another process is making. */
const POLL_MS = 50;

export class GetOrSet {
  readonly #access: CacheAccess;
  readonly #flights = new Map<string, Promise<unknown>>();
  readonly #costs = new Costs();

  constructor(access: CacheAccess) {
    this.#access = access;
  }

  async get<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>): Promise<T> {
    const { events } = this.#access;
    const settings: GetOrSetOptions<T> = { ...this.#access.defaults, ...options };
    const found = await this.#look(key, settings);
    if (found.value === undefined) {
      events.emit("miss", key);
      return this.#fly(key, load, settings, false);
    }
    const isStale = found.remaining <= 0;
    const isDue = isStale || this.#costs.isDue(key, found.remaining, settings.beta ?? 0);
    events.emit(isStale ? "stale" : "hit", key);
    if (!isDue) return found.value;
    const refreshed = this.#fly(key, load, settings, true);
    if (!settings.staleTtl) return refreshed;
    // Whoever asked is served what there is; a failed loader leaves it there.
    refreshed.catch((error: Error) => this.#access.report(error, "refresh", key));
    return found.value;
  }

  #look<T>(key: string, options: GetOrSetOptions<T>): Promise<Found<T>> {
    return this.#access.attempt<Found<T>>("get", key, NOTHING, () => this.#find<T>(key, options), options);
  }

  async #find<T>(key: string, options: GetOrSetOptions<T>): Promise<Found<T>> {
    const { redis } = this.#access;
    const reading = this.#access.reading(key, options);
    if (!options.staleTtl && !options.beta) {
      return { value: await redis.get<T>(key, reading), remaining: Number.POSITIVE_INFINITY };
    }
    const redisKey = redis.key(key, options.version);
    const [value, left] = await redis.pipeline().get<T>(key, reading).raw("PTTL", redisKey).results();
    const ttl = Number(left);
    const extra = (options.staleTtl ?? 0) + (redis.dialect.graceTtl ?? 0);
    return { value, remaining: ttl < 0 ? Number.POSITIVE_INFINITY : ttl - extra };
  }

  /** Makes the value, alone as far as the options say. */
  #fly<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>, isRefresh: boolean): Promise<T> {
    const { singleFlight = "process" } = options;
    if (singleFlight === "off") return this.#load(key, load, options);
    const name = this.#access.redis.key(key, options.version);
    const flying = this.#flights.get(name);
    if (flying !== undefined) return flying as Promise<T>;
    const flight = (
      singleFlight === "redis" ? this.#loadLocked(key, load, options, isRefresh) : this.#load(key, load, options)
    ).finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return flight;
  }

  async #loadLocked<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>, isRefresh: boolean): Promise<T> {
    const { dialect, client } = this.#access.redis;
    const name = dialect.flightKey?.(key) ?? dialect.lockKey?.(`${key}:lock`) ?? dialect.key(`${key}:lock`);
    const ttl = options.lockTtl ?? 30_000;
    const deadline = Date.now() + (options.waitFor ?? 10_000);
    let lock: Lock | undefined;
    for (;;) {
      const taken = await this.#access.attempt<Lock | "taken" | "failed">(
        "lock",
        key,
        "failed",
        async () => (await Lock.acquire(client, name, { ttl })) ?? "taken",
        options,
      );
      if (taken instanceof Lock) lock = taken;
      // Without Redis there is nobody to wait for.
      if (taken !== "taken" || Date.now() >= deadline) break;
      await delay(POLL_MS * (0.5 + Math.random()));
      const found = await this.#look(key, options);
      if (found.value !== undefined && (!isRefresh || found.remaining > 0)) return found.value;
    }
    if (lock === undefined) return this.#load(key, load, options);
    const held = lock;
    const renewal = setInterval(() => void held.extend(ttl).catch(() => {}), ttl / 3);
    try {
      // It may have been stored between our look and our lock.
      const found = await this.#look(key, options);
      if (found.value !== undefined && found.remaining > 0 && !(isRefresh && options.beta)) return found.value;
      return await this.#load(key, load, options);
    } finally {
      clearInterval(renewal);
      // One that is not released ends by itself.
      await this.#access.run(() => held.release()).catch((error: Error) => this.#access.report(error, "unlock", key));
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
    if (isSkipped || (ttl === 0 && (value === null || this.#access.redis.dialect.ttl(0) === "delete"))) return value;
    await this.#keep(key, value, this.#access.spread(ttl, options.jitter), options);
    return value;
  }

  /** Stores what was made: that it could not be stored is no reason to keep it from the caller. */
  async #keep<T>(key: string, value: T, ttl: Ttl | undefined, options: GetOrSetOptions<T>): Promise<void> {
    const store = () => this.#access.store(key, value, ttl, options);
    try {
      await this.#access.attempt("set", key, undefined, store, { onRedisError: "load" });
    } catch (error) {
      if (!(error instanceof RedisAdapterError) || error.code !== "too-large") throw error;
      this.#access.report(error, "set", key);
    }
  }
}
