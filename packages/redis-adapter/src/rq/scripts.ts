/**
 * The Lua of RQ: what RQ does with WATCH, which on a connection shared with others would watch theirs, too. Names of other
 * jobs' keys are built within: RQ is for one Redis, not for a cluster.
 *
 * A script stops where a key holds another kind of value than RQ keeps there, and what it has written stays. So each puts a
 * job where it is to be found before it takes it away from where it was.
 */
import { script } from "../kombu/scripts.js";
import { YEAR } from "./format.js";

/** How long a job may wait is counted from when it is in its queue, or waits for others. rq `Job.cleanup`. */
const LIVE = `
local function live(id)
  local ttl = tonumber(redis.call('HGET', 'rq:job:' .. id, 'ttl') or '') or 0
  if ttl <= 0 then return end
  for _, key in ipairs({'rq:job:' .. id, 'rq:job:' .. id .. ':dependents', 'rq:job::' .. id .. ':dependencies'}) do
    redis.call('EXPIRE', key, ttl)
  end
end
`;

/**
 * A job goes into its queue, or, when it has a rate limit (rq 2.10), waits with the others of its key until one of them ends.
 * rq `rate_limit.py`: `rq:rl:<key>` has how many may be in queues and run, `:allowed` those that are and do,
 * `:rate_limited` those that wait.
 */
const PUSH = `${LIVE}
local function append(id, queue, time, front)
  if front == nil then front = redis.call('HGET', 'rq:job:' .. id, 'enqueue_at_front') == '1' end
  redis.call(front and 'LPUSH' or 'RPUSH', 'rq:queue:' .. queue, id)
  redis.call('HSET', 'rq:job:' .. id, 'status', 'queued', 'enqueued_at', time)
  live(id)
  -- Workers know their queues without it.
  redis.pcall('SADD', 'rq:queues', 'rq:queue:' .. queue)
end
local function admit(limit, now, time)
  local most = tonumber(redis.call('HGET', limit, 'concurrency') or '') or 0
  while redis.call('ZCARD', limit .. ':allowed') < most do
    local id = redis.call('ZPOPMIN', limit .. ':rate_limited')[1]
    if not id then return end
    local info = redis.call('HMGET', 'rq:job:' .. id, 'origin', 'status')
    if info[1] and info[2] == 'rate_limited' then
      redis.call('ZADD', limit .. ':allowed', now, id)
      append(id, info[1], time)
    end
  end
end
-- front: at the front of the queue; nil: as the job says.
local function push(id, queue, now, time, front)
  local info = redis.call('HMGET', 'rq:job:' .. id, 'rate_limit_key', 'rate_limit_concurrency')
  local limit = 'rq:rl:' .. (info[1] or '')
  -- One that has its place keeps it.
  if not info[1] or info[1] == '' or redis.call('ZSCORE', limit .. ':allowed', id) then
    return append(id, queue, time, front)
  end
  redis.call('SADD', 'rq:rl-keys', info[1])
  if info[2] then redis.call('HSET', limit, 'concurrency', info[2]) end
  redis.call('HSET', 'rq:job:' .. id, 'status', 'rate_limited')
  redis.call('ZADD', limit .. ':rate_limited', now, id)
  admit(limit, now, time)
end
local function release(key, id, now, time)
  if not key or key == '' then return end
  redis.call('ZREM', 'rq:rl:' .. key .. ':rate_limited', id)
  if redis.call('ZREM', 'rq:rl:' .. key .. ':allowed', id) == 1 then admit('rq:rl:' .. key, now, time) end
end
-- One of many that cannot be enqueued does not hold up the others: what is wrong with it is put into the list given.
local function try(refused, id, run)
  local isDone, problem = pcall(run)
  if isDone then return true end
  refused[#refused + 1] = id
  refused[#refused + 1] = type(problem) == 'table' and problem.err or problem
  return false
end
`;

