/** How a run is stopped from outside: by its limits, by `revoke(terminate)`, by a cold shutdown. */
import { SoftTimeLimitExceeded } from "../../protocol/python-exceptions.js";

/**
 * The signal tells the task, and keeps the first reason. Every reason but the soft limit also ends the run for everybody else,
 * whatever the task goes on doing: also after the soft limit, of which a signal tells nobody a second time.
 *
 * The AbortController is made when somebody looks at the signal: making one takes a quarter of all that an empty task costs a
 * worker, and most handlers never look.
 */
export class RunStop {
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;
  #end: Error | undefined;
  #onEnd: ((reason: Error) => void)[] | undefined;

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    if (!this.#isAborted) {
      this.#isAborted = true;
      this.#reason = reason;
      this.#controller?.abort(reason);
    }
    if (reason instanceof SoftTimeLimitExceeded || this.#end !== undefined) return;
    this.#end = reason;
    for (const listener of this.#onEnd ?? []) listener(reason);
  }

  /** Calls the listener once the run is ended; at once if it is already. */
  onEnd(listener: (reason: Error) => void): void {
    if (this.#end !== undefined) {
      listener(this.#end);
      return;
    }
    this.#onEnd ??= [];
    this.#onEnd.push(listener);
  }
}
