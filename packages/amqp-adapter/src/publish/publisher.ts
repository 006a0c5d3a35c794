/** Publishing on a channel, which may be replaced when it closes, with every message accounted for. */
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "@brine/codec/errors";
import type { Channel, ConfirmChannel, Message, Options } from "amqplib";
import { endOf } from "../connection/connection-ends.js";
import { type AmqpError, PublishError, replyCodeOf, toAmqpError } from "../errors.js";
import { FrameWriter } from "./publish-frames.js";

/** Between attempts to open a channel, so that a connection about to end is not asked in a tight loop. */
const RETRY_MS = 20;

/**
 * Replies with which a broker ends a whole connection over something sent on it: a frame that is too large (501), of a wrong form or
 * out of place (502, 503, 505), beyond the broker's means (506), or nothing it can do (540).
 */
const REFUSALS: ReadonlySet<number | undefined> = new Set([501, 502, 503, 505, 506, 540]);

/** One message, from `publish` to the broker's answer. */
interface Entry {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
  readonly settle: (error?: unknown) => void;
  returned: AmqpError | undefined;
}

export interface PublisherOptions {
  /** A channel to publish on: the first, or a new one after the last closed. Waits while there is no connection. */
  readonly open: () => Promise<Channel>;
  /** Whether `open` may be called again. If not, everything fails once the channel has closed. */
  readonly reopens: boolean;
  /** Whether the channels are confirm channels. Without confirms a message counts as sent when there was room to write it. */
  readonly confirms: boolean;
  /**
   * What happens to messages that the broker had not confirmed when the connection was lost. `"resend"` (default): sent again
   * on the next one, so that none is lost and some may arrive twice. `"reject"`: `publish` rejects with code `"unconfirmed"`.
   */
  readonly unconfirmed?: "resend" | "reject" | undefined;
  /** Whether nothing but publishes is sent on these channels, so that those of one turn may be written at its end. Default false. */
  readonly ownsChannel?: boolean | undefined;
}