/**
 * KEYS: rq:queues, the queue, the job, its dependencies, the deferred and the scheduled registry, rq:groups, the group.
 * ARGV: id, created_at, "1" at front, "1" unique, ttl or "", due time or "", "1" allow failure, now, group or "", number
 * of parents, parents, then fields and values of the hash. Reply: the status, "exists", or "missing <parent>".
 */
export const ENQUEUE = script(`${LIVE}
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
if ARGV[9] ~= '' then
  redis.call('SADD', KEYS[7], ARGV[9])
  redis.call('SADD', KEYS[8], id)
end
if status == 'deferred' then
  for i = 1, parents do
    redis.call('SADD', KEYS[4], ARGV[10 + i])
    redis.call('SADD', 'rq:job:' .. ARGV[10 + i] .. ':dependents', id)
  end
end
-- RQ 2 fails a deferred job whose score is past; RQ 1 does not read it.
if status == 'deferred' then redis.call('ZADD', KEYS[5], ARGV[5] ~= '' and ARGV[8] + ARGV[5] or '+inf', id)
elseif status == 'scheduled' then redis.call('ZADD', KEYS[6], ARGV[6], id)
elseif ARGV[3] == '1' then redis.call('LPUSH', KEYS[2], id)
else redis.call('RPUSH', KEYS[2], id) end
redis.call('HSET', KEYS[3], 'status', status, unpack(ARGV, 11 + parents))
if status == 'queued' then redis.call('HSET', KEYS[3], 'enqueued_at', ARGV[2]) end
-- What was kept of a job of this id had its time.
redis.call('PERSIST', KEYS[3])
if status ~= 'scheduled' then live(id) end
return status`);

/** KEYS: the job. ARGV: id, now, time. Reply: 1, 0 when it is over already, -1 without such a job. */
export const CANCEL = script(`${PUSH}
local state = redis.call('HGET', KEYS[1], 'status')
if not state then return -1 end
local queue = redis.call('HGET', KEYS[1], 'origin') or ''
-- One that has finished may be about to repeat. One that runs is for "stop-job".
if state == 'finished' and not redis.call('ZSCORE', 'rq:scheduled:' .. queue, ARGV[1]) then return 0 end
if state == 'canceled' or state == 'started' then return 0 end
redis.call('ZADD', 'rq:canceled:' .. queue, ARGV[2], ARGV[1])
redis.call('HSET', KEYS[1], 'status', 'canceled')
redis.call('LREM', 'rq:queue:' .. queue, 0, ARGV[1])
for _, registry in ipairs({'deferred', 'scheduled', 'failed', 'ready'}) do
  redis.call('ZREM', 'rq:' .. registry .. ':' .. queue, ARGV[1])
end
release(redis.call('HGET', KEYS[1], 'rate_limit_key'), ARGV[1], ARGV[2], ARGV[3])
return 1`);

/** KEYS: the job. ARGV: id, time, "1" at front, now. Reply: 1, or 0 when it has neither failed nor been canceled. */
export const REQUEUE = script(`${PUSH}
local queue = redis.call('HGET', KEYS[1], 'origin')
if not queue then return 0 end
local failed, canceled = 'rq:failed:' .. queue, 'rq:canceled:' .. queue
if not redis.call('ZSCORE', failed, ARGV[1]) and not redis.call('ZSCORE', canceled, ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'started_at', '', 'ended_at', '')
redis.call('PERSIST', KEYS[1])
push(ARGV[1], queue, ARGV[4], ARGV[2], ARGV[3] == '1')
redis.call('ZREM', failed, ARGV[1])
redis.call('ZREM', canceled, ARGV[1])
return 1`);

