/** Typed task definitions: what a client calls, and what a worker runs. */
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { CeleryError } from "../errors.js";
import type { TaskContext } from "../worker/execution/context.js";
import { APPLY_OPTIONS, type ApplyOptions } from "./apply-options.js";
import { Signature, type SignatureFields, type SignatureSender } from "./canvas/signature.js";
import { checkNames } from "./option-names.js";
import type { AsyncResult } from "./results/async-result.js";
import { RETRY_POLICY } from "./settings/settings.js";

/**
 * What a worker runs. It always gets the context first, then the positional arguments; keyword arguments are in
 * `context.kwargs`, or in their places where `parameters` names them.
 */
export type TaskHandler<Args extends readonly unknown[], Result> = (
  context: TaskContext,
  ...args: Args
) => Result | Promise<Result>;

/** Retries on errors without `context.retry`. Durations are in seconds. */
export interface AutoRetryOptions {
  /** Error classes, or a test. Default: every error but Ignore and Reject. */
  readonly for?: readonly (abstract new (...args: never[]) => Error)[] | ((error: unknown) => boolean) | undefined;
  /** `true` is 1: the base of `base * 2 ** retries`. Default: no back-off, `defaultRetryDelay` each time. */
  readonly backoff?: boolean | number | undefined;
  /** Seconds of back-off at most. Default 600. */
  readonly backoffMax?: number | undefined;
  /** A random part of the delay instead of all of it, so that a crowd of failures does not come back as one. Default true. */
  readonly jitter?: boolean | undefined;
}

const AUTO_RETRY = /* @__PURE__ */ optionNames<AutoRetryOptions>(
  { for: true, backoff: true, backoffMax: true, jitter: true },
  {
    instead: [
      ["autoretryFor", "for"],
      ["retryBackoff", "backoff"],
      ["retryBackoffMax", "backoffMax"],
      ["retryJitter", "jitter"],
    ],
  },
);

/** Defaults for every call, and how a worker treats the task. Durations are in seconds. */
export interface TaskOptions
  extends Pick<
    ApplyOptions,
    | "queue"
    | "exchange"
    | "routingKey"
    | "priority"
    | "serializer"
    | "compression"
    | "expires"
    | "timeLimit"
    | "softTimeLimit"
    | "ignoreResult"
    | "headers"
    | "deliveryMode"
  > {
  /**
   * Names of the positional parameters, so that a call by keyword finds them and a wrong one fails as in Python. Default:
   * unknown; keyword arguments are in `context.kwargs`.
   */
  readonly parameters?: readonly string[] | undefined;
  /** Acknowledge after the run instead of before. Default `taskAcksLate`. */
  readonly acksLate?: boolean | undefined;
  /** For late acks: acknowledge a task that failed too. False rejects it. Default `taskAcksOnFailureOrTimeout`. */
  readonly acksOnFailureOrTimeout?: boolean | undefined;
  /** For late acks: put it back when the thread that ran it is lost. Default `taskRejectOnWorkerLost`. */
  readonly rejectOnWorkerLost?: boolean | undefined;
  /** Store the state STARTED when a run begins. Default `taskTrackStarted`. */
  readonly trackStarted?: boolean | undefined;
  /** Store failures although results are ignored. Default `taskStoreErrorsEvenIfIgnored`. */
  readonly storeErrorsEvenIfIgnored?: boolean | undefined;
  /** How often `context.retry` and `autoRetry` may run it again; `null`: for ever. Default 3. */
  readonly maxRetries?: number | null | undefined;
  /** Seconds until a retry that does not say when. Default 180. */
  readonly defaultRetryDelay?: number | undefined;
  /** Run again on errors, all of them or those named. Default false. */
  readonly autoRetry?: boolean | AutoRetryOptions | undefined;
  /** `"100/m"`, `"10/s"`, `"5/h"`, or a number per second. On each worker. Default `taskDefaultRateLimit`. */
  readonly rateLimit?: string | number | undefined;
  /**
   * A module whose default export is the function, run in a worker thread as `fn(...args)`: for work that would block the
   * event loop, and for hard limits that really stop it. Arguments and result must be cloneable. Default: none.
   */
  readonly module?: string | URL | undefined;
}

const TASK_OPTIONS = optionNames<TaskOptions>({
  queue: true,
  exchange: true,
  routingKey: true,
  priority: true,
  serializer: true,
  compression: true,
  expires: true,
  timeLimit: true,
  softTimeLimit: true,
  ignoreResult: true,
  headers: true,
  deliveryMode: true,
  parameters: true,
  acksLate: true,
  acksOnFailureOrTimeout: true,
  rejectOnWorkerLost: true,
  trackStarted: true,
  storeErrorsEvenIfIgnored: true,
  maxRetries: true,
  defaultRetryDelay: true,
  autoRetry: true,
  rateLimit: true,
  module: true,
});

