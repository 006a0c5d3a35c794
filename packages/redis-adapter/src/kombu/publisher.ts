/** Sends messages to the queues that their exchange routes them to. */
import { randomUUID } from "node:crypto";
import type { PublishOptions, TransportMessage } from "@brine/codec/kombu";
import type { Redis } from "ioredis";
import { untilAborted } from "../abort.js";
import { withoutCommand } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import { formatEnvelope } from "./envelope.js";
import { fanoutChannel } from "./fanout.js";
import { clampPriority, priorityStep } from "./priority.js";
import { type PublishingSide, results } from "./publishing-side.js";
import type { Queues } from "./queues.js";
import type { TransportSettings } from "./settings.js";

export interface PublisherContext {
  /** For messages: without a password. */
  readonly description: string;
  readonly settings: TransportSettings;
  readonly queues: Queues;
  /** Connects where that is still to be done. */
  connected(): Promise<PublishingSide>;
  warn(error: Error): void;
}

export class Publisher {
  readonly #context: PublisherContext;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(context: PublisherContext) {
    this.#context = context;
  }

  /** @throws RedisAdapterError `unroutable`, `unavailable`, `bad-message` */
  async publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    options.signal?.throwIfAborted();
    const publishing = this.#publish(message, options);
    this.#underWay.add(publishing);
    try {
      await untilAborted(publishing, options.signal);
    } finally {
      this.#underWay.delete(publishing);
    }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #publish(message: TransportMessage, options: PublishOptions): Promise<void> {
    const { exchange, routingKey } = options;
    const { settings, description, warn } = this.#context;
    const { producer, bindings } = await this.#context.connected();
    try {
      if (exchange !== "" && bindings.typeOf(exchange) === "fanout") {
        const envelope = formatEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
        const listeners = await producer.publish(fanoutChannel(settings, exchange, routingKey), envelope);
        if (listeners === 0 && options.mandatory) throw unroutable(exchange, routingKey);
        return;
      }
      const queues = await bindings.lookup(exchange, routingKey);
      if (queues.length === 0) {
        const error = unroutable(exchange, routingKey);
        if (options.mandatory) throw error;
        warn(error);
        return;
      }
      await this.#push(producer, queues, message, options);
      await this.#replicate(producer);
    } catch (cause) {
      if (cause instanceof RedisAdapterError) throw cause;
      throw new RedisAdapterError(`Cannot publish to ${description}: ${(cause as Error).message}`, {
        code: "unavailable",
        cause: withoutCommand(cause),
      });
    }
  }

  async #push(
    producer: Redis,
    names: readonly string[],
    message: TransportMessage,
    { exchange, routingKey }: PublishOptions,
  ): Promise<void> {
    const { queues, settings } = this.#context;
    const step = priorityStep(clampPriority(message.properties.priority), settings.prioritySteps);
    const pipeline = names.length === 1 && !queues.expires(names[0]!) ? undefined : producer.multi();
    for (const name of names) {
      // A tag of its own for each: kombu uses one for all, and the hash of the unacknowledged has room for one.
      const envelope = formatEnvelope(message, { exchange, routingKey, deliveryTag: randomUUID() });
      const list = queues.list(name, step);
      if (pipeline === undefined) {
        await producer.lpush(list, envelope);
        return;
      }
      pipeline.lpush(list, envelope);
      const expires = queues.expires(name);
      if (expires !== undefined) for (const one of queues.lists(name)) pipeline.pexpire(one, expires);
    }
    results(await pipeline!.exec());
  }

  async #replicate(producer: Redis): Promise<void> {
    const { waitForReplicas } = this.#context.settings;
    if (waitForReplicas === undefined) return;
    const have = await producer.wait(waitForReplicas.count, waitForReplicas.timeoutMs);
    if (have >= waitForReplicas.count) return;
    throw new RedisAdapterError(
      `Cannot tell whether the message is safe: ${have} of ${waitForReplicas.count} replicas have it`,
      { code: "unavailable" },
    );
  }
}

function unroutable(exchange: string, routingKey: string): RedisAdapterError {
  return new RedisAdapterError(
    `Cannot route a message: no queue of exchange ${JSON.stringify(exchange)} takes ${JSON.stringify(routingKey)}`,
    { code: "unroutable" },
  );
}
