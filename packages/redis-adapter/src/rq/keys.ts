/** RQ's keys. rq 1.13, 2.3 and 2.10: `job.py`, `queue.py`, `registry.py`, `worker.py`, `results.py`. */

export const QUEUES = "rq:queues";
export const WORKERS = "rq:workers";
export const SUSPENDED = "rq:suspended";
export const GROUPS = "rq:groups";
/** rq 2.10: the keys of rate limits. */
export const RATE_LIMITS = "rq:rl-keys";

export const queueKey = (queue: string): string => `rq:queue:${queue}`;
export const intermediateKey = (queue: string): string => `rq:queue:${queue}:intermediate`;
export const jobKey = (id: string): string => `rq:job:${id}`;
export const dependentsKey = (id: string): string => `rq:job:${id}:dependents`;
/** Two colons, really: `"{0}:{1}:dependencies".format("rq:job:", id)`. */
export const dependenciesKey = (id: string): string => `rq:job::${id}:dependencies`;
export const resultsKey = (id: string): string => `rq:results:${id}`;
export const executionKey = (id: string, execution: string): string => `rq:execution:${id}:${execution}`;
export const executionsKey = (id: string): string => `rq:executions:${id}`;
export const workerKey = (name: string): string => `rq:worker:${name}`;
export const workersOfQueueKey = (queue: string): string => `rq:workers:${queue}`;
export const workerExecutionsKey = (name: string): string => `rq:worker:${name}:executions`;
export const groupKey = (group: string): string => `rq:group:${group}`;
export const schedulerLockKey = (queue: string): string => `rq:scheduler-lock:${queue}`;
export const cleaningKey = (queue: string): string => `rq:clean_registries:${queue}`;
export const pubsubChannel = (worker: string): string => `rq:pubsub:${worker}`;

/** The id in an entry of the registry of started jobs: rq 2 puts an execution's after it. */
export const jobIdOf = (entry: string): string => entry.replace(/:[0-9a-f]{32}$/, "");

/** Sorted sets of jobs of a queue, by state. `ready`, of rq 2.10: about to be enqueued, after what they waited for. */
export type Registry = "started" | "finished" | "failed" | "deferred" | "scheduled" | "canceled" | "ready";

export function registryKey(registry: Registry, queue: string): string {
  return `rq:${registry === "started" ? "wip" : registry}:${queue}`;
}