/** Any number of the last arguments. */
export type LastOf<Args extends readonly unknown[]> = number extends Args["length"]
  ? readonly unknown[]
  : Args extends readonly []
    ? Args
    : Args extends readonly [unknown?, ...infer Rest]
      ? Args | LastOf<Rest>
      : Args;

/** A call with arguments and options: what `applyAsync` and `sendTask` take. */
export interface TaskCall<Args extends readonly unknown[]> extends ApplyOptions {
  /** Positional: any array, a `Tuple` too. Default: none. */
  readonly args?: Args | undefined;
  /** By name: a plain object. Default: none. */
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
}

const TASK_CALL = extendOptionNames<TaskCall<readonly unknown[]>, ApplyOptions>(APPLY_OPTIONS, {
  args: true,
  kwargs: true,
});

/** @throws CeleryError `bad-option` for an option there is not, arguments that are no array, keyword arguments that are no object */
export function checkCall(call: TaskCall<readonly unknown[]>): void {
  checkNames(call, TASK_CALL, "options of a call");
  checkNames(call.retryPolicy, RETRY_POLICY, "retryPolicy of a call");
  const { args = [], kwargs = {} } = call;
  if (!Array.isArray(args))
    throw new CeleryError("Cannot send task: args is no array", { code: "bad-option", path: "args" });
  if (typeof kwargs !== "object" || kwargs === null || Array.isArray(kwargs) || kwargs instanceof Map) {
    throw new CeleryError("Cannot send task: kwargs is no plain object", { code: "bad-option", path: "kwargs" });
  }
}

export interface TaskSender extends SignatureSender {
  sendTask<Result>(name: string, call: TaskCall<readonly unknown[]>): Promise<AsyncResult<Result>>;
}

/** A task by name, to call it and to make signatures of it: Celery's `Task`. Made by `app.task`. */
export class Task<Args extends readonly unknown[] = readonly unknown[], Result = unknown> {
  /** As in messages: `proj.tasks.add`. */
  readonly name: string;
  /** Defaults for every call, and how a worker treats it, as given to `app.task`. Frozen. */
  readonly options: TaskOptions;
  /** What workers of this app run; `undefined`: other workers run it. */
  readonly handler: TaskHandler<Args, Result> | undefined;
  readonly #sender: TaskSender;

  /** For {@link Celery}: `app.task` makes one. */
  constructor(name: string, options: TaskOptions, handler: TaskHandler<Args, Result> | undefined, sender: TaskSender) {
    checkNames(options, TASK_OPTIONS, `options of task ${name}`);
    if (typeof options.autoRetry === "object") checkNames(options.autoRetry, AUTO_RETRY, `autoRetry of task ${name}`);
    this.name = name;
    this.options = Object.freeze({ ...options });
    this.handler = handler;
    this.#sender = sender;
  }

  /** Whether a worker of this app can run it. */
  get isRunnable(): boolean {
    return this.handler !== undefined || this.options.module !== undefined;
  }

  /**
   * Sends it with positional arguments. Resolves when the broker has it.
   *
   * @throws as {@link Celery.sendTask}
   */
  async delay(...args: Args): Promise<AsyncResult<Result>> {
    return this.#sender.sendTask<Result>(this.name, { args });
  }

  /**
   * Sends it with everything a call can have: Celery's `apply_async`. Resolves when the broker has it.
   *
   * @throws as {@link Celery.sendTask}
   * @example
   * await add.applyAsync({ args: [2, 3], countdown: 10, queue: "math", expires: 60 });
   */
  async applyAsync(call: TaskCall<Args> = {}): Promise<AsyncResult<Result>> {
    return this.#sender.sendTask<Result>(this.name, call);
  }

  /**
   * A signature with these arguments: `chain(add.s(2, 3), mul.s(10))`. Fewer than all, the last ones, make a partial: what
   * comes before it in a chain is put in front.
   */
  s(...args: LastOf<Args>): Signature<Result> {
    return this.signature({ args });
  }

  /** An immutable signature: takes nothing from the task before it. */
  si(...args: Args): Signature<Result> {
    return this.signature({ args, immutable: true });
  }

  /**
   * A call that is to be made later, alone or as a part of a canvas.
   *
   * @throws CeleryError `bad-option` for a field or an option that there is not
   */
  signature(fields: SignatureFields = {}): Signature<Result> {
    return Signature.make<Result>(this.name, fields, this.#sender);
  }
}
