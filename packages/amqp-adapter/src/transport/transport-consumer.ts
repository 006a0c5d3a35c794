/** Consuming from several queues, through reconnections, cancellations by the broker and channels it closes. */
import { randomUUID } from "node:crypto";
import type { ConsumeOptions, Consumer, Delivery, Queue } from "@brine/codec/kombu";
import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { type BackOffOptions, backOffMs, pause } from "../connection/back-off.js";
import { AmqpError, ChannelError, toAmqpError } from "../errors.js";
import { Deliveries } from "./deliveries.js";
import { Serial } from "./serial.js";

/** What a consumer needs of the transport it belongs to. */
export interface ConsumerHost {
  readonly connection: () => Promise<ChannelModel>;
  /** Rejects when the queue does not exist, at no cost to any channel that consumes. */
  readonly checkQueue: (name: string) => Promise<unknown>;
  /** Declares the queue again, if it was declared through this transport. */
  readonly redeclareQueue: (name: string) => Promise<void>;
  /** Whether the queue refuses `basic.qos` with `global=true`: quorum queues and streams do. */
  readonly refusesGlobalQos: (queue: Queue) => boolean;
  readonly warn: (error: Error) => void;
  readonly backOff: BackOffOptions | undefined;
  /** The consumer is cancelled and all it delivered is settled. */
  readonly onDone: (consumer: TransportConsumer) => void;
}

/** `basic.qos` has 16 bits for it. */
const MAX_PREFETCH = 0xffff;

/**
 * Classic queues share one prefetch, as in a Celery worker: one channel with `basic.qos(global=true)`, adjustable while
 * running. Quorum queues refuse that with a 540, which ends the whole connection, so they get a second channel where each
 * has a prefetch of its own; there a new value counts for queues added later.
 */
export class TransportConsumer implements Consumer {
  readonly #host: ConsumerHost;
  readonly #shared: ConsumerChannel;
  readonly #perQueue: ConsumerChannel;

