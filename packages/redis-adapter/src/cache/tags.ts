/**
 * Tags: a set for each holds the keys that carry it. Values stay as the dialect makes them, and Python can do the same with
 * two commands: SADD when it stores, SMEMBERS and DEL to invalidate.
 */
import { script } from "../kombu/scripts.js";
import { type RedisLike, send } from "../pickled/client.js";
import { bySlot } from "../pickled/slots.js";
import { evaluate } from "./lock.js";

/** Adds a key, and keeps the set for as long as its longest-lived key. KEYS: set. ARGV: key, milliseconds or "". */
const ADD = script(`
local left = redis.call('PTTL', KEYS[1])
redis.call('SADD', KEYS[1], ARGV[1])
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1])
elseif left ~= -1 and left < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`);

const BATCH = 500;

export async function addTag(client: RedisLike, tagKey: string, redisKey: string, ttl: number | null): Promise<void> {
  await evaluate(client, ADD, [tagKey], [redisKey, ttl === null ? "" : Math.ceil(ttl)]);
}

/** Deletes what carries the tag; resolves to how many keys there were. */
export async function invalidateTag(client: RedisLike, tagKey: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    // Taken out of the set first, so that a key that is tagged meanwhile is not forgotten.
    const keys = ((await send(client, "spop", [tagKey, BATCH])) as Iterable<Buffer>) ?? [];
    const names = [...keys].map(String);
    if (names.length === 0) return deleted;
    const groups = client.isCluster ? bySlot(names) : [names.map((_, i) => i)];
    for (const group of groups)
      deleted += Number(
        await send(
          client,
          "unlink",
          group.map((i) => names[i]!),
        ),
      );
  }
}
