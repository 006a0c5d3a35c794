import { untilAborted } from "../abort.js";

/** The making of one value, for all who wait for it: each may give up, and when nobody is left, it is told to stop. */
export class Flight<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #isOver = false;
  readonly #onOver: () => void;

  /** @param onOver - called once, when the value is there, or cannot be made, or is not wanted any more */
  constructor(make: (flight: Flight<T>) => Promise<T>, onOver: () => void) {
    this.#onOver = onOver;
    this.#result = make(this).finally(() => this.#end());
    // It may fail when nobody waits any more.
    this.#result.catch(() => {});
  }

  /** Aborts when nobody waits any more, or when {@link abort} is called. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#controller.abort(reason);
  }

  /** The value. Rejects with the reason of `signal` when that aborts before; the last one to leave aborts the flight. */
  async join(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    try {
      return await untilAborted(this.#result, signal);
    } finally {
      if (--this.#waiting === 0 && signal?.aborted) this.abort(signal.reason);
    }
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }
}
