/** What everything in a cache goes through: its events, its deadline, and how lifetimes become Redis'. */
import { EventEmitter } from "node:events";
import { isPickleError } from "@brine/codec";
import { isKombuError } from "@brine/codec/kombu";
import type { Ttl } from "../dialects/dialect.js";
import { DecodeError, RedisAdapterError } from "../errors.js";
import { send } from "../pickled/driver/client.js";
import type { ReadOptions } from "../pickled/options.js";
import type { PickledRedis } from "../pickled/pickled.js";
import { Deadline, type InTime } from "./deadline.js";
import type { CacheEvents, CacheOptions } from "./options.js";
import { addTag, isTagged, readTagging, type Tagging, type TagKeys, tagKeys } from "./tags.js";

/** Deadline of one call to Redis. */
const TIMEOUT_MS = 1000;

/** Operations that change what is stored. */
const WRITES: ReadonlySet<string> = new Set("set add setMany touch incr incrVersion delete deleteMany".split(" "));

export interface StoreOptions {
  /** Django's `version`. Default: the dialect's. */
  readonly version?: number | undefined;
  /** Milliseconds that the value is kept after its time. Default 0. */
  readonly staleTtl?: number | undefined;
  /** For {@link PickleCache.invalidateTags}, as it was before the value was made. Default: none. */
  readonly tagging?: Tagging | undefined;
}

export class CacheAccess {
  readonly redis: PickledRedis;
  readonly defaults: CacheOptions;
  readonly events = new EventEmitter<CacheEvents>();
  readonly #deadline: Deadline;

  constructor(redis: PickledRedis, defaults: CacheOptions) {
    this.redis = redis;
    this.defaults = Object.freeze({ ...defaults });
    this.#deadline = new Deadline(redis.client, defaults.timeout ?? TIMEOUT_MS);
  }

  /** Calls Redis within the deadline. */
  run<T>(call: (inTime: InTime) => Promise<T>): Promise<T> {
    return this.#deadline.run(call);
  }

  /** As {@link run}; when Redis fails, `fallback` stands for its answer, unless `onRedisError` is `"throw"`. */
  async attempt<T>(
    operation: string,
    key: string,
    fallback: T,
    call: (inTime: InTime) => Promise<T>,
    options: { readonly onRedisError?: "load" | "throw" | undefined } = this.defaults,
  ): Promise<T> {
    try {
      const onLate = WRITES.has(operation) ? () => void this.events.emit("late", operation, key) : undefined;
      return await this.#deadline.run(call, onLate);
    } catch (error) {
      // A value that cannot be encoded, a schema that does not match: not Redis' doing.
      if (!isRedisFailure(error) || options.onRedisError === "throw") throw error;
      this.report(error, operation, key);
      return fallback;
    }
  }

  report(error: Error, operation: string, key: string): void {
    // An "error" without listeners would end the process.
    if (this.events.listenerCount("error") > 0) this.events.emit("error", error, operation, key);
  }

  /** Options for reading, where a value that cannot be decoded counts as missing. */
  reading<T>(key: string, options: ReadOptions<T> | undefined): ReadOptions<T> {
    return {
      schema: options?.schema,
      version: options?.version,
      onDecodeError:
        options?.onDecodeError ??
        ((error: DecodeError) => {
          this.events.emit("decodeError", error, error.key ?? key);
          return undefined;
        }),
    };
  }

  async store(
    key: string,
    value: unknown,
    ttl: Ttl | undefined,
    inTime: InTime,
    options: StoreOptions = {},
  ): Promise<void> {
    const { dialect, client } = this.redis;
    const redisKey = this.redis.key(key, options.version);
    const expiry = dialect.ttl(ttl);
    if (expiry === "delete") {
      await send(client, "del", [redisKey]);
      return;
    }
    const grace = graceOf(value, options.staleTtl);
    const set = () => this.redis.set(key, value, { version: options.version, ttl, grace });
    const { tagging } = options;
    if (tagging === undefined) {
      await set();
      return;
    }
    const left = expiry === "persist" ? null : expiry.px + grace + (dialect.graceTtl ?? 0);
    // Before the value: a tag of what is not there does no harm, a value without its tag would outlive its invalidation.
    await Promise.all(tagging.keys.map((each) => addTag(client, each, redisKey, left)));
    inTime();
    if (!(await isTagged(client, tagging, redisKey))) return;
    inTime();
    await set();
    // Whoever invalidated between the tag and the value did not find the value.
    if (!(await isTagged(client, tagging, redisKey))) await send(client, "del", [redisKey]);
  }

  /** What to know of tags before a value that carries them is made. */
  tagging(tags: readonly string[]): Promise<Tagging> {
    return readTagging(
      this.redis.client,
      tags.map((tag) => this.tagKeys(tag)),
    );
  }

  /** A lifetime with some jitter, so that what was stored together does not expire together. */
  spread(ttl: Ttl | undefined, jitter: number | undefined = this.defaults.jitter): Ttl | undefined {
    const ms = ttl === undefined ? this.redis.dialect.defaultTtl : ttl;
    if (!jitter || ms === null || ms <= 0) return ttl;
    return Math.max(1, Math.round(ms * (1 + jitter * (2 * Math.random() - 1))));
  }

  tagKeys(tag: string): TagKeys {
    return tagKeys(this.redis.dialect, tag);
  }
}

/** Milliseconds that a value is kept after its time, to be served stale. `null` is not: it says only that there was nothing. */
export function graceOf(value: unknown, staleTtl: number | undefined): number {
  return value === null ? 0 : (staleTtl ?? 0);
}

function isRedisFailure(error: unknown): error is Error {
  if (error instanceof DecodeError) return false;
  if (error instanceof RedisAdapterError) return error.code === "timeout" || error.code === "unavailable";
  return error instanceof Error && !isPickleError(error) && !isKombuError(error);
}