  constructor(host: ConsumerHost, onMessage: (delivery: Delivery) => void, options: ConsumeOptions) {
    this.#host = host;
    const onDone = () => {
      if (this.#shared.isDone && this.#perQueue.isDone) host.onDone(this);
    };
    this.#shared = new ConsumerChannel(host, onMessage, options, true, onDone);
    this.#perQueue = new ConsumerChannel(host, onMessage, options, false, onDone);
  }

  async addQueue(queue: Queue): Promise<void> {
    await this.#channelFor(queue).addQueue(queue);
  }

  async cancelQueue(name: string): Promise<void> {
    await Promise.all([this.#shared.cancelQueue(name), this.#perQueue.cancelQueue(name)]);
  }

  async setPrefetch(count: number): Promise<void> {
    await Promise.all([this.#shared.setPrefetch(count), this.#perQueue.setPrefetch(count)]);
  }

  async cancel(): Promise<void> {
    await Promise.all([this.#shared.cancel(), this.#perQueue.cancel()]);
  }

  /** Consumes again on a new connection. */
  async restore(model: ChannelModel): Promise<void> {
    for (const queue of this.#shared.takeQueues((queue) => this.#host.refusesGlobalQos(queue))) {
      this.#perQueue.adoptQueue(queue);
    }
    await this.#shared.restore(model);
    await this.#perQueue.restore(model);
  }

  /** Ends at once; what is unsettled goes back to its queue. */
  async close(): Promise<void> {
    await Promise.all([this.#shared.close(), this.#perQueue.close()]);
  }

  #channelFor(queue: Queue): ConsumerChannel {
    return this.#host.refusesGlobalQos(queue) ? this.#perQueue : this.#shared;
  }
}

/** One channel and the queues consumed on it. */
class ConsumerChannel {
  readonly #host: ConsumerHost;
  readonly #onMessage: (delivery: Delivery) => void;
  readonly #options: ConsumeOptions;
  readonly #isGlobal: boolean;
  readonly #onDone: () => void;
  readonly #serial = new Serial();
  readonly #ended = new AbortController();
  /** By name; the consumer tag while it is consumed, or was asked for. */
  readonly #queues = new Map<string, { readonly queue: Queue; tag: string | undefined }>();
  #prefetch: number;
  /** What the open channel was told last. */
  #toldPrefetch: number | undefined;
  #open: { readonly channel: Channel; readonly deliveries: Deliveries } | undefined;
  #recovering = false;

  constructor(
    host: ConsumerHost,
    onMessage: (delivery: Delivery) => void,
    options: ConsumeOptions,
    isGlobal: boolean,
    onDone: () => void,
  ) {
    this.#host = host;
    this.#onMessage = onMessage;
    this.#options = options;
    this.#prefetch = options.prefetch ?? 0;
    this.#isGlobal = isGlobal;
    this.#onDone = onDone;
  }

  get isDone(): boolean {
    return this.#ended.signal.aborted && (this.#open === undefined || this.#open.deliveries.unsettled === 0);
  }

  async addQueue(queue: Queue): Promise<void> {
    if (this.#queues.has(queue.name)) return;
    if (this.#ended.signal.aborted) throw cancelledError();
    // `basic.consume` of a queue that is not there would close the channel, and with it the other queues' consumers.
    await this.#host.checkQueue(queue.name);
    // Asked for outside of the serial jobs: on a new connection `restore` is one of them, and comes before `connection` resolves.
    const model = await this.#host.connection();
    await this.#serial.run(async () => {
      if (this.#ended.signal.aborted) throw cancelledError();
      this.adoptQueue(queue);
      try {
        await this.#consumeAll(model);
      } catch (error) {
        const failure = toAmqpError(error, `consume from queue ${queue.name}`);
        if (failure.code === "connection-lost") {
          this.#recover();
          return;
        }
        this.#queues.delete(queue.name);
        throw failure;
      }
    });
  }

  cancelQueue(name: string): Promise<void> {
    return this.#serial.run(async () => {
      const entry = this.#queues.get(name);
      if (entry === undefined) return;
      this.#queues.delete(name);
      if (entry.tag !== undefined) await this.#open?.channel.cancel(entry.tag).catch(() => undefined);
    });
  }

  /** A worker may ask for another with each message: of those that wait for their turn, only the last is told. */
  setPrefetch(count: number): Promise<void> {
    this.#prefetch = count;
    return this.#serial.run(async () => {
      if (this.#open !== undefined) await this.#tellPrefetch(this.#open.channel).catch(() => undefined);
    });
  }

  /** `basic.qos` counts to 65,535; more than that is no limit, as in kombu. */
  async #tellPrefetch(channel: Channel): Promise<void> {
    const count = this.#prefetch > MAX_PREFETCH ? 0 : this.#prefetch;
    if (count === this.#toldPrefetch) return;
    this.#toldPrefetch = count;
    await channel.prefetch(count, this.#isGlobal);
  }

  async cancel(): Promise<void> {
    this.#ended.abort();
    for (const name of [...this.#queues.keys()]) await this.cancelQueue(name);
    await this.#closeIfDone();
  }

  async close(): Promise<void> {
    this.#ended.abort();
    this.#queues.clear();
    const open = this.#open;
    this.#open = undefined;
    await open?.channel.close().catch(() => undefined);
  }

  /** Gives up the queues that `moves` says belong elsewhere. */
  takeQueues(moves: (queue: Queue) => boolean): Queue[] {
    const taken = [...this.#queues.values()].map(({ queue }) => queue).filter(moves);
    for (const queue of taken) this.#queues.delete(queue.name);
    return taken;
  }

  adoptQueue(queue: Queue): void {
    this.#queues.set(queue.name, { queue, tag: undefined });
  }

  restore(model: ChannelModel): Promise<void> {
    return this.#serial.run(async () => {
      if (this.#queues.size === 0) return;
      try {
        await this.#consumeAll(model);
      } catch (error) {
        const failure = toAmqpError(error, "resume consuming");
        if (failure.code === "connection-lost") throw failure;
        this.#host.warn(failure);
        this.#recover();
      }
    });
  }

  /** Opens the channel if it is not, and consumes from every queue that is not consumed. */
  async #consumeAll(model: ChannelModel): Promise<void> {
    const { channel, deliveries } = this.#open ?? (await this.#openChannel(model));
    const { noAck = false, exclusive = false } = this.#options;
    for (const entry of this.#queues.values()) {
      if (entry.tag !== undefined) continue;
      const { name } = entry.queue;
      // Chosen here: the first messages, and that the broker has cancelled it again, may come before amqplib's promise says
      // what the broker chose.
      const consumerTag = `brine-${randomUUID()}`;
      entry.tag = consumerTag;
      try {
        await channel.consume(
          name,
          (message) => {
            if (message === null) this.#onCancelled(name, consumerTag);
            else this.#deliver(deliveries, message, name, noAck);
          },
          { noAck, exclusive, consumerTag },
        );
      } catch (error) {
        if (entry.tag === consumerTag) entry.tag = undefined;
        throw error;
      }
    }
  }

  async #openChannel(model: ChannelModel): Promise<{ channel: Channel; deliveries: Deliveries }> {
    const channel = await model.createChannel();
    let reason: Error | undefined;
    channel.on("error", (error) => {
      reason = error;
    });
    const deliveries = new Deliveries(channel, () => void this.#closeIfDone());
    const open = { channel, deliveries };
    channel.on("close", () => this.#onClose(open, reason));
    this.#toldPrefetch = undefined;
    await this.#tellPrefetch(channel);
    this.#open = open;
    return open;
  }

  #deliver(deliveries: Deliveries, message: ConsumeMessage, queue: string, noAck: boolean): void {
    // An exception here would end the connection: amqplib calls this from its receive loop.
    let delivery: Delivery;
    try {
      delivery = deliveries.make(message, queue, noAck);
    } catch (error) {
      this.#host.warn(error as Error);
      if (!noAck) deliveries.discard(message);
      return;
    }
    try {
      this.#onMessage(delivery);
    } catch (error) {
      this.#host.warn(
        new AmqpError("Cannot handle a message: the callback threw", { code: "handler-failed", cause: error }),
      );
      void delivery.reject({ requeue: false });
    }
  }

  #onCancelled(name: string, tag: string): void {
    const entry = this.#queues.get(name);
    if (entry?.tag !== tag) return;
    entry.tag = undefined;
    this.#host.warn(
      new ChannelError(`The broker cancelled the consumer of queue ${name}: it was deleted or moved`, {
        code: "consumer-cancelled",
      }),
    );
    this.#recover();
  }

  #onClose(open: { readonly channel: Channel }, reason: Error | undefined): void {
    if (this.#open?.channel !== open.channel) return;
    this.#open = undefined;
    for (const entry of this.#queues.values()) entry.tag = undefined;
    if (this.#ended.signal.aborted) {
      this.#onDone();
      return;
    }
    // Without a reason of its own the channel went with the connection, and `restore` will be called.
    if (reason === undefined || this.#queues.size === 0) return;
    this.#host.warn(toAmqpError(reason, "go on consuming"));
    this.#recover();
  }

  /** Declares and consumes again what is not consumed, until it works or the consumer is cancelled. */
  #recover(): void {
    if (this.#recovering) return;
    this.#recovering = true;
    void this.#recoverLoop();
  }

  async #recoverLoop(): Promise<void> {
    for (let attempt = 1; !this.#ended.signal.aborted; attempt++) {
      await pause(backOffMs(attempt, this.#host.backOff), this.#ended.signal);
      try {
        const model = await this.#host.connection();
        for (const [name, { tag }] of this.#queues) {
          if (tag !== undefined) continue;
          await this.#host.redeclareQueue(name);
          // As in `addQueue`: a queue that is not there must not take the others' channel along.
          await this.#host.checkQueue(name);
        }
        await this.#serial.run(() => (this.#ended.signal.aborted ? Promise.resolve() : this.#consumeAll(model)));
        // What was cancelled meanwhile did not begin another loop.
        if ([...this.#queues.values()].every(({ tag }) => tag !== undefined)) break;
      } catch (error) {
        const failure = toAmqpError(error, "resume consuming");
        if (failure.code === "closed" || this.#ended.signal.aborted) break;
        this.#host.warn(failure);
      }
    }
    this.#recovering = false;
  }

  async #closeIfDone(): Promise<void> {
    if (!this.isDone) return;
    const open = this.#open;
    this.#open = undefined;
    await open?.channel.close().catch(() => undefined);
    this.#onDone();
  }
}

function cancelledError(): AmqpError {
  return new AmqpError("Cannot add a queue: the consumer is cancelled", { code: "closed" });
}
