/** What a handler gets first: its task as it was sent, and what it can do beside returning. */
import { optionNames } from "@brine/codec/options";
import { type Time, timeToMs } from "../../client/apply-options.js";
import type { Stamps } from "../../client/canvas/stamps.js";
import { checkNames } from "../../client/option-names.js";
import type { AsyncResult } from "../../client/results/async-result.js";
import type { Logger } from "../../client/settings/settings.js";
import { MaxRetriesExceededError } from "../../protocol/python-exceptions.js";
import { saferepr } from "../../protocol/saferepr.js";
import { readSignature, type SignatureDict, type SignatureLike } from "../../protocol/signature.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { Replace, Retry, type RetryChanges } from "./control-flow.js";
import type { Request } from "./request.js";

/** When and why to run again; the rest changes the call, and what is not given stays as it was. */
export interface RetryOptions extends RetryChanges {
  /** Seconds from now until it runs again. Default: the task's `defaultRetryDelay`. */
  readonly countdown?: number | undefined;
  /** When, instead of `countdown`. Default: none. */
  readonly eta?: Time | undefined;
  /** Why. Shown while it waits, and thrown when there are no retries left. Default: none. */
  readonly error?: unknown;
  /** How often it may be run again in all; `null`: for ever. Default: the task's `maxRetries`. */
  readonly maxRetries?: number | null | undefined;
}

const RETRY_OPTIONS = /* @__PURE__ */ optionNames<RetryOptions>(
  {
    args: true,
    kwargs: true,
    queue: true,
    exchange: true,
    routingKey: true,
    priority: true,
    headers: true,
    serializer: true,
    compression: true,
    expires: true,
    timeLimit: true,
    softTimeLimit: true,
    shadow: true,
    countdown: true,
    eta: true,
    error: true,
    maxRetries: true,
  },
  {
    instead: [
      ["exc", "error"],
      ["throw", "throw what it gives"],
    ],
  },
);

const DEFAULT_MAX_RETRIES = 3;
const DEFAULT_RETRY_DELAY_SECONDS = 180;

/** What a handler knows of its run, its first argument: the request, a signal to stop on, progress, retries. */
export class TaskContext {
  readonly #request: Request;
  readonly #updateState: (state: string, meta: unknown) => Promise<void>;
  readonly #addToChord: (signature: SignatureDict) => Promise<AsyncResult<unknown>>;
  #lastUpdate: Promise<void> | undefined;
  #isEnded = false;
  /** The node name of the worker. */
  readonly hostname: string;
  /** The app's logger; each message begins with the task's name and id. */
  readonly log: Required<Logger>;
  /** When its hard limit, or without one its soft limit, stops it; `undefined` without limits. */
  readonly deadline: Date | undefined;

  /** For the worker. */
  constructor(
    request: Request,
    options: {
      readonly hostname: string;
      readonly logger: Logger;
      readonly deadline: Date | undefined;
      readonly updateState: (state: string, meta: unknown) => Promise<void>;
      readonly addToChord: (signature: SignatureDict) => Promise<AsyncResult<unknown>>;
    },
  ) {
    this.#request = request;
    this.hostname = options.hostname;
    this.log = prefixed(options.logger, `${request.name}[${request.id}]: `, request.id);
    this.deadline = options.deadline;
    this.#updateState = options.updateState;
    this.#addToChord = options.addToChord;
  }

  /** The task's id, the same over all retries. */
  get id(): string {
    return this.#request.id;
  }

  /** The task's name. */
  get name(): string {
    return this.#request.name;
  }

  /** Positional arguments, as they came. */
  get args(): readonly unknown[] {
    return this.#request.message.args;
  }

  /** Keyword arguments, as they came. */
  get kwargs(): Readonly<Record<string, unknown>> {
    return this.#request.message.kwargs;
  }

  /** How often it was retried: 0 the first time. */
  get retries(): number {
    return this.#request.message.retries;
  }

  /** Id of the first task of the work-flow; its own, if it is the first. */
  get rootId(): string {
    return this.#request.message.rootId ?? this.id;
  }

  /** Id of the task that sent it; `null`: none did. */
  get parentId(): string | null {
    return this.#request.message.parentId;
  }

  /** Id of the group that it is a part of; `null`: of none. */
  get groupId(): string | null {
    return this.#request.message.group;
  }

  /** Stamps that its sender put on it. */
  get stamps(): Stamps {
    return this.#request.message.stamps;
  }

