/**
 * Tags: a set for each holds the keys that carry it. Values stay as the dialect makes them, and Python can do the same with
 * two commands: SADD when it stores, SMEMBERS and DEL to invalidate.
 */
import { script } from "../kombu/scripts.js";
import { unlinkAll } from "../pickled/clear.js";
import { type RedisLike, send } from "../pickled/client.js";
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

export async function addTag(client: RedisLike, tagKey: string, redisKey: string, ttl: number | null): Promise<void> {
  await evaluate(client, ADD, [tagKey], [redisKey, ttl === null ? "" : Math.ceil(ttl)]);
}

/** Deletes what carries the tag, step by step through `run`; resolves to how many keys there were. */
export async function invalidateTag(
  client: RedisLike,
  tagKey: string,
  run: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<number> {
  for (let deleted = 0; ; ) {
    const [taken, count] = await run(() => (client.isCluster ? takeSpread : takeAtOnce)(client, tagKey));
    deleted += count;
    if (taken < BATCH) return deleted;
  }
}

type Taken = readonly [taken: number, deleted: number];

async function takeAtOnce(client: RedisLike, tagKey: string): Promise<Taken> {
  const reply = (await evaluate(client, INVALIDATE, [tagKey], [BATCH])) as readonly unknown[];
  // Text, from a client with `stringNumbers`.
  return reply.map(Number) as unknown as Taken;
}

/** In a cluster no script reaches all keys. Taken out of the set first: a key that is tagged meanwhile is not forgotten. */
async function takeSpread(client: RedisLike, tagKey: string): Promise<Taken> {
  const names = [...(((await send(client, "spop", [tagKey, BATCH])) as Iterable<Buffer> | null) ?? [])];
  try {
    return [names.length, await unlinkAll(client, names)];
  } catch (error) {
    // Back into the set, so that whoever tries again finds them.
    await send(client, "sadd", [tagKey, ...names]).catch(() => {});
    throw error;
  }
}
