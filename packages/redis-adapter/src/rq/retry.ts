/** Running a job again: how often, after which pauses, and a handler's own wish for it. rq `job.py` Retry. */
import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";

/** What RQ's `Retry` takes. */
export interface RqRetryOptions {
  /** How often the job is run again at most; after that it fails. At least 1. */
  readonly max: number;
  /** Whole seconds before it is run again, or those before each time. Default 0: at once. */
  readonly interval?: number | readonly number[] | undefined;
}

export const RETRY_OPTIONS = /* @__PURE__ */ optionNames<RqRetryOptions>(
  { max: true, interval: true },
  { instead: [["intervals", "interval"]] },
);

/**
 * A handler that returns or throws it has its job run again, as a Python function that returns `rq.Retry` has under rq 2. It
 * counts for itself, in `number_of_retries`, beside the retries that the job was enqueued with, and no callback is called. An
 * error only so that it may be thrown.
 *
 * @example
 * const handlers = { "mail.send": () => (isReady() ? send() : new RqRetry({ max: 5, interval: 30 })) };
 * new RqWorker(["default"], handlers, { client: new Redis() });
 */
export class RqRetry extends Error {
  /** `"RqRetry"`, also in a minified program. */
  override name = "RqRetry";
  /** How often the job is run again at most. */
  readonly max: number;
  /** Seconds before each time; the last counts for all after it. */
  readonly intervals: readonly number[];

  /** @throws RedisAdapterError `bad-option` for a `max` below 1, and for intervals that are no whole seconds */
  constructor(options: RqRetryOptions) {
    super("The job is to be run again");
    checkNames(options, RETRY_OPTIONS, "options of RqRetry");
    this.max = times("max", options.max);
    this.intervals = intervals("interval", options.interval);
  }

  /** Seconds before the next run of a job that was run again `count` times. rq `Retry.get_interval`. */
  intervalAfter(count: number): number {
    return this.intervals[Math.min(count, this.intervals.length - 1)]!;
  }
}

export function times(name: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new RedisAdapterError(`Cannot use ${count} for ${name}: 1 or more`, { code: "bad-option" });
}

export function intervals(name: string, interval: number | readonly number[] | undefined): readonly number[] {
  const list = [interval ?? 0].flat() as number[];
  if (list.length > 0 && list.every((one) => Number.isSafeInteger(one) && one >= 0)) return list;
  throw new RedisAdapterError(`Cannot use ${JSON.stringify(interval)} for ${name}: whole seconds, 0 or more`, {
    code: "bad-option",
  });
}
