/** The results of a group. */
import { READY_STATES, type TaskState } from "../../protocol/states.js";
import { AsyncResult, type GetOptions, type ResultContext, type StateChange } from "./async-result.js";
import { Inbox } from "./inbox.js";

/** How one task of several ended. */
export interface CompletedTask<Result> {
  /** Its place in `results`. */
  readonly index: number;
  /** The task's id. */
  readonly id: string;
  /** SUCCESS, FAILURE or REVOKED. */
  readonly state: TaskState;
  /** The return value, for SUCCESS. */
  readonly result?: Result | undefined;
  /** What was raised, for FAILURE and REVOKED. */
  readonly error?: Error | undefined;
}

/**
 * The results of a group: Celery's `GroupResult`. Has the group's id; its value is the list of all results, in order: `Results`,
 * where their types are known one by one.
 */
export class GroupResult<Result = unknown, Results extends readonly unknown[] = Result[]> extends AsyncResult<Results> {
  /** The results of its tasks, in their order. */
  readonly results: readonly AsyncResult<Result>[];

  /** For {@link Celery}: sending a group makes one, and `app.resultSet(results)`. */
  constructor(id: string, results: readonly AsyncResult<Result>[], context: ResultContext, parent?: AsyncResult) {
    super(id, context, parent);
    this.results = results;
  }

  /**
   * Waits for all its tasks and gives what they returned, in order.
   *
   * @throws the error of the first task, in order, that failed; otherwise as {@link AsyncResult.get}
   */
  override async get(options: GetOptions = {}): Promise<Results> {
    const gets = this.results.map((result) => result.get(options));
    // All are awaited in the end, so that none is an unhandled rejection.
    await Promise.allSettled(gets);
    return (await Promise.all(gets)) as unknown as Results;
  }

  /** Each state of each task, as they come, until all have ended. */
  override async *states(options: GetOptions = {}): AsyncGenerator<StateChange<Results>, void, undefined> {
    yield { state: "STARTED", meta: { completed: 0, total: this.results.length } };
    let completed = 0;
    for (const result of this.results) {
      await result.get({ ...options, propagate: false });
      completed += 1;
      if (completed < this.results.length) yield { state: "STARTED", meta: { completed, total: this.results.length } };
    }
    const failed = (await Promise.all(this.results.map((result) => result.info()))).find(
      (info) => info instanceof Error,
    );
    if (failed instanceof Error) yield { state: "FAILURE", error: failed };
    else yield { state: "SUCCESS", result: await this.get(options) };
  }

  /**
   * The end of each task, in the order in which they end: Celery's `iter_native`. A failure is yielded, not thrown.
   *
   * @throws ResultTimeoutError `timeout`, or the reason of `signal`, when one of them has not ended
   *
   * @example
   * const sent = await group(add.s(2, 3), add.s(4, 5)).delay();
   * for await (const { index, result, error } of sent.asCompleted({ timeoutMs: 60_000 })) console.log(index, error ?? result);
   */
  async *asCompleted(options: GetOptions = {}): AsyncGenerator<CompletedTask<Result>, void, undefined> {
    const inbox = new Inbox<CompletedTask<Result>>();
    const leaving = new AbortController();
    const signal = options.signal === undefined ? leaving.signal : AbortSignal.any([options.signal, leaving.signal]);
    const follow = async (task: AsyncResult<Result>, index: number): Promise<void> => {
      for await (const { state, result, error } of task.states({ ...options, signal })) {
        if (READY_STATES.has(state)) inbox.push({ index, id: task.id, state, result, error });
      }
    };
    for (const [index, task] of this.results.entries()) follow(task, index).catch((error) => inbox.fail(error));
    try {
      for (let left = this.results.length; left > 0; left--) yield await inbox.next();
    } finally {
      leaving.abort();
    }
  }

  /** Whether all its tasks have ended, in whatever way. */
  override async ready(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.ready()))).every(Boolean);
  }

  /** Whether any task has not ended. */
  async waiting(): Promise<boolean> {
    return !(await this.ready());
  }

  /** Whether all its tasks have the state SUCCESS. */
  override async successful(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.successful()))).every(Boolean);
  }

  /** Whether any of its tasks has the state FAILURE. */
  override async failed(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.failed()))).some(Boolean);
  }

  /** FAILURE once a task has failed; when all have ended, REVOKED if one was revoked, else SUCCESS; PENDING before. */
  override async state(): Promise<string> {
    const states = await Promise.all(this.results.map((result) => result.state()));
    if (states.includes("FAILURE")) return "FAILURE";
    if (!states.every((state) => READY_STATES.has(state))) return "PENDING";
    return states.includes("REVOKED") ? "REVOKED" : "SUCCESS";
  }

  /** The results of its tasks: {@link results}. */
  override async children(): Promise<AsyncResult[]> {
    return [...this.results];
  }

  /** Removes the results of all its tasks from the backend. */
  override async forget(): Promise<void> {
    await Promise.all(this.results.map((result) => result.forget()));
  }

  /** Revokes each of its tasks. */
  override async revoke(
    options: { readonly terminate?: boolean | undefined; readonly signal?: string | undefined } = {},
  ): Promise<void> {
    for (const result of this.results) await result.revoke(options);
  }

  /**
   * Keeps the list of its tasks in the backend, as Python's `GroupResult.save`, for `app.restoreGroup` and Python's
   * `GroupResult.restore`.
   *
   * @throws CeleryError `no-backend` where nothing is kept
   */
  async save(): Promise<void> {
    await this.context.backend.saveGroup(this.id, this.asTuple());
  }

  /** Removes what `save` kept, not the results. */
  async delete(): Promise<void> {
    await this.context.backend.deleteGroup(this.id);
  }

  /** How many tasks have succeeded. */
  async completedCount(): Promise<number> {
    return (await Promise.all(this.results.map((result) => result.successful()))).filter(Boolean).length;
  }

  override asTuple(): readonly [readonly [string, unknown], unknown] {
    return [[this.id, this.parent?.asTuple() ?? null], this.results.map((result) => result.asTuple())];
  }
}
