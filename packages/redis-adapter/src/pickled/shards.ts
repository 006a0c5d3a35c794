/** django-redis' `ShardClient`: keys spread over several servers by a ring of SHA-256 digests. `hash_ring.py`, `client/sharded.py`. */
import { createHash } from "node:crypto";
import { RedisAdapterError } from "../errors.js";
import type { RedisLike } from "./driver/client.js";
import type { PickledRedisOptions, ReadOptions } from "./options.js";
import { type PickledRedis, pickled } from "./pickled.js";

/** Places of each server on the ring. */
const REPLICAS = 128;
/** The part of a key that decides, if it has one. Greedy, unlike Redis Cluster's. */
const TAG = /.*\{(.*)\}.*/;

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Servers that share keys: {@link Shards.of} has the commands of the one that has a key. Make one with {@link sharded}. */
export class Shards<C extends RedisLike = RedisLike> {
  readonly #servers: ReadonlyMap<string, PickledRedis<C>>;
  readonly #ring: readonly (readonly [hash: string, server: string])[];
  readonly #key: (key: string, version?: number) => string;

  constructor(servers: Readonly<Record<string, C>>, options: PickledRedisOptions) {
    const names = Object.keys(servers);
    if (names.length === 0) throw new RedisAdapterError("Cannot shard: there are no servers", { code: "bad-option" });
    this.#servers = new Map(names.map((name) => [name, pickled(servers[name]!, options)]));
    this.#ring = names
      .flatMap((name) => Array.from({ length: REPLICAS }, (_, i) => [digest(`${name}:${i}`), name] as const))
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const first = this.#servers.get(names[0]!)!;
    this.#key = (key, version) => first.key(key, version);
  }

  /** The server that has a key, with all commands; keys of one command must be on one server. */
  of(key: string, version?: number): PickledRedis<C> {
    const redisKey = this.#key(key, version);
    const hash = digest(TAG.exec(redisKey)?.[1] ?? redisKey);
    // The last place that is not after the key; before the first place it is the last one of all, as Python's index -1.
    let [low, high] = [0, this.#ring.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (hash < this.#ring[middle]![0]) high = middle;
      else low = middle + 1;
    }
    return this.#servers.get(this.#ring.at(low - 1)![1])!;
  }

  /** Values in the order of their keys, from each server at once. */
  async mget<T = unknown>(keys: readonly string[], options?: ReadOptions<T>): Promise<(T | undefined)[]> {
    const values: (T | undefined)[] = Array(keys.length).fill(undefined);
    const parts = this.#split(keys, options?.version).map(async ([server, indexes]) => {
      const found = await server.mget<T>(
        indexes.map((i) => keys[i]!),
        options,
      );
      for (const [at, i] of indexes.entries()) values[i] = found[at];
    });
    await Promise.all(parts);
    return values;
  }

  /** Deletes keys, of each server at once; how many there were. */
  async del(...keys: string[]): Promise<number> {
    const parts = this.#split(keys).map(([server, indexes]) => server.del(...indexes.map((i) => keys[i]!)));
    return (await Promise.all(parts)).reduce((total, count) => total + count, 0);
  }

  /** Every server, for what is done on all of them, such as scanning. */
  *[Symbol.iterator](): Iterator<PickledRedis<C>> {
    yield* this.#servers.values();
  }

  #split(keys: readonly string[], version?: number): [server: PickledRedis<C>, indexes: number[]][] {
    const parts = new Map<PickledRedis<C>, number[]>();
    for (const [i, key] of keys.entries()) {
      const server = this.of(key, version);
      const part = parts.get(server);
      if (part === undefined) parts.set(server, [i]);
      else part.push(i);
    }
    return [...parts];
  }
}

/**
 * Servers that share the keys as django-redis' `ShardClient` shares them.
 *
 * @param servers - clients by what `LOCATION` calls them, letter by letter: the names decide which key is where
 * @example
 * const urls = ["redis://a:6379/1", "redis://b:6379/1"]; // as in Django's LOCATION
 * const shards = sharded(Object.fromEntries(urls.map((url) => [url, new Redis(url)])), { dialect: djangoRedis() });
 * await shards.of("user:7").get("user:7");
 */
export function sharded<C extends RedisLike>(
  servers: Readonly<Record<string, C>>,
  options: PickledRedisOptions = {},
): Shards<C> {
  return new Shards(servers, options);
}
