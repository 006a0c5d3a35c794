/** Cached values, or what a loader makes of them: once for all who ask, early, late, or not at all. */
import { setTimeout as delay } from "node:timers/promises";
import { untilAborted } from "../abort.js";
import type { Ttl } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type CacheAccess, graceOf, type StoreOptions } from "./access.js";
import type { InTime } from "./deadline.js";
import { Flight } from "./flight.js";
import { Lock } from "./lock.js";
import type { GetOrSetOptions, LoadContext } from "./options.js";
import type { Tagging } from "./tags.js";
import { Costs } from "./xfetch.js";

export type Loader<T> = (context: LoadContext) => T | Promise<T>;

interface Found<T> {
  /** `undefined`: nothing is stored. */
  readonly value: T | undefined;
  /** Milliseconds until it should be made anew. */
  readonly remaining: number;
}

/** Redis did not answer: it is not asked for a lock, either. */
const UNREACHABLE: Found<never> = Object.freeze({ value: undefined, remaining: 0 });

/** Between two looks for a value that another process is making. */
const POLL_MS = 50;

/** After a value could not be made anew, or what was made not be stored: until then the one that there is will do. */
const REST_MS = 1000;

interface Flying {
  readonly flight: Flight<unknown>;
  readonly tags: readonly string[];
}

export class GetOrSet {
  readonly #access: CacheAccess;
  readonly #flights = new Map<string, Flying>();
  /** Names of values that could not be made anew a moment ago. */
  readonly #resting = new Set<string>();
  readonly #costs = new Costs();

  constructor(access: CacheAccess) {
    this.#access = access;
  }

