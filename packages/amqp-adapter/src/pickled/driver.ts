/** What this package needs of a channel, whether it is amqplib's own or one that restores itself. */
import type { Channel, ConfirmChannel, ConsumeMessage, GetMessage, Message, Options, Replies } from "amqplib";
import { RecoveringChannel } from "../connection/recovering-channel.js";
import { checkPrefetch, request } from "../connection/requests.js";
import { AmqpError } from "../errors.js";
import { patchFieldTables } from "../headers/patch-field-tables.js";
import { Publisher } from "../publish/publisher.js";

/** A channel that `pickled` wraps. */
export type AnyChannel = Channel | ConfirmChannel | RecoveringChannel;

export interface Driver {
  /** Resolves with the broker's confirm; on a channel without confirms, when there was room to write the message. */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish,
    signal?: AbortSignal,
  ): Promise<void>;
  consume(
    queue: string,
    onMessage: (message: ConsumeMessage | null) => void,
    options?: Options.Consume,
  ): Promise<Replies.Consume>;
  get(queue: string, options?: Options.Get): Promise<GetMessage | false>;
  cancel(consumerTag: string): Promise<Replies.Cancel>;
  ack(message: Message, allUpTo?: boolean): void;
  nack(message: Message, allUpTo?: boolean, requeue?: boolean): void;
  reject(message: Message, requeue?: boolean): void;
  prefetch(count: number, global?: boolean): Promise<unknown>;
  assertQueue(queue: string, options?: Options.AssertQueue): Promise<Replies.AssertQueue>;
  deleteQueue(queue: string): Promise<unknown>;
  /** Called when the channel is lost: for good, or to be replaced. Replies to its reply queue are lost too. */
  onLost(listener: (error: Error) => void): void;
}

/** @throws {@link AmqpError} `bad-option` when `channel` is of an unknown amqplib, whose headers could end the connection */
export function driverOf(channel: AnyChannel): Driver {
  return channel instanceof RecoveringChannel ? recoveringDriver(channel) : rawDriver(channel);
}

function recoveringDriver(channel: RecoveringChannel): Driver {
  return {
    publish: (...args) => channel.publish(...args),
    consume: (...args) => channel.consume(...args),
    get: (...args) => channel.get(...args),
    cancel: (tag) => channel.cancel(tag),
    ack: (...args) => channel.ack(...args),
    nack: (...args) => channel.nack(...args),
    reject: (...args) => channel.reject(...args),
    prefetch: (...args) => channel.prefetch(...args),
    assertQueue: (...args) => channel.assertQueue(...args),
    deleteQueue: (queue) => channel.deleteQueue(queue),
    onLost: (listener) => void channel.on("lost", listener),
  };
}

function rawDriver(channel: Channel | ConfirmChannel): Driver {
  if (!patchFieldTables(channel)) {
    throw new AmqpError("Cannot read 64-bit headers: the channel is of an unknown version of amqplib", {
      code: "bad-option",
    });
  }
  const publisher = new Publisher({
    open: async () => channel,
    reopens: false,
    confirms: "waitForConfirms" in channel,
  });
  let isOpen = true;
  let reason: Error | undefined;
  channel.on("close", () => {
    isOpen = false;
  });
  channel.on("error", (error: Error) => {
    reason = error;
  });
  // Settling on a closed channel throws in amqplib; the broker has taken the message back already.
  const whenOpen = (settle: () => void) => {
    if (isOpen) settle();
  };
  return {
    publish: (...args) => publisher.publish(...args),
    consume: (queue, ...args) => request("consume from queue", queue, () => channel.consume(queue, ...args)),
    get: (queue, ...args) => request("get from queue", queue, () => channel.get(queue, ...args)),
    cancel: (tag) => request("cancel consumer", tag, () => channel.cancel(tag)),
    ack: (...args) => whenOpen(() => channel.ack(...args)),
    nack: (...args) => whenOpen(() => channel.nack(...args)),
    reject: (...args) => whenOpen(() => channel.reject(...args)),
    async prefetch(count, ...args) {
      checkPrefetch(count);
      return request("set the prefetch to", String(count), () => channel.prefetch(count, ...args));
    },
    assertQueue: (queue, ...args) => request("declare queue", queue, () => channel.assertQueue(queue, ...args)),
    deleteQueue: (queue) => request("delete queue", queue, () => channel.deleteQueue(queue)),
    onLost: (listener) => void channel.on("close", () => listener(reason ?? new Error("Channel closed"))),
  };
}
