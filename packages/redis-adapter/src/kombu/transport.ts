/**
 * The Redis broker of Celery: kombu's Redis transport, so that Python and Node publish to and consume from the same
 * queues. kombu 5.2 and 5.6 `transport/redis.py`.
 *
 * Connections: a publisher has one. A consumer has three more: one that pops, one that is told of arrivals and fanouts,
 * and one for what must not fail however long Redis is away (settling, renewing, restoring).
 */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ConsumeOptions,
  Delivery,
  Exchange,
  PublishOptions,
  Queue,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
import { untilAborted } from "../abort.js";
import { cannotConnect, connectionFactory, type RedisSource } from "../connection.js";
import { isConnectionError, withoutCommand } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import { Bindings } from "./bindings.js";
import { Connections } from "./connections.js";
import { RedisConsumer } from "./consumer.js";
import { type ConsumingSide, openConsumingSide } from "./consuming-side.js";
import { Publisher } from "./publisher.js";
import type { PublishingSide } from "./publishing-side.js";
import { Queues } from "./queues.js";
import {
  checkTransportOptions,
  type RedisTransportOptions,
  resolveTransportOptions,
  type TransportSettings,
} from "./settings.js";

/** How long closing waits for a lost connection that has something to tell: more than the longest pause between two attempts. */
const CLOSE_MS = 2500;

/**
 * A Celery broker on Redis or Valkey; satisfies the `Transport` of `@brine/celery`. Make one with {@link redis}.
 *
 * Messages are delivered at least once: one that is not settled within the visibility timeout is delivered again, unless
 * this process is alive and renews it. Fanout messages are delivered at most once.
 */
export class RedisTransport implements Transport {
  readonly type = "redis";
  readonly description: string;
  readonly capabilities: { readonly visibilityTimeoutSeconds: number };
  readonly #settings: TransportSettings;
  readonly #events = new EventEmitter<TransportEvents>();
  readonly #connections: Connections;
  readonly #queues: Queues;
  readonly #publisher: Publisher;
  readonly #consumers = new Set<RedisConsumer>();
  #publishing: PublishingSide | undefined;
  #consuming: Promise<ConsumingSide> | undefined;
  #isClosed = false;

