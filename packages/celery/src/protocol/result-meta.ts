/** What is stored under `celery-task-meta-<id>` and sent to reply queues: a task's state and its result. */
import { isPlainRecord } from "./signature.js";
import { READY_STATES, type TaskState } from "./states.js";

export interface ResultMeta {
  readonly taskId: string;
  readonly status: TaskState;
  /** As it travels: an exception is still in its wire form. */
  readonly result: unknown;
  readonly traceback: string | null;
  readonly children: readonly unknown[];
  /** ISO 8601; only for states after which nothing comes. */
  readonly dateDone: string | null;
  readonly groupId?: string | null | undefined;
  readonly parentId?: string | null | undefined;
  /** `result_extended`: name, args, kwargs, worker, retries, queue. */
  readonly extended?: Readonly<Record<string, unknown>> | undefined;
}

/** The dict to serialize, in the order Celery's key-value backends write it. */
export function encodeResultMeta(meta: ResultMeta): Record<string, unknown> {
  return {
    status: meta.status,
    result: meta.result,
    traceback: meta.traceback,
    children: meta.children,
    date_done: READY_STATES.has(meta.status) ? meta.dateDone : null,
    ...(meta.groupId === undefined || meta.groupId === null ? {} : { group_id: meta.groupId }),
    ...(meta.parentId === undefined || meta.parentId === null ? {} : { parent_id: meta.parentId }),
    ...meta.extended,
    task_id: meta.taskId,
  };
}

/** Reads a decoded meta; `undefined` when it is none. `taskId` is for metas that do not say. */
export function decodeResultMeta(value: unknown, taskId?: string): ResultMeta | undefined {
  const record = value instanceof Map ? Object.fromEntries(value) : value;
  if (!isPlainRecord(record) || typeof record.status !== "string") return undefined;
  const id = typeof record.task_id === "string" ? record.task_id : taskId;
  if (id === undefined) return undefined;
  const { status, result, traceback, children, date_done, group_id, parent_id } = record;
  return {
    taskId: id,
    status,
    result: result ?? null,
    traceback: typeof traceback === "string" ? traceback : null,
    children: Array.isArray(children) ? children : [],
    dateDone: typeof date_done === "string" ? date_done : null,
    groupId: typeof group_id === "string" ? group_id : null,
    parentId: typeof parent_id === "string" ? parent_id : null,
    extended: record,
  };
}

/** The ids of children, groups opened up: what `[[id, parent], children]` and `[[gid, parent], [child, ...]]` hold. */
export function childIds(children: readonly unknown[]): string[] {
  const ids: string[] = [];
  const pending = [...children].reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (!Array.isArray(next) || next.length !== 2 || !Array.isArray(next[0])) continue;
    const [[id], nested] = next as [unknown[], unknown];
    if (Array.isArray(nested)) for (let i = nested.length - 1; i >= 0; i--) pending.push(nested[i]);
    else if (typeof id === "string") ids.push(id);
  }
  return ids;
}
