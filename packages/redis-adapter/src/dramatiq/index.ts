/** `@brine/redis-adapter/dramatiq`: dramatiq's messages. Public names only; no logic. */
export { JobError } from "../jobs/job-error.js";
export type { WaitOptions } from "../jobs/result-watch.js";
export type { DramatiqMessage } from "./message.js";
export { type DramatiqEnqueueOptions, DramatiqJob, DramatiqQueue, type DramatiqQueueOptions } from "./queue.js";
