/** Calls to a cache from many sides at once, each answer looked at and each call under a clock that is not the cache's. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PickleCache } from "@brine/redis-adapter";
import { expect } from "vitest";
import { eventually } from "../eventually.js";

/** What outlives this has no deadline: many times the deadlines that the tests set, so that a busy machine does not reach it. */
const CLOCK_MS = 20_000;

export async function within<T>(call: Promise<T>, what = "a call"): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} outlived its deadline`)), CLOCK_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Entry {
  readonly key: string;
  readonly text: string;
}

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);
const WORKERS = 8;

export class CacheLoad {
  /** Values that the loader made, and those that Redis had. */
  made = 0;
  served = 0;
  /** How often Redis failed, and how: codes, or the first words of its answers. */
  failed = 0;
  readonly failures = new Set<string>();
  /** What went wrong, which should be nothing. */
  readonly problems: unknown[] = [];
  readonly #cache: PickleCache;
  #isRunning = true;
  readonly #workers: Promise<void>[];

  constructor(cache: PickleCache) {
    this.#cache = cache;
    cache.on("error", (error) => {
      this.failed++;
      this.failures.add("code" in error ? String(error.code) : error.message.split(" ")[0]!);
      if ("command" in error) this.problems.push(new Error("an error carries a value", { cause: error }));
    });
    this.#workers = Array.from({ length: WORKERS }, (_, i) => this.#work(i));
  }

  /** Until Redis has failed some more, and the loader has made what was asked for. */
  async untilMade(): Promise<void> {
    await this.#untilMore(() => this.failed);
    await this.#untilMore(() => this.made);
  }

  async untilFailure(kind: string): Promise<void> {
    await eventually(() => expect([...this.failures]).toContain(kind));
  }

  /** Until Redis has answered some more. */
  async untilServed(): Promise<void> {
    await this.#untilMore(() => this.served);
  }

  /** Makes no more calls. Resolves when every call has settled. */
  async close(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#workers);
  }

  /** As {@link close}. @throws `AssertionError` when something went wrong */
  async stop(): Promise<void> {
    await this.close();
    expect(this.problems).toEqual([]);
  }

  async #untilMore(count: () => number): Promise<void> {
    const before = count();
    await eventually(() => expect(count()).toBeGreaterThan(before + 3 * KEYS.length));
  }

  async #work(worker: number): Promise<void> {
    for (let i = worker; this.#isRunning; i++) {
      const key = KEYS[i % KEYS.length]!;
      try {
        await within(this.#call(i, key), `call ${i % 7}`);
      } catch (error) {
        this.problems.push(error);
      }
      // While Redis is left alone, a call takes no time at all.
      await nextTurn();
    }
  }

  async #call(i: number, key: string): Promise<void> {
    const cache = this.#cache;
    // A prime number of kinds of call, so that every key sees every kind.
    switch (i % 7) {
      case 0:
        return cache.set(key, entry(key));
      case 1:
        return this.#found(key, await cache.get(key));
      case 2:
        for (const [name, value] of await cache.getMany(KEYS)) this.#found(name, value);
        return;
      case 3:
        return cache.setMany(Object.fromEntries(KEYS.slice(0, 3).map((name) => [name, entry(name)])));
      case 4:
        await cache.delete(key);
        return;
      default: {
        let isMade = false;
        const load = () => {
          isMade = true;
          return entry(key);
        };
        // Made by this call, by one that flies with it, or found: in any case the answer.
        expect(await cache.getOrSet(key, load, { tags: i % 7 === 5 ? ["t"] : [] })).toEqual(entry(key));
        if (isMade) this.made++;
      }
    }
  }

  #found(key: string, value: unknown): void {
    if (value === undefined) return;
    expect(value).toEqual(entry(key));
    this.served++;
  }
}

function entry(key: string): Entry {
  return { key, text: `${key} `.repeat(200) };
}
