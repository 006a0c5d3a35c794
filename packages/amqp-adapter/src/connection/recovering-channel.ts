/** A channel that outlives its connection. */
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { reasonOf } from "@brine/codec/errors";
import { optionNames } from "@brine/codec/options";
import type { ChannelModel, ConfirmChannel, ConsumeMessage, GetMessage, Message, Options, Replies } from "amqplib";
import { type Deferred, deferred, raceAbort } from "../deferred.js";
import { AmqpError, closedError, toAmqpError } from "../errors.js";
import { Publisher } from "../publish/publisher.js";
import { backOffMs, pause } from "./back-off.js";
import type { AmqpConnection } from "./connection.js";
import { checkPrefetch, request } from "./requests.js";

/** How a channel is set up, at first and each time that it is replaced. */
export interface RecoveringChannelOptions {
  /** Run on every new channel before anything else: declare, bind, set the prefetch. Default: nothing. */
  readonly setup?: ((channel: ConfirmChannel) => Promise<unknown>) | undefined;
  /** Unsettled messages at most for each consumer; 0: no limit. Default 0. */
  readonly prefetch?: number | undefined;
  /**
   * What happens to messages that the broker had not confirmed when the channel was lost: sent again, so that none is lost and
   * some may arrive twice, or rejected with `unconfirmed`. Default `"resend"`.
   */
  readonly unconfirmed?: "resend" | "reject" | undefined;
}

export const RECOVERING_OPTIONS = /* @__PURE__ */ optionNames<RecoveringChannelOptions>(
  { setup: true, prefetch: true, unconfirmed: true },
  { instead: [["prefetchCount", "prefetch"]] },
);

/** What a {@link RecoveringChannel} tells of itself. */
export interface RecoveringChannelEvents {
  /** The channel is lost, and with it what was unsettled; it is being replaced. */
  lost: [error: Error];
  /** The channel is back: set up and consuming again. */
  reopen: [];
}

type OnMessage = (message: ConsumeMessage | null) => void;

interface ConsumerRecord {
  readonly queue: string;
  readonly onMessage: OnMessage;
  readonly options: Options.Consume;
  /** The broker has ended it. */
  isCancelled: boolean;
}

/**
 * A confirm channel of amqplib that is opened again, set up again and consumes again after a loss. Methods have amqplib's
 * names; publishing resolves with the broker's confirm. Made by `AmqpConnection.createChannel`.
 *
 * It is one channel of the broker's, as amqplib's: an operation that the broker refuses closes it for all that is on it, and
 * what was unsettled is delivered again once it is back.
 */
export class RecoveringChannel extends EventEmitter<RecoveringChannelEvents> {
  readonly #connection: AmqpConnection;
  readonly #options: RecoveringChannelOptions;
  readonly #publisher: Publisher;
  readonly #consumers = new Map<string, ConsumerRecord>();
  readonly #queues = new Map<string, Options.AssertQueue | undefined>();
  /** Which channel a message came on: its delivery tag means nothing on another. */
  readonly #origin = new WeakMap<Message, ConfirmChannel>();
  readonly #closing = new AbortController();
  #current: Deferred<ConfirmChannel> = deferred();
  /** Set while messages may come on it, which is before it is ready. */
  #channel: ConfirmChannel | undefined;
  #isReady = false;
  #prefetch: { readonly count: number; readonly global: boolean | undefined };

