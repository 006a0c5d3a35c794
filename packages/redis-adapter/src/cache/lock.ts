/** Locks as redis-py's `Lock` keeps them, so that Python and Node exclude each other. redis-py `lock.py`. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { optionNames } from "@brine/codec/options";
import { script } from "../kombu/scripts.js";
import { toBoolean } from "../pickled/context.js";
import { type Arg, type RedisLike, send } from "../pickled/driver/client.js";

const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

const EXTEND = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** Runs a script on the user's client, where only named commands are safe. */
export async function evaluate(
  client: RedisLike,
  script: { readonly lua: string; readonly sha: string },
  keys: readonly string[],
  args: readonly Arg[],
): Promise<unknown> {
  try {
    return await send(client, "evalsha", [script.sha, keys.length, ...keys, ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return send(client, "eval", [script.lua, keys.length, ...keys, ...args]);
  }
}

/** How long a lock is held, and how long to wait for it. */
export interface LockOptions {
  /** Milliseconds after which the lock ends by itself. */
  readonly ttl: number;
  /** Milliseconds to wait for it; default 0: one try. */
  readonly wait?: number | undefined;
  /** Milliseconds between tries. Default 100, as redis-py's `sleep`. */
  readonly retryInterval?: number | undefined;
  /** Gives up waiting for the lock. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

export const LOCK_OPTIONS = /* @__PURE__ */ optionNames<LockOptions>(
  { ttl: true, wait: true, retryInterval: true, signal: true },
  {
    instead: [
      ["timeout", "write ttl, in milliseconds"],
      ["blockingTimeout", "write wait, in milliseconds"],
      ["sleep", "write retryInterval, in milliseconds"],
    ],
  },
);

/** After a lost connection the driver sends SET once more, which the lock that the first one took then refuses. */
async function isHeldBy(client: RedisLike, key: string, token: string): Promise<boolean> {
  return String(await send(client, "get", [key])) === token;
}

/** A lock that is held until it is released or its time is over: redis-py's `Lock`. `await using` releases it at the end of the scope. */
export class Lock implements AsyncDisposable {
  readonly #client: RedisLike;
  /** Its key in Redis, as the dialect writes it. */
  readonly key: string;
  readonly #token: string;

  private constructor(client: RedisLike, key: string, token: string) {
    this.#client = client;
    this.key = key;
    this.#token = token;
  }

  /**
   * Takes the lock; `undefined` when others hold it for longer than `wait`. `PickleCache.lock` does it with the keys of its dialect.
   *
   * @param key - in Redis, as it is
   * @throws the reason of `signal`
   */
  static async acquire(client: RedisLike, key: string, options: LockOptions): Promise<Lock | undefined> {
    const token = randomUUID().replaceAll("-", "");
    const deadline = performance.now() + (options.wait ?? 0);
    for (;;) {
      options.signal?.throwIfAborted();
      const taken = await send(client, "set", [key, token, "PX", Math.max(1, Math.trunc(options.ttl)), "NX"]);
      if (taken !== null || (await isHeldBy(client, key, token))) return new Lock(client, key, token);
      const pause = Math.min(options.retryInterval ?? 100, deadline - performance.now());
      if (pause <= 0) return undefined;
      await delay(pause, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }

  /** Gives it back; whether it was still held. False: its time was over, and another may have it. */
  async release(): Promise<boolean> {
    return toBoolean(await evaluate(this.#client, RELEASE, [this.key], [this.#token]));
  }

  /** Sets the time left, in milliseconds; whether it was still held. */
  async extend(ttl: number): Promise<boolean> {
    return toBoolean(await evaluate(this.#client, EXTEND, [this.key], [this.#token, Math.max(1, Math.trunc(ttl))]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
