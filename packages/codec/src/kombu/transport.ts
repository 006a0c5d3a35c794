/**
 * The contract between Celery and what carries its messages: a broker ({@link Transport}) and a result store
 * ({@link ResultStore}). Types only. It stands here because the parties, `@brine/celery` and the adapters, know the codec
 * and not each other. The contract suites in `test/contract` run every implementation through it.
 *
 * The words are kombu's: a message has properties, headers and a body; an exchange routes it to queues by routing key.
 */

/** A message as it travels, before anything is decoded. Header values are plain JavaScript (numbers, strings, null, arrays, objects, Uint8Array, bigint). */
export interface TransportMessage {
  /** What the serializer wrote, in the compression that the header `compression` names. */
  readonly body: Uint8Array;
  /** The serializer's: `"application/json"`. `undefined` in a message that does not say; kombu takes it for `application/data`. */
  readonly contentType: string | undefined;
  /** The serializer's: `"utf-8"`, or `"binary"` for a body that is no text. */
  readonly contentEncoding: string | undefined;
  /** A null-prototype object: only own keys exist. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** All other properties; one that the message does not have is `undefined`. */
  readonly properties: MessageProperties;
}

/** A message's properties, named as AMQP names them, in camelCase. */
export interface MessageProperties {
  /** Of a task and of what answers a task: the task's id. */
  readonly correlationId?: string | undefined;
  /** Name of the queue for answers. */
  readonly replyTo?: string | undefined;
  /** Whether the message outlives a restart of the broker: 2 persistent, 1 transient. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** 0 to 9. RabbitMQ serves higher first, kombu's Redis transport lower first. */
  readonly priority?: number | undefined;
  /** How long it may wait in a queue: milliseconds, in decimal. RabbitMQ drops or dead-letters it then. */
  readonly expiration?: string | undefined;
  /** The application's: neither kombu nor Celery acts on it. */
  readonly messageId?: string | undefined;
  /** When it was sent, in seconds since 1970. */
  readonly timestamp?: number | undefined;
  /** The application's: neither kombu nor Celery acts on it. */
  readonly type?: string | undefined;
}

/** A message received, to be settled exactly once; a second call does nothing. */
export interface Delivery extends TransportMessage {
  /** The exchange that it was published to; `""` for the default one. */
  readonly exchange: string;
  /** The one that it was published with, which need not be that of the queue. */
  readonly routingKey: string;
  /** The queue it was consumed from. */
  readonly queue: string;
  /** Whether it was delivered before and not settled, so that somebody may have begun with it. */
  readonly redelivered: boolean;
  /** False once it can no longer be settled from here, so that settling does nothing: the broker gives it to somebody else. */
  readonly alive: boolean;
  /** Takes it out of its queue for good. RabbitMQ answers nothing to it; on Redis it resolves when the message is forgotten there. */
  ack(): Promise<void>;
  /** `requeue: false` drops it, or dead-letters it where the queue says so. */
  reject(options: { readonly requeue: boolean }): Promise<void>;
}

