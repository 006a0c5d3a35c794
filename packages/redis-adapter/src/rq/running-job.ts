/** A job at hand: what its hash says of how to run it. Whoever wrote the hash, a number that is none counts as not said. */
import { randomUUID } from "node:crypto";
import { intervalsOf, YEAR } from "./format.js";
import { numberIn } from "./job-info.js";

export interface RunningJob {
  readonly id: string;
  readonly queue: string;
  readonly execution: string;
  readonly startedAt: Date;
  /** Seconds; -1: none. */
  readonly timeout: number;
  /** Seconds; 0: the job is deleted, -1: kept. */
  readonly resultTtl: number;
  readonly failureTtl: number;
  /** Seconds that it may wait when it is enqueued again; 0: for ever. */
  readonly ttl: number;
  readonly retriesLeft: number;
  readonly retryIntervals: readonly number[];
  /** rq 2: how often it was run again because it returned a Retry. */
  readonly numberOfRetries: number;
  /** rq 2: how often it is to run again after it succeeded. */
  readonly repeatsLeft: number;
  readonly repeatIntervals: readonly number[];
  /** rq 2.10: the key of its rate limit; empty: none. */
  readonly rateLimitKey: string;
}

/** RQ's own, where neither the job nor its queue says. Seconds. */
const TIMEOUT = 180;

export function runningJob(
  id: string,
  queue: string,
  fields: ReadonlyMap<string, Buffer>,
  defaultResultTtl: number,
): RunningJob {
  return {
    id,
    queue,
    execution: randomUUID().replaceAll("-", ""),
    startedAt: new Date(),
    timeout: numberIn(fields, "timeout") || TIMEOUT,
    resultTtl: whole(numberIn(fields, "result_ttl") ?? defaultResultTtl),
    failureTtl: whole(numberIn(fields, "failure_ttl") ?? YEAR),
    ttl: whole(numberIn(fields, "ttl") ?? 0),
    retriesLeft: whole(numberIn(fields, "retries_left") ?? 0),
    retryIntervals: intervalsOf(fields.get("retry_intervals")),
    numberOfRetries: whole(numberIn(fields, "number_of_retries") ?? 0),
    repeatsLeft: whole(numberIn(fields, "repeats_left") ?? 0),
    repeatIntervals: intervalsOf(fields.get("repeat_intervals")),
    rateLimitKey: String(fields.get("rate_limit_key") ?? ""),
  };
}

/** Lifetimes and counts that Redis can be told: a century is for ever. */
const MOST = 100 * YEAR;

function whole(value: number): number {
  return Math.trunc(Math.min(value, MOST));
}
