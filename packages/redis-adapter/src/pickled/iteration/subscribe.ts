import { extendOptionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../../errors.js";
import { type CommandContext, text } from "../context.js";
import type { RedisLike } from "../driver/client.js";
import { READ_OPTIONS, type ReadOptions } from "../options.js";
import { stoppable } from "./stoppable.js";

/**
 * What happens when more messages wait to be iterated over than may. `"throw"` (default): the subscription ends, and the
 * iteration with error `overflow`, after those that wait. With a function the oldest are dropped, and it is told how many were
 * so far.
 */
export type OnOverflow = "throw" | ((dropped: number) => void);

/** How messages of channels are found and decoded. */
export interface SubscribeOptions<T = unknown> extends ReadOptions<T> {
  /** The names are glob patterns. Default false. */
  readonly pattern?: boolean | undefined;
  /** Messages that may wait to be iterated over. Default 10,000. */
  readonly maxWaiting?: number | undefined;
  /** Bytes of such messages; one message may always wait. Default 64 MiB. */
  readonly maxWaitingBytes?: number | undefined;
  /** What happens when more wait than may. Default `"throw"`. */
  readonly onOverflow?: OnOverflow | undefined;
  /** Ends the iteration. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

export const SUBSCRIBE_OPTIONS = /* @__PURE__ */ extendOptionNames<SubscribeOptions, ReadOptions>(READ_OPTIONS, {
  pattern: true,
  maxWaiting: true,
  maxWaitingBytes: true,
  onOverflow: true,
  signal: true,
});

interface Subscriber {
  subscribe(...channels: string[]): Promise<unknown>;
  psubscribe(...patterns: string[]): Promise<unknown>;
  on(event: string, listener: (...args: Buffer[]) => void): unknown;
  disconnect(): void;
}

interface Message {
  readonly channel: string;
  readonly raw: Buffer;
}

/** Messages that came and were not iterated over yet, within bounds. */
class Inbox {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #onOverflow: OnOverflow;
  #messages: Message[] = [];
  /** Of the first that waits: taking it off the array itself would move all others. */
  #first = 0;
  #bytes = 0;
  #dropped = 0;
  isOver = false;

  constructor({ maxWaiting = 10_000, maxWaitingBytes = 64 * 1024 * 1024, onOverflow = "throw" }: SubscribeOptions) {
    if (!(maxWaiting >= 1) || !(maxWaitingBytes >= 1)) {
      throw new RedisAdapterError("Cannot subscribe: maxWaiting and maxWaitingBytes are at least 1", {
        code: "bad-option",
      });
    }
    this.#maxMessages = maxWaiting;
    this.#maxBytes = maxWaitingBytes;
    this.#onOverflow = onOverflow;
  }

  get #isFull(): boolean {
    const waiting = this.#messages.length - this.#first;
    return waiting > this.#maxMessages || (waiting > 1 && this.#bytes > this.#maxBytes);
  }

  put(message: Message): void {
    if (this.isOver) return;
    this.#messages.push(message);
    this.#bytes += message.raw.length;
    if (!this.#isFull) return;
    if (this.#onOverflow === "throw") {
      this.#messages.pop();
      this.isOver = true;
      return;
    }
    while (this.#isFull) {
      this.take();
      this.#dropped++;
    }
    this.#onOverflow(this.#dropped);
  }

  take(): Message | undefined {
    const message = this.#messages[this.#first];
    if (message === undefined) return undefined;
    this.#first++;
    this.#bytes -= message.raw.length;
    if (this.#first * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }
}

export function subscribe<T>(
  client: RedisLike,
  context: CommandContext,
  channels: readonly string[],
  options: SubscribeOptions<T>,
): AsyncGenerator<{ readonly channel: string; readonly value: T }, void, void> {
  for (const channel of channels) text(channel, "a channel");
  return stoppable(options.signal, (signal) => listen<T>(client, context, channels, options, signal));
}

async function* listen<T>(
  client: RedisLike,
  context: CommandContext,
  channels: readonly string[],
  options: SubscribeOptions<T>,
  signal: AbortSignal,
): AsyncGenerator<{ readonly channel: string; readonly value: T }, void, void> {
  const inbox = new Inbox(options);
  await context.dialect.load?.();
  options.signal?.throwIfAborted();
  const subscriber = client.duplicate() as Subscriber;
  let wake: (() => void) | undefined;
  const take = (channel: Buffer, raw: Buffer) => {
    try {
      inbox.put({ channel: channel.toString(), raw });
    } catch (error) {
      // Of the user's function: it must not stop the driver's parser.
      process.emitWarning(error as Error);
    }
    if (inbox.isOver) subscriber.disconnect();
    wake?.();
  };
  // ioredis reports lost connections here and restores them with their subscriptions.
  subscriber.on("error", () => {});
  subscriber.on("messageBuffer", take);
  subscriber.on("pmessageBuffer", (_pattern, channel, raw) => take(channel!, raw!));
  const abort = () => wake?.();
  signal.addEventListener("abort", abort);
  try {
    await (options.pattern ? subscriber.psubscribe(...channels) : subscriber.subscribe(...channels));
    while (!signal.aborted) {
      const message = inbox.take();
      if (message !== undefined) {
        const { channel, raw } = message;
        const value = (await context.decode(raw, channel, channel, options)) as T;
        // A value that cannot be decoded and is to be passed over.
        if (value !== undefined) yield { channel, value };
      } else if (inbox.isOver) {
        throw new RedisAdapterError("The subscription ended: more messages came than were iterated over", {
          code: "overflow",
        });
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  } finally {
    signal.removeEventListener("abort", abort);
    subscriber.disconnect();
  }
}
