/**
 * Waiting for what a job leaves in Redis, where the library that runs it tells nobody.
 *
 * All who wait through one client share a {@link TrackingPair}, however many they are: it tells once when a key that they
 * have read changes; then that key's waiters look again, which arms it anew. So a result costs one look, and a wait costs
 * nothing. Blocking reads would need a connection for each, or send the names of all keys again for every result.
 * Where the server refuses that, and in a cluster, the waiters look in turn now and then, through the client.
 */
import { optionNames } from "@brine/codec/options";
import { untilAborted } from "../abort.js";
import { isConnectionError } from "../driver-errors.js";
import { isRedisAdapterError, RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type Arg, listen, type RedisLike, sendAll } from "../pickled/driver/client.js";
import { TrackingPair } from "./tracking-pair.js";
import { within } from "./within.js";

/** How to wait for a result. */
export interface WaitOptions {
  /** Milliseconds to wait at most, after which there is an error `timeout`; the job goes on. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Gives up waiting; the job goes on. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

const WAIT_OPTIONS = /* @__PURE__ */ optionNames<WaitOptions>({ timeoutMs: true, signal: true });

/** What to look at, and what it means. */
export interface Look<T> {
  /** Who waits, for messages. */
  readonly jobId: string;
  /** Reading commands, each with its key as first argument. */
  readonly commands: readonly { readonly name: string; readonly args: readonly [key: string, ...rest: Arg[]] }[];
  /** The result in the replies; `undefined`: not yet. Throws what the wait is to throw. */
  read(replies: readonly unknown[]): { readonly value: T } | undefined;
}

interface Waiter {
  readonly look: Look<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A report may be lost with its connection before anyone notices: look now and then anyway. */
const SAFETY_MS = 10_000;
/** Time for the first look, with which nobody has waited yet: `timeoutMs: 0` asks for what is there. */
const FIRST_LOOK_MS = 1000;
/** A connection that has not answered for so long is given up: it may be open on this side only. */
const ANSWER_MS = 10_000;
/** Pauses between looks without tracking. */
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 500;
/** How long the connections stay when nobody waits any more: often somebody soon does again. */
const LINGER_MS = 1000;
/** Waiters that look in one pipeline. */
const BATCH = 500;
/** Longer delays would overflow and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

const watches = new WeakMap<RedisLike, ResultWatch>();

/** Waits until `look` finds something. @throws RedisAdapterError `timeout` or `closed`, the signal's reason, what `look` throws */
export async function waitFor<T>(client: RedisLike, look: Look<T>, options: WaitOptions = {}): Promise<T> {
  checkNames(options, WAIT_OPTIONS, "options of result()");
  options.signal?.throwIfAborted();
  const { timeoutMs = Number.POSITIVE_INFINITY, signal } = options;
  const deadline = performance.now() + timeoutMs;
  const found = look.read(await firstLook(client, look, options));
  if (found !== undefined) return found.value;
  signal?.throwIfAborted();
  let watch = watches.get(client);
  if (watch === undefined) {
    watch = new ResultWatch(client);
    watches.set(client, watch);
  }
  const left = Number.isFinite(deadline) ? { timeoutMs: deadline - performance.now() } : {};
  return watch.wait(look, timeoutMs, { signal, ...left });
}

/** A Redis that does not answer does not keep anybody waiting for longer than they want. */
function firstLook(client: RedisLike, look: Look<unknown>, { timeoutMs, signal }: WaitOptions): Promise<unknown[]> {
  const replies = untilAborted(readAll(client, look), signal);
  if (timeoutMs === undefined || timeoutMs > MAX_DELAY_MS) return replies;
  const late = () =>
    new RedisAdapterError(`Job ${look.jobId}: Redis has not answered within ${timeoutMs} ms`, { code: "timeout" });
  return within(replies, Math.max(timeoutMs, FIRST_LOOK_MS), late);
}

async function readAll(client: RedisLike, look: Look<unknown>): Promise<unknown[]> {
  return repliesOf(await sendAll(client, look.commands, false));
}

function repliesOf(replies: readonly [error: Error | null, result: unknown][]): unknown[] {
  for (const [error] of replies) if (error !== null) throw error;
  return replies.map(([, reply]) => reply);
}

class ResultWatch {
  readonly #client: RedisLike;
  /** What the client puts before keys, which the server's reports have, too. */
  readonly #prefix: string;
  readonly #waiters = new Set<Waiter>();
  readonly #byKey = new Map<string, Set<Waiter>>();
  /** Those that are to look. */
  readonly #due = new Set<Waiter>();
  #pair: TrackingPair | undefined;
  #linger: NodeJS.Timeout | undefined;
  #isRefused: boolean;
  #isRunning = false;
  #pause = MIN_PAUSE_MS;
  #wake = () => {};

