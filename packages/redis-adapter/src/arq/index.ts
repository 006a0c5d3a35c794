/** `@brine/redis-adapter/arq`: arq's jobs. Public names only; no logic. */
export { JobError } from "../jobs/job-error.js";
export type { WaitOptions } from "../jobs/result-watch.js";
export type { ArqJobDef, ArqResult } from "./message.js";
export { type ArqEnqueueOptions, ArqJob, ArqQueue, type ArqQueueOptions, type ArqStatus } from "./queue.js";
