/** The result of a task that was sent: to wait for, watch, and cancel. */
import { ContentDisallowed } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import type { ResultBackend, TaskResult } from "../../backends/backend.js";
import { CeleryError, ResultTimeoutError } from "../../errors.js";
import { parseIsoTime } from "../../protocol/iso8601.js";
import { childIds, type ResultMeta } from "../../protocol/result-meta.js";
import { PROPAGATE_STATES, READY_STATES, type TaskState } from "../../protocol/states.js";
import { checkNames } from "../option-names.js";
import { Inbox } from "./inbox.js";
import { type ResultGraph, resultGraph } from "./result-graph.js";

/** How long to wait for a result, and what to do with a failure. */
export interface GetOptions {
  /** Milliseconds to wait at most. Default: for ever. */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting; the task goes on. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Throw what the task threw. Default true; false gives the error as the value. */
  readonly propagate?: boolean | undefined;
  /** Milliseconds between looks at the store, beside its notifications. Default 5000. */
  readonly intervalMs?: number | undefined;
}

const GET_OPTIONS = optionNames<GetOptions>({ timeoutMs: true, signal: true, propagate: true, intervalMs: true });

/** What {@link AsyncResult.states} yields. */
export interface StateChange<Result> {
  /** The one that it has come to, such as `"STARTED"`. */
  readonly state: TaskState;
  /** The return value, for SUCCESS. */
  readonly result?: Result | undefined;
  /** What `updateState` was given, for custom states; `{pid, hostname}` for STARTED. */
  readonly meta?: unknown;
  /** Of a failure: what was raised. */
  readonly error?: Error | undefined;
}

/** What a result says of its task. All but `dateDone` need `resultExtended` of the worker that ran it, `result_extended` in Python. */
export interface ResultDetails {
  /** The task's: `proj.tasks.add`. */
  readonly name: string | undefined;
  /** Positional, decoded as the result is; `undefined` where they are not stored. */
  readonly args: unknown;
  /** By name, decoded as the result is; `undefined` where they are not stored. */
  readonly kwargs: unknown;
  /** Node name of the worker. */
  readonly worker: string | undefined;
  /** How often it was tried again: 0 of a first run. */
  readonly retries: number | undefined;
  /** The routing key that the message came with, which need not be a queue's name. */
  readonly queue: string | undefined;
  /** When it ended; `undefined` while it has not. */
  readonly dateDone: Date | undefined;
}

/** What an {@link AsyncResult} needs of its app. */
export interface ResultContext {
  readonly backend: ResultBackend;
  revoke(
    taskId: string,
    options: { readonly terminate?: boolean | undefined; readonly signal?: string | undefined },
  ): Promise<void>;
  readonly isIgnored?: boolean | undefined;
}

const DEFAULT_INTERVAL_MS = 5_000;

/** A task's result, by its id: Celery's `AsyncResult`. Nothing is asked before a method is called. */
export class AsyncResult<Result = unknown> {
  /** The task's id. */
  readonly id: string;
  /** The result before this one in a chain, or the group of a chord's header. */
  readonly parent: AsyncResult | undefined;
  readonly #context: ResultContext;
  /** Kept once it is ready: nothing changes after that. */
  #ready: TaskResult | undefined;

  /** For {@link Celery}: `app.result(id)` makes one. */
  constructor(id: string, context: ResultContext, parent?: AsyncResult | undefined) {
    this.id = id;
    this.#context = context;
    this.parent = parent;
  }

  /** For subclasses, which make results of their own with it. */
  protected get context(): ResultContext {
    return this.#context;
  }

  /**
   * Waits for the task to end and gives what it returned.
   *
   * @throws the task's error: the class registered for the Python exception or a `PyException` with its `pythonClass` and
   * `args`, with `traceback` and `taskId`
   * @throws ResultTimeoutError `timeout` after `timeoutMs`; the signal's reason when aborted
   * @throws CeleryError `no-backend` without a backend, `undecodable-result` when the value cannot be read, `bad-state` when the
   *   backend is closed meanwhile, `bad-option` for an option that there is not
   */
  async get(options: GetOptions = {}): Promise<Result> {
    const ready = await this.#wait(options);
    if (PROPAGATE_STATES.has(ready.meta.status)) {
      if (options.propagate !== false) throw ready.error;
      return ready.error as Result;
    }
    return ready.value as Result;
  }

  async #wait(options: GetOptions): Promise<TaskResult> {
    if (this.#ready !== undefined) return this.#ready;
    for await (const result of this.#follow(options)) {
      if (READY_STATES.has(result.meta.status)) return result;
    }
    throw new CeleryError(`Cannot get the result of task ${this.id}: the backend was closed`, {
      code: "bad-state",
      taskId: this.id,
    });
  }

  /**
   * Each state as it comes, the present one first if there is one, until the task has ended. A failure is yielded, not thrown.
   *
   * @throws as {@link get}, but what the task threw
   */
  async *states(options: GetOptions = {}): AsyncGenerator<StateChange<Result>, void, undefined> {
    for await (const { meta, value, error } of this.#follow(options)) {
      if (error !== undefined) yield { state: meta.status, error };
      else if (meta.status === "SUCCESS") yield { state: meta.status, result: value as Result };
      else yield { state: meta.status, meta: value };
    }
  }

