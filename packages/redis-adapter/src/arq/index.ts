/** `@brine/redis-adapter/arq`: arq's jobs. Public names only; no logic. */
export { JobError } from "../jobs/job-error.js";
export type { WaitOptions } from "../jobs/result-watch.js";
export {
  type ArqEnqueueOptions,
  ArqJob,
  type ArqJobDef,
  ArqQueue,
  type ArqQueueOptions,
  type ArqResult,
  type ArqStatus,
} from "./queue.js";
