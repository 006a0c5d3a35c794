/** `@brine/redis-adapter/huey`: huey's tasks. Public names only; no logic. */
export { JobError } from "../jobs/job-error.js";
export type { WaitOptions } from "../jobs/result-watch.js";
export type { HueyFormat, HueyTaskInfo } from "./message.js";
export { type HueyEnqueueOptions, HueyQueue, type HueyQueueOptions, HueyTask } from "./queue.js";
