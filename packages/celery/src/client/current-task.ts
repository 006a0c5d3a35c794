/** Which task runs here: what it sends becomes its child. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { AsyncResult } from "./results/async-result.js";

/** The part of a running request that tasks it sends inherit. */
export interface CurrentTask {
  readonly id: string;
  readonly rootId: string;
  readonly priority: number | undefined;
  /** Of the message that brought it: `traceparent`, `tracestate`. */
  readonly traceHeaders: Readonly<Record<string, string>>;
  /** Results of what it sent, for `children`. */
  readonly children: AsyncResult[];
}

/** One for each app, so that no state is shared between apps. */
export class CurrentTaskStore {
  readonly #storage = new AsyncLocalStorage<CurrentTask>();

  get(): CurrentTask | undefined {
    return this.#storage.getStore();
  }

  run<T>(task: CurrentTask, action: () => T): T {
    return this.#storage.run(task, action);
  }
}