/**
 * Sends in the order given. A message waits for the connection, for room in amqplib's write buffer, and then for the confirm.
 *
 * A broker that refuses a publish (404 for an unknown exchange, 406 for a bad property) closes the whole channel, or over
 * what it calls a syntax error the connection, without saying which message it was about. The reply to a 404 names the exchange, so exactly the messages for it fail. Otherwise what
 * was unconfirmed is sent again one by one until the culprit shows itself.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #queue: Entry[] = [];
  /** Sent and not answered, oldest first. */
  readonly #inFlight = new Set<Entry>();
  #idle: (() => void)[] = [];
  #channel: Channel | undefined;
  #frames: FrameWriter | undefined;
  /** Sent without confirms while the write buffer was full. */
  readonly #buffered: Entry[] = [];
  #opening = false;
  #isFull = false;
  /** Messages still to be sent one at a time, to find the one that the broker refuses. */
  #suspects = 0;
  #closed: Error | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Messages not answered yet. */
  get size(): number {
    return this.#queue.length + this.#inFlight.size;
  }

  /**
   * Resolves when the broker has confirmed the message.
   *
   * @throws {@link PublishError} when it refused or returned the message, or the connection ended; the signal's reason when
   * aborted, in which case the message may have been sent
   */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish,
    signal?: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => this.#forget(entry, signal?.reason);
      const settle = (error?: unknown) => {
        signal?.removeEventListener("abort", onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const entry: Entry = { exchange, routingKey, content, options, settle, returned: undefined };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(entry);
      this.#pump();
    });
  }

  /** Resolves when nothing is waiting for an answer. */
  idle(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Ends the channel; what is unanswered is rejected. */
  async close(error: Error): Promise<void> {
    this.#closed = error;
    const channel = this.#channel;
    this.#channel = undefined;
    for (const entry of [...this.#queue.splice(0), ...this.#inFlight]) entry.settle(error);
    this.#inFlight.clear();
    this.#notifyIdle();
    // Without confirms what counts as sent may be in there still.
    this.#frames?.flush();
    await channel?.close().catch(() => undefined);
  }

  #pump(): void {
    if (this.#queue.length === 0 || this.#opening || this.#isFull) return;
    if (this.#channel === undefined) {
      this.#open();
      return;
    }
    let sent = 0;
    while (sent < this.#queue.length && !this.#isFull && this.#channel !== undefined) {
      if (this.#suspects > 0 && this.#inFlight.size > 0) break;
      this.#send(this.#channel, this.#queue[sent++] as Entry);
    }
    this.#queue.splice(0, sent);
    this.#notifyIdle();
  }

  #open(): void {
    this.#opening = true;
    this.#openChannel()
      .catch(async (error: unknown) => {
        if (this.#closed !== undefined) return;
        // A failed setup, or a connection that cannot be had at all: nothing that waits can be sent.
        const failure = toAmqpError(error, "open a channel to publish");
        if (failure.code === "connection-lost") return sleep(RETRY_MS);
        for (const entry of this.#queue.splice(0)) entry.settle(failure);
      })
      .finally(() => {
        this.#opening = false;
        this.#notifyIdle();
        this.#pump();
      });
  }

  async #openChannel(): Promise<void> {
    const channel = await this.#options.open();
    if (this.#closed !== undefined) return;
    let reason: unknown;
    channel.on("error", (error) => {
      reason = error;
    });
    channel.on("close", () => this.#onClose(channel, reason ?? endOf(channel)));
    channel.on("return", (message) => this.#onReturn(message));
    channel.on("drain", () => this.#onDrain(channel));
    this.#isFull = false;
    this.#channel = channel;
    this.#frames = FrameWriter.on(channel, this.#options.ownsChannel ?? false);
  }

  #send(channel: Channel, entry: Entry): void {
    this.#inFlight.add(entry);
    if (this.#suspects > 0) this.#suspects--;
    const { exchange, routingKey, content, options } = entry;
    const { confirms } = this.#options;
    try {
      const onConfirm = confirms ? (error: unknown) => this.#onConfirm(channel, entry, error) : undefined;
      const hasRoom =
        this.#frames?.publish(exchange, routingKey, content, options, onConfirm) ??
        (channel as ConfirmChannel).publish(exchange, routingKey, content, options, onConfirm);
      this.#isFull = !hasRoom;
      if (confirms) return;
      if (this.#isFull) this.#buffered.push(entry);
      else this.#settle(entry);
    } catch (error) {
      // amqplib encodes before it writes: nothing was sent. A property of the wrong type, headers above 64 KiB, or a channel
      // that is closed and has said so, or is about to.
      const text = reasonOf(error);
      const isClosed = (error as Error).name === "IllegalOperationError";
      if (isClosed && this.#options.reopens) {
        // Should `close` have been emitted before anybody listened, it will not be emitted again.
        setImmediate(() => this.#onClose(channel, undefined));
        return;
      }
      const code = isClosed ? "closed" : "bad-option";
      this.#settle(entry, new PublishError(`Cannot publish: ${text}`, { code, cause: error }));
    }
  }

  #settle(entry: Entry, error?: unknown): void {
    if (!this.#inFlight.delete(entry)) return;
    entry.settle(error);
  }

  #onDrain(channel: Channel): void {
    if (this.#channel !== channel) return;
    this.#isFull = false;
    this.#frames?.drained();
    for (const entry of this.#buffered.splice(0)) this.#settle(entry);
    this.#notifyIdle();
    this.#pump();
  }

  #onConfirm(channel: Channel, entry: Entry, error: unknown): void {
    if (!error) {
      this.#settle(entry, entry.returned);
      this.#notifyIdle();
      this.#pump();
      return;
    }
    // amqplib calls back for refused messages and, when the channel closes, for all others, before it emits `close`. After
    // that event the entry is either queued again or gone from this channel.
    queueMicrotask(() => {
      if (this.#channel !== channel || !this.#inFlight.delete(entry)) return;
      entry.settle(
        new PublishError("Cannot publish: the broker refused the message", { code: "nacked", cause: error }),
      );
      this.#notifyIdle();
      this.#pump();
    });
  }

  /**
   * RabbitMQ returns a message before it confirms it, in the order published, without the delivery tag. So it is the oldest
   * one in flight that is the same; should two be the same in every respect, it does not matter which.
   */
  #onReturn({ fields, properties, content }: Message): void {
    for (const entry of this.#inFlight) {
      const { options } = entry;
      if (
        options.mandatory &&
        entry.returned === undefined &&
        entry.exchange === fields.exchange &&
        entry.routingKey === fields.routingKey &&
        options.correlationId === properties.correlationId &&
        options.messageId === properties.messageId &&
        entry.content.equals(content)
      ) {
        const where = `exchange ${JSON.stringify(entry.exchange)} with key ${JSON.stringify(entry.routingKey)}`;
        entry.returned = new PublishError(`Cannot publish: no queue takes the message from ${where}`, {
          code: "returned",
          replyCode: 312,
        });
        return;
      }
    }
  }

  #onClose(channel: Channel, reason: unknown): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#isFull = false;
    this.#buffered.length = 0;
    const entries = [...this.#inFlight];
    this.#inFlight.clear();
    if (!this.#options.reopens) {
      this.#fail(entries, reason);
      return;
    }
    const isRefusal =
      replyCodeOf(reason) !== undefined && (reason !== endOf(channel) || REFUSALS.has(replyCodeOf(reason)));
    const again = isRefusal ? this.#afterRefusal(entries, reason) : this.#afterLoss(entries);
    this.#queue = again.concat(this.#queue);
    this.#notifyIdle();
    this.#pump();
  }

  /** The channel is gone for good. */
  #fail(entries: readonly Entry[], reason: unknown): void {
    const cause = reason ?? new Error("the channel closed");
    this.#closed = new PublishError(`Cannot publish: ${(cause as Error).message}`, { code: "closed", cause });
    for (const entry of entries)
      entry.settle(this.#explain(entry, entries, reason) ?? unconfirmedError(cause as Error));
    for (const entry of this.#queue.splice(0)) entry.settle(this.#closed);
    this.#notifyIdle();
  }

  #afterLoss(entries: Entry[]): Entry[] {
    if (this.#options.unconfirmed !== "reject") return entries;
    for (const entry of entries) entry.settle(unconfirmedError());
    return [];
  }

  #afterRefusal(entries: readonly Entry[], reason: unknown): Entry[] {
    const again: Entry[] = [];
    for (const entry of entries) {
      const error = this.#explain(entry, entries, reason);
      if (error === undefined) again.push(entry);
      else entry.settle(error);
    }
    // Nobody was found guilty: from here on one at a time.
    if (again.length === entries.length) this.#suspects = again.length;
    return again;
  }

  /** The error of `entry`, if the broker closed the channel because of it and not of another of `entries`. */
  #explain(entry: Entry, entries: readonly Entry[], reason: unknown): PublishError | undefined {
    if (replyCodeOf(reason) === undefined) return undefined;
    const { message, code, replyCode } = toAmqpError(reason, "publish");
    const exchange = /no exchange '(.*)' in vhost/.exec(message)?.[1];
    const isGuilty = exchange === undefined ? entries.length === 1 : entry.exchange === exchange;
    return isGuilty ? new PublishError(message, { code, replyCode, cause: reason }) : undefined;
  }

  #forget(entry: Entry, reason: unknown): void {
    const index = this.#queue.indexOf(entry);
    if (index >= 0) this.#queue.splice(index, 1);
    else if (!this.#inFlight.delete(entry)) return;
    entry.settle(reason);
    this.#notifyIdle();
  }

  #notifyIdle(): void {
    if (this.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** @param cause - why the channel closed, if it was not the connection that was lost */
function unconfirmedError(cause?: Error): PublishError {
  const lost =
    cause === undefined ? "the connection was lost before its confirm" : `no confirm came (${cause.message})`;
  return new PublishError(`Cannot tell whether the message arrived: ${lost}. Send it again if it may arrive twice`, {
    code: "unconfirmed",
    cause,
  });
}
