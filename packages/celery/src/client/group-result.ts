/** The results of a group. */
import { AsyncResult, type GetOptions, type ResultContext, type StateChange } from "./async-result.js";

/** Has the group's id; its value is the list of all results, in order. */
export class GroupResult<Result = unknown> extends AsyncResult<Result[]> {
  /** Of its parts, in their order. */
  readonly results: readonly AsyncResult<Result>[];

  constructor(id: string, results: readonly AsyncResult<Result>[], context: ResultContext, parent?: AsyncResult) {
    super(id, context, parent);
    this.results = results;
  }

  /** @throws the error of the first task, in order, that failed */
  override async get(options: GetOptions = {}): Promise<Result[]> {
    const gets = this.results.map((result) => result.get(options));
    // All are awaited in the end, so that none is an unhandled rejection.
    await Promise.allSettled(gets);
    return Promise.all(gets);
  }

  /** Each state of each task, as they come, until all have ended. */
  override async *states(options: GetOptions = {}): AsyncGenerator<StateChange<Result[]>, void, undefined> {
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

  override async ready(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.ready()))).every(Boolean);
  }

  override async successful(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.successful()))).every(Boolean);
  }

  override async failed(): Promise<boolean> {
    return (await Promise.all(this.results.map((result) => result.failed()))).some(Boolean);
  }

  override async state(): Promise<string> {
    if (await this.failed()) return "FAILURE";
    return (await this.ready()) ? "SUCCESS" : "PENDING";
  }

  /** The tasks of the group. */
  override async children(): Promise<AsyncResult[]> {
    return [...this.results];
  }

  override async forget(): Promise<void> {
    await Promise.all(this.results.map((result) => result.forget()));
  }

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
