/** amqplib's channel with values for bodies. */
import { EventEmitter } from "node:events";
import type { Message, Options, Replies } from "amqplib";
import { type AmqpError, isAmqpError, replyCodeOf } from "../errors.js";
import { typedHeaders, writableHeaders } from "../headers/headers.js";
import { checkNames } from "../option-names.js";
import { warn } from "../warn.js";
import { Bodies, PUBLISH_OPTIONS, type PublishValueOptions } from "./bodies.js";
import { type AnyChannel, type Driver, driverOf } from "./driver.js";
import { PickledMessage, ReceivedMessage } from "./pickled-message.js";
import {
  CONSUME_OPTIONS,
  type ConsumeValueOptions,
  GET_OPTIONS,
  type OnDecodeError,
  PICKLED_OPTIONS,
  type PickledOptions,
} from "./pickled-options.js";

/** What a {@link PickledChannel} tells of itself. */
export interface PickledEvents {
  /** A message could not be decoded, and was dealt with as `onDecodeError` says. */
  decodeError: [error: Error, message: ReceivedMessage];
  /** A handler, or a function of yours for errors, threw. */
  handlerError: [error: unknown, message: ReceivedMessage];
  /** The channel is gone; one made by `AmqpConnection.createChannel` is being replaced. Unsettled messages go back to their queues. */
  lost: [error: Error];
}

interface ValueConsumer {
  readonly queue: string;
  readonly onMessage: (message: PickledMessage) => unknown;
  readonly noAck: boolean;
  readonly autoAck: boolean;
  readonly onDecodeError: OnDecodeError;
  readonly onUndecodable: ConsumeValueOptions["onUndecodable"];
}

/** Where undecodable messages go. */
type DeadLetter = Extract<OnDecodeError, { readonly deadLetter: unknown }>["deadLetter"];

/** A channel of which messages hold values: what {@link pickled} gives. */
export class PickledChannel<C extends AnyChannel = AnyChannel> extends EventEmitter<PickledEvents> {
  /** The channel that was given, for everything that has no method here. */
  readonly channel: C;
  readonly #driver: Driver;
  readonly #bodies: Bodies;
  readonly #options: PickledOptions;
  /** Dead-letter exchanges that the broker did not know. */
  readonly #missingExchanges = new Map<string, AmqpError>();

  /** For {@link pickled}. */
  constructor(channel: C, options: PickledOptions = {}) {
    super();
    checkNames(options, PICKLED_OPTIONS, "options of pickled()");
    this.channel = channel;
    this.#driver = driverOf(channel);
    this.#bodies = new Bodies(options);
    this.#options = options;
    this.#driver.onLost((error) => this.#onLost(error));
  }

  /**
   * Publishes a value. Content type, encoding and compression go into the message as kombu writes them; it is persistent unless
   * `options` says otherwise. On a confirm channel this resolves when the broker has confirmed it, else when amqplib had room for it.
   *
   * @throws `EncodeError` of `@brine/codec/kombu` when the value has no form in the format
   * @throws {@link PublishError} when the broker did not take it
   * @throws {@link AmqpError} `bad-header`
   */
  async publish(
    exchange: string,
    routingKey: string,
    value: unknown,
    options: PublishValueOptions = {},
  ): Promise<void> {
    checkNames(options, PUBLISH_OPTIONS, "options of publish()");
    const loading = this.#bodies.load(options);
    if (loading !== undefined) await loading;
    const { content, options: raw } = this.#bodies.encode(value, options);
    await this.#driver.publish(exchange, routingKey, content, raw, options.signal);
  }

  /**
   * {@link publish} to the queue of that name, through the default exchange.
   *
   * @throws as {@link publish}
   */
  sendToQueue(queue: string, value: unknown, options: PublishValueOptions = {}): Promise<void> {
    return this.publish("", queue, value, options);
  }

