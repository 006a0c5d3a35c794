/** The public face of {@link pickled}: ioredis' names, values instead of bytes. */
import type { Ttl } from "../dialects/dialect.js";
import type { LimitOptions, ZaddOptions } from "./commands/collections.js";
import type { StreamEntry, XaddOptions, XreadOptions } from "./commands/streams.js";
import type { ReadOptions, SetOptions } from "./options.js";

type Fields = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;
/** What counting by an `N` gives. */
export type Counted<N extends number | bigint> = N extends bigint ? bigint : number;

/** A member of a sorted set, decoded, and its score. */
export interface Scored<T> {
  /** Decoded, and perhaps transformed by a schema. */
  readonly member: T;
  /** A double; also `Infinity` and `-Infinity`. */
  readonly score: number;
}

/**
 * What each command takes and gives. `undefined` is a missing key, field or element; `null` is a stored `None`.
 *
 * `R` says what a result is wrapped in: a promise on {@link PickledRedis}, the next pipeline in a {@link PickledPipeline}.
 */
export interface PickledCommands {
  /** `undefined`: no such key; `null` is a None that is stored. */
  get<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Reads several keys: values in their order, with `undefined` for each that is missing. In a cluster split by slot. */
  mget<T = unknown>(keys: readonly string[], options?: ReadOptions<T>): Promise<(T | undefined)[]>;
  /** Stores a value; whether it was, which `nx` and `xx` may prevent. With `get` the value before. */
  set<T = unknown>(key: string, value: unknown, options: SetOptions & { readonly get: true }): Promise<T | undefined>;
  set(key: string, value: unknown, options?: SetOptions & { readonly get?: false | undefined }): Promise<boolean>;
  /** Stores a value, and gives the one before. */
  getset<T = unknown>(key: string, value: unknown, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Reads a key, and gives it another lifetime; with `persist` none. */
  getex<T = unknown>(
    key: string,
    options: SetOptions & ReadOptions<T> & { readonly persist?: boolean | undefined },
  ): Promise<T | undefined>;
  /** Reads a key, and deletes it. `undefined`: no such key. */
  getdel<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /**
   * The new number: a bigint of a bigint, which is exact up to Redis' 2**63 and done by a script.
   *
   * @throws RedisAdapterError `unsupported` where the dialect pickles ints; `too-large` when it was counted, and is now beyond
   *   what a number can say
   */
  incr<N extends number | bigint = number>(key: string, by?: N): Promise<Counted<N>>;

  /** Deletes keys; how many there were. */
  del(...keys: string[]): Promise<number>;
  /** As `del`; the memory is freed later. */
  unlink(...keys: string[]): Promise<number>;
  /** How many of the keys there are; one that is given twice counts twice. */
  exists(...keys: string[]): Promise<number>;
  /** Gives a key a lifetime in seconds; whether there is such a key. */
  expire(key: string, seconds: number): Promise<boolean>;
  /** Gives a key a lifetime in milliseconds; whether there is such a key. */
  pexpire(key: string, milliseconds: number): Promise<boolean>;
  /** Takes a key's lifetime away, so that it stays; whether it had one. */
  persist(key: string): Promise<boolean>;
  /** The lifetime that a key has left, in seconds; -1: for ever, -2: no such key. */
  ttl(key: string): Promise<number>;
  /** The lifetime that a key has left, in milliseconds; -1: for ever, -2: no such key. */
  pttl(key: string): Promise<number>;
  /** The kind of value that a key has: `"string"`, `"list"`, ...; `"none"`: no such key. */
  type(key: string): Promise<string>;

  /** Reads a field of a hash. `undefined`: no such key or field. */
  hget<T = unknown>(key: string, field: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Stores fields of a hash, by name; how many of them are new. */
  hset(key: string, fields: Fields): Promise<number>;
  /** Stores a field of a hash unless there is one of this name; whether it was stored. */
  hsetnx(key: string, field: string, value: unknown): Promise<boolean>;
  /** Reads fields of a hash: values in the order of `fields`, with `undefined` for each that is not there. */
  hmget<T = unknown>(key: string, fields: readonly string[], options?: ReadOptions<T>): Promise<(T | undefined)[]>;
  /** By field; empty without such a key. @throws RedisAdapterError `unsupported` for fields that are no UTF-8, where two are the same as text */
  hgetall<T = unknown>(key: string, options?: ReadOptions<T>): Promise<Map<string, T>>;
  /** Deletes fields of a hash; how many there were. */
  hdel(key: string, ...fields: string[]): Promise<number>;
  /** Whether there are such a key and field. */
  hexists(key: string, field: string): Promise<boolean>;
  /** The names of the fields, in no order; empty without such a key. */
  hkeys(key: string): Promise<string[]>;
  /** How many fields; 0 without such a key. */
  hlen(key: string): Promise<number>;

  /** Puts values in front of a list, one after the other; its length afterwards. */
  lpush(key: string, ...values: unknown[]): Promise<number>;
  /** Puts values at the end of a list; its length afterwards. */
  rpush(key: string, ...values: unknown[]): Promise<number>;
  /** Takes the first value of a list; `undefined`: no such key. */
  lpop<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Takes the last value of a list; `undefined`: no such key. */
  rpop<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Waits for the first value of one of the lists, and takes it; `undefined` after `timeoutSeconds`, 0: for ever. Blocks the connection: use a client of its own. */
  blpop<T = unknown>(
    keys: string | readonly string[],
    timeoutSeconds: number,
    options?: ReadOptions<T>,
  ): Promise<{ readonly key: string; readonly value: T } | undefined>;
  /** As `blpop`, from the other end. */
  brpop<T = unknown>(
    keys: string | readonly string[],
    timeoutSeconds: number,
    options?: ReadOptions<T>,
  ): Promise<{ readonly key: string; readonly value: T } | undefined>;
  /** The values of a list from `start` to `stop`, that one included; -1 is the last. */
  lrange<T = unknown>(key: string, start: number, stop: number, options?: ReadOptions<T>): Promise<T[]>;
  /** The value at an index of a list, from 0; -1 is the last. `undefined`: no such key or index. */
  lindex<T = unknown>(key: string, index: number, options?: ReadOptions<T>): Promise<T | undefined>;
  /** Replaces the value at an index of a list, of which -1 is the last; rejects where there is none. */
  lset(key: string, index: number, value: unknown): Promise<void>;
  /** Shortens a list to what `lrange` would give. */
  ltrim(key: string, start: number, stop: number): Promise<void>;
  /** How many values a list has; 0 without such a key. */
  llen(key: string): Promise<number>;
  /** Takes the first or last of one list, puts it at the start or end of the other, and gives it. `undefined`: there was none. Redis 6.2. */
  lmove<T = unknown>(
    from: string,
    to: string,
    where: "LEFT" | "RIGHT",
    whereTo: "LEFT" | "RIGHT",
    options?: ReadOptions<T>,
  ): Promise<T | undefined>;

  /** Puts members into a set; how many are new. */
  sadd(key: string, ...members: unknown[]): Promise<number>;
  /** How many there were. @throws RedisAdapterError `unsupported` where equal values do not have equal bytes */
  srem(key: string, ...members: unknown[]): Promise<number>;
  /** Whether there is this member. @throws RedisAdapterError `unsupported` where equal values do not have equal bytes */
  sismember(key: string, member: unknown): Promise<boolean>;
  /** The members of a set, in no order; empty without such a key. */
  smembers<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T[]>;
  /** Takes a member of a set at random; `undefined`: no such key. */
  spop<T = unknown>(key: string, options?: ReadOptions<T>): Promise<T | undefined>;
  /** How many members; 0 without such a key. */
  scard(key: string): Promise<number>;
  /** How many are new; with `ch` how many are new or have another score. */
  zadd(
    key: string,
    entries: Iterable<readonly [member: unknown, score: number]>,
    options?: ZaddOptions,
  ): Promise<number>;
  /** How many there were. @throws RedisAdapterError `unsupported` where equal values do not have equal bytes */
  zrem(key: string, ...members: unknown[]): Promise<number>;
  /** `undefined`: no such member. @throws RedisAdapterError `unsupported` where equal values do not have equal bytes */
  zscore(key: string, member: unknown): Promise<number | undefined>;
  /** By rank, from `start` to `stop`, that one included, -1 the last: lowest scores first, with `rev` highest. */
  zrange<T = unknown>(
    key: string,
    start: number,
    stop: number,
    options?: ReadOptions<T> & { readonly rev?: boolean | undefined },
  ): Promise<Scored<T>[]>;
  /** Lowest first. Both bounds are included, but for `"(5"`; `"-inf"` and `"+inf"` are none. */
  zrangebyscore<T = unknown>(
    key: string,
    min: number | string,
    max: number | string,
    options?: ReadOptions<T> & LimitOptions,
  ): Promise<Scored<T>[]>;
  /** Takes those with the lowest scores, lowest first. `count` is 1 by default. */
  zpopmin<T = unknown>(key: string, count?: number, options?: ReadOptions<T>): Promise<Scored<T>[]>;
  /** Takes those with the highest scores, highest first. `count` is 1 by default. */
  zpopmax<T = unknown>(key: string, count?: number, options?: ReadOptions<T>): Promise<Scored<T>[]>;
  /** How many members; 0 without such a key. */
  zcard(key: string): Promise<number>;

  /** Adds an entry of fields to a stream; its id. */
  xadd(key: string, fields: Readonly<Record<string, unknown>>, options?: XaddOptions): Promise<string>;
  /** How many entries; 0 without such a key. */
  xlen(key: string): Promise<number>;
  /** The entries of a stream by id, oldest first, both ends included. Default: from `"-"`, the first, to `"+"`, the last. */
  xrange(
    key: string,
    start?: string,
    end?: string,
    options?: ReadOptions & { readonly count?: number | undefined },
  ): Promise<StreamEntry[]>;
  /** Deletes entries of a stream by their ids; how many there were. */
  xdel(key: string, ...ids: string[]): Promise<number>;
  /** The entries after the id given for each stream; `"$"`: those to come. Empty when there are none, or none came in time. */
  xread(streams: Readonly<Record<string, string>>, options?: XreadOptions): Promise<StreamEntry[]>;

  /** Sends a value to the subscribers of a channel; how many there were. The channel's name is used as it is. */
  publish(channel: string, value: unknown): Promise<number>;
}

/** An entry of {@link PickledRedis.scan}. */
export interface ScanEntry<T> {
  /** The user's key. One that is no UTF-8 has U+FFFD in it, and is not found again by it: use `redisKey`. */
  readonly key: string;
  /** The key as it is in Redis. */
  readonly redisKey: Buffer;
  /** Decoded; `null` is a None that is stored. */
  readonly value: T;
  /** Milliseconds, `undefined` for ever; only with the option `ttl`. */
  readonly ttl?: Ttl | undefined;
}
