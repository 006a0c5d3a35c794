/** RabbitMQ as Celery's transport. */
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  ConsumeOptions,
  Consumer,
  DelayedDelivery,
  Delivery,
  Exchange,
  PublishOptions,
  Queue,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
import { extendOptionNames } from "@brine/codec/options";
import type { ChannelModel } from "amqplib";
import { AmqpConnection } from "../connection/connection.js";
import { CONNECTION_OPTIONS, type ConnectionOptions } from "../connection/connection-options.js";
import { raceAbort } from "../deferred.js";
import { closedError, isAmqpError, PublishError } from "../errors.js";
import { Publisher } from "../publish/publisher.js";
import { DelayedDeliveryTopology } from "./delayed-delivery-topology.js";
import { publishOptions } from "./deliveries.js";
import { Topology } from "./topology.js";
import { TransportConsumer } from "./transport-consumer.js";

/** What {@link amqp} takes. Everything is optional. */
export interface AmqpTransportOptions extends ConnectionOptions {
  /**
   * What happens to messages that the broker had not confirmed when the connection was lost. `"resend"` (default): sent again,
   * so that none is lost and some may arrive twice. `"reject"`: `publish` rejects with code `"unconfirmed"`.
   */
  readonly unconfirmed?: "resend" | "reject" | undefined;
  /**
   * Whether the broker confirms each message. Default true. False is what Celery does unless `broker_transport_options` has
   * `confirm_publish`: a publish resolves once the message is written, so that one which the connection loses or the broker
   * refuses is lost without an error, and `mandatory` is not answered.
   */
  readonly confirmPublish?: boolean | undefined;
  /**
   * Of the queues in which delayed messages wait: Celery's `broker_native_delayed_delivery_queue_type`, which must be the same
   * everywhere. Default `"quorum"`, as in Celery.
   */
  readonly delayedQueueType?: "quorum" | "classic" | undefined;
  /** Milliseconds that `close` waits for publishes under way. Default 10,000. */
  readonly closeTimeoutMs?: number | undefined;
}

const TRANSPORT_OPTIONS = /* @__PURE__ */ extendOptionNames<AmqpTransportOptions, ConnectionOptions>(
  CONNECTION_OPTIONS,
  { unconfirmed: true, confirmPublish: true, delayedQueueType: true },
  { instead: [["brokerNativeDelayedDeliveryQueueType", "delayedQueueType"]] },
);

/** Milliseconds that the broker may take to answer `channel.close`. */
const CLOSE_CHANNELS_MS = 1000;
const MAX_KNOWN_EXCHANGES = 10_000;
/** Of the channel that publishes: batches of messages before it waits for the socket, where amqplib counts single ones. */
const CHANNEL_OPTIONS = { highWaterMark: 64 };

/**
 * RabbitMQ for `@brine/celery`. Made by {@link amqp}.
 *
 * One connection, and from the first consumer on a second one for what is published: RabbitMQ short of memory or disk stops reading from
 * connections that publish, and acknowledgements, which make room, must not wait behind messages. Celery has two as well.
 *
 * Publishes are confirmed; connection, declarations and consumers come back after a loss; an operation the broker refuses
 * rejects with a `ChannelError` and disturbs nothing else.
 */