  /** For {@link AmqpConnection.createChannel}. */
  constructor(connection: AmqpConnection, options: RecoveringChannelOptions) {
    super();
    this.#connection = connection;
    this.#options = options;
    this.#prefetch = { count: options.prefetch ?? 0, global: undefined };
    this.#publisher = new Publisher({
      open: () => this.#current.promise,
      reopens: true,
      confirms: true,
      unconfirmed: options.unconfirmed,
    });
  }

  /** The open amqplib channel, once there is one: for everything that has no method here. Do not keep it. */
  get raw(): Promise<ConfirmChannel> {
    return this.#current.promise;
  }

  /** Opens it the first time. @throws what `setup` threw, or the connection's error */
  async open(signal?: AbortSignal): Promise<this> {
    try {
      await raceAbort(this.#openOnce(), signal);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Resolves when the broker has confirmed the message. While the channel is away it waits for the next; `signal` bounds that.
   *
   * @param content - not copied: leave it as it is until then
   * @throws {@link PublishError} when the broker refused or returned the message; the signal's reason when aborted, in which case
   * the message may have been sent
   */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish = {},
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#publisher.publish(exchange, routingKey, content, options, signal);
  }

  /** As {@link publish}, through the default exchange to the queue of that name. */
  sendToQueue(queue: string, content: Buffer, options: Options.Publish = {}, signal?: AbortSignal): Promise<void> {
    return this.publish("", queue, content, options, signal);
  }

  /** Consumes as amqplib's. The consumer tag stays the same over reconnections. `onMessage` gets `null` when the broker cancels it for good. */
  async consume(queue: string, onMessage: OnMessage, options: Options.Consume = {}): Promise<Replies.Consume> {
    const consumerTag = options.consumerTag ?? `brine-${randomUUID()}`;
    const record = { queue, onMessage, options: { ...options, consumerTag }, isCancelled: false };
    try {
      await this.#request("consume from queue", queue, (channel) => this.#consumeOn(channel, consumerTag, record));
    } catch (error) {
      if ((error as AmqpError).code !== "connection-lost") throw error;
    }
    // Its queue may be deleted before the broker's answer is here.
    if (!record.isCancelled) this.#consumers.set(consumerTag, record);
    return { consumerTag };
  }

  /** Ends a consumer for good: it does not come back with the channel. */
  async cancel(consumerTag: string): Promise<Replies.Cancel> {
    this.#consumers.delete(consumerTag);
    await this.#channel?.cancel(consumerTag).catch(() => undefined);
    return { consumerTag };
  }

  /** Takes one message as amqplib's; false when the queue is empty. */
  async get(queue: string, options?: Options.Get): Promise<GetMessage | false> {
    return this.#request("get from queue", queue, async (channel) => {
      const message = await channel.get(queue, options);
      if (message) this.#origin.set(message, channel);
      return message;
    });
  }

  /**
   * Declares the queue, now and on every channel that replaces this one. Without a name it gets one, which stays: the broker's
   * own could not be declared again.
   */
  async assertQueue(queue: string, options?: Options.AssertQueue): Promise<Replies.AssertQueue> {
    const name = queue === "" ? `brine.gen-${randomUUID()}` : queue;
    const reply = await this.#request("declare queue", name, (channel) => channel.assertQueue(name, options));
    this.#queues.set(name, options);
    return reply;
  }

  /** Deletes the queue, which is not declared again from then on. */
  async deleteQueue(queue: string): Promise<Replies.DeleteQueue> {
    this.#queues.delete(queue);
    return this.#request("delete queue", queue, (channel) => channel.deleteQueue(queue));
  }

  /** Unsettled messages at most, 0: no limit, for consumers that follow, on this channel and those that replace it. */
  async prefetch(count: number, global?: boolean): Promise<void> {
    checkPrefetch(count);
    await this.#request("set the prefetch to", String(count), (channel) => channel.prefetch(count, global));
    this.#prefetch = { count, global };
  }

  /** Takes a message off its queue; with `allUpTo` all before it, too. Does nothing for a message of a channel that is gone: the broker redelivers it. */
  ack(message: Message, allUpTo?: boolean): void {
    this.#channelOf(message)?.ack(message, allUpTo);
  }

  /** Refuses a message: back to its queue unless `requeue` is false. Without effect on one of a channel that was lost: it is back in its queue. */
  nack(message: Message, allUpTo?: boolean, requeue?: boolean): void {
    this.#channelOf(message)?.nack(message, allUpTo, requeue);
  }

  /** As {@link nack}, of one message. */
  reject(message: Message, requeue?: boolean): void {
    this.#channelOf(message)?.reject(message, requeue);
  }

  /** Waits for confirms under way, for the connection's `closeTimeoutMs` at most, then closes for good. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const waited = new AbortController();
    const timeout = pause(this.#connection.closeTimeoutMs, waited.signal);
    if (this.#isReady) await Promise.race([this.#publisher.idle(), timeout]);
    const channel = this.#channel;
    this.#channel = undefined;
    this.#current.reject(closedError());
    // A broker that has stopped answering does not answer to this either.
    const closed = Promise.all([this.#publisher.close(closedError()), channel?.close().catch(() => undefined)]);
    await Promise.race([closed, timeout]);
    waited.abort();
  }

  /** One request on the channel. */
  async #request<T>(action: string, name: string, send: (channel: ConfirmChannel) => PromiseLike<T>): Promise<T> {
    const channel = await this.#current.promise;
    try {
      return await request(action, name, () => send(channel));
    } catch (error) {
      // Options that amqplib could not write: it will answer no other request on this channel, nor settle messages that it brought.
      if ((error as AmqpError).cause instanceof TypeError) {
        this.#onClose(channel, undefined);
        channel.close().catch(() => undefined);
      }
      throw error;
    }
  }

  #channelOf(message: Message): ConfirmChannel | undefined {
    const channel = this.#origin.get(message);
    return channel === this.#channel ? channel : undefined;
  }

  async #openOnce(isAgain = false): Promise<void> {
    const model = await this.#connection.ready();
    const channel = await model.createConfirmChannel().catch((error: unknown) => {
      throw toAmqpError(error, "open a channel");
    });
    let hasClosed = false;
    let reason: Error | undefined;
    channel.on("error", (error) => {
      reason = error;
    });
    channel.on("close", () => {
      hasClosed = true;
      this.#onClose(channel, reason);
    });
    try {
      await this.#makeReady(channel, model);
    } catch (error) {
      if (hasClosed) throw error;
      // The broker closes it over what it refuses, but not over a `setup` that failed by itself; the next attempt opens another.
      channel.close().catch(() => undefined);
      throw isAgain ? setupError(error) : error;
    }
  }

  async #makeReady(channel: ConfirmChannel, model: ChannelModel): Promise<void> {
    await this.#options.setup?.(channel);
    if (this.#prefetch.count > 0) await channel.prefetch(this.#prefetch.count, this.#prefetch.global);
    for (const [queue, options] of this.#queues) await channel.assertQueue(queue, options);
    this.#channel = channel;
    for (const [tag, record] of this.#consumers) await this.#consumeOn(channel, tag, record);
    if (this.#closing.signal.aborted) {
      await channel.close();
      return;
    }
    // What ended before `close` was listened to, or since the last answer, would leave a dead channel behind.
    if ((await this.#connection.ready()) !== model || this.#channel !== channel) throw new Error("Channel closed");
    this.#isReady = true;
    this.#current.resolve(channel);
  }

  async #consumeOn(channel: ConfirmChannel, tag: string, record: ConsumerRecord): Promise<void> {
    const { queue, onMessage, options } = record;
    await channel.consume(
      queue,
      (message) => {
        if (message !== null) this.#origin.set(message, channel);
        else {
          record.isCancelled = true;
          this.#consumers.delete(tag);
        }
        onMessage(message);
      },
      options,
    );
  }

  #onClose(channel: ConfirmChannel, reason: Error | undefined): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    // Lost while `close` waited for confirms: they will not come.
    if (this.#closing.signal.aborted) void this.#publisher.close(closedError());
    // While it is being opened, whoever opens it finds out, and whoever waits for it waits on.
    if (!this.#isReady || this.#closing.signal.aborted) return;
    this.#isReady = false;
    this.#current = deferred();
    this.emit("lost", toAmqpError(reason ?? new Error("Channel closed"), "keep the channel open"));
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    for (let attempt = 1; !this.#closing.signal.aborted; attempt++) {
      try {
        await this.#openOnce(true);
        this.emit("reopen");
        return;
      } catch (error) {
        if (this.#connection.isClosed) {
          this.#current.reject(closedError());
          return;
        }
        const failure = toAmqpError(error, "reopen a channel");
        if (failure.code !== "connection-lost") this.#connection.warn(failure);
        await pause(backOffMs(attempt), this.#closing.signal);
      }
    }
  }
}

function setupError(cause: unknown): AmqpError {
  return new AmqpError(`Cannot set up a channel again: ${reasonOf(cause)}`, { code: "handler-failed", cause });
}
