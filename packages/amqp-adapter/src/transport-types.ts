/**
 * The shapes of Celery's transport contract that {@link AmqpTransport} takes and gives. They are Celery's to define
 * (`Transport` of `@brine/celery`, which this package does not import); `test/types` holds the two together.
 */

/** A message as it travels, before anything is decoded. */
export interface TransportMessage {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  /** A null-prototype object when received: only own keys exist. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: MessageProperties;
}

export interface MessageProperties {
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** Higher is first. Only for queues declared with `x-max-priority`. */
  readonly priority?: number | undefined;
  /** Milliseconds, in decimal. */
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
}

/** A message received, to be settled exactly once; a second call does nothing. */
export interface Delivery extends TransportMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue: string;
  readonly redelivered: boolean;
  /** False once the channel that delivered it is gone: settling it does nothing, the broker redelivers it. */
  readonly alive: boolean;
  ack(): Promise<void>;
  reject(options: { readonly requeue: boolean }): Promise<void>;
}

export interface Exchange {
  readonly name: string;
  readonly type: "direct" | "topic" | "fanout" | "headers";
  readonly durable?: boolean | undefined;
  readonly autoDelete?: boolean | undefined;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface Queue {
  readonly name: string;
  readonly exchange?: Exchange | undefined;
  readonly routingKey?: string | undefined;
  readonly durable?: boolean | undefined;
  readonly exclusive?: boolean | undefined;
  readonly autoDelete?: boolean | undefined;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

export interface PublishOptions {
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ConsumeOptions {
  readonly prefetch?: number | undefined;
  readonly noAck?: boolean | undefined;
  readonly exclusive?: boolean | undefined;
}

export interface Consumer {
  addQueue(queue: Queue): Promise<void>;
  cancelQueue(name: string): Promise<void>;
  setPrefetch(count: number): Promise<void>;
  cancel(): Promise<void>;
}