  /**
   * Consumes values. The handler gets each message with `.value`; a message that cannot be decoded never reaches it, and neither
   * that nor an exception of the handler disturbs the consumer: see {@link OnDecodeError} and {@link OnHandlerError}.
   */
  async consume<T = unknown>(
    queue: string,
    onMessage: (message: PickledMessage<T>) => unknown,
    options: ConsumeValueOptions = {},
  ): Promise<Replies.Consume> {
    checkNames(options, CONSUME_OPTIONS, "options of consume()");
    const { autoAck = false, onCancel = () => warnCancelled(queue), onDecodeError, onUndecodable, ...raw } = options;
    await this.#bodies.prepare();
    const consumer: ValueConsumer = {
      queue,
      onMessage: onMessage as (message: PickledMessage) => unknown,
      noAck: raw.noAck ?? false,
      autoAck,
      onDecodeError: onDecodeError ?? this.#options.onDecodeError ?? "reject",
      onUndecodable,
    };
    return this.#driver.consume(
      queue,
      (message) => {
        if (message === null) onCancel();
        else void this.#receive(message, consumer);
      },
      raw,
    );
  }

  /**
   * Takes one message off the queue; false when it is empty.
   *
   * @throws the error of a body that cannot be decoded, after `onDecodeError` was followed
   */
  async get<T = unknown>(queue: string, options: Options.Get = {}): Promise<PickledMessage<T> | false> {
    checkNames(options, GET_OPTIONS, "options of get()");
    await this.#bodies.prepare();
    const raw = await this.#driver.get(queue, options);
    if (raw === false) return false;
    const message = this.#decode(raw, options.noAck ?? false);
    if (message instanceof PickledMessage) return message;
    await this.#onUndecodable(message.received, queue, message.error, this.#options.onDecodeError ?? "reject");
    throw message.error;
  }

  /** Ends a consumer by its tag: amqplib's, as are {@link ack}, {@link nack}, {@link reject} and {@link prefetch}. `nack` and `reject` requeue unless told otherwise, as in amqplib. */
  cancel(consumerTag: string): Promise<Replies.Cancel> {
    return this.#driver.cancel(consumerTag);
  }

  /** Says that the message is done with. */
  ack(message: ReceivedMessage): void {
    message.ack();
  }

  /** Refuses the message: back to its queue, unless `requeue` is false. */
  nack(message: ReceivedMessage, _allUpTo?: false, requeue = true): void {
    message.nack(requeue);
  }

  /** Refuses the message: back to its queue, unless `requeue` is false. */
  reject(message: ReceivedMessage, requeue = true): void {
    message.reject(requeue);
  }

  /** Messages at most that may be unsettled; 0: no limit. */
  async prefetch(count: number, global?: boolean): Promise<void> {
    await this.#driver.prefetch(count, global);
  }

  /** amqplib's; on a channel of `AmqpConnection` the queue is declared again after a reconnection. */
  assertQueue(queue: string, options?: Options.AssertQueue): Promise<Replies.AssertQueue> {
    return this.#driver.assertQueue(queue, options);
  }

  /** amqplib's; on a channel of `AmqpConnection` the queue is not declared again from then on. */
  async deleteQueue(queue: string): Promise<void> {
    await this.#driver.deleteQueue(queue);
  }

  /** Name of the format that `message` came in, if it is accepted here: to answer in the same. */
  formatOf(message: ReceivedMessage): string | undefined {
    return this.#bodies.formatOf(message);
  }

  #decode(raw: Message, noAck: boolean): PickledMessage<never> | { received: ReceivedMessage; error: Error } {
    let headers: Record<string, unknown> = Object.create(null);
    try {
      headers = this.#bodies.headers(raw);
      const value = this.#bodies.decode(raw, headers) as never;
      return new PickledMessage(this.#driver, raw, headers, noAck, value);
    } catch (error) {
      return { received: new ReceivedMessage(this.#driver, raw, headers, noAck), error: error as Error };
    }
  }

  /** Never rejects: amqplib calls it from its receive loop, where an exception ends the connection. */
  async #receive(raw: Message, consumer: ValueConsumer): Promise<void> {
    const { queue, onMessage, noAck, autoAck, onDecodeError, onUndecodable } = consumer;
    const message = this.#decode(raw, noAck);
    if (!(message instanceof PickledMessage)) {
      try {
        await onUndecodable?.(message.received, message.error);
      } catch (failure) {
        this.#report("handlerError", failure, message.received);
      }
      await this.#onUndecodable(message.received, queue, message.error, onDecodeError);
      return;
    }
    try {
      const result = onMessage(message);
      if (isThenable(result)) await result;
      if (autoAck) message.ack();
    } catch (error) {
      await this.#onHandlerFailure(message, error);
    }
  }

  async #onUndecodable(message: ReceivedMessage, queue: string, error: Error, policy: OnDecodeError): Promise<void> {
    try {
      if (typeof policy === "function") await policy(message, error);
      else if (policy === "ack") message.ack();
      else if (typeof policy === "object") await this.#deadLetter(message, queue, error, policy.deadLetter);
      this.#report("decodeError", error, message, typeof policy === "function");
    } catch (failure) {
      this.#report("handlerError", failure, message);
    }
    message.reject(false);
  }

  async #deadLetter(message: ReceivedMessage, queue: string, error: Error, target: DeadLetter): Promise<void> {
    const { exchange, routingKey = message.fields.routingKey } = target;
    // Publishing there once more would end the channel once more, which gives the message back to its queue: for ever.
    const missing = this.#missingExchanges.get(exchange);
    if (missing !== undefined && message.redelivered) throw missing;
    // As RabbitMQ does when it dead-letters: a time-to-live does not go along. A user id may be another user's.
    const { expiration: _expiration, userId: _userId, ...properties } = message.properties;
    const why = { "x-brine-error": String(error).slice(0, 1024), "x-brine-queue": queue };
    const headers = typedHeaders({ ...writableHeaders(message.headers), ...why });
    try {
      await this.#driver.publish(exchange, routingKey, message.content, { ...properties, headers, mandatory: true });
    } catch (failure) {
      if (isAmqpError(failure) && failure.code === "not-found") this.#missingExchanges.set(exchange, failure);
      throw failure;
    }
    this.#missingExchanges.delete(exchange);
    message.ack();
  }

  async #onHandlerFailure(message: PickledMessage, error: unknown): Promise<void> {
    const policy = this.#options.onHandlerError ?? "reject";
    try {
      if (typeof policy === "function") await policy(message, error);
      else message.reject(policy === "requeue" && !message.redelivered);
    } catch (failure) {
      this.#report("handlerError", failure, message);
    }
    message.reject(false);
    this.#report("handlerError", error, message, typeof policy === "function");
  }

  /** Nothing goes unheard: without a listener or a function of the caller's it is a warning of the process. */
  #report(event: "decodeError" | "handlerError", error: unknown, message: ReceivedMessage, isKnown = false): void {
    try {
      if (this.listenerCount(event) > 0) this.emit(event, error as Error, message);
      else if (!isKnown) warn(describe(event, error));
    } catch (failure) {
      warn(describe("handlerError", failure));
    }
  }

  #onLost(error: Error): void {
    if (this.listenerCount("lost") > 0) this.emit("lost", error);
    // Closing a channel or a connection is reported where it was asked for; only the broker's own reasons are news.
    else if (replyCodeOf(error) !== undefined) warn(`Channel lost: ${error.message}`);
  }
}

