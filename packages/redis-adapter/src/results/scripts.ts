/** The Lua of the result store, for what MULTI cannot decide. */
import { script } from "../kombu/scripts.js";

/** KEYS: key. ARGV: value, seconds or empty, "1" when a value is expected, that value. Reply: 1 when stored. */
export const SET_IF = script(`
local stored = redis.call('GET', KEYS[1])
if (ARGV[3] == '1') ~= (stored ~= false) then return 0 end
if stored and stored ~= ARGV[4] then return 0 end
if ARGV[2] == '' then redis.call('SET', KEYS[1], ARGV[1])
else redis.call('SETEX', KEYS[1], ARGV[2], ARGV[1]) end
redis.call('PUBLISH', KEYS[1], ARGV[1])
return 1`);

/**
 * One part of a chord without order: a list, where a redelivered part would count twice, unlike in a sorted set.
 * KEYS: .j, .t, .s. ARGV: member, seconds or empty. Reply: parts, extra, size.
 */
export const ADD_UNORDERED_PART = script(`
local found = redis.pcall('LPOS', KEYS[1], ARGV[1])
if type(found) ~= 'number' then redis.call('RPUSH', KEYS[1], ARGV[1]) end
local reply = {redis.call('LLEN', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])}
if ARGV[2] ~= '' then for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ARGV[2]) end end
return reply`);

/**
 * One part more, once, however often it is sent: a command whose reply was lost with the connection is sent again, and a chord
 * that waits for a part too many never ends. KEYS: .t, a name for this addition. ARGV: seconds or empty, those for the name.
 */
export const GROW = script(`
if not redis.call('SET', KEYS[2], '', 'EX', ARGV[2], 'NX') then return end
redis.call('INCR', KEYS[1])
if ARGV[1] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[1]) end`);
