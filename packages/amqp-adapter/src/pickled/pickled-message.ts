/** A message as a consumer of values gets it. */
import type { Message, MessageFields, MessageProperties } from "amqplib";
import type { Driver } from "./driver.js";

/**
 * A received message. It has what amqplib's has (`content`, `fields`, `properties`), so that it can be given to the raw channel's
 * own methods; settle it once, either way.
 */
export class ReceivedMessage implements Message {
  /** The body as it came, compressed or not. */
  readonly content: Buffer;
  /** Where it came from, and its delivery tag. */
  readonly fields: MessageFields;
  /** AMQP's, as amqplib reads them. */
  readonly properties: MessageProperties;
  /** Own keys only: a null-prototype object with dates as `Date` and 64-bit integers exact. Empty if they cannot be read. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly #driver: Driver;
  readonly #raw: Message;
  #isSettled: boolean;

  /** For {@link PickledChannel}. */
  constructor(driver: Driver, raw: Message, headers: Readonly<Record<string, unknown>>, noAck: boolean) {
    this.content = raw.content;
    this.fields = raw.fields;
    this.properties = raw.properties;
    this.headers = headers;
    this.#driver = driver;
    this.#raw = raw;
    this.#isSettled = noAck;
  }

  /** The property `correlation_id`: of an answer, the request's. `undefined` without. */
  get correlationId(): string | undefined {
    return this.properties.correlationId;
  }

  /** The property `reply_to`: the queue that waits for an answer. `undefined`: none does. */
  get replyTo(): string | undefined {
    return this.properties.replyTo;
  }

  /** Whether it was delivered before, and not settled. */
  get redelivered(): boolean {
    return this.fields.redelivered;
  }

  /** Whether `ack`, `reject` or `nack` was called here, or no answer is wanted (`noAck`). */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Takes the message off the queue. A second call, and one on a channel that is gone, does nothing; so do `reject` and `nack`. */
  ack(): void {
    if (this.#settle()) this.#driver.ack(this.#raw);
  }

  /** Refuses the message: dead-lettered if the queue says so, else dropped; with `requeue` it goes back to its queue. */
  reject(requeue = false): void {
    if (this.#settle()) this.#driver.reject(this.#raw, requeue);
  }

  /** As {@link reject}, with amqplib's default: back to the queue. */
  nack(requeue = true): void {
    if (this.#settle()) this.#driver.nack(this.#raw, false, requeue);
  }

  #settle(): boolean {
    const first = !this.#isSettled;
    this.#isSettled = true;
    return first;
  }
}

/** A received message and the value in it. */
export class PickledMessage<T = unknown> extends ReceivedMessage {
  /** The decoded body: `null` for Python's None. */
  readonly value: T;

  constructor(driver: Driver, raw: Message, headers: Readonly<Record<string, unknown>>, noAck: boolean, value: T) {
    super(driver, raw, headers, noAck);
    this.value = value;
  }
}
