/** Answering calls over queues. */
import { reasonOf } from "@brine/codec/errors";
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../option-names.js";
import type { PublishValueOptions } from "../pickled/bodies.js";
import type { PickledChannel } from "../pickled/pickled.js";
import type { PickledMessage, ReceivedMessage } from "../pickled/pickled-message.js";
import { RPC_ERROR_HEADER } from "./rpc-client.js";

/** How an {@link RpcServer} consumes and answers. */
export interface RpcServerOptions {
  /** Calls handled at once; 0: no limit. Default 1. Set on the channel, for this consumer. */
  readonly prefetch?: number | undefined;
  /** The broker cancelled the consumer: the queue was deleted or moved. Default: the process is warned. */
  readonly onCancel?: (() => void) | undefined;
  /** Format of the answers. Default: that of the request, else the channel's. */
  readonly serializer?: string | undefined;
}

const SERVER_OPTIONS = /* @__PURE__ */ optionNames<RpcServerOptions>({
  prefetch: true,
  onCancel: true,
  serializer: true,
});

/** Gets the value that was sent, and the message around it; what it returns, or resolves to, is the answer. */
export type RpcHandler<T = unknown> = (value: T, message: PickledMessage<T>) => unknown;

/**
 * Answers the calls that arrive in a queue, from Python or Node. A request is acknowledged once its answer is on its way; one
 * without `reply_to` once it is handled.
 *
 * What the handler throws is the answer too, with header `x-rpc-error`: pickled as an exception, or in other formats as Celery
 * writes exceptions in JSON, `{ exc_type, exc_message, exc_module }`. So is what is wrong with an answer that cannot be encoded, and
 * with a request that cannot be decoded, which the channel's `onDecodeError` is followed for, too. Where nobody waits for an answer the
 * channel's `onHandlerError` is followed: refused without requeueing by default, so that a dead-letter exchange gets it.
 *
 * @example
 * const connection = await connect("amqp://localhost");
 * const channel = pickled(await connection.createChannel());
 * await channel.assertQueue("add");
 * const server = await serveRpc<[number, number]>(channel, "add", ([a, b]) => a + b);
 */
export class RpcServer {
  /** The name of the queue in which calls arrive. */
  readonly queue: string;
  readonly #channel: PickledChannel;
  readonly #handler: RpcHandler;
  readonly #options: RpcServerOptions;
  readonly #running = new Set<Promise<void>>();
  #consumerTag: string | undefined;

  /** Answers nothing before {@link start}; {@link serveRpc} does both. */
  constructor(channel: PickledChannel, queue: string, handler: RpcHandler, options: RpcServerOptions = {}) {
    checkNames(options, SERVER_OPTIONS, "options of serveRpc()");
    this.queue = queue;
    this.#channel = channel;
    this.#handler = handler;
    this.#options = options;
  }

  /**
   * Begins to answer. The queue must exist.
   *
   * @throws what the channel rejects with, such as a {@link ChannelError} `not-found`
   */
  async start(): Promise<this> {
    await this.#channel.prefetch(this.#options.prefetch ?? 1);
    const { consumerTag } = await this.#channel.consume(this.queue, (message) => this.#run(this.#answer(message)), {
      onCancel: this.#options.onCancel,
      onUndecodable: (message, error) => this.#run(this.#reply(message, { error })),
    });
    this.#consumerTag = consumerTag;
    return this;
  }

  #run(answering: Promise<void>): Promise<void> {
    this.#running.add(answering);
    const forget = () => void this.#running.delete(answering);
    answering.then(forget, forget);
    return answering;
  }

  /** Takes no more calls, and waits for those under way. The channel stays open. */
  async close(): Promise<void> {
    const tag = this.#consumerTag;
    this.#consumerTag = undefined;
    if (tag !== undefined) await this.#channel.cancel(tag).catch(() => undefined);
    await Promise.allSettled([...this.#running]);
  }

  async #answer(message: PickledMessage): Promise<void> {
    let outcome: { readonly value: unknown } | { readonly error: unknown };
    try {
      outcome = { value: await this.#handler(message.value, message) };
    } catch (error) {
      if (!message.replyTo) throw error;
      outcome = { error };
    }
    await this.#reply(message, outcome);
    message.ack();
  }

  async #reply(
    message: ReceivedMessage,
    outcome: { readonly value: unknown } | { readonly error: unknown },
  ): Promise<void> {
    const { replyTo } = message;
    if (!replyTo) return;
    const serializer = this.#options.serializer ?? this.#channel.formatOf(message);
    const { correlationId } = message;
    const options: PublishValueOptions = { ...(correlationId && { correlationId }), deliveryMode: 1, serializer };
    try {
      if ("value" in outcome) {
        await this.#channel.sendToQueue(replyTo, outcome.value, options);
        return;
      }
    } catch (error) {
      // An answer without a form in the format; anything else will fail again below.
      outcome = { error };
    }
    await this.#replyError(replyTo, "error" in outcome ? outcome.error : undefined, options);
  }

  async #replyError(replyTo: string, error: unknown, options: PublishValueOptions): Promise<void> {
    const name = error instanceof Error ? error.name : typeof error;
    const headers = { [RPC_ERROR_HEADER]: name };
    const text = reasonOf(error);
    const described = { exc_type: name, exc_message: [text], exc_module: "builtins" };
    const isPickle = options.serializer === undefined || options.serializer === "pickle";
    try {
      await this.#channel.sendToQueue(replyTo, isPickle && error instanceof Error ? error : described, {
        ...options,
        headers,
      });
    } catch {
      // An exception whose class or attributes cannot be written.
      await this.#channel.sendToQueue(replyTo, described, { ...options, headers });
    }
  }
}

/**
 * Makes an {@link RpcServer} and starts it.
 *
 * @throws {@link AmqpError} `bad-option` for an option that there is not; as {@link RpcServer.start}
 */
export function serveRpc<T = unknown>(
  channel: PickledChannel,
  queue: string,
  handler: RpcHandler<T>,
  options: RpcServerOptions = {},
): Promise<RpcServer> {
  return new RpcServer(channel, queue, handler as RpcHandler, options).start();
}