/** KEYS: the job, its dependents, its dependencies, its results, the prefix of groups. ARGV: id, now, time. Reply: 1, or 0 without such a job. */
export const DELETE = script(`${PUSH}
local info = redis.call('HMGET', KEYS[1], 'origin', 'group_id', 'rate_limit_key')
-- What is not of the kind that RQ keeps there does not hold it.
if info[1] then
  redis.pcall('LREM', 'rq:queue:' .. info[1], 0, ARGV[1])
  for _, registry in ipairs({'finished', 'failed', 'deferred', 'scheduled', 'canceled', 'ready'}) do
    redis.pcall('ZREM', 'rq:' .. registry .. ':' .. info[1], ARGV[1])
  end
end
if info[2] and info[2] ~= '' then redis.pcall('SREM', KEYS[5] .. info[2], ARGV[1]) end
release(info[3], ARGV[1], ARGV[2], ARGV[3])
return math.min(1, redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4]))`);

/**
 * Enqueues what waited for a job and waits for nothing else. rq `Queue.enqueue_dependents`.
 * KEYS: the job's dependents. ARGV: time, now, a job that does not count, or nothing. Reply: those that could not be enqueued,
 * each with what is wrong; an empty one stands for all.
 */
export const ENQUEUE_DEPENDENTS = script(`${PUSH}
local function enqueue(id)
  local info = redis.call('HMGET', 'rq:job:' .. id, 'origin', 'status', 'allow_dependency_failures')
  if not info[1] then return redis.call('SREM', KEYS[1], id) end
  for _, parent in ipairs(redis.call('SMEMBERS', 'rq:job::' .. id .. ':dependencies')) do
    local state = redis.call('HGET', 'rq:job:' .. parent, 'status')
    local isOver = state == 'finished' or (info[3] == '1' and (state == 'failed' or state == 'stopped'))
    -- A parent that is gone has finished, and its result has expired.
    if state and parent ~= ARGV[3] and not isOver then return end
  end
  if info[2] == 'deferred' then push(id, info[1], ARGV[2], ARGV[1]) end
  redis.call('SREM', KEYS[1], id)
  redis.pcall('ZREM', 'rq:deferred:' .. info[1], id)
end
local ids = redis.pcall('SMEMBERS', KEYS[1])
if ids.err then return {'', ids.err} end
local refused = {}
for _, id in ipairs(ids) do try(refused, id, function() enqueue(id) end) end
return refused`);

/**
 * Enqueues what is due. rq `scheduler.py` enqueue_scheduled_jobs, in one step.
 * KEYS: the scheduled registry. ARGV: now, time, how many at most, the queue's name. Reply: how many are not there any more,
 * and those that could not be enqueued, each with what is wrong.
 */
export const ENQUEUE_DUE = script(`${PUSH}
local count, refused = 0, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1], 'LIMIT', 0, ARGV[3])) do
  local kind = redis.call('TYPE', 'rq:job:' .. id).ok
  local isDone = kind == 'none' or try(refused, id, function() push(id, ARGV[4], ARGV[1], ARGV[2]) end)
  -- What is no job could only be found again and again.
  if isDone or kind ~= 'hash' then
    redis.call('ZREM', KEYS[1], id)
    count = count + 1
  end
end
return {count, unpack(refused)}`);

/**
 * What a worker took and did not start goes back to where it was: it is in no queue and no registry else.
 * KEYS: the intermediate list, the queue, first_seen of the job. ARGV: id, seconds that it may be there, now.
 * Reply: 1 when it went back.
 */
export const RECOVER = script(`
local seen = redis.pcall('GET', KEYS[3])
if type(seen) ~= 'string' then
  redis.call('SET', KEYS[3], ARGV[3], 'EX', 86400)
  return 0
end
if ARGV[3] - (tonumber(seen) or 0) < tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then return 1 end
redis.call('LPOP', KEYS[2])
return 0`);

/**
 * Takes a job that its worker abandoned out of the registry of started ones: tries it again, or fails it.
 * rq `registry.py` StartedJobRegistry.cleanup. KEYS: the started registry, the job, the scheduled and the failed registry,
 * its results. ARGV: the entry, id, now, time, traceback, entries before this are over, retry interval, the queue's name.
 * Reply: "", "retried" or "failed".
 */
