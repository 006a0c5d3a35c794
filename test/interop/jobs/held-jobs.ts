/** A handler of RQ whose jobs do not end until it is closed. Keep it after its worker, which waits for them when it closes. */
export class HeldJobs {
  #release = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  readonly handler = (): Promise<void> => this.#released;

  close(): void {
    this.#release();
  }
}
