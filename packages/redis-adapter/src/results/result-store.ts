/**
 * Celery's Redis result backend, as a store of opaque values: what `celery/backends/redis.py` (5.2 to 5.6) does with
 * keys, expiry, publications and chord counters. What the values mean is Celery's business.
 */
import { EventEmitter } from "node:events";
import type { ResultStore, TransportEvents } from "@brine/codec/kombu";
import { extendOptionNames } from "@brine/codec/options";
import type { Redis } from "ioredis";
import {
  CONNECTION_OPTIONS,
  type ConnectionFactory,
  type ConnectionOptions,
  cannotConnect,
  connectionFactory,
  quit,
  type RedisSource,
} from "../connection.js";
import { RedisAdapterError } from "../errors.js";
import { runScript } from "../kombu/scripts.js";
import { checkNames } from "../option-names.js";
import { RedisChordStore } from "./chord-store.js";
import { run, toBuffer, wholeSeconds } from "./commands.js";
import { SET_IF } from "./scripts.js";

/** Options of {@link redisBackend}. */
export interface RedisBackendOptions extends ConnectionOptions {
  /**
   * Put before every key, with `_` after it unless it ends in one of `:_-.`: `global_keyprefix` of
   * `result_backend_transport_options`. Default `""`.
   */
  readonly globalKeyprefix?: string | undefined;
}

const BACKEND_OPTIONS = /* @__PURE__ */ extendOptionNames<RedisBackendOptions, ConnectionOptions>(
  CONNECTION_OPTIONS,
  { globalKeyprefix: true },
  { instead: [["keyPrefix", "globalKeyprefix"]] },
);

/** The largest value Redis stores. */
const MAX_VALUE_BYTES = 512 * 1024 * 1024;

/** Celery's `redis_socket_timeout`: a connection that answers nothing for so long is made anew. */
const SOCKET_TIMEOUT_MS = 120_000;

type OnValue = (value: Uint8Array) => void;

/** Celery's results in Redis; satisfies the `ResultStore` of `@brine/celery`. Make one with {@link redisBackend}. */
export class RedisResultStore implements ResultStore {
  readonly type = "redis";
  readonly description: string;
  readonly #factory: ConnectionFactory;
  readonly #prefix: string;
  readonly #events = new EventEmitter<TransportEvents>();
  readonly #subscriptions = new Map<string, Set<OnValue>>();
  readonly #chord: RedisChordStore;
  /** Connected, or about to be. */
  readonly #clients = new Set<Redis>();
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  #subscriber: Promise<Redis> | undefined;
  #lastError: Error | undefined;
  #isClosed = false;