  constructor(client: RedisLike) {
    const { options } = client as { readonly options?: { readonly keyPrefix?: string } };
    this.#client = client;
    this.#prefix = options?.keyPrefix ?? "";
    this.#isRefused = client.isCluster === true;
    listen(client, "end", () => {
      this.#close();
      const error = new RedisAdapterError("The client was closed", { code: "closed" });
      for (const waiter of [...this.#waiters]) waiter.reject(error);
    });
  }

  /** `stated`: the whole time, of which `timeoutMs` is left. */
  wait<T>(look: Look<T>, stated: number, { timeoutMs, signal }: WaitOptions): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        this.#remove(waiter);
      };
      const waiter: Waiter = {
        look,
        resolve: (value) => {
          leave();
          resolve(value as T);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const abort = () => waiter.reject(signal?.reason);
      const late = () =>
        waiter.reject(
          new RedisAdapterError(`Job ${look.jobId} has no result within ${stated} ms`, { code: "timeout" }),
        );
      const timer =
        timeoutMs === undefined || timeoutMs > MAX_DELAY_MS ? undefined : setTimeout(late, Math.max(timeoutMs, 0));
      signal?.addEventListener("abort", abort, { once: true });
      this.#add(waiter);
    });
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    for (const key of this.#keysOf(waiter)) {
      const waiters = this.#byKey.get(key);
      if (waiters === undefined) this.#byKey.set(key, new Set([waiter]));
      else waiters.add(waiter);
    }
    clearTimeout(this.#linger);
    if (!this.#isRefused) this.#pair ??= this.#open();
    this.#pause = MIN_PAUSE_MS;
    this.#look([waiter]);
    if (!this.#isRunning) void this.#run();
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#due.delete(waiter);
    for (const key of this.#keysOf(waiter)) {
      const waiters = this.#byKey.get(key);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byKey.delete(key);
    }
    if (this.#waiters.size > 0) return;
    this.#wake();
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#close(), LINGER_MS).unref();
  }

  #keysOf({ look }: Waiter): string[] {
    return look.commands.map(({ args: [key] }) => this.#prefix + key);
  }

  #look(waiters: Iterable<Waiter>): void {
    for (const waiter of waiters) this.#due.add(waiter);
    this.#wake();
  }

  /** Runs while somebody waits. Never throws: what goes wrong is told to those who wait. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiters.size > 0) {
      if (this.#due.size === 0 && (await this.#sleep())) this.#look(this.#waiters);
      const batch: Waiter[] = [];
      for (const waiter of this.#due) {
        if (batch.push(waiter) === BATCH) break;
      }
      for (const waiter of batch) this.#due.delete(waiter);
      await this.#lookNow(batch);
    }
    this.#isRunning = false;
  }

  /** Until somebody is to look; whether nobody said so for so long that all are. */
  #sleep(): Promise<boolean> {
    const pause = this.#pair?.isTracking ? SAFETY_MS : this.#pause;
    this.#pause = Math.min(this.#pause * 2, MAX_PAUSE_MS);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pause, true);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  async #lookNow(batch: readonly Waiter[]): Promise<void> {
    const pair = this.#pair;
    const isTracked = pair?.isTracking === true;
    let replies: [error: Error | null, result: unknown][];
    try {
      const commands = batch.flatMap(({ look }) => look.commands);
      const sent = sendAll(isTracked ? pair.reader : this.#client, commands, false);
      const silent = () => new RedisAdapterError("Redis does not answer", { code: "unavailable" });
      replies = await within(sent, ANSWER_MS, silent);
    } catch (error) {
      if (isTracked && isRedisAdapterError(error)) pair.renew();
      replies = batch.flatMap(({ look }) => look.commands.map((): [Error, null] => [error as Error, null]));
    }
    let at = 0;
    for (const waiter of batch) {
      const own = replies.slice(at, at + waiter.look.commands.length);
      at += waiter.look.commands.length;
      if (!this.#waiters.has(waiter)) continue;
      // The reader was lost: the client tells what there is to tell.
      if (isTracked && !pair.isTracking && own.some(([error]) => error !== null)) {
        this.#look([waiter]);
        continue;
      }
      try {
        const found = waiter.look.read(repliesOf(own));
        if (found !== undefined) waiter.resolve(found.value);
      } catch (error) {
        // Without a connection it goes on: the next look comes after a pause.
        if (!isConnectionError(error)) waiter.reject(error);
      }
    }
  }

  #open(): TrackingPair {
    return new TrackingPair(this.#client, {
      onChange: (keys) => {
        if (keys === undefined) this.#look(this.#waiters);
        else for (const key of keys) this.#look(this.#byKey.get(key) ?? []);
      },
      onRefused: () => {
        this.#isRefused = true;
        this.#close();
      },
    });
  }

  #close(): void {
    clearTimeout(this.#linger);
    this.#pair?.close();
    this.#pair = undefined;
  }
}
