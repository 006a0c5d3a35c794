/**
 * The Redis broker of Celery: kombu's Redis transport, so that Python and Node publish to and consume from the same
 * queues. kombu 5.2 and 5.6 `transport/redis.py`.
 *
 * Connections: a publisher has one. A consumer has three more: one that pops, one that is told of arrivals and fanouts,
 * and one for what must not fail however long Redis is away (settling, renewing, restoring).
 */
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
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
import type { Redis } from "ioredis";
import { untilAborted } from "../abort.js";
import { type ConnectionFactory, connectionFactory, type RedisSource } from "../connection.js";
import { RedisAdapterError } from "../errors.js";
import { Bindings } from "./bindings.js";
import { type ConsumerContext, RedisConsumer } from "./consumer.js";
import { formatEnvelope } from "./envelope.js";
import { Fanout, fanoutChannel } from "./fanout.js";
import { clampPriority, priorityStep, queueKey } from "./priority.js";
import { type RedisTransportOptions, resolveTransportOptions, type TransportSettings } from "./settings.js";
import { Unacked } from "./unacked.js";
import { Wake } from "./wake.js";

/** What only consumers need. */
interface ConsumingSide extends ConsumerContext {
  readonly subscriber: Redis;
  readonly settler: Redis;
}

interface DeclaredQueue {
  readonly queue: Queue;
  readonly bindings: Map<string, { readonly exchange: string; readonly routingKey: string }>;
}

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
  readonly #factory: ConnectionFactory;
  readonly #settings: TransportSettings;
  readonly #events = new EventEmitter<TransportEvents>();
  readonly #queues = new Map<string, DeclaredQueue>();
  readonly #consumers = new Set<RedisConsumer>();
  readonly #publishing = new Set<Promise<unknown>>();
  readonly #clients = new Set<Redis>();
  #producer: Redis | undefined;
  #bindings: Bindings | undefined;
  #consuming: Promise<ConsumingSide> | undefined;
  #lastError: Error | undefined;
  #isUp = false;
  #isClosed = false;

  constructor(source: RedisSource, options: RedisTransportOptions = {}) {
    this.#factory = connectionFactory(source, options);
    this.#settings = resolveTransportOptions(options, this.#factory.db);
    this.description = this.#factory.description;
    this.capabilities = Object.freeze({
      visibilityTimeoutSeconds: this.#settings.visibilityTimeoutSeconds,
    });
  }

  /** @throws RedisAdapterError `unavailable` when Redis cannot be reached; call again to try again */
  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closed();
    signal?.throwIfAborted();
    if (this.#producer !== undefined) return;
    // What cannot be sent soon must fail: only the caller knows whether sending it late is any good. 0, because with 1 a
    // command whose connection is lost and is back at the first attempt is neither sent again nor rejected (ioredis 5.11 and
    // 6.0 event_handler.js: `readyHandler` drops `prevCommandQueue`, `closeHandler` flushes at every second close only).
    const producer = this.#open({ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    try {
      await untilAborted(this.#factory.connect(producer), signal);
    } catch (cause) {
      this.#clients.delete(producer);
      producer.disconnect();
      if (signal?.aborted) throw signal.reason;
      const why = (this.#lastError ?? (cause as Error)).message;
      throw new RedisAdapterError(`Cannot connect to ${this.description}: ${why}`, { code: "unavailable", cause });
    }
    if (this.#producer !== undefined) {
      // Two callers at once: the first one wins.
      this.#clients.delete(producer);
      producer.disconnect();
      return;
    }
    this.#producer = producer;
    this.#bindings = new Bindings(producer, this.#settings);
    this.#isUp = true;
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    (await this.#routes()).declare(exchange);
  }

  /** An empty name gets a new one. Redis keeps no queues: only the binding is stored, the list appears with a message. */
  async declareQueue(queue: Queue): Promise<string> {
    const name = queue.name === "" ? randomUUID() : queue.name;
    const known = this.#queues.get(name);
    this.#queues.set(name, { queue: { ...queue, name }, bindings: known?.bindings ?? new Map() });
    if (queue.exchange !== undefined && queue.exchange.name !== "") {
      await this.bindQueue(name, queue.exchange, queue.routingKey ?? "");
    }
    return name;
  }

  async bindQueue(queue: string, exchange: Exchange, routingKey: string): Promise<void> {
    const routes = await this.#routes();
    routes.declare(exchange);
    if (exchange.name === "") return;
    await routes.bind(queue, exchange.name, routingKey);
    const declared = this.#queues.get(queue) ?? { queue: { name: queue }, bindings: new Map() };
    declared.bindings.set(`${exchange.name}\0${routingKey}`, { exchange: exchange.name, routingKey });
    this.#queues.set(queue, declared);
  }

  /** Drops the queue's messages and the bindings that this transport made. */
  async deleteQueue(name: string): Promise<void> {
    const routes = await this.#routes();
    const declared = this.#queues.get(name);
    this.#queues.delete(name);
    for (const { exchange, routingKey } of declared?.bindings.values() ?? [])
      await routes.unbind(name, exchange, routingKey);
    await (await this.#connected()).del(...this.#lists(name));
  }

  async queueLength(name: string): Promise<number> {
    return (await this.#lengths(name)).reduce((sum, length) => sum + length, 0);
  }

  async purgeQueue(name: string): Promise<number> {
    const producer = await this.#connected();
    const transaction = producer.multi();
    const lists = this.#lists(name);
    for (const list of lists) transaction.llen(list);
    transaction.del(...lists);
    const replies = results(await transaction.exec());
    return lists.reduce((sum, _, i) => sum + Number(replies[i]), 0);
  }

  /**
   * Sends a message to every queue that its exchange routes it to.
   *
   * Without a `content-type` it becomes `application/data`, as with kombu: a Python worker exits on a message without one.
   * A message that no queue takes is lost, with a `warning`, unless `mandatory`.
   *
   * @throws RedisAdapterError `unroutable`, `unavailable`, `bad-message`
   */
  async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    options.signal?.throwIfAborted();
    const publishing = this.#publish(message, options);
    this.#publishing.add(publishing);
    try {
      await untilAborted(publishing, options.signal);
    } finally {
      this.#publishing.delete(publishing);
    }
  }

  async #publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    const { exchange, routingKey } = options;
    const routes = await this.#routes();
    const producer = await this.#connected();
    try {
      if (exchange !== "" && routes.typeOf(exchange) === "fanout") {
        const envelope = formatEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
        const listeners = await producer.publish(fanoutChannel(this.#settings, exchange, routingKey), envelope);
        if (listeners === 0 && options.mandatory) throw unroutable(exchange, routingKey);
        return;
      }
      const queues = await routes.lookup(exchange, routingKey);
      if (queues.length === 0) {
        const error = unroutable(exchange, routingKey);
        if (options.mandatory) throw error;
        this.#warn(error);
        return;
      }
      const step = priorityStep(clampPriority(message.properties.priority), this.#settings.prioritySteps);
      const pipeline = queues.length === 1 && !this.#expires(queues[0]!) ? undefined : producer.multi();
      for (const queue of queues) {
        // A tag of its own for each: kombu uses one for all, and the hash of the unacknowledged has room for one.
        const envelope = formatEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
        const list = this.#list(queue, step);
        if (pipeline === undefined) {
          await producer.lpush(list, envelope);
          await this.#replicate(producer);
          return;
        }
        pipeline.lpush(list, envelope);
        const expires = this.#expires(queue);
        if (expires !== undefined) for (const one of this.#lists(queue)) pipeline.pexpire(one, expires);
      }
      results(await pipeline!.exec());
      await this.#replicate(producer);
    } catch (cause) {
      if (cause instanceof RedisAdapterError) throw cause;
      throw new RedisAdapterError(`Cannot publish to ${this.description}: ${(cause as Error).message}`, {
        code: "unavailable",
        // ioredis attaches the command with its arguments, which is the whole message.
        cause: stripCommand(cause),
      });
    }
  }

  async #replicate(producer: Redis): Promise<void> {
    const { waitForReplicas } = this.#settings;
    if (waitForReplicas === undefined) return;
    const have = await producer.wait(waitForReplicas.count, waitForReplicas.timeoutMs);
    if (have >= waitForReplicas.count) return;
    throw new RedisAdapterError(
      `Cannot tell whether the message is safe: ${have} of ${waitForReplicas.count} replicas have it`,
      { code: "unavailable" },
    );
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
    await this.#connected();
    this.#consuming ??= this.#openConsumingSide();
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
    for (const queue of queues) await consumer.addQueue(queue);
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

  /** Waits for publishes under way, gives unsettled deliveries back to the front of their queues, and disconnects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled(this.#publishing);
    const side = await this.#consuming?.catch(() => undefined);
    if (side !== undefined && side.settler.status === "ready") {
      side.unacked.stop();
      await Promise.allSettled([...this.#consumers].map((consumer) => consumer.cancel()));
      await side.unacked.restoreAll().catch((error: Error) => this.#warn(error));
    }
    side?.unacked.stop();
    for (const client of this.#clients) {
      if (client.status === "ready") await client.quit().catch(() => client.disconnect());
      else client.disconnect();
    }
    this.#clients.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #openConsumingSide(): Promise<ConsumingSide> {
    // A pop must never be sent twice: its reply may be lost after it has taken messages.
    const reader = this.#open({ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    const subscriber = this.#open({ maxRetriesPerRequest: null, autoResubscribe: false });
    // Settling is safe to repeat and must get through in the end.
    const settler = this.#open({ maxRetriesPerRequest: null, autoResendUnfulfilledCommands: true });
    const warn = (error: Error) => this.#warn(error);
    const wake = new Wake(reader, subscriber, warn);
    const fanout = new Fanout(subscriber, this.#settings);
    const bindings = this.#bindings!;
    const unacked = new Unacked(settler, this.#settings, bindings, warn);
    const side: ConsumingSide = {
      settings: this.#settings,
      reader,
      subscriber,
      settler,
      wake,
      fanout,
      unacked,
      declareQueue: (queue) => this.declareQueue(queue),
      releaseQueue: (name) => this.#releaseQueue(name),
      warn,
    };
    try {
      await Promise.all([reader, subscriber, settler].map((client) => this.#factory.connect(client)));
      await wake.subscribe();
      await wake.track();
    } catch (error) {
      for (const client of [reader, subscriber, settler]) {
        this.#clients.delete(client);
        client.disconnect();
      }
      throw error;
    }
    subscriber.on("ready", () => {
      void (async () => {
        await wake.subscribe();
        await fanout.restore();
        if (reader.status === "ready") await wake.track();
      })().catch(warn);
    });
    reader.on("ready", () => void wake.track().catch(warn));
    unacked.start();
    return side;
  }

  /** A connection of ours, watched for the events of the transport. */
  #open(options: Parameters<ConnectionFactory["create"]>[0]): Redis {
    const client = this.#factory.create(options);
    this.#clients.add(client);
    client.on("error", (error: Error) => {
      this.#lastError = error;
    });
    client.on("close", () => {
      if (!this.#isUp || this.#isClosed) return;
      this.#isUp = false;
      this.#events.emit("disconnect", this.#lastError ?? new Error("Connection is closed"));
    });
    client.on("ready", () => {
      if (this.#isUp || this.#isClosed || this.#producer === undefined) return;
      if ([...this.#clients].some((one) => one.status !== "ready")) return;
      this.#isUp = true;
      this.#lastError = undefined;
      this.#events.emit("reconnect");
    });
    return client;
  }

  async #releaseQueue(name: string): Promise<void> {
    const declared = this.#queues.get(name);
    if (declared?.queue.autoDelete !== true || this.#producer?.status !== "ready") return;
    await this.deleteQueue(name);
  }

  async #connected(): Promise<Redis> {
    if (this.#producer === undefined) await this.connect();
    return this.#producer!;
  }

  async #routes(): Promise<Bindings> {
    await this.#connected();
    return this.#bindings!;
  }

  async #lengths(name: string): Promise<number[]> {
    const pipeline = (await this.#connected()).pipeline();
    for (const list of this.#lists(name)) pipeline.llen(list);
    return results(await pipeline.exec()).map(Number);
  }

  #list(queue: string, step: number): string {
    return this.#settings.globalKeyprefix + queueKey(queue, step, this.#settings.separator);
  }

  #lists(queue: string): string[] {
    return this.#settings.prioritySteps.map((step) => this.#list(queue, step));
  }

  /** `x-expires` of a queue that we declared: milliseconds. kombu >= 5.5 applies it to the lists. */
  #expires(queue: string): number | undefined {
    const args = this.#queues.get(queue)?.queue.arguments;
    const value = args !== undefined && Object.hasOwn(args, "x-expires") ? Number(args["x-expires"]) : Number.NaN;
    return value > 0 ? Math.trunc(value) : undefined;
  }

  #warn(error: Error): void {
    this.#events.emit("warning", stripCommand(error) as Error);
  }
}

/**
 * Celery's Redis broker, for `new Celery({ broker: redis("redis://localhost/0") })`.
 *
 * @param source - `redis://`, `rediss://`, `unix://`, `sentinel://a;sentinel://b` (with `masterName`), or a client of
 *   ioredis, which is not used itself: connections are made with its settings
 */
export function redis(source: RedisSource, options: RedisTransportOptions = {}): RedisTransport {
  return new RedisTransport(source, options);
}

/** The replies of a pipeline; the first error among them is thrown. */
function results(replies: [error: Error | null, result: unknown][] | null): unknown[] {
  if (replies === null) throw new RedisAdapterError("The transaction was discarded", { code: "unavailable" });
  return replies.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}

function unroutable(exchange: string, routingKey: string): RedisAdapterError {
  return new RedisAdapterError(
    `Cannot route a message: no queue of exchange ${JSON.stringify(exchange)} takes ${JSON.stringify(routingKey)}`,
    { code: "unroutable" },
  );
}

function closed(): RedisAdapterError {
  return new RedisAdapterError("The transport is closed", { code: "closed" });
}

/** ioredis' errors carry the arguments of the command, payload and all: not for logs. */
function stripCommand(error: unknown): unknown {
  if (error instanceof Error && Object.hasOwn(error, "command")) delete (error as { command?: unknown }).command;
  return error;
}
