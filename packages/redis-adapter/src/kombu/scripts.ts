/**
 * The Lua of the transport. Every script is one step on the data that kombu's workers share, so Python and Node can
 * consume the same queues: what is in a list is ready, what is in `unacked` is held, and nothing is ever in neither.
 */
import { createHash } from "node:crypto";

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** A script with the digest that Redis knows it by. */
export function script(lua: string): Script {
  return Object.freeze({ lua, sha: createHash("sha1").update(lua).digest("hex") });
}

/**
 * Takes up to `count` messages and marks each as unacknowledged.
 *
 * kombu pops with BRPOP and marks in a second command: a worker that dies in between loses the message. Here the
 * message is looked at, marked, and only then popped, so a script that stops half-way (out of memory, a key of the wrong
 * type) leaves it where it was. The mark names the queue it came from with an anonymous exchange, so that whoever
 * restores it (kombu looks the route up again) puts it back there and nowhere else.
 *
 * Tags are `prefix` and a counter, chosen by the caller: after a reply that was lost it can ask which of them exist.
 * HSETNX, because a script that is sent twice must not overwrite what its first run marked.
 *
 * KEYS: unacked, unacked_index, then the lists, grouped by priority step, one for each queue in each group.
 * ARGV: count, queues, prefix, counter, "1" for no marks, most bytes, then for each queue the end of its marks.
 * Reply: list number, tag (empty when not marked), message; and so on.
 */
export const POP = script(`
local want, queues, prefix, tag = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local unmarked, room = ARGV[5] == '1', tonumber(ARGV[6])
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local out, taken = {}, 0
for base = 3, #KEYS, queues do
  local more = true
  while more do
    more = false
    for q = 0, queues - 1 do
      if taken >= want or room <= 0 then return out end
      local raw = redis.pcall('LINDEX', KEYS[base + q], -1)
      if type(raw) == 'string' then
        local mark = ''
        if not unmarked and string.byte(raw, 1) == 123 and string.byte(raw, -1) == 125 then
          mark = prefix .. string.format('%d', tag)
          if redis.call('HSETNX', KEYS[1], mark, '[' .. raw .. ARGV[7 + q]) == 0 then return out end
          redis.call('ZADD', KEYS[2], now, mark)
        end
        redis.call('RPOP', KEYS[base + q])
        tag, taken, room, more = tag + 1, taken + 1, room - #raw, true
        out[#out + 1] = base + q - 3
        out[#out + 1] = mark
        out[#out + 1] = raw
      end
    end
  end
end
return out`);

/** Forgets held messages. KEYS: unacked, unacked_index. ARGV: tags. Reply: how many were still held. */
export const ACK = script(`
redis.call('ZREM', KEYS[2], unpack(ARGV))
return redis.call('HDEL', KEYS[1], unpack(ARGV))`);

/**
 * Puts one held message back. Only the one who takes it out of \`unacked\` pushes it, and only if it is not younger than
 * \`ceiling\`: its holder may have renewed it since it was looked at. LLEN, because a key that is no list must be noticed before
 * it is taken out.
 *
 * KEYS: unacked, unacked_index, lists. ARGV: tag, ceiling or empty, LPUSH or RPUSH, message.
 */
export const RESTORE = script(`
if ARGV[2] ~= '' then
  local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if score and tonumber(score) > tonumber(ARGV[2]) then return 0 end
end
for i = 3, #KEYS do redis.call('LLEN', KEYS[i]) end
redis.call('ZREM', KEYS[2], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
for i = 3, #KEYS do redis.call(ARGV[3], KEYS[i], ARGV[4]) end
return 1`);

/**
 * Renews held messages, so that a task may run longer than the visibility timeout without being run twice.
 * KEYS: unacked, unacked_index. ARGV: tags. Reply: the tags that are no longer held.
 */
export const TOUCH = script(`
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local lost = {}
for i = 1, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then redis.call('ZADD', KEYS[2], now, ARGV[i])
  else lost[#lost + 1] = ARGV[i] end
end
return lost`);

/** Deletes a lock that is still ours: redis-py \`Lock.LUA_RELEASE_SCRIPT\` in effect. KEYS: lock. ARGV: token. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`);

interface ScriptClient {
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
}

/** Runs a script by its digest, and by its text the first time a server sees it. Replies are Buffers. */
export async function runScript(
  client: ScriptClient,
  script: Script,
  keys: readonly (string | Buffer)[],
  args: readonly (string | Buffer | number)[],
): Promise<unknown> {
  try {
    return await client.callBuffer("EVALSHA", script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.callBuffer("EVAL", script.lua, keys.length, ...keys, ...args);
  }
}
