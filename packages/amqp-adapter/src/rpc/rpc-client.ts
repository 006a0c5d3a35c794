/** Calling functions over queues: request with `reply_to` and `correlation_id`, answer to that queue. */
import { randomUUID } from "node:crypto";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { isAmqpError, RpcError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { type PublishValueOptions, REQUEST_OPTIONS } from "../pickled/bodies.js";
import type { PickledChannel } from "../pickled/pickled.js";
import type { PickledMessage, ReceivedMessage } from "../pickled/pickled-message.js";

/** Header of an answer that is an exception; its value is the exception's class. */
export const RPC_ERROR_HEADER = "x-rpc-error";

/** RabbitMQ's pseudo-queue for answers to the channel that asked. */
const DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";

/** How an {@link RpcClient} sends, and where it awaits the answers. */
export interface RpcClientOptions {
  /**
   * `"direct"` (default): RabbitMQ's direct reply-to, which needs no queue; answers under way are lost with the channel.
   * `"queue"`: a queue of its own, which outlives a reconnection by five minutes and is deleted by `close`.
   */
  readonly replyTo?: "direct" | "queue" | undefined;
  /** Milliseconds to wait for an answer. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

export const CLIENT_OPTIONS = /* @__PURE__ */ optionNames<RpcClientOptions>({ replyTo: true, timeoutMs: true });

/** What a single call takes. */
export interface RpcCallOptions extends Omit<PublishValueOptions, "correlationId" | "replyTo"> {
  /** Milliseconds to wait for the answer. Default: the client's. */
  readonly timeoutMs?: number | undefined;
}

const CALL_OPTIONS = /* @__PURE__ */ extendOptionNames<RpcCallOptions, Omit<RpcCallOptions, "timeoutMs">>(
  REQUEST_OPTIONS,
  { timeoutMs: true },
  {
    instead: [
      ["replyTo", "the client has it"],
      ["correlationId", "the client has it"],
    ],
  },
);

interface Call {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Calls servers, in Python or Node, that answer to `reply_to` with the request's `correlation_id`. Any number of calls may be
 * under way on one client.
 *
 * @example
 * const connection = await connect("amqp://localhost");
 * const client = new RpcClient(pickled(await connection.createChannel()));
 * const sum = await client.call<number>("add", [2, 3], { timeoutMs: 5_000 });
 */
export class RpcClient {
  readonly #channel: PickledChannel;
  readonly #options: RpcClientOptions;
  readonly #calls = new Map<string, Call>();
  readonly #consumerTag = `brine-rpc-${randomUUID()}`;
  readonly #onLost = (error: Error) => this.#rejectLost(error);
  #replyTo: Promise<string> | undefined;

  /**
   * @param channel - sends requests and gets answers; it stays yours. A confirm channel knows at once that there is no such queue
   * @throws {@link AmqpError} `bad-option` for an option that there is not
   */
  constructor(channel: PickledChannel, options: RpcClientOptions = {}) {
    checkNames(options, CLIENT_OPTIONS, "options of RpcClient");
    this.#channel = channel;
    this.#options = options;
  }

  /** How many calls have no answer so far. */
  get pending(): number {
    return this.#calls.size;
  }

  /**
   * Sends `value` to a queue, or to an exchange, and resolves to the answer. The request expires in the queue when its time is up;
   * one that is given up while there is no connection is not sent any more.
   *
   * @throws {@link RpcError} `"timeout"`; `"remote-error"` with `remote`, what the server's handler threw; `"connection-lost"`;
   * `"consumer-cancelled"` when the queue for answers was deleted
   * @throws {@link PublishError} `"returned"` at once when there is no such queue, on a confirm channel
   * @throws the signal's reason when aborted; the decoder's error for an answer that cannot be decoded
   */
  call<T = unknown>(
    to: string | { readonly exchange: string; readonly routingKey: string },
    value: unknown,
    options: RpcCallOptions = {},
  ): Promise<T> {
    const { timeoutMs = this.#options.timeoutMs ?? 30_000, signal, ...publish } = options;
    const address = typeof to === "string" ? { exchange: "", routingKey: to } : to;
    const correlationId = randomUUID();
    const over = new AbortController();
    return new Promise<T>((resolve, reject) => {
      checkNames(options, CALL_OPTIONS, "options of call()");
      const finish = () => {
        over.abort();
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#calls.delete(correlationId);
      };
      const fail = (error: unknown) => {
        finish();
        reject(error);
      };
      const onAbort = () => fail(signal?.reason);
      const timer = setTimeout(() => {
        fail(new RpcError(`No answer from ${address.routingKey} in ${timeoutMs} ms`, { code: "timeout" }));
      }, timeoutMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal?.aborted) return onAbort();
      this.#calls.set(correlationId, {
        resolve: (answer) => {
          finish();
          resolve(answer as T);
        },
        reject: fail,
      });
      const expiration = String(Math.max(1, Math.ceil(timeoutMs)));
      const send = async (replyTo: string) => {
        if (over.signal.aborted) return;
        const defaults = { expiration, deliveryMode: 1, mandatory: true };
        const request = { ...defaults, ...publish, correlationId, replyTo, signal: over.signal };
        await this.#channel.publish(address.exchange, address.routingKey, value, request);
      };
      this.#start().then(send).catch(fail);
    });
  }

  /** Stops listening for answers; calls under way are rejected. The channel stays open. */
  async close(): Promise<void> {
    this.#rejectAll(new RpcError("Client closed", { code: "closed" }));
    const listening = this.#replyTo;
    if (listening === undefined) return;
    this.#forgetReplyTo();
    await this.#channel.cancel(this.#consumerTag).catch(() => undefined);
    // Not waited for: without a connection that could take long, and the queue goes by itself in the end.
    listening
      .then(async (replyTo) => {
        if (replyTo !== DIRECT_REPLY_TO) await this.#channel.deleteQueue(replyTo);
      })
      .catch(() => undefined);
  }

  #forgetReplyTo(): void {
    this.#replyTo = undefined;
    this.#channel.off("lost", this.#onLost);
  }

  /** Begins to listen for answers. Fails as often as it is tried while the channel cannot do it. */
  #start(): Promise<string> {
    if (this.#replyTo === undefined) {
      this.#channel.on("lost", this.#onLost);
      this.#replyTo = this.#listen().catch((error) => {
        this.#forgetReplyTo();
        throw isAmqpError(error) && error.code === "connection-lost" ? lostError(error) : error;
      });
    }
    return this.#replyTo;
  }

  async #listen(): Promise<string> {
    const isOwn = this.#options.replyTo === "queue";
    const queue = isOwn ? `brine.rpc-${randomUUID()}` : DIRECT_REPLY_TO;
    // Neither exclusive nor auto-delete: either would take it away with the connection.
    if (isOwn) await this.#channel.assertQueue(queue, { durable: true, expires: 300_000 });
    await this.#channel.consume(queue, (message) => this.#onAnswer(message), {
      // Answers on a connection that breaks are delivered again, unless they were acknowledged; direct reply-to does not allow it.
      noAck: !isOwn,
      autoAck: isOwn,
      consumerTag: this.#consumerTag,
      onCancel: () => this.#onCancel(queue),
      onDecodeError: (message, error) => this.#take(message)?.reject(error),
    });
    return queue;
  }

  /** The next call declares another queue. */
  #onCancel(queue: string): void {
    this.#forgetReplyTo();
    const message = `The broker cancelled the consumer of queue ${queue}, and with it the answer`;
    this.#rejectAll(new RpcError(message, { code: "consumer-cancelled" }));
  }

  /** The call that `message` answers. None for an answer that came too late or twice. */
  #take(message: ReceivedMessage): Call | undefined {
    return message.correlationId === undefined ? undefined : this.#calls.get(message.correlationId);
  }

  #onAnswer(message: PickledMessage): void {
    const call = this.#take(message);
    if (call === undefined) return;
    const { [RPC_ERROR_HEADER]: exception } = message.headers;
    if (exception === undefined) {
      call.resolve(message.value);
      return;
    }
    const remote = message.value;
    const text = remote instanceof Error ? remote.message : JSON.stringify(describeRemote(remote));
    const cause = remote instanceof Error ? remote : undefined;
    call.reject(new RpcError(`Remote ${String(exception)}: ${text}`, { code: "remote-error", remote, cause }));
  }

  #rejectLost(error: Error): void {
    if (this.#options.replyTo === "queue") return;
    this.#rejectAll(lostError(error));
  }

  #rejectAll(error: RpcError): void {
    for (const call of [...this.#calls.values()]) call.reject(error);
  }
}

function lostError(cause: Error): RpcError {
  return new RpcError("The channel was lost, and with it the answer", { code: "connection-lost", cause });
}

/** The arguments of an exception in Celery's JSON form, or the value as it is. */
function describeRemote(remote: unknown): unknown {
  if (typeof remote === "object" && remote !== null && Object.hasOwn(remote, "exc_message")) {
    return (remote as { exc_message: unknown }).exc_message;
  }
  return remote;
}
