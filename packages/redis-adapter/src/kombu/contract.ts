/**
 * The shapes that `@brine/celery` asks of a broker and of a result store, as far as this package builds them. Copied
 * rather than imported, so that neither package needs the other; `test/types` proves that they agree.
 */

export interface TransportMessage {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: MessageProperties;
}

export interface MessageProperties {
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly deliveryMode?: 1 | 2 | undefined;
  readonly priority?: number | undefined;
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
}

export interface Delivery extends TransportMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue: string;
  readonly redelivered: boolean;
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

export interface TransportEvents {
  disconnect: [error: Error];
  reconnect: [];
  warning: [error: Error];
}