  async get<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>): Promise<T> {
    const { events, redis } = this.#access;
    const { signal } = options;
    signal?.throwIfAborted();
    const settings: GetOrSetOptions<T> = { ...this.#access.defaults, ...options };
    const found = await untilAborted(this.#look(key, settings), signal);
    if (found.value === undefined) {
      events.emit("miss", key);
      return this.#fly(key, load, settings, found).join(signal);
    }
    const name = redis.key(key, options.version);
    const isStale = found.remaining <= 0;
    const isDue = isStale || this.#costs.isDue(name, found.remaining, settings.beta ?? 0);
    events.emit(isStale ? "stale" : "hit", key);
    if (!isDue || this.#resting.has(name)) return found.value;
    const flight = this.#fly(key, load, settings, found);
    if (!settings.staleTtl) return flight.join(signal);
    // Whoever asked is served what there is; a failed loader leaves it there.
    flight.join(undefined).catch((error: Error) => this.#access.report(error, "refresh", key));
    return found.value;
  }

  /** Values with the tag that are being made now are no longer waited for: who asks from now on has one made anew. */
  forget(tag: string): void {
    for (const [name, { tags }] of this.#flights) if (tags.includes(tag)) this.#flights.delete(name);
  }

  #look<T>(key: string, options: GetOrSetOptions<T>): Promise<Found<T>> {
    return this.#access.attempt<Found<T>>("get", key, UNREACHABLE, () => this.#find<T>(key, options), options);
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
    const extra = graceOf(value, options.staleTtl) + (redis.dialect.graceTtl ?? 0);
    return { value, remaining: ttl < 0 ? Number.POSITIVE_INFINITY : ttl - extra };
  }

  /** Makes the value, alone as far as the options say; `found` is what there is of it. */
  #fly<T>(key: string, load: Loader<T>, options: GetOrSetOptions<T>, found: Found<T>): Flight<T> {
    const { singleFlight = "process" } = options;
    const isLocked = singleFlight === "redis" && found !== UNREACHABLE;
    const make = (flight: Flight<T>): Promise<T> =>
      isLocked
        ? this.#loadLocked(key, load, options, flight, found.value !== undefined)
        : this.#load(key, load, options, flight, found !== UNREACHABLE);
    if (singleFlight === "off") return new Flight(make, () => {});
    const name = this.#access.redis.key(key, options.version);
    const flying = this.#flights.get(name);
    if (flying !== undefined) return flying.flight as Flight<T>;
    const flight: Flight<T> = new Flight(make, () => {
      if (this.#flights.get(name)?.flight === flight) this.#flights.delete(name);
    });
    this.#flights.set(name, { flight, tags: options.tags ?? [] });
    return flight;
  }

  async #loadLocked<T>(
    key: string,
    load: Loader<T>,
    options: GetOrSetOptions<T>,
    flight: Flight<T>,
    isRefresh: boolean,
  ): Promise<T> {
    const { dialect, client } = this.#access.redis;
    const { version } = options;
    const name =
      dialect.flightKey?.(key) ?? dialect.lockKey?.(`${key}:lock`, version) ?? dialect.key(`${key}:lock`, version);
    const ttl = options.lockTtl ?? 30_000;
    const deadline = performance.now() + (options.waitFor ?? 10_000);
    let lock: Lock | undefined;
    let isReachable = true;
    for (;;) {
      let acquiring: Promise<Lock | undefined> | undefined;
      const acquire = async () => {
        acquiring = Lock.acquire(client, name, { ttl });
        return (await acquiring) ?? "taken";
      };
      const taken = await this.#access.attempt<Lock | "taken" | "failed">("lock", key, "failed", acquire, options);
      // Too late for us: nobody should wait for the end of a lock that nobody holds.
      if (taken === "failed") acquiring?.then((late) => late?.release()).catch(() => {});
      if (taken instanceof Lock) lock = taken;
      isReachable = taken !== "failed";
      // Without Redis there is nobody to wait for.
      if (taken !== "taken" || performance.now() >= deadline) break;
      await delay(POLL_MS * (0.5 + Math.random()), undefined, { signal: flight.signal });
      const found = await this.#look(key, options);
      isReachable = found !== UNREACHABLE;
      if (!isReachable) break;
      if (found.value !== undefined && (!isRefresh || found.remaining > 0)) return found.value;
    }
    if (lock === undefined) return this.#load(key, load, options, flight, isReachable);
    const held = lock;
    const renew = () => void this.#access.run(() => held.extend(ttl)).catch(() => {});
    // A loader that never settles does not keep the process from ending.
    const renewal = setInterval(renew, ttl / 3).unref();
    try {
      // It may have been stored between our look and our lock.
      const found = await this.#look(key, options);
      if (found.value !== undefined && found.remaining > 0 && !(isRefresh && options.beta)) return found.value;
      return await this.#load(key, load, options, flight, found !== UNREACHABLE);
    } finally {
      clearInterval(renewal);
      // One that is not released ends by itself.
      await this.#access.run(() => held.release()).catch((error: Error) => this.#access.report(error, "unlock", key));
    }
  }

  async #load<T>(
    key: string,
    load: Loader<T>,
    options: GetOrSetOptions<T>,
    flight: Flight<T>,
    isReachable: boolean,
  ): Promise<T> {
    const { signal } = flight;
    const { tags = [] } = options;
    const tagging = tags.length > 0 && isReachable ? await this.#tagging(key, tags, options) : undefined;
    signal.throwIfAborted();
    let ttl: Ttl | undefined = options.ttl;
    let [isTtlSet, isSkipped] = [false, false];
    const context: LoadContext = {
      key,
      signal,
      setTtl(value) {
        ttl = value;
        isTtlSet = true;
      },
      skip() {
        isSkipped = true;
      },
    };
    const started = performance.now();
    const stopTimer = startTimer(key, options.loadTimeout, flight);
    const name = this.#access.redis.key(key, options.version);
    let loaded: T;
    try {
      // What a loader makes after it was told to stop is not stored.
      loaded = await untilAborted((async () => load(context))(), signal).finally(stopTimer);
    } catch (error) {
      this.#rest(name);
      throw error;
    }
    this.#costs.record(name, performance.now() - started);
    const value = loaded === undefined ? (null as T) : loaded;
    if (value === null && !isTtlSet && options.negativeTtl !== undefined) ttl = options.negativeTtl;
    if (isSkipped || (ttl === 0 && (value === null || this.#access.redis.dialect.ttl(0) === "delete"))) return value;
    // What carries a tag of which nothing is known could be out of date already.
    const isKept =
      (tagging !== undefined || tags.length === 0) &&
      (await this.#keep(key, value, this.#access.spread(ttl, options.jitter), { ...options, tagging }));
    if (!isKept) this.#rest(name);
    return value;
  }

  #tagging<T>(key: string, tags: readonly string[], options: GetOrSetOptions<T>): Promise<Tagging | undefined> {
    const read = () => this.#access.tagging(tags);
    return this.#access.attempt<Tagging | undefined>("tags", key, undefined, read, options);
  }

  #rest(name: string): void {
    if (this.#resting.has(name)) return;
    this.#resting.add(name);
    setTimeout(() => this.#resting.delete(name), REST_MS).unref();
  }

  /** Stores what was made, if it can: that it could not is no reason to keep it from the caller. Whether Redis took it. */
  async #keep<T>(key: string, value: T, ttl: Ttl | undefined, options: StoreOptions): Promise<boolean> {
    const store = async (inTime: InTime) => {
      await this.#access.store(key, value, ttl, inTime, options);
      return true;
    };
    try {
      return await this.#access.attempt("set", key, false, store, { onRedisError: "load" });
    } catch (error) {
      if (!(error instanceof RedisAdapterError) || error.code !== "too-large") throw error;
      this.#access.report(error, "set", key);
      return false;
    }
  }
}

/** Aborts the flight when its loader takes too long; returns what ends that. */
function startTimer<T>(key: string, milliseconds: number | undefined, flight: Flight<T>): () => void {
  if (milliseconds === undefined) return () => {};
  const timer = setTimeout(() => {
    const message = `The loader of ${JSON.stringify(key)} took longer than ${milliseconds} ms`;
    flight.abort(new RedisAdapterError(message, { code: "timeout" }));
  }, milliseconds);
  return () => clearTimeout(timer);
}
