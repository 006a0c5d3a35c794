/** One consumer: takes messages out of its queues while there is room for them, and hands them over in order. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import type { ConsumeOptions, Consumer, Delivery, Queue } from "@brine/codec/kombu";
import type { Redis } from "ioredis";
import { RedisAdapterError } from "../errors.js";
import { type Envelope, parseEnvelope } from "./envelope.js";
import type { Fanout } from "./fanout.js";
import { clampPriority, queueKey } from "./priority.js";
import { POP, runScript } from "./scripts.js";
import { POP_BYTES, type TransportSettings } from "./settings.js";
import type { Held, Unacked } from "./unacked.js";
import type { Wake } from "./wake.js";

/** What a consumer needs of its transport. */
export interface ConsumerContext {
  readonly settings: TransportSettings;
  /** Pops; tracked. Its commands are never sent twice. */
  readonly reader: Redis;
  readonly wake: Wake;
  readonly unacked: Unacked;
  readonly fanout: Fanout;
  declareQueue(queue: Queue): Promise<string>;
  /** Deletes a queue that was declared `autoDelete`. */
  releaseQueue(name: string): Promise<void>;
  warn(error: Error): void;
}

/** After a failed pop, before the next. */
const RETRY_MS = 200;

/** Consumes as kombu's workers on Redis do; made by {@link RedisTransport.consume}. */
export class RedisConsumer implements Consumer {
  readonly #context: ConsumerContext;
  readonly #onMessage: (delivery: Delivery) => void;
  readonly #noAck: boolean;
  readonly #stop = new AbortController();
  /** Queues in the order they are looked at; a served one goes to the end. */
  #queues: string[] = [];
  readonly #fanoutQueues = new Map<string, () => Promise<void>>();
  readonly #declared = new Set<string>();
  #prefetch: number;
  #unsettled = 0;
  readonly #tagPrefix = `${randomUUID()}.`;
  #nextTag = 0;
  /** Tags of a pop whose reply did not arrive: what exists of them is ours. */
  #unknown: string[] = [];
  #roomWanted: (() => void) | undefined;
  #running: Promise<void> | undefined;

  /** For {@link RedisTransport.consume}. */
  constructor(context: ConsumerContext, onMessage: (delivery: Delivery) => void, options: ConsumeOptions) {
    this.#context = context;
    this.#onMessage = onMessage;
    this.#noAck = options.noAck ?? false;
    this.#prefetch = options.prefetch ?? 0;
  }

