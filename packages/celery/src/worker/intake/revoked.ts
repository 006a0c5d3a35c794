/** What was revoked, held for a while. Celery 5.2 `worker/state.py`: 50,000 ids for 3 hours; 5.3 adds stamps. */
import { PyFloat, Tuple } from "@brine/codec";
import { isPlainRecord } from "../../protocol/signature.js";
import type { Request } from "../execution/request.js";

const MAX_IDS = 50_000;
const KEEP_MS = 3 * 60 * 60 * 1000;

/** Ids, or {@link stampKey}s, with when each was added (ms since the epoch); insertion order is age. */
type Entries = Map<string, number>;

export class RevokedTasks {
  readonly #ids: Entries = new Map();
  readonly #stamps: Entries = new Map();
  readonly #maxIds: number;
  readonly #keepMs: number;
  readonly #onChange: () => void;

  constructor(
    options: {
      readonly maxIds?: number | undefined;
      readonly keepMs?: number | undefined;
      readonly onChange?: (() => void) | undefined;
    } = {},
  ) {
    this.#maxIds = options.maxIds ?? MAX_IDS;
    this.#keepMs = options.keepMs ?? KEEP_MS;
    this.#onChange = options.onChange ?? (() => {});
  }

  add(id: string, now = Date.now()): void {
    this.#add(this.#ids, id, now);
  }

  /** Tasks that carry this stamp: `stamps[header]` is `value`, or a list with it. */
  addStamp(header: string, value: unknown, now = Date.now()): void {
    this.#add(this.#stamps, stampKey(header, value), now);
  }

  #add(entries: Entries, key: string, now: number): void {
    entries.delete(key);
    entries.set(key, now);
    this.#purge(entries, now);
    this.#onChange();
  }

  has(id: string, now = Date.now()): boolean {
    return this.#holds(this.#ids, id, now);
  }

  /** By its id or by one of its stamps, wherever it is. */
  covers(request: Request, now = Date.now()): boolean {
    if (this.has(request.id, now)) return true;
    return this.#stamps.size > 0 && stampKeys(request).some((key) => this.#holds(this.#stamps, key, now));
  }

  #holds(entries: Entries, key: string, now: number): boolean {
    const added = entries.get(key);
    return added !== undefined && now - added < this.#keepMs;
  }

  ids(now = Date.now()): string[] {
    this.#purge(this.#ids, now);
    return [...this.#ids.keys()];
  }

  /** `hello`'s map of id to `(monotonic seconds, id)`. */
  toWire(): Record<string, unknown> {
    // Python's LimitedSet.update refuses an int.
    const seconds = new PyFloat(performance.now() / 1000);
    return Object.fromEntries(this.ids().map((id) => [id, Tuple.of<unknown>(seconds, id)]));
  }

  /** Adds what another worker's `hello` said: a map by id, or a list. Anything else is left. */
  mergeWire(revoked: unknown): void {
    const ids =
      revoked instanceof Map ? revoked.keys() : isPlainRecord(revoked) ? Object.keys(revoked) : listOf(revoked);
    for (const id of ids) if (typeof id === "string" && !this.has(id)) this.add(id);
  }

  /** For a file: pairs of what was revoked and when. */
  toJSON(now = Date.now()): { readonly ids: [string, number][]; readonly stamps: [string, number][] } {
    for (const entries of [this.#ids, this.#stamps]) this.#purge(entries, now);
    return { ids: [...this.#ids], stamps: [...this.#stamps] };
  }

  mergeJSON(saved: { readonly ids: readonly [string, number][]; readonly stamps: readonly [string, number][] }): void {
    for (const [entries, pairs] of [
      [this.#ids, saved.ids],
      [this.#stamps, saved.stamps],
    ] as const) {
      for (const [key, added] of pairs) if (!entries.has(key)) entries.set(key, added);
    }
  }

  #purge(entries: Entries, now: number): void {
    for (const [key, added] of entries) {
      if (entries.size <= this.#maxIds && now - added < this.#keepMs) return;
      entries.delete(key);
    }
  }
}

/** All stamps of a task as keys, to compare with those of others. */
export function stampKeys({ message: { stamps } }: Request): string[] {
  return Object.entries(stamps).flatMap(([header, value]) => listOf(value).map((one) => stampKey(header, one)));
}

/** As in Python, the number 7 is another stamp than the text "7". */
export function stampKey(header: string, value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return JSON.stringify([header, text]);
}

/** One value or several. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value) || value instanceof Set) return [...value];
  return value === undefined || value === null ? [] : [value];
}