  /** Custom headers: those that the protocol does not use itself. */
  get headers(): Readonly<Record<string, unknown>> {
    return this.#request.message.headers;
  }

  /** The message as it came. */
  get request(): TaskMessage {
    return this.#request.message;
  }

  /** Where the message came from. */
  get deliveryInfo(): {
    readonly exchange: string;
    readonly routingKey: string;
    readonly queue: string;
    readonly redelivered: boolean;
    readonly priority: number | undefined;
  } {
    const { exchange, routingKey, queue, redelivered, properties } = this.#request.delivery;
    return { exchange, routingKey, queue, redelivered, priority: properties.priority };
  }

  /**
   * Aborted when the soft or hard limit passes, when it is terminated, and on a cold shutdown. JavaScript cannot be
   * interrupted from outside: pass it on (`fetch(url, { signal })`) or check `signal.aborted`; what ignores it runs on, though
   * its result no longer counts.
   */
  get signal(): AbortSignal {
    return this.#request.stop.signal;
  }

  /**
   * Tells those who wait how far it is: a custom state such as `PROGRESS` with any meta. Not for states of the end. The states
   * of a task are stored in the order of the calls, before its end, whether they are awaited or not; afterwards they are
   * ignored.
   */
  updateState(state: string, meta: unknown): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    const update = (): Promise<void> => this.#updateState(state, meta);
    const updating = this.#lastUpdate === undefined ? update() : this.#lastUpdate.then(update);
    // In Python nobody waits for it; who does not here either must not end the process.
    this.#lastUpdate = updating.catch((error: Error) => this.log.warn(error.message, { error }));
    return updating;
  }

  /** For the worker: no state is stored after it. A handler that passed its time limit may run on. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#lastUpdate;
  }

  /**
   * Sends one part more of the chord that this task is a part of: the body waits for it too, and gets its result beside this
   * one's. Celery's `Task.add_to_chord`; only a result store in Redis has it there.
   *
   * @throws CeleryError `bad-state` in a task that is no part of a chord
   */
  async addToChord<Result = unknown>(signature: SignatureLike | SignatureDict): Promise<AsyncResult<Result>> {
    return (await this.#addToChord(readSignature(signature, "signature"))) as AsyncResult<Result>;
  }

  /**
   * An error to throw: `throw context.retry({ error, countdown: 10 })`. The task runs again, as a new message with the same
   * id. When there are no retries left it is `error` itself, or MaxRetriesExceededError without one.
   *
   * @throws CeleryError `bad-option` for an option that there is not, or an `eta` that is no time
   */
  retry(options: RetryOptions = {}): Error {
    checkNames(options, RETRY_OPTIONS, "options of retry()");
    const { task } = this.#request;
    const maxRetries =
      options.maxRetries === undefined
        ? task.options.maxRetries === undefined
          ? DEFAULT_MAX_RETRIES
          : task.options.maxRetries
        : options.maxRetries;
    if (maxRetries !== null && this.retries >= maxRetries) {
      if (options.error instanceof Error) return options.error;
      return new MaxRetriesExceededError(
        `Can't retry ${this.name}[${this.id}] args:${saferepr(this.args)} kwargs:${saferepr(this.kwargs)}`,
      );
    }
    const { countdown, eta, error, maxRetries: _, ...changes } = options;
    const delay = countdown ?? task.options.defaultRetryDelay ?? DEFAULT_RETRY_DELAY_SECONDS;
    const etaMs = eta === undefined ? Date.now() + delay * 1000 : timeToMs(eta, "eta");
    return new Retry(etaMs, error, changes);
  }

  /**
   * An error to throw: `throw context.replace(chain(a.s(), b.s()))`. The work-flow runs in place of this task: its result is
   * this task's, and what was to follow follows it. Celery's `Task.replace`.
   *
   * @throws InvalidMessageError for what is no signature
   */
  replace(signature: SignatureLike | SignatureDict): Error {
    return new Replace(readSignature(signature, "signature"));
  }
}

function prefixed(logger: Logger, prefix: string, taskId: string): Required<Logger> {
  const method =
    (level: keyof Logger) =>
    (message: string, details?: Readonly<Record<string, unknown>>): void =>
      logger[level]?.(prefix + message, { taskId, ...details });
  return { debug: method("debug"), info: method("info"), warn: method("warn"), error: method("error") };
}
