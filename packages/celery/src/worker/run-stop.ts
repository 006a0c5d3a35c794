/** How a run is stopped from outside. */

/**
 * An AbortController that is made when somebody looks at its signal: making one takes a quarter of all that an empty task
 * costs a worker, and most handlers never look.
 */
export class RunStop {
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;
  #onAbort: ((reason: unknown) => void) | undefined;

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

  /** The first time counts. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onAbort?.(reason);
  }

  /** Calls the listener, of which there is one, with the reason; at once if it is aborted already. */
  onAbort(listener: (reason: unknown) => void): void {
    this.#onAbort = listener;
    if (this.#isAborted) listener(this.#reason);
  }
}