  /** For {@link redis}. */
  constructor(source: RedisSource, options: RedisTransportOptions = {}) {
    checkTransportOptions(options);
    const factory = connectionFactory(source, options);
    const settings = resolveTransportOptions(options, factory.db);
    const connected = () => this.#connected();
    this.#settings = settings;
    this.description = factory.description;
    this.capabilities = Object.freeze({ visibilityTimeoutSeconds: settings.visibilityTimeoutSeconds });
    this.#connections = new Connections(factory, this.#events);
    this.#queues = new Queues(settings, connected);
    this.#publisher = new Publisher({
      description: this.description,
      settings,
      queues: this.#queues,
      connected,
      warn: (error) => this.#warn(error),
    });
  }

  /** @throws RedisAdapterError `unavailable` when Redis cannot be reached; call again to try again */
  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new RedisAdapterError("The transport is closed", { code: "closed" });
    signal?.throwIfAborted();
    if (this.#publishing !== undefined) return;
    const connections = this.#connections;
    // What cannot be sent soon must fail: only the caller knows whether sending it late is any good. 0, because with 1 a
    // command whose connection is lost and is back at the first attempt is neither sent again nor rejected (ioredis 5.11 and
    // 6.0 event_handler.js: `readyHandler` drops `prevCommandQueue`, `closeHandler` flushes at every second close only).
    const producer = connections.open({ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    try {
      await untilAborted(connections.connect(producer), signal);
    } catch (cause) {
      connections.drop(producer);
      if (signal?.aborted) throw signal.reason;
      throw cannotConnect(this.description, connections.lastError ?? cause, cause);
    }
    if (this.#publishing !== undefined) {
      // Two callers at once: the first one wins.
      connections.drop(producer);
      return;
    }
    this.#publishing = { producer, bindings: new Bindings(producer, this.#settings) };
    connections.watch();
  }

  isConnectionError(error: unknown): boolean {
    return isConnectionError(error);
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    (await this.#connected()).bindings.declare(exchange);
  }

  /** An empty name gets a new one. Redis keeps no queues: only the binding is stored, the list appears with a message. */
  async declareQueue(queue: Queue): Promise<string> {
    return this.#queues.declare(queue);
  }

  async bindQueue(queue: string, exchange: Exchange, routingKey: string): Promise<void> {
    await this.#queues.bind(queue, exchange, routingKey);
  }

  /** Drops the queue's messages and the bindings that this transport made. */
  async deleteQueue(name: string): Promise<void> {
    await this.#queues.delete(name);
  }

  async queueLength(name: string): Promise<number> {
    return this.#queues.length(name);
  }

  async purgeQueue(name: string): Promise<number> {
    return this.#queues.purge(name);
  }

  /**
   * Sends a message to every queue that its exchange routes it to.
   *
   * Without a `content-type` it becomes `application/data`, as with kombu: a Python worker exits on a message without one.
   * A message that no queue takes is lost, with a `warning`, unless `mandatory`.
   *
   * @throws RedisAdapterError `unroutable` with `mandatory` when no queue takes it, `unavailable` when Redis does not, `bad-message`
   *   for one that a Python worker could not read, `closed` after {@link close}
   */
  async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    await this.#publisher.publish(message, options);
  }

  /**
   * Delivers the messages of `queues` to `onMessage`, which must not throw; the queues are declared first.
   * Queues of a fanout exchange and consumers with `noAck` deliver at most once.
   */
  async consume(
    queues: readonly Queue[],
    onMessage: (delivery: Delivery) => void,
    options: ConsumeOptions = {},
  ): Promise<RedisConsumer> {
    const { bindings } = await this.#connected();
    this.#consuming ??= openConsumingSide(this.#connections, this.#settings, bindings, {
      declareQueue: (queue) => this.declareQueue(queue),
      releaseQueue: (name) => this.#releaseQueue(name),
      warn: (error) => this.#warn(error),
    });
    let side: ConsumingSide;
    try {
      side = await this.#consuming;
    } catch (cause) {
      this.#consuming = undefined;
      throw new RedisAdapterError(`Cannot consume from ${this.description}: ${(cause as Error).message}`, {
        code: "unavailable",
        cause,
      });
    }
    const consumer = new RedisConsumer(side, onMessage, options);
    this.#consumers.add(consumer);
    try {
      for (const queue of queues) await consumer.addQueue(queue);
    } catch (error) {
      // Nobody gets to hold it, and it must not go on taking messages.
      this.#consumers.delete(consumer);
      await consumer.cancel().catch((cause: Error) => this.#warn(cause));
      throw error;
    }
    return consumer;
  }

  on<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): this {
    this.#events.on(event, listener as never);
    return this;
  }

  off<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): this {
    this.#events.off(event, listener as never);
    return this;
  }

  /**
   * Waits for publishes under way, gives unsettled deliveries back to the front of their queues, and disconnects; after
   * `closeTimeoutMs` without that.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connections.unwatch();
    const tooLate = new AbortController();
    // A connection that is frozen answers nothing, and nothing ends it.
    const patience = sleep(this.#settings.closeTimeoutMs, undefined, { signal: tooLate.signal }).catch(() => undefined);
    await Promise.race([this.#settle(), patience]);
    tooLate.abort();
    (await this.#consumingSide())?.unacked.stop();
    await this.#connections.close();
  }

  #consumingSide(): Promise<ConsumingSide | undefined> {
    return this.#consuming?.catch(() => undefined) ?? Promise.resolve(undefined);
  }

  async #settle(): Promise<void> {
    await this.#publisher.settled();
    const side = await this.#consumingSide();
    // A connection that was just lost is back soon; what is settled and not told by then is delivered again.
    if (side !== undefined && (await this.#connections.isReady(side.settler, side.unacked.isIdle ? 0 : CLOSE_MS))) {
      side.unacked.stop();
      await Promise.allSettled([...this.#consumers].map((consumer) => consumer.cancel()));
      await side.unacked.restoreAll().catch((error: Error) => this.#warn(error));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #releaseQueue(name: string): Promise<void> {
    if (!this.#queues.isAutoDelete(name) || this.#publishing?.producer.status !== "ready") return;
    await this.#queues.delete(name);
  }

  async #connected(): Promise<PublishingSide> {
    if (this.#publishing === undefined) await this.connect();
    return this.#publishing!;
  }

  #warn(error: Error): void {
    this.#events.emit("warning", withoutCommand(error));
  }
}

/**
 * Celery's Redis broker, for `new Celery({ broker: redis("redis://localhost/0") })`.
 *
 * @param source - `redis://`, `rediss://`, `unix://`, `sentinel://a;sentinel://b` (with `masterName`), or a client of
 *   ioredis, which is not used itself: connections are made with its settings
 * @throws RedisAdapterError `bad-url`, `bad-option`
 */
export function redis(source: RedisSource, options: RedisTransportOptions = {}): RedisTransport {
  return new RedisTransport(source, options);
}
