/** Tasks as `inspect registered` shows them: `proj.add [rate_limit=10/m]`. */
import type { Task } from "../../client/task.js";
import type { CommandHost } from "./command-host.js";

/** Attributes of a Celery task that mean something here, by Python's names; `None` is null. */
function attributesOf(task: Task, { app, limits }: CommandHost): Readonly<Record<string, unknown>> {
  const { options, name } = task;
  const { settings } = app;
  const times = limits.timesSetFor(name) ?? { hard: options.timeLimit, soft: options.softTimeLimit };
  return {
    name,
    exchange: options.exchange,
    routing_key: options.routingKey,
    queue: options.queue,
    priority: options.priority ?? settings.taskDefaultPriority,
    expires: options.expires,
    serializer: options.serializer ?? settings.taskSerializer,
    compression: options.compression ?? settings.taskCompression,
    delivery_mode: options.deliveryMode,
    rate_limit: limits.rateOf(task),
    time_limit: times.hard,
    soft_time_limit: times.soft,
    max_retries: options.maxRetries === undefined ? 3 : options.maxRetries,
    default_retry_delay: options.defaultRetryDelay ?? 180,
    acks_late: options.acksLate ?? settings.taskAcksLate,
    acks_on_failure_or_timeout: options.acksOnFailureOrTimeout ?? settings.taskAcksOnFailureOrTimeout,
    // Python's default is None, which is not shown.
    reject_on_worker_lost: options.rejectOnWorkerLost ?? (settings.taskRejectOnWorkerLost || null),
    track_started: options.trackStarted ?? settings.taskTrackStarted,
    ignore_result: options.ignoreResult ?? settings.taskIgnoreResult,
    store_errors_even_if_ignored: options.storeErrorsEvenIfIgnored ?? settings.taskStoreErrorsEvenIfIgnored,
  };
}

/** The name, with those of the items that the task has. */
export function describeTask(task: Task, items: readonly string[], host: CommandHost): string {
  const attributes = attributesOf(task, host);
  const fields = items.flatMap((item) => {
    const value = Object.hasOwn(attributes, item) ? attributes[item] : undefined;
    return value === undefined || value === null ? [] : [`${item}=${textOf(value)}`];
  });
  return fields.length === 0 ? task.name : `${task.name} [${fields.join(" ")}]`;
}

/** Python's `str`. */
function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return value instanceof Date ? value.toISOString() : String(value);
}