  async *#follow(options: GetOptions): AsyncGenerator<TaskResult, void, undefined> {
    checkNames(options, GET_OPTIONS, "options of a result");
    const { signal, timeoutMs } = options;
    signal?.throwIfAborted();
    const inbox = new Inbox<TaskResult>();
    const { backend } = this.#context;
    const timeout =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => inbox.fail(new ResultTimeoutError(this.id, timeoutMs)), timeoutMs);
    const onAbort = (): void => inbox.fail(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    let poll: NodeJS.Timeout | undefined;
    const watching = (async () =>
      backend.watch(
        this.id,
        (result) => inbox.push(result),
        (error) => inbox.fail(this.#undecodable(error)),
      ))();
    watching.catch((error: unknown) => inbox.fail(error));
    try {
      poll = setInterval(() => {
        // A notification that was lost with a connection must not make anybody wait for ever.
        backend.get(this.id).then(
          (result) => result !== undefined && inbox.push(result),
          () => {},
        );
      }, options.intervalMs ?? DEFAULT_INTERVAL_MS);
      let last = "";
      for (;;) {
        const result = await inbox.next();
        const { status, dateDone } = result.meta;
        const key = `${status}\n${dateDone ?? result.meta.traceback ?? ""}\n${status === "SUCCESS" ? "" : fingerprint(result)}`;
        if (key === last) continue;
        last = key;
        if (READY_STATES.has(status)) this.#ready = result;
        yield result;
        if (READY_STATES.has(status)) return;
      }
    } finally {
      clearTimeout(timeout);
      clearInterval(poll);
      signal?.removeEventListener("abort", onAbort);
      // Not awaited: a broker that is away must not hold up an answer, a timeout or an abort.
      void watching.then((stop) => stop()).catch(() => {});
    }
  }

  #undecodable(cause: Error): CeleryError {
    const hint = cause instanceof ContentDisallowed ? "; the setting acceptContent says what is read" : "";
    return new CeleryError(`Cannot decode the result of task ${this.id}: ${cause.message}${hint}`, {
      code: "undecodable-result",
      taskId: this.id,
      cause,
    });
  }

  async #look(): Promise<TaskResult | undefined> {
    if (this.#ready !== undefined) return this.#ready;
    const result = await this.#context.backend.get(this.id);
    if (result !== undefined && READY_STATES.has(result.meta.status)) this.#ready = result;
    return result;
  }

  /**
   * The state it is in; PENDING when nothing is known of it, also for an id that nobody ever sent. As all questions below, it
   * asks the backend once, and no more when the task has ended.
   *
   * @throws CeleryError `no-backend` without a backend
   */
  async state(): Promise<TaskState> {
    return (await this.#look())?.meta.status ?? "PENDING";
  }

  /** Whether it has ended, in whatever way. */
  async ready(): Promise<boolean> {
    return READY_STATES.has(await this.state());
  }

  /** Whether the state is SUCCESS. */
  async successful(): Promise<boolean> {
    return (await this.state()) === "SUCCESS";
  }

  /** Whether the state is FAILURE. */
  async failed(): Promise<boolean> {
    return (await this.state()) === "FAILURE";
  }

  /** The return value, the error, or what `updateState` was given; `undefined` while PENDING. */
  async info(): Promise<unknown> {
    const result = await this.#look();
    return result?.error ?? result?.value;
  }

  /** Python's traceback text of a failure, or Node's stack; `null` without one. */
  async traceback(): Promise<string | null> {
    return (await this.#look())?.meta.traceback ?? null;
  }

  /** Who ran it, and with what: as far as it has ended, and the worker stores it (`resultExtended`). */
  async details(): Promise<ResultDetails> {
    const meta = (await this.#look())?.meta;
    return detailsOf(meta);
  }

  /** Results of the tasks that this one sent; empty until it has ended. */
  async children(): Promise<AsyncResult[]> {
    const ids = childIds((await this.#look())?.meta.children ?? []);
    return ids.map((id) => new AsyncResult(id, this.#context));
  }

  /** What it has set going, and what that has: `children` all the way down. */
  async graph(): Promise<ResultGraph> {
    return resultGraph(this as AsyncResult);
  }

  /** `for await (const change of result)`: as `states()`. */
  [Symbol.asyncIterator](): AsyncGenerator<StateChange<Result>, void, undefined> {
    return this.states();
  }

  /** Removes the result from the backend, which then says PENDING. */
  async forget(): Promise<void> {
    this.#ready = undefined;
    await this.#context.backend.forget(this.id);
  }

  /** Asks all workers not to run it; `terminate` also stops it where it runs already, in Python's workers by `signal` (default `"SIGTERM"`). */
  async revoke(
    options: { readonly terminate?: boolean | undefined; readonly signal?: string | undefined } = {},
  ): Promise<void> {
    await this.#context.revoke(this.id, options);
  }

  /** The {@link id}. */
  toString(): string {
    return this.id;
  }

  /** The {@link id}. */
  toJSON(): string {
    return this.id;
  }

  /** Python's `as_tuple()`, `[[id, parent], null]`: how results list their children. */
  asTuple(): readonly [readonly [string, unknown], unknown] {
    return [[this.id, this.parent?.asTuple() ?? null], null];
  }
}

function detailsOf(meta: ResultMeta | undefined): ResultDetails {
  const { name, args, kwargs, worker, retries, queue } = meta?.extended ?? {};
  const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const doneMs = typeof meta?.dateDone === "string" ? parseIsoTime(meta.dateDone) : undefined;
  return {
    name: textOf(name),
    args,
    kwargs,
    worker: textOf(worker),
    retries: typeof retries === "number" ? retries : undefined,
    queue: textOf(queue),
    dateDone: doneMs === undefined ? undefined : new Date(doneMs),
  };
}

/** Custom states may repeat with other metas; equal ones that only polling saw twice are told by identity of content. */
function fingerprint(result: TaskResult): string {
  try {
    return (
      JSON.stringify(result.meta.result, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)) ?? ""
    );
  } catch {
    return "";
  }
}
