/** Received messages: their plain form, and settling each exactly once. */
import type { Delivery, MessageProperties, TransportMessage } from "@brine/codec/kombu";
import type { Channel, ConsumeMessage, Options } from "amqplib";
import { readHeaders, typedHeaders } from "../headers/headers.js";

/** The deliveries of one channel. A delivery tag means nothing on any other channel: settling there closes it with 406. */
export class Deliveries {
  readonly #channel: Channel;
  readonly #onSettled: () => void;
  #alive = true;
  #unsettled = 0;

  /** @param onSettled - called after each delivery is settled */
  constructor(channel: Channel, onSettled: () => void) {
    this.#channel = channel;
    this.#onSettled = onSettled;
    channel.on("close", () => {
      this.#alive = false;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** Rejects a message of which no delivery can be made. */
  discard(message: ConsumeMessage): void {
    if (this.#alive) this.#channel.reject(message, false);
  }

  /** @throws AmqpError when the headers cannot be read */
  make(message: ConsumeMessage, queue: string, noAck: boolean): Delivery {
    const { fields, properties } = message;
    const headers = readHeaders(properties.headers);
    const deliveries = this;
    let settled = noAck;
    if (!noAck) this.#unsettled++;
    const settle = async (how: (channel: Channel) => void) => {
      if (settled) return;
      settled = true;
      deliveries.#unsettled--;
      if (deliveries.#alive) how(deliveries.#channel);
      deliveries.#onSettled();
    };
    return {
      body: message.content,
      contentType: properties.contentType,
      contentEncoding: properties.contentEncoding,
      headers,
      properties: plainProperties(properties),
      exchange: fields.exchange,
      routingKey: fields.routingKey,
      queue,
      redelivered: fields.redelivered,
      get alive() {
        return deliveries.#alive;
      },
      ack: () => settle((channel) => channel.ack(message)),
      reject: ({ requeue }) => settle((channel) => channel.reject(message, requeue)),
    };
  }
}

function plainProperties(properties: ConsumeMessage["properties"]): MessageProperties {
  const { correlationId, replyTo, deliveryMode, priority, expiration, messageId, timestamp, type } = properties;
  return { correlationId, replyTo, deliveryMode, priority, expiration, messageId, timestamp, type };
}

/** amqplib's options for publishing `message`. @throws AmqpError `bad-header` */
export function publishOptions(message: Omit<TransportMessage, "body">, mandatory: boolean): Options.Publish {
  const { contentType, contentEncoding, properties = {} } = message;
  const headers = typedHeaders(message.headers);
  // To amqplib a property that is undefined is absent (2.3.1, lib/defs.js encodeBasicProperties), whatever its types say.
  return { ...properties, contentType, contentEncoding, headers, mandatory } as Options.Publish;
}
