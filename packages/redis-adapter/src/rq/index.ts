/** `@brine/redis-adapter/rq`: RQ's queues, jobs and workers. Public names only; no logic. */
export type { WaitOptions } from "../jobs/result-watch.js";
export type { RqCallback, RqEnqueueOptions } from "./enqueue.js";
export type { Call, Duration, RqSerializer } from "./format.js";
export { RqJob, RqJobError, type RqResult } from "./job.js";
export type { RqJobInfo, RqStatus, RqWebhook } from "./job-info.js";
export type { Registry } from "./keys.js";
export type { Cleaned } from "./maintenance.js";
export { type CleanOptions, type RegistryEntry, type RqCall, RqQueue, type RqQueueOptions } from "./queue.js";
export { RqRetry, type RqRetryOptions } from "./retry.js";
export { RqWorker } from "./worker.js";
export type {
  RqCallbackHandler,
  RqContext,
  RqHandler,
  RqOutcome,
  RqWorkerOptions,
  RqWorkOptions,
} from "./worker-options.js";