/** Where messages are published to. Declared with these arguments; RabbitMQ refuses others for one that exists. */
export interface Exchange {
  /** `""` is the default exchange, which routes by queue name and is never declared. */
  readonly name: string;
  /** `"headers"` is RabbitMQ's alone: the Redis transport refuses it. */
  readonly type: "direct" | "topic" | "fanout" | "headers";
  /** Whether it outlives a restart of RabbitMQ. Default true. Ignored elsewhere. */
  readonly durable?: boolean | undefined;
  /** Whether RabbitMQ deletes it with its last binding. Default false. Ignored elsewhere. */
  readonly autoDelete?: boolean | undefined;
  /** RabbitMQ's, such as `alternate-exchange`; ignored elsewhere. Default: none. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** A queue, and what binds it. Declared with these arguments; RabbitMQ refuses others for one that exists. */
export interface Queue {
  /** `""`: a new name is made when it is declared, which `declareQueue` resolves to. */
  readonly name: string;
  /** Bound to it with `routingKey` when declared. Absent: reached through the default exchange only; in Celery's settings, a direct one of the queue's name. */
  readonly exchange?: Exchange | undefined;
  /** Of the binding to `exchange`; for a topic exchange a pattern, such as `video.#`. Default `""`; in Celery's settings the name of the queue. */
  readonly routingKey?: string | undefined;
  /** Whether it outlives a restart of RabbitMQ. Default true. Ignored elsewhere. */
  readonly durable?: boolean | undefined;
  /** Whether RabbitMQ keeps it for this connection, and deletes it with that. Default false. Ignored elsewhere. */
  readonly exclusive?: boolean | undefined;
  /** Whether it is deleted with its last consumer. Default false. */
  readonly autoDelete?: boolean | undefined;
  /** `x-max-priority`, `x-queue-type`, `x-expires` (ms), `x-message-ttl` (ms), ... Must equal those of an existing queue. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** Where a message goes, and what is to be known of its arrival. */
export interface PublishOptions {
  /** `""` is the default exchange. */
  readonly exchange: string;
  /** On the default exchange, the name of the queue. */
  readonly routingKey: string;
  /** Reject when no queue takes the message (AMQP `mandatory`). Default false. */
  readonly mandatory?: boolean | undefined;
  /** Gives up sending: the message may have been sent. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** How {@link Transport.consume} consumes. */
export interface ConsumeOptions {
  /** Unsettled messages at most; 0: no limit. Default 0. */
  readonly prefetch?: number | undefined;
  /** Messages count as settled when delivered. Default false. */
  readonly noAck?: boolean | undefined;
  /** Default false: consumers of a queue share it. */
  readonly exclusive?: boolean | undefined;
}

/** What consumes, until it is cancelled. Its messages are the caller's to settle. */
export interface Consumer {
  /** Consumes from one more queue, which must have been declared: Celery's `add_consumer`. */
  addQueue(queue: Queue): Promise<void>;
  /** Celery's `cancel_consumer`. What was delivered can still be settled. Does nothing for a queue that is not consumed. */
  cancelQueue(name: string): Promise<void>;
  /** Unsettled messages at most; 0: no limit. Of a quorum queue, which has one of its own, that is changed for queues added later only. */
  setPrefetch(count: number): Promise<void>;
  /** Stop receiving. Messages already delivered can still be settled. */
  cancel(): Promise<void>;
}

/** What a transport tells of itself. */
export interface TransportEvents {
  /** The connection is lost; it is being restored unless `close` was called. */
  disconnect: [error: Error];
  /** Connection, topology and consumers are back. */
  reconnect: [];
  /** Something to log that harmed nothing. */
  warning: [error: Error];
}

/** A broker. One instance is one logical connection that restores itself, its declarations and its consumers. */
export interface Transport {
  /** kombu's transport type: `"amqp"`, `"redis"`, `"memory"`. */
  readonly type: string;
  /** For logs: never has a password. */
  readonly description: string;
  /** What the broker can do, where Celery behaves differently. */
  readonly capabilities: {
    /** The broker redelivers what is unsettled for longer (seconds); undefined: only when the connection ends. */
    readonly visibilityTimeoutSeconds: number | undefined;
  };
  /** Where the broker can hold a message until it is due (RabbitMQ). */
  readonly delayedDelivery?: DelayedDelivery | undefined;
  /** Does nothing when there is a connection. Rejects when none can be had, or with the reason of `signal`; may then be called again. */
  connect(signal?: AbortSignal): Promise<void>;
  /**
   * Whether what an operation rejected with says that the connection is away or was lost, so that the same may succeed later:
   * kombu's `Connection.recoverable_connection_errors`. Absent: nothing does.
   */
  isConnectionError?(error: unknown): boolean;
  /** The same once more does nothing; rejects for one that exists with another type. The default exchange is there already. */
  declareExchange(exchange: Exchange): Promise<void>;
  /** Declares the queue, its exchange and the binding. `name` `""` lets the broker choose one; resolves to the name. */
  declareQueue(queue: Queue): Promise<string>;
  /** Declares the exchange first. The queue must have been declared; the same binding once more does nothing. */
  bindQueue(queue: string, exchange: Exchange, routingKey: string): Promise<void>;
  /** Both exchanges must have been declared. Absent where the broker cannot do it: only RabbitMQ can. */
  bindExchange?(destination: string, source: string, routingKey: string): Promise<void>;
  /** With its messages and bindings. Does nothing for a queue that does not exist. */
  deleteQueue(name: string): Promise<void>;
  /** How many messages are ready: those delivered and unsettled are not counted. */
  queueLength(name: string): Promise<number>;
  /** Drops the messages that are ready, and resolves to how many. Those delivered and unsettled stay. */
  purgeQueue(name: string): Promise<number>;
  /** Resolves when the broker has taken responsibility (publisher confirm, LPUSH reply); rejects when it did not. */
  publish(message: TransportMessage, options: PublishOptions): Promise<void>;
  /** The queues must have been declared. */
  consume(
    queues: readonly Queue[],
    onMessage: (delivery: Delivery) => void,
    options?: ConsumeOptions,
  ): Promise<Consumer>;
  /** {@link TransportEvents} has the events and what their listeners get. */
  on<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): unknown;
  /** `listener` is the function that {@link on} was given. */
  off<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): unknown;
  /** Waits for publishes under way, then closes. Unsettled deliveries go back to their queues. */
  close(): Promise<void>;
}

/**
 * Celery's native delayed delivery: the broker, and not a worker, holds a message until it is due, in `celery_delayed_N` queues.
 * celery 5.5 `app/base.py` send_task, kombu 5.5 `transport/native_delayed_delivery.py`.
 */
export interface DelayedDelivery {
  /**
   * Declares what delayed messages go through, and the queue with its way out of it; later calls for the same queue do nothing.
   * Rejects for a queue whose exchange is not topic or fanout: a direct one cannot skip the delay in the routing key.
   */
  bindQueue(queue: Queue): Promise<void>;
  /** Where to publish a message for `routingKey` that is due in `seconds`, of which fractions are dropped. Throws below 1 and above 8 years. */
  address(routingKey: string, seconds: number): { readonly exchange: string; readonly routingKey: string };
  /** Whether a message that arrived by `exchange` was delayed: its routing key is then not the one of its queue. */
  isDelayed(exchange: string): boolean;
}

/** A key-value result store with notification, as Celery's Redis backend uses it. Values are opaque bytes. */
export interface ResultStore {
  /** The kind of store: `"redis"`, `"memory"`. */
  readonly type: string;
  /** For logs: never has a password. */
  readonly description: string;
  /** Does nothing when there is a connection. Rejects when none can be had, or with the reason of `signal`; may then be called again. */
  connect(signal?: AbortSignal): Promise<void>;
  /** `undefined`: nothing is stored, or no longer. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** In the order of `keys`, with `undefined` where nothing is stored; asked for in one go. */
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Stores and notifies subscribers of the same key, atomically. `expiresSeconds` undefined: kept. */
  set(key: string, value: Uint8Array, expiresSeconds: number | undefined): Promise<void>;
  /** Passes over keys under which nothing is stored. */
  delete(...keys: string[]): Promise<void>;
  /** Calls back with every value stored from now on; resolves when the subscription is in place. */
  subscribe(key: string, onValue: (value: Uint8Array) => void): Promise<{ unsubscribe(): Promise<void> }>;
  /** Chord bookkeeping, each call one transaction; keys as in Celery's `redis.py` on_chord_part_return. */
  readonly chord: ChordStore;
  /** {@link TransportEvents} has the events and what their listeners get. */
  on<E extends keyof TransportEvents>(event: E, listener: (...args: TransportEvents[E]) => void): unknown;
  /** Ends its connections and subscriptions; what is stored stays. */
  close(): Promise<void>;
}

/** How the parts of a chord are counted and collected, under Celery's keys `.j`, `.t` and `.s`. */
export interface ChordStore {
  /** `<key>.s`: how many header tasks there are. `key` is `celery-taskset-meta-<group id>`. */
  setSize(key: string, size: number, expiresSeconds: number | undefined): Promise<void>;
  /** Adds one part's encoded result; resolves to the counts after it. A duplicate member does not count twice. */
  addPart(
    key: string,
    part: { readonly member: Uint8Array; readonly groupIndex: number | undefined },
    options: { readonly ordered: boolean; readonly expiresSeconds: number | undefined },
  ): Promise<{ readonly ready: number; readonly extra: number; readonly size: number | undefined }>;
  /** `<key>.t`: one part more than its size says. */
  grow(key: string, expiresSeconds: number | undefined): Promise<void>;
  /** All parts in order. */
  parts(key: string, options: { readonly ordered: boolean }): Promise<Uint8Array[]>;
  /** Deletes `.j`, `.t` and `.s`. */
  clear(key: string): Promise<void>;
}
