/** Runs asynchronous jobs one after the other. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `job` when every job before it has ended, well or not. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
