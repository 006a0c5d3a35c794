/** Things to do at a time. Survives delays that setTimeout cannot hold. */

/** setTimeout takes 32 bits: longer delays would fire at once. */
const MAX_DELAY_MS = 0x7fffffff;

export class Schedule<T> {
  readonly #timers = new Map<T, { timer: NodeJS.Timeout; readonly atMs: number }>();
  readonly #onDue: (item: T) => void;

  constructor(onDue: (item: T) => void) {
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#timers.size;
  }

  add(item: T, atMs: number): void {
    this.remove(item);
    this.#timers.set(item, { timer: this.#arm(item, atMs), atMs });
  }

  #arm(item: T, atMs: number): NodeJS.Timeout {
    const delay = Math.max(0, atMs - Date.now());
    return setTimeout(
      () => {
        if (Date.now() < atMs) {
          const entry = this.#timers.get(item);
          if (entry !== undefined) entry.timer = this.#arm(item, atMs);
          return;
        }
        this.#timers.delete(item);
        this.#onDue(item);
      },
      Math.min(delay, MAX_DELAY_MS),
    );
  }

  remove(item: T): boolean {
    const entry = this.#timers.get(item);
    if (entry === undefined) return false;
    clearTimeout(entry.timer);
    return this.#timers.delete(item);
  }

  /** Items with their times, soonest first. */
  entries(): (readonly [item: T, atMs: number])[] {
    return [...this.#timers].map(([item, { atMs }]) => [item, atMs] as const).sort((a, b) => a[1] - b[1]);
  }

  /** Takes everything off. */
  clear(): T[] {
    const items = [...this.#timers.keys()];
    for (const item of items) this.remove(item);
    return items;
  }
}