export class AmqpTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly type = "amqp";
  readonly description: string;
  readonly capabilities = Object.freeze({ visibilityTimeoutSeconds: undefined });
  readonly delayedDelivery: DelayedDelivery;
  readonly #options: AmqpTransportOptions;
  readonly #urls: string | readonly string[];
  readonly #connection: AmqpConnection;
  /** Set once this transport consumes. */
  #publishing: AmqpConnection | undefined;
  #publisher: Publisher;
  readonly #topology: Topology;
  readonly #consumers = new Set<TransportConsumer>();
  /** Queues that turned out to be quorum queues or streams although nothing in their declaration says so. */
  readonly #withoutGlobalQos = new Set<string>();
  /** Exchanges known to exist; one deleted since then still fails with the broker's 404. */
  readonly #exchanges = new Set<string>();
  #isClosing = false;

  /** For {@link amqp}. */
  constructor(urls: string | readonly string[], options: AmqpTransportOptions = {}) {
    super();
    this.#urls = urls;
    this.#options = options;
    this.#connection = new AmqpConnection(urls, options, TRANSPORT_OPTIONS);
    this.description = this.#connection.description;
    this.#topology = new Topology(() => this.#connection.ready());
    this.delayedDelivery = new DelayedDeliveryTopology(this, options.delayedQueueType ?? "quorum");
    this.#publisher = this.#newPublisher(() => this.#connection.ready());
    this.#connection.addRestorer((model) => this.#topology.restore(model, (error) => this.emit("warning", error)));
    this.#connection.addRestorer(async (model) => {
      for (const consumer of this.#consumers) await consumer.restore(model);
    });
    this.#connection.on("disconnect", (error) => this.#onDisconnect(error));
    this.#connection.on("reconnect", () => this.emit("reconnect"));
    this.#connection.on("warning", (error) => this.emit("warning", error));
  }

  async connect(signal?: AbortSignal): Promise<void> {
    await this.#connection.connect(signal);
  }

  isConnectionError(error: unknown): boolean {
    return isAmqpError(error) && (error.code === "connection-lost" || error.code === "unconfirmed");
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    await this.#topology.declareExchange(exchange);
  }

  /**
   * Declares the queue, its exchange and the binding. For an empty name one is made here rather than by the broker: a
   * client may not declare the broker's `amq.gen-…` again after a reconnection.
   */
  async declareQueue(queue: Queue): Promise<string> {
    const name = queue.name === "" ? `brine.gen-${randomUUID()}` : queue.name;
    if (queue.exchange !== undefined) await this.declareExchange(queue.exchange);
    await this.#topology.declareQueue({ ...queue, name });
    if (queue.exchange !== undefined) {
      await this.#topology.bindQueue(name, queue.exchange.name, queue.routingKey ?? "");
    }
    return name;
  }

  async bindQueue(queue: string, exchange: Exchange, routingKey: string): Promise<void> {
    await this.declareExchange(exchange);
    await this.#topology.bindQueue(queue, exchange.name, routingKey);
  }

  async bindExchange(destination: string, source: string, routingKey: string): Promise<void> {
    await this.#topology.bindExchange(destination, source, routingKey);
  }

  /** Deletes the queue with its messages and bindings; consumers of it on this transport stop consuming it. Does nothing for one that does not exist. */
  async deleteQueue(name: string): Promise<void> {
    for (const consumer of this.#consumers) await consumer.cancelQueue(name);
    await this.#topology.deleteQueue(name);
  }

  async queueLength(name: string): Promise<number> {
    return (await this.#topology.checkQueue(name)).messageCount;
  }

  async purgeQueue(name: string): Promise<number> {
    const { messageCount } = await this.#topology.run(`purge queue ${name}`, (channel) => channel.purgeQueue(name));
    return messageCount;
  }

  /**
   * Resolves when the broker has confirmed the message (without `confirmPublish`, when it is written). While there is no connection it waits for one; `signal` bounds that.
   *
   * @throws {@link PublishError}: `"not-found"` (no such exchange), `"returned"` (mandatory, no queue), `"nacked"`, `"unconfirmed"`
   * @throws {@link AmqpError} `"bad-header"`
   */
  async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    if (this.#isClosing) throw closedError();
    const { body } = message;
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const properties = publishOptions(message, options.mandatory ?? false);
    const { exchange, routingKey, signal } = options;
    if (exchange !== "" && !this.#exchanges.has(exchange)) await this.#findExchange(exchange, signal);
    try {
      await this.#publisher.publish(exchange, routingKey, content, properties, signal);
    } catch (error) {
      if (isAmqpError(error) && error.code === "not-found") this.#exchanges.delete(exchange);
      throw error;
    }
  }

  /**
   * Asks for an exchange before the first message goes to it. A publish to one that does not exist closes the channel for all
   * messages in flight; they are sent again, and those that had arrived arrive twice.
   */
  async #findExchange(exchange: string, signal: AbortSignal | undefined): Promise<void> {
    const found = this.#topology.run(`publish to exchange ${exchange}`, (channel) => channel.checkExchange(exchange));
    try {
      await raceAbort(found, signal);
    } catch (error) {
      if (!isAmqpError(error) || error.replyCode === undefined) throw error;
      throw new PublishError(error.message, { code: error.code, replyCode: error.replyCode, cause: error });
    }
    if (this.#exchanges.size >= MAX_KNOWN_EXCHANGES) this.#exchanges.clear();
    this.#exchanges.add(exchange);
  }

  /**
   * Consumes from queues that exist. `prefetch` is shared by the classic queues of this consumer; each quorum queue has its own.
   * A message whose headers cannot be read is rejected without requeueing and reported as a `warning`.
   *
   * @throws {@link ChannelError} `"not-found"`, or `"access-refused"` when another consumer is exclusive
   */
  async consume(
    queues: readonly Queue[],
    onMessage: (delivery: Delivery) => void,
    options: ConsumeOptions = {},
  ): Promise<Consumer> {
    if (this.#isClosing) throw closedError();
    this.#publishApart();
    const consumer = new TransportConsumer(
      {
        connection: () => this.#connection.ready(),
        checkQueue: (name) => this.#topology.checkQueue(name),
        redeclareQueue: (name) => this.#topology.redeclareQueue(name),
        refusesGlobalQos: (queue) => this.#refusesGlobalQos(queue),
        warn: (error) => this.emit("warning", error),
        backOff: this.#options.backOff,
        onDone: (done) => void this.#consumers.delete(done),
      },
      onMessage,
      options,
    );
    this.#consumers.add(consumer);
    try {
      for (const queue of queues) await consumer.addQueue(queue);
    } catch (error) {
      this.#consumers.delete(consumer);
      await consumer.close();
      throw error;
    }
    return consumer;
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const giveUp = new AbortController();
    const timeout = sleep(this.#options.closeTimeoutMs ?? 10_000, undefined, { signal: giveUp.signal });
    await Promise.race([this.#publisher.idle(), timeout.catch(() => undefined)]);
    giveUp.abort();
    const channels = [
      this.#publisher.close(closedError()),
      ...[...this.#consumers].map((consumer) => consumer.close()),
    ];
    // The connection takes with it what the broker does not answer.
    await Promise.race([Promise.allSettled(channels), sleep(CLOSE_CHANNELS_MS, undefined, { ref: false })]);
    this.#consumers.clear();
    await Promise.all([this.#connection.close(), this.#publishing?.close()]);
  }

  #newPublisher(ready: () => Promise<ChannelModel>): Publisher {
    const confirms = this.#options.confirmPublish ?? true;
    return new Publisher({
      open: async () => {
        const model = await ready();
        return confirms ? model.createConfirmChannel(CHANNEL_OPTIONS) : model.createChannel(CHANNEL_OPTIONS);
      },
      reopens: true,
      confirms,
      unconfirmed: this.#options.unconfirmed,
      ownsChannel: true,
    });
  }

  #publishApart(): void {
    if (this.#publishing !== undefined) return;
    const connection = new AmqpConnection(this.#urls, this.#options, TRANSPORT_OPTIONS);
    for (const event of ["disconnect", "warning"] as const) {
      connection.on(event, (error) => this.emit("warning", error));
    }
    this.#publishing = connection;
    const before = this.#publisher;
    this.#publisher = this.#newPublisher(async () => {
      // In the order published.
      await before.idle();
      await before.close(closedError());
      // After a restart the queues must be there again before what goes to them.
      await this.#connection.ready();
      return connection.ready();
    });
  }

  #refusesGlobalQos(queue: Queue): boolean {
    const type = queue.arguments?.["x-queue-type"];
    return type === "quorum" || type === "stream" || this.#withoutGlobalQos.has(queue.name);
  }

  #onDisconnect(error: Error): void {
    // The broker's answer to a shared prefetch on a queue it declared as quorum by itself (default queue type of the virtual
    // host): next time that queue gets a prefetch of its own.
    const queue = /queue '(.*)' in vhost '.*' does not support global qos/.exec(error.message)?.[1];
    if (queue !== undefined) this.#withoutGlobalQos.add(queue);
    this.emit("disconnect", error);
  }
}

/**
 * The RabbitMQ transport for `new Celery({ broker })`. Connects when the app does, and again whenever the connection is lost.
 *
 * @param urls - one URL, several, or several separated by `;` as kombu takes them
 * @throws {@link AmqpError} `bad-option` for an option that there is not, or no URL
 * @example
 * const app = new Celery({ broker: amqp("amqp://guest:guest@localhost//") });
 */
export function amqp(urls: string | readonly string[], options: AmqpTransportOptions = {}): AmqpTransport {
  return new AmqpTransport(urls, options);
}