/**
 * Wraps a channel of amqplib, or one of `AmqpConnection.createChannel`, so that `publish`, `sendToQueue`, `consume` and `get` take and
 * give values instead of Buffers: pickled by default, or in any format of kombu's. Everything else is on `.channel`.
 *
 * Headers are written so that Python reads every integer as meant, and read so that Python's 64-bit integers do not end the
 * connection; for that, the connection of the channel is given to {@link patchFieldTables}.
 *
 * @throws {@link AmqpError} `bad-option` for a channel of an unknown amqplib
 * @example
 * const connection = await connect("amqp://localhost"); // or amqplib's own, with `createConfirmChannel()`
 * const queue = pickled(await connection.createChannel());
 * await queue.assertQueue("jobs");
 * await queue.sendToQueue("jobs", { id: 1, tags: new Set(["a"]) });
 * await queue.consume("jobs", (message) => { console.log(message.value); message.ack(); });
 */
export function pickled<C extends AnyChannel>(channel: C, options: PickledOptions = {}): PickledChannel<C> {
  return new PickledChannel(channel, options);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function warnCancelled(queue: string): void {
  warn(`Consumer of queue ${queue} cancelled by the broker: the queue was deleted, or moved to another node`);
}

function describe(event: "decodeError" | "handlerError", error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return event === "decodeError" ? `Message cannot be decoded: ${text}` : `Message handler failed: ${text}`;
}
