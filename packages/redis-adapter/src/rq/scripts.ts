/**
 * The Lua of RQ: what RQ does with WATCH, which on a connection shared with others would watch theirs, too. Names of other
 * jobs' keys are built within: RQ is for one Redis, not for a cluster.
 */
import { script } from "../kombu/scripts.js";

/**
 * KEYS: rq:queues, the queue, the job, its dependencies, the deferred and the scheduled registry.
 * ARGV: id, queue name, "1" at front, "1" unique, ttl or "", due time or "", "1" allow failure, now, number of parents,
 * parents, then fields and values of the hash. Reply: the status, "exists", or "missing <parent>".
 */
export const ENQUEUE = script(`
local id, queue, parents = ARGV[1], ARGV[2], tonumber(ARGV[9])
if ARGV[4] == '1' and redis.call('EXISTS', KEYS[3]) == 1 then return 'exists' end
local status = 'queued'
for i = 1, parents do
  local state = redis.call('HGET', 'rq:job:' .. ARGV[9 + i], 'status')
  if not state then return 'missing ' .. ARGV[9 + i] end
  if state ~= 'finished' and not (ARGV[7] == '1' and (state == 'failed' or state == 'stopped')) then status = 'deferred' end
end
if status == 'queued' and ARGV[6] ~= '' then status = 'scheduled' end
redis.call('SADD', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[3], 'status', status, unpack(ARGV, 10 + parents))
if ARGV[5] ~= '' and status ~= 'deferred' then redis.call('EXPIRE', KEYS[3], ARGV[5]) end
for i = 1, parents do
  redis.call('SADD', KEYS[4], ARGV[9 + i])
  redis.call('SADD', 'rq:job:' .. ARGV[9 + i] .. ':dependents', id)
end
-- RQ 2 fails a deferred job whose score is past; RQ 1 does not read it.
if status == 'deferred' then redis.call('ZADD', KEYS[5], ARGV[5] ~= '' and ARGV[8] + ARGV[5] or '+inf', id)
elseif status == 'scheduled' then redis.call('ZADD', KEYS[6], ARGV[6], id)
elseif ARGV[3] == '1' then redis.call('LPUSH', KEYS[2], id)
else redis.call('RPUSH', KEYS[2], id) end
return status`);

/** KEYS: the job. ARGV: id, now. Reply: 1, 0 when it is over already, -1 without such a job. */
export const CANCEL = script(`
local state = redis.call('HGET', KEYS[1], 'status')
if not state then return -1 end
if state == 'canceled' or state == 'finished' or state == 'started' then return 0 end
local queue = redis.call('HGET', KEYS[1], 'origin')
redis.call('LREM', 'rq:queue:' .. queue, 0, ARGV[1])
for _, registry in ipairs({'deferred', 'scheduled', 'failed'}) do redis.call('ZREM', 'rq:' .. registry .. ':' .. queue, ARGV[1]) end
redis.call('HSET', KEYS[1], 'status', 'canceled')
redis.call('ZADD', 'rq:canceled:' .. queue, ARGV[2], ARGV[1])
return 1`);

/** KEYS: the job. ARGV: id, time, "1" at front. Reply: 1, or 0 when it has neither failed nor been canceled. */
export const REQUEUE = script(`
local queue = redis.call('HGET', KEYS[1], 'origin')
if not queue then return 0 end
local found = redis.call('ZREM', 'rq:failed:' .. queue, ARGV[1]) + redis.call('ZREM', 'rq:canceled:' .. queue, ARGV[1])
if found == 0 then return 0 end
redis.call('HSET', KEYS[1], 'status', 'queued', 'enqueued_at', ARGV[2], 'started_at', '', 'ended_at', '')
redis.call('PERSIST', KEYS[1])
redis.call(ARGV[3] == '1' and 'LPUSH' or 'RPUSH', 'rq:queue:' .. queue, ARGV[1])
return 1`);

/**
 * Enqueues what waited for a job and waits for nothing else. rq \`Queue.enqueue_dependents\`.
 * KEYS: the job's dependents. ARGV: time. Reply: how many.
 */
export const ENQUEUE_DEPENDENTS = script(`
local count = 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local job = 'rq:job:' .. id
  local info = redis.call('HMGET', job, 'origin', 'status', 'allow_dependency_failures', 'enqueue_at_front')
  local ready = true
  for _, parent in ipairs(redis.call('SMEMBERS', 'rq:job::' .. id .. ':dependencies')) do
    local state = redis.call('HGET', 'rq:job:' .. parent, 'status')
    -- A parent that is gone has finished, and its result has expired.
    if state and state ~= 'finished' and not (info[3] == '1' and (state == 'failed' or state == 'stopped')) then ready = false end
  end
  if not info[1] then redis.call('SREM', KEYS[1], id)
  elseif ready then
    redis.call('SREM', KEYS[1], id)
    redis.call('ZREM', 'rq:deferred:' .. info[1], id)
    if info[2] == 'deferred' then
      redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[1])
      redis.call('SADD', 'rq:queues', 'rq:queue:' .. info[1])
      redis.call(info[4] == '1' and 'LPUSH' or 'RPUSH', 'rq:queue:' .. info[1], id)
      count = count + 1
    end
  end
end
return count`);
