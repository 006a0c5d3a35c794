/** `@brine/redis-adapter/keyv`: Keyv, and cache-manager through it, on values that Python reads. */
import { EventEmitter } from "node:events";
import { optionNames } from "@brine/codec/options";
import { Keyv, type KeyvOptions, type KeyvStoreAdapter } from "keyv";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { clearKeys } from "../pickled/iteration/clear.js";
import type { PickledRedis } from "../pickled/pickled.js";

/** What Keyv keeps around a value. In Redis there is the value alone, and its lifetime is the key's. */
interface Envelope {
  readonly value: unknown;
  /** Its end, in Unix milliseconds: cache-manager makes a value anew some time before. */
  readonly expires?: number | undefined;
}

/**
 * A store for Keyv 5. The Keyv must neither serialize nor prefix keys, for both is the dialect's: {@link pickledKeyv} makes
 * such a one.
 */
export class PickledKeyvStore extends EventEmitter implements KeyvStoreAdapter {
  /** Keyv makes its `iterator` for stores of dialects that it knows. */
  readonly opts: Readonly<Record<string, unknown>> = Object.freeze({ dialect: "redis" });
  /** Keyv sets it. Not used: keys have the prefix of the dialect. */
  namespace?: string | undefined;
  readonly #redis: PickledRedis;

  /** @param redis - its client stays yours */
  constructor(redis: PickledRedis) {
    super();
    this.#redis = redis;
  }

  /** What Keyv keeps around a value: `{ value, expires }`, `expires` in Unix milliseconds and absent without a lifetime. `undefined`: no such key. */
  async get<Value>(key: string): Promise<Value | undefined> {
    const [value, left] = await Promise.all([this.#redis.get(key), this.#redis.pttl(key)]);
    const remaining = left - (this.#redis.dialect.graceTtl ?? 0);
    return wrap<Value>(value, remaining > 0 ? Date.now() + remaining : undefined);
  }

  /** What Keyv keeps around each value, in the order of the keys, as {@link get} but without `expires`: who asks for many does not renew them. */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    return (await this.#redis.mget(keys)).map((value) => wrap<Value>(value));
  }

  /**
   * Stores the value alone of Keyv's `{ value, expires }`; whether it was stored.
   *
   * @param ttl - milliseconds; none: for ever, whatever the dialect's default is
   * @throws RedisAdapterError `bad-option` for what Keyv has serialized
   */
  async set(key: string, data: unknown, ttl?: number): Promise<boolean> {
    if (typeof data !== "object" || data === null || !("value" in data)) {
      throw new RedisAdapterError(
        "Cannot store what Keyv serialized: give it `serialize: undefined`, or use pickledKeyv",
        {
          code: "bad-option",
        },
      );
    }
    const { value } = data as Envelope;
    return (await this.#redis.set(key, value, { ttl: ttl ?? null })) !== false;
  }

  /** Deletes a key; whether there was one. */
  async delete(key: string): Promise<boolean> {
    return (await this.#redis.del(key)) > 0;
  }

  /** Deletes several keys; whether there was any of them. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#redis.del(...keys)) > 0;
  }

  /** Whether there is such a key, also where its value cannot be decoded. */
  async has(key: string): Promise<boolean> {
    return (await this.#redis.exists(key)) > 0;
  }

  /** Keys of the dialect and what they hold, in no order; a key may come twice. */
  async *iterator<Value>(): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    for await (const { key, value } of this.#redis.scan()) yield [key, wrap<Awaited<Value>>(value)];
  }

  /** Deletes all keys of the dialect. @throws RedisAdapterError `unsupported` when it has no prefix: it would empty the database */
  async clear(): Promise<void> {
    await clearKeys(this.#redis);
  }
}

/** What Keyv itself has: of values and keys the dialect has the say. */
export type PickledKeyvOptions = Omit<
  KeyvOptions,
  "store" | "serialize" | "deserialize" | "compression" | "namespace" | "useKeyPrefix"
>;

const KEYV_OPTIONS = optionNames<PickledKeyvOptions>(
  { emitErrors: true, ttl: true, stats: true, throwOnErrors: true },
  {
    instead: [
      ["ttlSeconds", "write ttl, in milliseconds"],
      ["namespace", "keys get the prefix of the dialect"],
      ["serialize", "values are the dialect's"],
      ["deserialize", "values are the dialect's"],
      ["compression", "values are the dialect's"],
      ["store", "it is the one of the client given"],
    ],
  },
);

/**
 * A Keyv 5 whose keys and values are those of the dialect: `django()` for Django's cache. Keys get no namespace.
 *
 * Its client stays yours: disconnecting the Keyv leaves it open.
 *
 * @example
 * const keyv = pickledKeyv(pickled(new Redis(), { dialect: django() }), { ttl: 60_000 });
 * await keyv.set("user:7", { name: "Ada" }); // cache.get("user:7") in Python
 *
 * import { createCache } from "cache-manager";
 * const cache = createCache({ stores: [keyv] });
 */
export function pickledKeyv<Value = unknown>(redis: PickledRedis, options: PickledKeyvOptions = {}): Keyv<Value> {
  checkNames(options, KEYV_OPTIONS, "options of pickledKeyv()");
  return new Keyv<Value>({
    ...options,
    store: new PickledKeyvStore(redis),
    serialize: undefined,
    deserialize: undefined,
    namespace: undefined,
    useKeyPrefix: false,
  } as unknown as KeyvOptions);
}

/** A stored None is a value to Keyv, which takes `null` in place of an envelope for a missing key. */
function wrap<Value>(value: unknown, expires?: number): Value | undefined {
  if (value === undefined) return undefined;
  const envelope: Envelope = expires === undefined ? { value } : { value, expires };
  return envelope as Value;
}
