/** What `Queue.enqueue` is told, and the hash it makes of it. rq `job.py` to_dict. */
import { optionNames } from "@brine/codec/options";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import type { Arg } from "../pickled/driver/client.js";
import { callString, type Duration, encodeCall, seconds, utcformat } from "./format.js";
import { intervals, RETRY_OPTIONS, type RqRetryOptions, times } from "./retry.js";

/** A function that a worker calls after the job: its dotted name, and how long it may run, in seconds. */
export type RqCallback = string | { readonly func: string; readonly timeout?: Duration | undefined };

/** What RQ's `Queue.enqueue` takes beside the call, in camelCase. Durations in seconds. */
export interface RqEnqueueOptions {
  /**
   * RQ's `job_id`: letters, digits, `_` and `-`. Default: a new UUID. An id that is in use is enqueued again with the new call, as by
   * RQ; see `unique`.
   */
  readonly id?: string | undefined;
  /** How long it may run; -1: as long as it wants. Default: the queue's `defaultTimeout`. */
  readonly timeout?: Duration | undefined;
  /** How long the result is kept; 0: not at all, -1: for ever. RQ's default: 500. */
  readonly resultTtl?: Duration | undefined;
  /** How long a failed job is kept. RQ's default: a year. */
  readonly failureTtl?: Duration | undefined;
  /** How long it may wait, from when it is in its queue. Default: for ever. */
  readonly ttl?: Duration | undefined;
  /** RQ's `job.meta`, which handlers and monitors see. Default: empty. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** What monitors show of it. Default: the call, as `module.function(1, 'a')`. */
  readonly description?: string | undefined;
  /** Whether it goes before the jobs that wait. Default false. */
  readonly atFront?: boolean | undefined;
  /** RQ's `enqueue_at`: it is not run before; needs a worker with a scheduler. Default: at once. */
  readonly at?: Date | undefined;
  /** RQ's `enqueue_in`: seconds from now before which it is not run; needs a worker with a scheduler. Default: at once. */
  readonly in?: number | undefined;
  /** Runs it again when it fails; an interval needs a worker with a scheduler. Default: not. */
  readonly retry?: RqRetryOptions | undefined;
  /** Runs it again after it succeeded (rq 2.2); `interval` as that of `retry`. Default: not. */
  readonly repeat?: { readonly times: number; readonly interval?: number | readonly number[] | undefined } | undefined;
  /** Ids of jobs that it waits for, to finish or, with `allowFailure`, to end; `atFront`: it then goes before those that wait. Default: none. */
  readonly dependsOn?:
    | string
    | readonly string[]
    | {
        readonly jobs: readonly string[];
        readonly allowFailure?: boolean | undefined;
        readonly atFront?: boolean | undefined;
      }
    | undefined;
  /** The name of a group that the job is counted in (rq 2). Default: none. */
  readonly group?: string | undefined;
  /** Called with the result. Default: none. */
  readonly onSuccess?: RqCallback | undefined;
  /** Called with the exception. Default: none. */
  readonly onFailure?: RqCallback | undefined;
  /** Called when the job is stopped (rq 2). Default: none. */
  readonly onStopped?: RqCallback | undefined;
  /** Fail when there is a job of this id. Default false: it is enqueued again. */
  readonly unique?: boolean | undefined;
}

const ENQUEUE_OPTIONS = /* @__PURE__ */ optionNames<RqEnqueueOptions>(
  {
    id: true,
    timeout: true,
    resultTtl: true,
    failureTtl: true,
    ttl: true,
    meta: true,
    description: true,
    atFront: true,
    at: true,
    in: true,
    retry: true,
    repeat: true,
    dependsOn: true,
    group: true,
    onSuccess: true,
    onFailure: true,
    onStopped: true,
    unique: true,
  },
  {
    instead: [
      ["jobId", "id"],
      ["jobTimeout", "timeout"],
      ["groupId", "group"],
      ["enqueueAt", "at"],
      ["enqueueIn", "in"],
      ["jobTtl", "ttl"],
      ["args", "they come before the options"],
      ["kwargs", "they come before the options"],
    ],
  },
);

const REPEAT = optionNames<NonNullable<RqEnqueueOptions["repeat"]>>(
  { times: true, interval: true },
  { instead: [["intervals", "interval"]] },
);
const DEPENDS_ON = optionNames<Exclude<RqEnqueueOptions["dependsOn"], string | readonly string[] | undefined>>(
  { jobs: true, allowFailure: true, atFront: true },
  { instead: [["enqueueAtFront", "atFront"]] },
);

/** @throws RedisAdapterError `bad-option` for a name that is none */
export function checkEnqueueOptions(options: RqEnqueueOptions): void {
  checkNames(options, ENQUEUE_OPTIONS, "options of enqueue()");
  const { retry, repeat, dependsOn } = options;
  checkNames(retry, RETRY_OPTIONS, "retry");
  checkNames(repeat, REPEAT, "repeat");
  if (typeof dependsOn === "object" && !Array.isArray(dependsOn)) checkNames(dependsOn, DEPENDS_ON, "dependsOn");
  // RQ would run it at its time, whatever has become of those it depends on.
  if (dependsOn !== undefined && (options.at !== undefined || options.in !== undefined)) {
    throw new RedisAdapterError(
      "Cannot enqueue a job that waits both for others and for a time: give dependsOn, or at and in",
      { code: "bad-option" },
    );
  }
}

export interface Dependencies {
  readonly jobs: readonly string[];
  /** `undefined`: not said. */
  readonly allowFailure: boolean | undefined;
  readonly atFront: boolean;
}