  /** For {@link redisBackend}. */
  constructor(source: RedisSource, options: RedisBackendOptions = {}) {
    checkNames(options, BACKEND_OPTIONS, "options of redisBackend()");
    this.#factory = connectionFactory(source, options);
    this.description = this.#factory.description;
    this.#prefix = resultKeyprefix(options.globalKeyprefix);
    this.#chord = new RedisChordStore(
      () => this.#connected(),
      (key) => this.#key(key),
    );
  }

  /** Chord counters; every call is one transaction. */
  get chord(): RedisChordStore {
    return this.#chord;
  }

  /** @throws RedisAdapterError `unavailable`; call again to try again */
  async connect(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.#connected();
    signal?.throwIfAborted();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await (await this.#connected()).getBuffer(this.#key(key))) ?? undefined;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await (await this.#connected()).mgetBuffer(keys.map((key) => this.#key(key)));
    return values.map((value) => value ?? undefined);
  }

  /** Stores a value and tells those who wait for it, in one transaction. */
  async set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void> {
    checkValue(key, value);
    const name = this.#key(key);
    const bytes = toBuffer(value);
    const transaction = (await this.#connected()).multi();
    const expires = wholeSeconds(expiresSeconds);
    if (expires === undefined) transaction.set(name, bytes);
    else transaction.setex(name, expires, bytes);
    transaction.publish(name, bytes);
    await run(transaction);
  }

  /**
   * As {@link set}, but only while the stored value is still `expected` (`undefined`: none is stored); resolves to whether
   * it was. For rules such as Celery's, that a stored success is never overwritten, without a gap between look and write.
   */
  async setIf(
    key: string,
    value: Uint8Array,
    options: { readonly expected: Uint8Array | undefined; readonly expiresSeconds: number | undefined },
  ): Promise<boolean> {
    checkValue(key, value);
    const { expected } = options;
    const args = [
      toBuffer(value),
      wholeSeconds(options.expiresSeconds) ?? "",
      expected === undefined ? "0" : "1",
      expected === undefined ? "" : toBuffer(expected),
    ];
    return (await runScript(await this.#connected(), SET_IF, [this.#key(key)], args)) === 1;
  }

  async delete(...keys: string[]): Promise<void> {
    if (keys.length === 0) return;
    await (await this.#connected()).del(...keys.map((key) => this.#key(key)));
  }

  /**
   * Calls back with each value stored from now on. After a lost connection it also calls back with the value that is
   * stored then, because a publication may have been missed; so the same value may come twice.
   */
  async subscribe(key: string, onValue: OnValue): Promise<{ unsubscribe(): Promise<void> }> {
    this.#subscriber ??= this.#openSubscriber();
    let subscriber: Redis;
    try {
      subscriber = await this.#subscriber;
    } catch (error) {
      this.#subscriber = undefined;
      throw error;
    }
    const channel = this.#key(key);
    const listeners = this.#subscriptions.get(channel) ?? new Set<OnValue>();
    listeners.add(onValue);
    this.#subscriptions.set(channel, listeners);
    await subscriber.subscribe(channel);
    return {
      unsubscribe: async () => {
        if (!listeners.delete(onValue) || listeners.size > 0) return;
        if (this.#subscriptions.get(channel) !== listeners) return;
        this.#subscriptions.delete(channel);
        if (subscriber.status === "ready") await subscriber.unsubscribe(channel);
      },
    };
  }

  on<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  /** `listener` is the function that {@link on} was given. */
  off<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /** Ends its connections, after what was asked before, unless Redis takes more than a second for that: then without it. What is stored stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#clients].map(quit));
    this.#clients.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #key(key: string): string {
    return this.#prefix + key;
  }

  #connected(): Promise<Redis> {
    if (this.#isClosed) return Promise.reject(new RedisAdapterError("The result store is closed", { code: "closed" }));
    this.#connecting ??= this.#open({ maxRetriesPerRequest: 3, socketTimeout: SOCKET_TIMEOUT_MS }).then(
      (client) => {
        this.#client = client;
        return client;
      },
      (error) => {
        this.#connecting = undefined;
        throw error;
      },
    );
    return this.#connecting;
  }

  async #openSubscriber(): Promise<Redis> {
    const subscriber = await this.#open({ maxRetriesPerRequest: null });
    subscriber.on("messageBuffer", (channel: Buffer, value: Buffer) => {
      this.#notify(channel.toString(), value);
    });
    subscriber.on("ready", () => void this.#catchUp().catch((error: Error) => this.#events.emit("warning", error)));
    return subscriber;
  }

  /** What was published while the connection was away is in the store. */
  async #catchUp(): Promise<void> {
    const channels = [...this.#subscriptions.keys()];
    if (channels.length === 0) return;
    const values = await (await this.#connected()).mgetBuffer(channels);
    for (const [i, value] of values.entries()) if (value !== null) this.#notify(channels[i]!, value);
  }

  #notify(channel: string, value: Buffer): void {
    for (const listener of [...(this.#subscriptions.get(channel) ?? [])]) {
      try {
        listener(value);
      } catch (error) {
        this.#events.emit("warning", error as Error);
      }
    }
  }

  async #open(options: Parameters<ConnectionFactory["create"]>[0]): Promise<Redis> {
    const client = this.#factory.create(options);
    this.#clients.add(client);
    client.on("error", (error: Error) => {
      this.#lastError = error;
    });
    try {
      await this.#factory.connect(client);
    } catch (cause) {
      this.#clients.delete(client);
      client.disconnect();
      throw cannotConnect(this.description, this.#lastError ?? cause, cause);
    }
    client.on("close", () => {
      if (!this.#isClosed && client === this.#client) {
        this.#events.emit("disconnect", this.#lastError ?? new Error("Connection is closed"));
      }
    });
    client.on("ready", () => {
      if (client === this.#client) this.#events.emit("reconnect");
    });
    return client;
  }
}

/** Celery's result backend on Redis, for `new Celery({ backend: redisBackend("redis://localhost/1") })`. */
export function redisBackend(source: RedisSource, options: RedisBackendOptions = {}): RedisResultStore {
  return new RedisResultStore(source, options);
}

/** celery 5.3 `backends/base.py` `_add_global_keyprefix`. */
function resultKeyprefix(prefix: string | undefined): string {
  if (prefix === undefined || prefix === "") return "";
  return /[:_.-]$/.test(prefix) ? prefix : `${prefix}_`;
}

function checkValue(key: string, value: Uint8Array): void {
  if (value.length <= MAX_VALUE_BYTES) return;
  throw new RedisAdapterError(
    `Cannot store ${JSON.stringify(key)}: ${value.length} bytes, Redis holds ${MAX_VALUE_BYTES}`,
    {
      code: "encode",
    },
  );
}
