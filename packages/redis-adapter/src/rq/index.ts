/** `@brine/redis-adapter/rq`: RQ's queues, jobs and workers. Public names only; no logic. */
export type { Call, Duration, RqSerializer } from "./format.js";
export { RqJob, RqJobError, type RqStatus } from "./job.js";
export type { Registry } from "./keys.js";
export { type RegistryEntry, type RqEnqueueOptions, RqQueue, type RqQueueOptions } from "./queue.js";
export { type RqContext, type RqHandler, RqWorker, type RqWorkerOptions } from "./worker.js";
