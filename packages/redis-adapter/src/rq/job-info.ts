/** The hash of a job, read. rq `job.py` restore. */
import type { ValueCodec } from "../dialects/dialect.js";
import { decodeStored } from "../jobs/codec.js";
import { pairs } from "../pickled/commands/collections.js";
import { type RedisLike, sendAll } from "../pickled/driver/client.js";
import { type Call, decodeCall, intervalsOf } from "./format.js";
import { jobKey } from "./keys.js";

/** A job's status, as `rq.job.JobStatus` has it. */
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

/** A request that rq 2.10 makes when a job ends. */
export interface RqWebhook {
  /** As it is stored: not checked. */
  readonly url: string;
  /** The end that it is for. */
  readonly jobStatus: "finished" | "failed";
  /** Anything but `POST` is read as `GET`. */
  readonly method: "GET" | "POST";
  /** Those of the request; `{}` without any. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds; 10 where none is stored. */
  readonly timeout: number;
}

/** What RQ knows of a job. Durations in seconds; `undefined`: not set. */
export interface RqJobInfo {
  /** `"created"` where none is stored. */
  readonly status: RqStatus;
  /** The name of its queue. */
  readonly origin: string;
  /** For people: the call, unless the job has another. */
  readonly description: string;
  /** When the job was made, which may be long before it was put into a queue. */
  readonly createdAt: Date | undefined;
  /** When it was put into its queue, the last time; `undefined` before the first. */
  readonly enqueuedAt: Date | undefined;
  /** When a worker began with it, the last time. */
  readonly startedAt: Date | undefined;
  /** When it ended, in whatever way, the last time. */
  readonly endedAt: Date | undefined;
  /** When its worker was last heard of. */
  readonly lastHeartbeat: Date | undefined;
  /** Who runs it, or ran it. */
  readonly workerName: string | undefined;
  /** Seconds that it may run; -1: as long as it takes. */
  readonly timeout: number | undefined;
  /** Seconds that its result is kept; 0: not at all, -1: for ever. */
  readonly resultTtl: number | undefined;
  /** Seconds that it is kept when it failed; -1: for ever. */
  readonly failureTtl: number | undefined;
  /** Seconds that it may wait in its queue. */
  readonly ttl: number | undefined;
  /** How often it is tried again when it fails; `undefined`: not at all. */
  readonly retriesLeft: number | undefined;
  /** Seconds before each retry. */
  readonly retryIntervals: readonly number[];
  /** rq 2: how often it was run again because it returned a Retry; `undefined`: never. */
  readonly numberOfRetries: number | undefined;
  /** rq 2: how often it runs again when it succeeds; `undefined`: not at all. */
  readonly repeatsLeft: number | undefined;
  /** Seconds before each repetition. */
  readonly repeatIntervals: readonly number[];
  /** Jobs that it waits for. */
  readonly dependencyIds: readonly string[];
  /** Whether it runs also when those that it waits for fail. */
  readonly allowDependencyFailures: boolean;
  /** rq 2: the id of its group. */
  readonly group: string | undefined;
  /** rq 2.10: of all jobs with this key, so many are in queues or run at a time. */
  readonly rateLimit: { readonly key: string; readonly concurrency: number | undefined } | undefined;
  /** rq 2.10: the requests that are made when it ends. */
  readonly webhooks: readonly RqWebhook[];
  /** Dotted name of the function that is called when it succeeded. */
  readonly onSuccess: string | undefined;
  /** Dotted name of the function that is called when it failed. */
  readonly onFailure: string | undefined;
  /** Dotted name of the function that is called when it was stopped. */
  readonly onStopped: string | undefined;
  /** Decoded when it is called, for its classes may be unknown here. @throws DecodeError */
  call(): Call;
  /** `job.meta`, `{}` without any. Decoded when it is called. @throws DecodeError */
  meta(): Record<string, unknown>;
}

/** A job's hash, with the values as they are; empty: there is no such job. */
export async function jobFields(client: RedisLike, id: string): Promise<ReadonlyMap<string, Buffer>> {
  const [[error, reply]] = (await sendAll(client, [{ name: "hgetall", args: [jobKey(id)] }], false)) as [
    [Error | null, unknown],
  ];
  if (error !== null) throw error;
  return new Map(pairs(reply).map(([field, value]) => [String(field), value as Buffer]));
}

export function jobInfo(id: string, fields: ReadonlyMap<string, Buffer>, codec: ValueCodec): RqJobInfo {
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return value === undefined || value.length === 0 ? undefined : value.toString();
  };
  const number = (name: string) => numberIn(fields, name);
  const time = (name: string): Date | undefined => {
    const value = new Date(text(name) ?? "");
    return Number.isNaN(value.getTime()) ? undefined : value;
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
    numberOfRetries: number("number_of_retries"),
    repeatsLeft: number("repeats_left"),
    repeatIntervals: intervalsOf(fields.get("repeat_intervals")),
    dependencyIds: stringsOf(text("dependency_ids")),
    allowDependencyFailures: text("allow_dependency_failures") === "1",
    group: text("group_id"),
    rateLimit: rateLimitOf(text("rate_limit_key"), number("rate_limit_concurrency")),
    webhooks: webhooksOf(text("webhooks")),
    onSuccess: text("success_callback_name"),
    onFailure: text("failure_callback_name"),
    onStopped: text("stopped_callback_name"),
    call: () => decodeCall(fields.get("data") ?? Buffer.alloc(0), codec, jobKey(id)),
    meta: () => metaOf(fields.get("meta"), codec, jobKey(id)),
  };
}

/** `undefined` also for what is no number. */
export function numberIn(fields: ReadonlyMap<string, Buffer>, name: string): number | undefined {
  const value = String(fields.get(name) ?? "").trim();
  return value === "" || !Number.isFinite(Number(value)) ? undefined : Number(value);
}

/** What is not there is empty, as in RQ. @throws DecodeError */
export function metaOf(raw: Buffer | undefined, codec: ValueCodec, key: string): Record<string, unknown> {
  if (raw === undefined || raw.length === 0) return {};
  return decodeStored(raw, codec, key, "rq") as Record<string, unknown>;
}

function rateLimitOf(key: string | undefined, concurrency: number | undefined) {
  return key === undefined ? undefined : { key, concurrency };
}

function webhooksOf(json: string | undefined): readonly RqWebhook[] {
  return listOf(json).flatMap((one) => {
    const { url, job_status: jobStatus, method, headers, timeout } = Object(one) as Readonly<Record<string, unknown>>;
    if (typeof url !== "string" || (jobStatus !== "finished" && jobStatus !== "failed")) return [];
    return {
      url,
      jobStatus,
      method: method === "POST" ? "POST" : "GET",
      headers: { ...(Object(headers) as Record<string, string>) },
      timeout: typeof timeout === "number" ? timeout : 10,
    };
  });
}

function stringsOf(json: string | undefined): readonly string[] {
  return listOf(json).filter((one): one is string => typeof one === "string");
}

function listOf(json: string | undefined): readonly unknown[] {
  if (json === undefined) return [];
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
