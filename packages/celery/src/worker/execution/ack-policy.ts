/** When a message is settled, and how. Celery 5.2 `worker/request.py`. */
import type { ResolvedSettings } from "../../client/settings/settings.js";
import type { TaskOptions } from "../../client/task.js";

export interface AckPolicy {
  /** After the run; else before it. */
  readonly isLate: boolean;
  readonly onFailure: "ack" | "reject";
  readonly onWorkerLost: "ack" | "requeue";
}

export function ackPolicy(options: TaskOptions, settings: ResolvedSettings): AckPolicy {
  const acksOnFailure = options.acksOnFailureOrTimeout ?? settings.taskAcksOnFailureOrTimeout;
  const rejectsOnLost = options.rejectOnWorkerLost ?? settings.taskRejectOnWorkerLost;
  return {
    isLate: options.acksLate ?? settings.taskAcksLate,
    onFailure: acksOnFailure ? "ack" : "reject",
    onWorkerLost: rejectsOnLost ? "requeue" : "ack",
  };
}
