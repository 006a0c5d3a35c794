/** `memory://`: the transport of a {@link MemoryBroker}. */
import { EventEmitter } from "node:events";
import type {
  ConsumeOptions,
  Consumer,
  Delivery,
  Exchange,
  PublishOptions,
  Queue,
  Transport,
  TransportEvents,
  TransportMessage,
} from "@brine/codec/kombu";
import { MemoryBroker, type MemoryQueue, type StoredMessage, type Subscriber } from "./broker.js";

/** One connection to a broker in this process, for `new Celery({ broker })`. Without `broker` it has one of its own. */
export class MemoryTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly type = "memory";
  readonly description = "memory://";
  readonly capabilities = Object.freeze({ visibilityTimeoutSeconds: undefined });
  /** Holds exchanges and queues; give it to another transport to connect both. */
  readonly broker: MemoryBroker;
  readonly #consumers = new Set<MemoryConsumer>();
  #isClosed = false;

  constructor(broker: MemoryBroker = new MemoryBroker()) {
    super();
    this.broker = broker;
  }

  async connect(): Promise<void> {
    this.#isClosed = false;
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    this.broker.declareExchange(exchange);
  }

  async declareQueue(queue: Queue): Promise<string> {
    return this.broker.declareQueue(queue);
  }

  async bindQueue(queue: string, exchange: Exchange, routingKey: string): Promise<void> {
    this.broker.bindQueue(queue, exchange, routingKey);
  }

  async deleteQueue(name: string): Promise<void> {
    this.broker.deleteQueue(name);
  }

  async queueLength(name: string): Promise<number> {
    return this.broker.queue(name)?.ready.length ?? 0;
  }

  async purgeQueue(name: string): Promise<number> {
    return this.broker.queue(name)?.ready.splice(0).length ?? 0;
  }

  async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.#isClosed) throw new Error("Cannot publish: the transport is closed");
    // The caller may reuse its buffer once publish resolves, as with a socket.
    const copy = { ...message, body: Uint8Array.from(message.body), headers: structuredClone({ ...message.headers }) };
    const queues = this.broker.publish(copy, options.exchange, options.routingKey);
    if (queues === 0 && options.mandatory === true) {
      throw new Error(`Cannot publish: no queue takes exchange "${options.exchange}" key "${options.routingKey}"`);
    }
  }

  async consume(
    queues: readonly Queue[],
    onMessage: (delivery: Delivery) => void,
    options: ConsumeOptions = {},
  ): Promise<Consumer> {
    const consumer = new MemoryConsumer(this.broker, onMessage, options);
    this.#consumers.add(consumer);
    for (const queue of queues) await consumer.addQueue(queue);
    return consumer;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const consumer of this.#consumers) await consumer.close();
    this.#consumers.clear();
  }
}

class MemoryConsumer implements Consumer, Subscriber {
  readonly #broker: MemoryBroker;
  readonly #onMessage: (delivery: Delivery) => void;
  readonly #noAck: boolean;
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #unsettled = new Set<MemoryDelivery>();
  #prefetch: number;
  #isAlive = true;

  constructor(broker: MemoryBroker, onMessage: (delivery: Delivery) => void, options: ConsumeOptions) {
    this.#broker = broker;
    this.#onMessage = onMessage;
    this.#noAck = options.noAck === true;
    this.#prefetch = options.prefetch ?? 0;
  }

  hasRoom(): boolean {
    return this.#prefetch === 0 || this.#unsettled.size < this.#prefetch;
  }

  deliver(stored: StoredMessage, queue: MemoryQueue): void {
    const delivery = new MemoryDelivery(stored, queue, this.#broker, this);
    if (!this.#noAck) this.#unsettled.add(delivery);
    // A socket never calls back within publish().
    setImmediate(() => {
      if (this.#isAlive) this.#onMessage(delivery);
    });
  }

  /** Takes a delivery off the unsettled ones; false when it was settled already, or the consumer is gone. */
  settle(delivery: MemoryDelivery): boolean {
    if (!this.#unsettled.delete(delivery)) return false;
    for (const queue of this.#queues.values()) queue.dispatch();
    return true;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  async addQueue(queue: Queue): Promise<void> {
    const name = this.#broker.declareQueue(queue);
    if (this.#queues.has(name)) return;
    const target = this.#broker.queue(name)!;
    this.#queues.set(name, target);
    target.subscribers.push(this);
    target.dispatch();
  }

  async cancelQueue(name: string): Promise<void> {
    const queue = this.#queues.get(name);
    if (queue === undefined) return;
    this.#queues.delete(name);
    const index = queue.subscribers.indexOf(this);
    if (index >= 0) queue.subscribers.splice(index, 1);
    if (queue.autoDelete && queue.subscribers.length === 0) this.#broker.deleteQueue(name);
  }

  async setPrefetch(count: number): Promise<void> {
    this.#prefetch = count;
    for (const queue of this.#queues.values()) queue.dispatch();
  }

  async cancel(): Promise<void> {
    for (const name of [...this.#queues.keys()]) await this.cancelQueue(name);
    // As with a socket: what was on its way arrives before the answer.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the consumer with its connection: what is unsettled goes back. */
  async close(): Promise<void> {
    await this.cancel();
    this.#isAlive = false;
    const unsettled = [...this.#unsettled].reverse();
    this.#unsettled.clear();
    for (const delivery of unsettled) delivery.restore();
  }
}

class MemoryDelivery implements Delivery {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: TransportMessage["properties"];
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue: string;
  readonly redelivered: boolean;
  readonly #stored: StoredMessage;
  readonly #queue: MemoryQueue;
  readonly #broker: MemoryBroker;
  readonly #consumer: MemoryConsumer;

  constructor(stored: StoredMessage, queue: MemoryQueue, broker: MemoryBroker, consumer: MemoryConsumer) {
    const { message } = stored;
    this.body = message.body;
    this.contentType = message.contentType;
    this.contentEncoding = message.contentEncoding;
    this.headers = Object.assign(Object.create(null), message.headers);
    this.properties = message.properties;
    this.exchange = stored.exchange;
    this.routingKey = stored.routingKey;
    this.queue = queue.name;
    this.redelivered = stored.redelivered;
    this.#stored = stored;
    this.#queue = queue;
    this.#broker = broker;
    this.#consumer = consumer;
  }

  get alive(): boolean {
    return this.#consumer.isAlive;
  }

  async ack(): Promise<void> {
    this.#consumer.settle(this);
  }

  async reject({ requeue }: { readonly requeue: boolean }): Promise<void> {
    if (!this.#consumer.settle(this)) return;
    if (requeue) this.restore();
    else this.#deadLetter();
  }

  /** Back into its queue. */
  restore(): void {
    this.#queue.requeue(this.#stored);
  }

  #deadLetter(): void {
    const target = this.#queue.deadLetter;
    if (target === undefined) return;
    this.#broker.publish(this.#stored.message, target.exchange, target.routingKey ?? this.routingKey);
  }
}