export const ABANDONED = script(`${PUSH}
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))
-- It was heard of again meanwhile.
if not score or score > tonumber(ARGV[6]) then return '' end
local function leave(end_)
  redis.call('ZREM', KEYS[1], ARGV[1])
  return end_
end
if redis.call('HGET', KEYS[2], 'status') ~= 'started' then return leave('') end
local left = tonumber(redis.call('HGET', KEYS[2], 'retries_left') or '') or 0
local limit = redis.call('HGET', KEYS[2], 'rate_limit_key')
if left > 0 then
  if tonumber(ARGV[7]) > 0 then
    redis.call('ZADD', KEYS[3], ARGV[3] + ARGV[7], ARGV[2])
    redis.call('HSET', KEYS[2], 'status', 'scheduled')
    release(limit, ARGV[2], ARGV[3], ARGV[4])
  else push(ARGV[2], ARGV[8], ARGV[3], ARGV[4], false) end
  redis.call('HSET', KEYS[2], 'retries_left', left - 1)
  return leave('retried')
end
local ttl = tonumber(redis.call('HGET', KEYS[2], 'failure_ttl') or '') or ${YEAR}
redis.call('ZADD', KEYS[4], ttl < 0 and '+inf' or ARGV[3] + ttl, ARGV[2])
redis.call('HSET', KEYS[2], 'status', 'failed', 'ended_at', ARGV[4])
-- That why cannot be kept is no reason to leave it as it is; whoever asks for its result is told.
redis.pcall('XADD', KEYS[5], 'MAXLEN', '~', 10, '*', 'type', 2, 'exc_string', ARGV[5])
if ttl > 0 then
  redis.call('EXPIRE', KEYS[2], ttl)
  redis.call('EXPIRE', KEYS[5], ttl)
end
release(limit, ARGV[2], ARGV[3], ARGV[4])
return leave('failed')`);

/** A job that is over makes room for another one of its limit, unless it is in its queue again. ARGV: key, id, now, time. */
export const RELEASE = script(`${PUSH}
if redis.call('HGET', 'rq:job:' .. ARGV[2], 'status') ~= 'queued' then release(ARGV[1], ARGV[2], ARGV[3], ARGV[4]) end
return 1`);

/**
 * rq 2.10 enqueues what waited for a job in two steps: this does the second one for jobs of which a killed process had done
 * the first. KEYS: the registry of ready jobs. ARGV: the queue's name, now, time, how many at most. Reply: as of ENQUEUE_DUE.
 */
export const ENQUEUE_READY = script(`${PUSH}
local count, refused = 0, {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[4] - 1)) do
  local isDone = try(refused, id, function()
    if redis.call('HGET', 'rq:job:' .. id, 'status') == 'ready_to_enqueue' then push(id, ARGV[1], ARGV[2], ARGV[3]) end
  end)
  if isDone or redis.call('TYPE', 'rq:job:' .. id).ok ~= 'hash' then
    redis.call('ZREM', KEYS[1], id)
    count = count + 1
  end
end
return {count, unpack(refused)}`);

/** What killed processes left of a rate limit. rq `RateLimitRegistry.cleanup`. ARGV: key, now, time. */
export const CLEAN_LIMIT = script(`${PUSH}
local limit = 'rq:rl:' .. ARGV[1]
for _, id in ipairs(redis.call('ZRANGE', limit .. ':allowed', 0, -1)) do
  local state = redis.call('HGET', 'rq:job:' .. id, 'status')
  if state ~= 'queued' and state ~= 'started' then redis.call('ZREM', limit .. ':allowed', id) end
end
admit(limit, ARGV[2], ARGV[3])
if redis.call('EXISTS', limit .. ':allowed', limit .. ':rate_limited') == 0 then
  redis.call('SREM', 'rq:rl-keys', ARGV[1])
  redis.call('DEL', limit)
end
return 1`);
