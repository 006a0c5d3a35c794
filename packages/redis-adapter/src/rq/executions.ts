/** rq 2 has executions: a job that runs again has another one. rq `executions.py`. */
import { unixSeconds } from "./format.js";
import { executionKey, executionsKey, workerExecutionsKey } from "./keys.js";
import { type Step, step } from "./other-kinds.js";
import type { RunningJob } from "./running-job.js";
import type { WorkerIdentity } from "./worker-record.js";

/** The name of the job in the registry of started jobs. */
export function memberOf(job: RunningJob, worker: WorkerIdentity): string {
  return worker.format === 1 ? job.id : `${job.id}:${job.execution}`;
}

/** `lifetime`: in seconds. */
export function beginExecution(job: RunningJob, worker: WorkerIdentity, lifetime: number): Step[] {
  if (worker.format === 1) return [];
  const { name } = worker;
  const key = executionKey(job.id, job.execution);
  const facts = ["id", job.execution, "created_at", job.startedAt.getTime() / 1000];
  return [
    step("hset", key, ...facts, "last_heartbeat", Date.now() / 1000, "worker_name", name),
    step("expire", key, lifetime),
    step("zadd", executionsKey(job.id), unixSeconds(new Date()) + lifetime + 60, job.execution),
    step("expire", executionsKey(job.id), lifetime + 60),
    step("sadd", workerExecutionsKey(name), `${job.id}:${job.execution}`),
    step("expire", workerExecutionsKey(name), lifetime),
  ];
}

export function endExecution(job: RunningJob, worker: WorkerIdentity): Step[] {
  if (worker.format === 1) return [];
  return [
    step("del", executionKey(job.id, job.execution)),
    step("zrem", executionsKey(job.id), job.execution),
    step("srem", workerExecutionsKey(worker.name), `${job.id}:${job.execution}`),
  ];
}
