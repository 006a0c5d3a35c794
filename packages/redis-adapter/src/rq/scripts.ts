/**
 * The Lua of RQ: what RQ does with WATCH, which on a connection shared with others would watch theirs, too. Names of other
 * jobs' keys are built within: RQ is for one Redis, not for a cluster.
 */
import { script } from "../kombu/scripts.js";
import { YEAR } from "./format.js";

/**
 * KEYS: rq:queues, the queue, the job, its dependencies, the deferred and the scheduled registry, rq:groups, the group.
 * ARGV: id, created_at, "1" at front, "1" unique, ttl or "", due time or "", "1" allow failure, now, group or "", number
 * of parents, parents, then fields and values of the hash. Reply: the status, "exists", or "missing <parent>".
 */
export const ENQUEUE = script(`
local id, parents = ARGV[1], tonumber(ARGV[10])
local created = redis.call('HGET', KEYS[3], 'created_at')
-- The driver sends a command again when the connection was lost before its reply came.
if created == ARGV[2] then return redis.call('HGET', KEYS[3], 'status') end
if created and ARGV[4] == '1' then return 'exists' end
local status = 'queued'
for i = 1, parents do
  local state = redis.call('HGET', 'rq:job:' .. ARGV[10 + i], 'status')
  if not state then return 'missing ' .. ARGV[10 + i] end
  if state ~= 'finished' and not (ARGV[7] == '1' and (state == 'failed' or state == 'stopped')) then status = 'deferred' end
end
if status == 'queued' and ARGV[6] ~= '' then status = 'scheduled' end
redis.call('SADD', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[3], 'status', status, unpack(ARGV, 11 + parents))
if status == 'queued' then redis.call('HSET', KEYS[3], 'enqueued_at', ARGV[2]) end
if ARGV[5] ~= '' and status ~= 'deferred' then redis.call('EXPIRE', KEYS[3], ARGV[5]) end
if ARGV[9] ~= '' then
  redis.call('SADD', KEYS[7], ARGV[9])
  redis.call('SADD', KEYS[8], id)
end
for i = 1, parents do
  redis.call('SADD', KEYS[4], ARGV[10 + i])
  redis.call('SADD', 'rq:job:' .. ARGV[10 + i] .. ':dependents', id)
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
-- One that runs is for "stop-job".
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

/** KEYS: the job, its dependents, its dependencies, its results, the prefix of groups. ARGV: id. Reply: 1, or 0 without such a job. */
export const DELETE = script(`
local info = redis.call('HMGET', KEYS[1], 'origin', 'group_id')
if info[1] then
  redis.call('LREM', 'rq:queue:' .. info[1], 0, ARGV[1])
  for _, registry in ipairs({'finished', 'failed', 'deferred', 'scheduled', 'canceled'}) do
    redis.call('ZREM', 'rq:' .. registry .. ':' .. info[1], ARGV[1])
  end
end
if info[2] and info[2] ~= '' then redis.call('SREM', KEYS[5] .. info[2], ARGV[1]) end
return math.min(1, redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4]))`);

/**
 * Enqueues what waited for a job and waits for nothing else. rq `Queue.enqueue_dependents`.
 * KEYS: the job's dependents. ARGV: time, a job that does not count, or nothing. Reply: how many.
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
    if state and parent ~= ARGV[2] and state ~= 'finished' and not (info[3] == '1' and (state == 'failed' or state == 'stopped')) then ready = false end
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

/**
 * Enqueues what is due. rq `scheduler.py` enqueue_scheduled_jobs, in one step.
 * KEYS: the scheduled registry, the queue, rq:queues. ARGV: now, time, how many at most. Reply: how many were due.
 */
export const ENQUEUE_DUE = script(`
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do
  local job = 'rq:job:' .. id
  if redis.call('EXISTS', job) == 1 then
    local front = redis.call('HGET', job, 'enqueue_at_front') == '1'
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[2])
    redis.call('SADD', KEYS[3], KEYS[2])
    redis.call(front and 'LPUSH' or 'RPUSH', KEYS[2], id)
  end
  redis.call('ZREM', KEYS[1], id)
end
return #ids`);

/**
 * What a worker took and did not start goes back to where it was: it is in no queue and no registry else.
 * KEYS: the intermediate list, the queue, first_seen of the job. ARGV: id, seconds that it may be there, now.
 * Reply: 1 when it went back.
 */
export const RECOVER = script(`
local seen = redis.call('GET', KEYS[3])
if not seen then
  redis.call('SET', KEYS[3], ARGV[3], 'EX', 86400)
  return 0
end
if ARGV[3] - (tonumber(seen) or 0) < tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[3])
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[1])
return 1`);

/**
 * Takes a job that its worker abandoned out of the registry of started ones: tries it again, or fails it.
 * rq `registry.py` StartedJobRegistry.cleanup. KEYS: the started registry, the job, the queue, the scheduled and the
 * failed registry, its results. ARGV: the entry, id, now, time, traceback, entries before this are over, retry interval.
 * Reply: "", "retried" or "failed".
 */
export const ABANDONED = script(`
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))
-- It was heard of again meanwhile.
if not score or score > tonumber(ARGV[6]) then return '' end
redis.call('ZREM', KEYS[1], ARGV[1])
if redis.call('HGET', KEYS[2], 'status') ~= 'started' then return '' end
local left = tonumber(redis.call('HGET', KEYS[2], 'retries_left') or '') or 0
if left > 0 then
  redis.call('HSET', KEYS[2], 'retries_left', left - 1)
  if tonumber(ARGV[7]) > 0 then
    redis.call('HSET', KEYS[2], 'status', 'scheduled')
    redis.call('ZADD', KEYS[4], ARGV[3] + ARGV[7], ARGV[2])
  else
    redis.call('HSET', KEYS[2], 'status', 'queued', 'enqueued_at', ARGV[4])
    redis.call('RPUSH', KEYS[3], ARGV[2])
  end
  return 'retried'
end
local ttl = tonumber(redis.call('HGET', KEYS[2], 'failure_ttl') or '') or ${YEAR}
redis.call('HSET', KEYS[2], 'status', 'failed', 'ended_at', ARGV[4])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 10, '*', 'type', 2, 'created_at', ARGV[3] * 1000, 'exc_string', ARGV[5])
redis.call('ZADD', KEYS[5], ttl < 0 and '+inf' or ARGV[3] + ttl, ARGV[2])
if ttl > 0 then
  redis.call('EXPIRE', KEYS[2], ttl)
  redis.call('EXPIRE', KEYS[6], ttl)
end
return 'failed'`);
