/** Celery's Lamport clock: events and control messages are ordered by it. */
export class LamportClock {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  /** A time after everything seen here. */
  forward(): number {
    this.#value += 1;
    return this.#value;
  }

  /** Takes over a time from elsewhere, if it is one. */
  adjust(other: unknown): void {
    const time = typeof other === "string" ? Number(other) : other;
    if (typeof time === "number" && Number.isSafeInteger(time)) this.#value = Math.max(this.#value, time) + 1;
  }
}

/** Celery's `utcoffset()`: whole hours west of UTC. */
export function utcOffset(): number {
  return Math.trunc(new Date().getTimezoneOffset() / 60);
}