export function dependenciesOf(option: RqEnqueueOptions["dependsOn"]): Dependencies {
  if (option === undefined) return { jobs: [], allowFailure: undefined, atFront: false };
  if (typeof option === "object" && "jobs" in option) {
    return { jobs: option.jobs, allowFailure: option.allowFailure ?? false, atFront: option.atFront ?? false };
  }
  return { jobs: [option].flat() as string[], allowFailure: undefined, atFront: false };
}

/** When it is due, in whole seconds since 1970; `undefined`: at once. */
export function dueOf(options: RqEnqueueOptions, now: Date): number | undefined {
  if (options.at === undefined && options.in === undefined) return undefined;
  const due = options.at?.getTime() ?? now.getTime() + options.in! * 1000;
  if (Number.isFinite(due)) return Math.trunc(due / 1000);
  throw new RedisAdapterError(
    `Cannot enqueue a job ${options.at === undefined ? `in ${options.in}` : "at an invalid date"}`,
    {
      code: "bad-option",
    },
  );
}

/** A job before it is in Redis. */
export interface NewJob {
  readonly queue: string;
  readonly func: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: RqEnqueueOptions;
  /** As {@link utcformat} writes it. */
  readonly createdAt: string;
  readonly defaultTimeout: number;
}

/** The fields of a job's hash, without `status` and `enqueued_at`: those depend on what is in Redis. */
export function jobHash(job: NewJob, codec: ValueCodec): Map<string, Arg> {
  const { options } = job;
  const call = { func: job.func, instance: null, args: job.args, kwargs: job.kwargs };
  const fields = new Map<string, Arg>([
    ["created_at", job.createdAt],
    ["data", encodeCall(call, codec)],
    ["started_at", ""],
    ["ended_at", ""],
    ["last_heartbeat", ""],
    ["worker_name", ""],
    ["group_id", options.group ?? ""],
    ["origin", job.queue],
    ["description", options.description || callString(call)],
    ["timeout", options.timeout === undefined ? job.defaultTimeout : timeLimit("timeout", options.timeout)],
  ]);
  addCallback(fields, "success", options.onSuccess);
  addCallback(fields, "failure", options.onFailure);
  addCallback(fields, "stopped", options.onStopped);
  if (options.resultTtl !== undefined) fields.set("result_ttl", seconds("resultTtl", options.resultTtl));
  if (options.failureTtl !== undefined) fields.set("failure_ttl", seconds("failureTtl", options.failureTtl));
  if (options.ttl !== undefined) fields.set("ttl", lifetime("ttl", options.ttl));
  if (options.meta !== undefined && Object.keys(options.meta).length > 0)
    fields.set("meta", codec.encode(options.meta));
  if (options.retry !== undefined) {
    fields.set("retries_left", times("retry.max", options.retry.max));
    fields.set("retry_intervals", intervalList("retry.interval", options.retry.interval));
  }
  if (options.repeat !== undefined) {
    fields.set("repeats_left", times("repeat.times", options.repeat.times));
    fields.set("repeat_intervals", intervalList("repeat.interval", options.repeat.interval));
  }
  const dependencies = dependenciesOf(options.dependsOn);
  const isLater = dependencies.jobs.length > 0 || options.at !== undefined || options.in !== undefined;
  if (isLater && (options.atFront || dependencies.atFront)) fields.set("enqueue_at_front", 1);
  // What RQ writes of a Dependency.
  else if (dependencies.allowFailure !== undefined) fields.set("enqueue_at_front", 0);
  if (dependencies.jobs.length > 0) {
    fields.set("dependency_id", dependencies.jobs[0]!);
    fields.set("dependency_ids", `[${dependencies.jobs.map((id) => JSON.stringify(id)).join(", ")}]`);
    if (dependencies.allowFailure !== undefined)
      fields.set("allow_dependency_failures", dependencies.allowFailure ? 1 : 0);
  }
  return fields;
}

/** rq 2 `Callback`: a name, and 60 seconds if nothing is said. */
function addCallback(
  fields: Map<string, Arg>,
  when: "success" | "failure" | "stopped",
  callback: RqCallback | undefined,
) {
  const { func, timeout } = typeof callback === "object" ? callback : { func: callback ?? "", timeout: undefined };
  fields.set(`${when}_callback_name`, func);
  if (func !== "") fields.set(`${when}_callback_timeout`, seconds("the callback's timeout", timeout ?? 60));
}

/** As {@link seconds}, but not 0: RQ takes that for nothing said. */
export function timeLimit(name: string, duration: Duration): number {
  const limit = seconds(name, duration);
  if (limit !== 0) return limit;
  throw new RedisAdapterError(`Cannot use ${duration} for ${name}: seconds, or -1 for no limit`, {
    code: "bad-option",
  });
}

function lifetime(name: string, duration: Duration): number {
  const limit = seconds(name, duration);
  if (limit > 0) return limit;
  throw new RedisAdapterError(`Cannot use ${duration} for ${name}: 1 second or more`, { code: "bad-option" });
}

/** As `json.dumps` writes a list. */
function intervalList(name: string, interval: number | readonly number[] | undefined): string {
  return `[${intervals(name, interval).join(", ")}]`;
}

/** The time with microseconds, of which no two calls in this process have the same: it tells a job from its namesake. */
export function uniqueTime(now: Date): string {
  sequence = (sequence + 1) % 1000;
  return utcformat(now).replace(/000Z$/, `${String(sequence).padStart(3, "0")}Z`);
}
let sequence = Math.trunc(Math.random() * 1000);
