/** What a worker is given, and what it gives to handlers. */
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { JOB_QUEUE_OPTIONS, type JobQueueOptions } from "../jobs/codec.js";
import type { RqSerializer } from "./format.js";
import type { WorkerFormat } from "./worker-record.js";

/** What a handler is told about its job. */
export interface RqContext {
  /** The job's. */
  readonly id: string;
  /** The dotted name of the function. */
  readonly func: string;
  /** The name of the queue that it came from. */
  readonly queue: string;
  /** Aborted when the job's time is over, or it is stopped. JavaScript cannot interrupt code: handlers must look. */
  readonly signal: AbortSignal;
  /** The object of a bound method that was enqueued, else `null`. */
  readonly instance: unknown;
  /** RQ's `job.meta` as of the start. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** Writes `meta` anew: rq `job.save_meta()`. */
  saveMeta(meta: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A Python function's counterpart. What it returns, or resolves to, is the job's result. */
export type RqHandler = (
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: RqContext,
) => unknown;

/** How a job ended, for a callback: what it returned, what it threw, or that it was stopped. */
export type RqOutcome =
  | { readonly type: "success"; readonly result: unknown }
  | { readonly type: "failure"; readonly error: unknown }
  | { readonly type: "stopped" };

/** What runs after a job, for rq's `on_success`, `on_failure` and `on_stopped`. */
export type RqCallbackHandler = (context: RqContext, outcome: RqOutcome) => unknown;

/** Options of {@link RqWorker.run}. */
export interface RqWorkOptions {
  /** End when the queues are empty. Default false. */
  readonly burst?: boolean | undefined;
  /** Ends the work as {@link RqWorker.close} does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

export const WORK_OPTIONS = optionNames<RqWorkOptions>({ burst: true, signal: true });

/** Options of {@link RqWorker}. */
export interface RqWorkerOptions extends JobQueueOptions {
  /** The worker's name, in its key and in RQ's monitors. Default: a new UUID without hyphens, as RQ's. */
  readonly name?: string | undefined;
  /** What calls and results are written with, which must be the queues' `serializer`. Default `"pickle"`. */
  readonly serializer?: RqSerializer | undefined;
  /** Whose bookkeeping: rq 1.x or 2.x. Default `"auto"`: that of the workers that are there, else 2. */
  readonly format?: "auto" | WorkerFormat | undefined;
  /** How many jobs run at a time. Default 1. */
  readonly concurrency?: number | undefined;
  /** Seconds that a result is kept where the job does not say. Default 500. */
  readonly defaultResultTtl?: number | undefined;
  /**
   * By the dotted names that jobs give as callbacks. As in RQ, a job fails when its success callback fails or has no
   * handler here. Default: none.
   */
  readonly callbacks?: Readonly<Record<string, RqCallbackHandler>> | undefined;
  /** Enqueue what is due, as `rq worker --with-scheduler`; one scheduler of all workers does at a time. Default false. */
  readonly withScheduler?: boolean | undefined;
  /** Told of what went wrong around jobs; what goes wrong in them is their result. Default: nobody is told. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export const WORKER_OPTIONS = /* @__PURE__ */ extendOptionNames<RqWorkerOptions, JobQueueOptions>(
  JOB_QUEUE_OPTIONS,
  {
    name: true,
    serializer: true,
    format: true,
    concurrency: true,
    defaultResultTtl: true,
    callbacks: true,
    withScheduler: true,
    onError: true,
  },
  {
    instead: [
      ["defaultWorkerTtl", "a worker is renewed as long as it lives"],
      ["exceptionHandlers", "onError"],
    ],
  },
);
