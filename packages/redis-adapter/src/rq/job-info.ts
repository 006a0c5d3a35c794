/** The hash of a job, read. rq `job.py` restore. */
import type { ValueCodec } from "../dialects/dialect.js";
import { type Call, decodeCall, intervalsOf } from "./format.js";

export type RqStatus =
  | "created"
  | "queued"
  | "started"
  | "finished"
  | "failed"
  | "deferred"
  | "scheduled"
  | "stopped"
  | "canceled"
  | "rate_limited"
  | "ready_to_enqueue";

/** What RQ knows of a job. Durations in seconds; `undefined`: not set. */
export interface RqJobInfo {
  readonly status: RqStatus;
  /** The queue. */
  readonly origin: string;
  readonly description: string;
  readonly createdAt: Date | undefined;
  readonly enqueuedAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly lastHeartbeat: Date | undefined;
  readonly workerName: string | undefined;
  readonly timeout: number | undefined;
  readonly resultTtl: number | undefined;
  readonly failureTtl: number | undefined;
  readonly ttl: number | undefined;
  readonly retriesLeft: number | undefined;
  readonly retryIntervals: readonly number[];
  readonly repeatsLeft: number | undefined;
  readonly repeatIntervals: readonly number[];
  readonly dependencyIds: readonly string[];
  readonly allowDependencyFailures: boolean;
  readonly group: string | undefined;
  /** Dotted names. */
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
  readonly onStopped: string | undefined;
  /** Decoded when it is called, for its classes may be unknown here. @throws what the codec throws */
  call(): Call;
  /** Likewise. */
  meta(): Record<string, unknown>;
}

export function jobInfo(fields: ReadonlyMap<string, Buffer>, codec: ValueCodec): RqJobInfo {
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return value === undefined || value.length === 0 ? undefined : value.toString();
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  const time = (name: string): Date | undefined => {
    const value = text(name);
    return value === undefined ? undefined : new Date(value);
  };
  return {
    status: (text("status") ?? "created") as RqStatus,
    origin: text("origin") ?? "",
    description: text("description") ?? "",
    createdAt: time("created_at"),
    enqueuedAt: time("enqueued_at"),
    startedAt: time("started_at"),
    endedAt: time("ended_at"),
    lastHeartbeat: time("last_heartbeat"),
    workerName: text("worker_name"),
    timeout: number("timeout"),
    resultTtl: number("result_ttl"),
    failureTtl: number("failure_ttl"),
    ttl: number("ttl"),
    retriesLeft: number("retries_left"),
    retryIntervals: intervalsOf(fields.get("retry_intervals")),
    repeatsLeft: number("repeats_left"),
    repeatIntervals: intervalsOf(fields.get("repeat_intervals")),
    dependencyIds: stringsOf(text("dependency_ids")),
    allowDependencyFailures: text("allow_dependency_failures") === "1",
    group: text("group_id"),
    onSuccess: text("success_callback_name"),
    onFailure: text("failure_callback_name"),
    onStopped: text("stopped_callback_name"),
    call: () => decodeCall(fields.get("data") ?? Buffer.alloc(0), codec),
    meta: () => metaOf(fields.get("meta"), codec),
  };
}

/** What is not there is empty, as in RQ. */
export function metaOf(raw: Buffer | undefined, codec: ValueCodec): Record<string, unknown> {
  if (raw === undefined || raw.length === 0) return {};
  return codec.decode(raw) as Record<string, unknown>;
}

function stringsOf(json: string | undefined): readonly string[] {
  if (json === undefined) return [];
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
}
