/** Ids of revoked tasks, held for a while. Celery 5.2 `worker/state.py`: 50,000 for 3 hours. */
import { PyFloat } from "@brine/codec";

const MAX_IDS = 50_000;
const KEEP_MS = 3 * 60 * 60 * 1000;

export class RevokedTasks {
  /** Id to when it was added; insertion order is age. */
  readonly #ids = new Map<string, number>();
  readonly #maxIds: number;
  readonly #keepMs: number;

  constructor(maxIds = MAX_IDS, keepMs = KEEP_MS) {
    this.#maxIds = maxIds;
    this.#keepMs = keepMs;
  }

  add(id: string, now = Date.now()): void {
    this.#ids.delete(id);
    this.#ids.set(id, now);
    this.#purge(now);
  }

  has(id: string, now = Date.now()): boolean {
    const added = this.#ids.get(id);
    return added !== undefined && now - added < this.#keepMs;
  }

  delete(id: string): void {
    this.#ids.delete(id);
  }

  ids(now = Date.now()): string[] {
    this.#purge(now);
    return [...this.#ids.keys()];
  }

  /** `hello`'s map of id to `(monotonic seconds, id)`. */
  toWire(): Record<string, unknown> {
    // Python's LimitedSet.update refuses an int.
    const seconds = new PyFloat(performance.now() / 1000);
    return Object.fromEntries(this.ids().map((id) => [id, [seconds, id]]));
  }

  #purge(now: number): void {
    for (const [id, added] of this.#ids) {
      if (this.#ids.size <= this.#maxIds && now - added < this.#keepMs) return;
      this.#ids.delete(id);
    }
  }
}
