/**
 * Tags: a set for each holds the keys that carry it. Values stay as the dialect makes them, and Python can do the same with
 * plain commands: SADD when it stores, SMEMBERS and DEL to invalidate. For loads that are under way there is a stamp beside
 * the set, another with each invalidation: who finds it changed has made a value of what is no longer so.
 */
import { randomUUID } from "node:crypto";
import type { Dialect } from "../dialects/dialect.js";
import { script } from "../kombu/scripts.js";
import { toBoolean } from "../pickled/context.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { unlinkAll } from "../pickled/iteration/clear.js";
import { evaluate } from "./lock.js";

/** Adds a key, and keeps the set for as long as its longest-lived key. KEYS: set. ARGV: key, milliseconds or "". */
const ADD = script(`
local left = redis.call('PTTL', KEYS[1])
redis.call('SADD', KEYS[1], ARGV[1])
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1])
elseif left ~= -1 and left < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`);

/** Deletes a part of what carries a tag, in one step: a client that dies in between forgets no key. KEYS: set. ARGV: count. */
const INVALIDATE = script(`
local keys, deleted = redis.call('SPOP', KEYS[1], ARGV[1]), 0
for _, key in ipairs(keys) do deleted = deleted + redis.call('UNLINK', key) end
return {#keys, deleted}`);

const BATCH = 500;

/** How long an invalidation is remembered: longer than loads take. */
const STAMP_MS = 3_600_000;

/** Where a tag is in Redis. */
export interface TagKeys {
  readonly set: string;
  readonly stamp: string;
}

export function tagKeys(dialect: Dialect, tag: string): TagKeys {
  return { set: dialect.key(`tag:${tag}`), stamp: dialect.key(`invalidated:${tag}`) };
}

/** The tags of a value that is being made. */
export interface Tagging {
  readonly keys: readonly TagKeys[];
  /** What tells of the last invalidation of each; `null`: none of late. */
  readonly stamps: readonly (string | null)[];
}

export async function readTagging(client: RedisLike, keys: readonly TagKeys[]): Promise<Tagging> {
  const replies = await Promise.all(keys.map(({ stamp }) => send(client, "get", [stamp])));
  return { keys, stamps: replies.map((reply) => (reply === null ? null : String(reply))) };
}

/**
 * Whether the key carries the tags, and none was invalidated since. Both are needed: an invalidation whose stamp is known may
 * still be taking keys out of its set, and the set has a key again that another load put there. A stamp that is gone has only
 * become old.
 */
export async function isTagged(client: RedisLike, { keys, stamps }: Tagging, redisKey: string): Promise<boolean> {
  const [now, members] = await Promise.all([
    readTagging(client, keys),
    Promise.all(keys.map(({ set }) => send(client, "sismember", [set, redisKey]))),
  ]);
  return members.every(toBoolean) && now.stamps.every((stamp, i) => stamp === null || stamp === stamps[i]);
}

/** To be called before {@link deleteTagged}: a load that ends from here on finds the stamp, or what it stored is deleted. */
export async function stampTag(client: RedisLike, { stamp }: TagKeys): Promise<void> {
  await send(client, "set", [stamp, randomUUID(), "PX", STAMP_MS]);
}

export async function addTag(client: RedisLike, { set }: TagKeys, redisKey: string, ttl: number | null): Promise<void> {
  await evaluate(client, ADD, [set], [redisKey, ttl === null ? "" : Math.ceil(ttl)]);
}

/** Deletes what carries the tag, step by step through `run`; resolves to how many keys there were. */
export async function deleteTagged(
  client: RedisLike,
  { set }: TagKeys,
  run: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<number> {
  for (let deleted = 0; ; ) {
    const [taken, count] = await run(() => (client.isCluster ? takeSpread : takeAtOnce)(client, set));
    deleted += count;
    if (taken < BATCH) return deleted;
  }
}

type Taken = readonly [taken: number, deleted: number];

async function takeAtOnce(client: RedisLike, set: string): Promise<Taken> {
  const reply = (await evaluate(client, INVALIDATE, [set], [BATCH])) as readonly unknown[];
  // Text, from a client with `stringNumbers`.
  return reply.map(Number) as unknown as Taken;
}

/** In a cluster no script reaches all keys. Taken out of the set first: a key that is tagged meanwhile is not forgotten. */
async function takeSpread(client: RedisLike, set: string): Promise<Taken> {
  const names = [...(((await send(client, "spop", [set, BATCH])) as Iterable<Buffer> | null) ?? [])];
  try {
    return [names.length, await unlinkAll(client, names)];
  } catch (error) {
    // Back into the set, so that whoever tries again finds them.
    await send(client, "sadd", [set, ...names]).catch(() => {});
    throw error;
  }
}