  async addQueue(queue: Queue): Promise<void> {
    if (this.#stop.signal.aborted)
      throw new RedisAdapterError("Cannot add a queue: the consumer is cancelled", { code: "closed" });
    const name = await this.#context.declareQueue(queue);
    if (this.#declared.has(name)) return;
    this.#declared.add(name);
    if (queue.exchange?.type === "fanout") {
      const leave = await this.#context.fanout.join(queue.exchange.name, queue.routingKey ?? "", (text) =>
        this.#deliverFanout(name, text),
      );
      this.#fanoutQueues.set(name, leave);
      return;
    }
    this.#queues.push(name);
    if (this.#context.settings.queueOrderStrategy === "sorted") this.#queues.sort();
    this.#context.wake.wakeAll();
    this.#running ??= this.#run();
  }

  async cancelQueue(name: string): Promise<void> {
    if (!this.#declared.delete(name)) return;
    this.#queues = this.#queues.filter((queue) => queue !== name);
    const leave = this.#fanoutQueues.get(name);
    this.#fanoutQueues.delete(name);
    await leave?.();
    await this.#context.releaseQueue(name);
  }

  async setPrefetch(count: number): Promise<void> {
    this.#prefetch = count;
    this.#roomWanted?.();
  }

  async cancel(): Promise<void> {
    this.#stop.abort();
    this.#roomWanted?.();
    await this.#running;
    // Nobody else would look for what the last pop took before the visibility timeout has passed.
    await this.#recoverUnknown();
    for (const name of [...this.#declared]) await this.cancelQueue(name);
  }

  /** How many messages may be taken now. */
  #room(): number {
    if (this.#noAck || this.#prefetch === 0) return this.#context.settings.popBatch;
    return Math.min(this.#prefetch - this.#unsettled, this.#context.settings.popBatch);
  }

  async #run(): Promise<void> {
    const { wake, settings } = this.#context;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const room = this.#room();
      if (room <= 0) {
        await new Promise<void>((resolve) => {
          this.#roomWanted = resolve;
        });
        this.#roomWanted = undefined;
        // Those settled in the same turn make room together: one pop for all of them.
        await nextTurn();
        continue;
      }
      const seen = wake.arrivals;
      try {
        await this.#recoverUnknown();
        const hasMore = this.#queues.length > 0 && (await this.#pop(room));
        if (!hasMore) await wake.sleep(seen, settings.pollingIntervalMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (this.#context.reader.status === "ready") this.#context.warn(error as Error);
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Takes what is there; resolves to whether there may be more. */
  async #pop(room: number): Promise<boolean> {
    const { reader, settings, wake } = this.#context;
    const { globalKeyprefix, prioritySteps, separator } = settings;
    const queues = this.#queues;
    const lists = prioritySteps.flatMap((step) =>
      queues.map((queue) => globalKeyprefix + queueKey(queue, step, separator)),
    );
    const marks = queues.map((queue) => `, "", ${JSON.stringify(queue)}]`);
    const first = this.#nextTag;
    this.#nextTag += room;
    if (!this.#noAck) {
      this.#unknown = Array.from({ length: room }, (_, i) => `${this.#tagPrefix}${first + i}`);
    }
    const popped = runScript(
      reader,
      POP,
      [settings.unackedKey, settings.unackedIndexKey, ...lists],
      [room, queues.length, this.#tagPrefix, first, this.#noAck ? "1" : "0", POP_BYTES, ...marks],
    );
    // In the same round trip: what is there after the pop, and a report when that changes.
    const left = wake.isTracking ? reader.exists(...lists) : Promise.resolve(0);
    const [reply, exist] = await Promise.all([popped, left]);
    this.#unknown = [];
    const messages = reply as (Buffer | number)[];
    for (let i = 0; i < messages.length; i += 3) {
      const queue = queues[(messages[i] as number) % queues.length]!;
      this.#receive(queue, String(messages[i + 1]), String(messages[i + 2]));
    }
    this.#rotate(queues, messages);
    return messages.length > 0 || exist > 0;
  }

  #rotate(queues: readonly string[], messages: readonly unknown[]): void {
    if (this.#context.settings.queueOrderStrategy !== "round_robin" || messages.length === 0) return;
    const served = queues[(messages[messages.length - 3] as number) % queues.length]!;
    const at = this.#queues.indexOf(served);
    if (at !== -1) this.#queues = [...this.#queues.slice(0, at), ...this.#queues.slice(at + 1), served];
  }

  /** A pop whose reply was lost may have taken messages: they are marked with tags that we chose. */
  async #recoverUnknown(): Promise<void> {
    if (this.#unknown.length === 0) return;
    const tags = this.#unknown;
    const marks = await this.#context.unacked.marks(tags);
    this.#unknown = [];
    for (const [i, mark] of marks.entries()) {
      if (mark === null) continue;
      // Our own marks end in the queue's name.
      const text = mark.toString();
      const end = text.lastIndexOf('}, "", "');
      this.#receive(JSON.parse(text.slice(end + 7, -1)) as string, tags[i]!, text.slice(1, end + 1));
    }
  }

  #receive(queue: string, tag: string, raw: string): void {
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(raw);
    } catch (cause) {
      const { message } = cause as Error;
      this.#context.warn(
        new RedisAdapterError(`Dropped a message of ${JSON.stringify(queue)}: ${message}`, {
          code: "bad-envelope",
          cause,
        }),
      );
      if (tag !== "") void this.#context.unacked.ack(tag).catch((error: Error) => this.#context.warn(error));
      return;
    }
    if (tag === "") {
      this.#handOver(new NoAckDelivery(envelope, queue));
      return;
    }
    this.#unsettled++;
    const delivery = new QueueDelivery(envelope, { tag, queue, raw }, this.#context.unacked, () => {
      this.#unsettled--;
      this.#roomWanted?.();
    });
    this.#context.unacked.hold(delivery);
    if (this.#stop.signal.aborted) {
      // Popped while being cancelled: nobody is there to settle it.
      void delivery.giveBack().catch((error: Error) => this.#context.warn(error));
      return;
    }
    this.#handOver(delivery);
  }

  #deliverFanout(queue: string, text: string): void {
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(text);
    } catch (cause) {
      const { message } = cause as Error;
      this.#context.warn(
        new RedisAdapterError(`Dropped a message to ${JSON.stringify(queue)}: ${message}`, {
          code: "bad-envelope",
          cause,
        }),
      );
      return;
    }
    if (!this.#stop.signal.aborted) this.#handOver(new NoAckDelivery(envelope, queue));
  }

  #handOver(delivery: Delivery): void {
    try {
      this.#onMessage(delivery);
    } catch (error) {
      this.#context.warn(error as Error);
    }
  }
}

abstract class BaseDelivery {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Delivery["headers"];
  readonly properties: Delivery["properties"];
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly queue: string;

  constructor(envelope: Envelope, queue: string) {
    this.body = envelope.body;
    this.contentType = envelope.contentType;
    this.contentEncoding = envelope.contentEncoding;
    this.headers = envelope.headers;
    this.properties = envelope.properties;
    this.exchange = envelope.exchange;
    this.routingKey = envelope.routingKey;
    this.redelivered = envelope.redelivered;
    this.queue = queue;
  }
}

/** A message that nobody holds a copy of: from a fanout, or consumed without acknowledgement. */
class NoAckDelivery extends BaseDelivery implements Delivery {
  readonly alive = true;
  async ack(): Promise<void> {}
  async reject(): Promise<void> {}
}

class QueueDelivery extends BaseDelivery implements Delivery, Held {
  readonly tag: string;
  readonly raw: string;
  readonly #unacked: Unacked;
  readonly #onSettled: () => void;
  #state: "held" | "settled" | "lost" = "held";

  constructor(
    envelope: Envelope,
    held: { readonly tag: string; readonly queue: string; readonly raw: string },
    unacked: Unacked,
    onSettled: () => void,
  ) {
    super(envelope, held.queue);
    this.tag = held.tag;
    this.raw = held.raw;
    this.#unacked = unacked;
    this.#onSettled = onSettled;
  }

  get priority(): number {
    return clampPriority(this.properties.priority);
  }

  /** Stays true over a reconnection: the mark is in Redis, not in the connection. */
  get alive(): boolean {
    return this.#state !== "lost";
  }

  async ack(): Promise<void> {
    if (this.#settle()) await this.#unacked.ack(this.tag);
  }

  async reject({ requeue }: { readonly requeue: boolean }): Promise<void> {
    if (!this.#settle()) return;
    // kombu has no dead letters on Redis: what is rejected is gone.
    await (requeue ? this.#unacked.requeue(this, "back") : this.#unacked.ack(this.tag));
  }

  async giveBack(): Promise<void> {
    if (this.#settle()) await this.#unacked.requeue(this, "front");
  }

  lost(): void {
    if (this.#state !== "held") return;
    this.#state = "lost";
    this.#onSettled();
  }

  #settle(): boolean {
    if (this.#state !== "held") return false;
    this.#state = "settled";
    this.#onSettled();
    return true;
  }
}
