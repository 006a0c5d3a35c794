/** What was declared on a connection, to be declared again on the next one. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange, Queue } from "@brine/codec/kombu";
import type { Channel, ChannelModel } from "amqplib";
import { toAmqpError } from "../errors.js";
import { typedHeaders } from "../headers/headers.js";
import { Serial } from "./serial.js";

/** So that a connection about to end is not asked in a tight loop. */
const RETRY_MS = 20;

type Declaration = (channel: Channel) => Promise<unknown>;

/** Runs declarations one at a time on a channel of their own, which is replaced when the broker closes it over one. */
export class Topology {
  readonly #connection: () => Promise<ChannelModel>;
  readonly #serial = new Serial();
  /** In the order first declared: what is bound comes after what it is bound to. */
  readonly #declared = new Map<string, Declaration>();
  #channel: { readonly model: ChannelModel; readonly channel: Channel } | undefined;

  constructor(connection: () => Promise<ChannelModel>) {
    this.#connection = connection;
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    // The default exchange and the broker's own `amq.` ones are there already.
    if (exchange.name === "" || exchange.name.startsWith("amq.")) return;
    await this.#declare(`exchange ${exchange.name}`, (channel) =>
      channel.assertExchange(exchange.name, exchange.type, {
        durable: exchange.durable ?? true,
        autoDelete: exchange.autoDelete ?? false,
        arguments: typedHeaders(exchange.arguments),
      }),
    );
  }

  /** `queue.name` must not be empty. */
  async declareQueue(queue: Queue): Promise<void> {
    await this.#declare(`queue ${queue.name}`, (channel) =>
      channel.assertQueue(queue.name, {
        durable: queue.durable ?? true,
        exclusive: queue.exclusive ?? false,
        autoDelete: queue.autoDelete ?? false,
        arguments: typedHeaders(queue.arguments),
      }),
    );
  }

  async bindQueue(queue: string, exchange: string, routingKey: string): Promise<void> {
    // Every queue is bound to the default exchange by its name, and to no other way.
    if (exchange === "") return;
    await this.#declare(`queue ${queue}\0binding ${exchange}\0${routingKey}`, (channel) =>
      channel.bindQueue(queue, exchange, routingKey, {}),
    );
  }

  async bindExchange(destination: string, source: string, routingKey: string): Promise<void> {
    await this.#declare(`binding of exchange ${destination}\0${source}\0${routingKey}`, (channel) =>
      channel.bindExchange(destination, source, routingKey, {}),
    );
  }

  async deleteQueue(name: string): Promise<void> {
    for (const key of this.#declared.keys()) {
      if (key === `queue ${name}` || key.startsWith(`queue ${name}\0`)) this.#declared.delete(key);
    }
    await this.run(`delete queue ${name}`, (channel) => channel.deleteQueue(name));
  }

  /** Rejects with `"not-found"` when there is no such queue. */
  async checkQueue(name: string): Promise<{ readonly messageCount: number }> {
    return this.run(`find queue ${name}`, (channel) => channel.checkQueue(name));
  }

  /** Declares the queue again as it was declared, with its exchanges and bindings. Nothing for queues declared elsewhere. */
  async redeclareQueue(name: string): Promise<void> {
    for (const [key, declaration] of this.#declared) {
      const exchange = key.startsWith("exchange ") ? key.slice("exchange ".length) : undefined;
      const isBound = exchange !== undefined && this.#hasBinding(name, exchange);
      if (isBound || key === `queue ${name}` || key.startsWith(`queue ${name}\0`)) {
        await this.run(`restore ${describe(key)}`, declaration);
      }
    }
  }

  #hasBinding(queue: string, exchange: string): boolean {
    for (const key of this.#declared.keys()) if (key.startsWith(`queue ${queue}\0binding ${exchange}\0`)) return true;
    return false;
  }

  /** Runs one operation on the channel for declarations; again on the next connection, should this one end meanwhile. */
  async run<T>(action: string, operation: (channel: Channel) => Promise<T>): Promise<T> {
    for (;;) {
      // Asked for outside of the serial jobs: those of `restore` come before it resolves.
      const model = await this.#connection();
      try {
        return await this.#runOn(model, action, operation);
      } catch (error) {
        if (toAmqpError(error, action).code !== "connection-lost") throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  #runOn<T>(model: ChannelModel, action: string, operation: (channel: Channel) => Promise<T>): Promise<T> {
    return this.#serial.run(async () => {
      try {
        return await operation(await this.#open(model));
      } catch (error) {
        const failure = toAmqpError(error, action);
        if (failure.code === "bad-option") this.#abandon();
        throw failure;
      }
    });
  }

  /** amqplib waits for the answer to what it could not even write (2.3.1, lib/channel.js `sendOrEnqueue`), and everything behind it too. */
  #abandon(): void {
    const open = this.#channel;
    this.#channel = undefined;
    open?.channel.close().catch(() => undefined);
  }

  /**
   * Declares everything again on a new connection. What the broker refuses is reported and left out: the rest is still
   * better than nothing.
   */
  async restore(model: ChannelModel, onRefused: (error: Error) => void): Promise<void> {
    for (const [key, declaration] of this.#declared) {
      try {
        await this.#runOn(model, `restore ${describe(key)}`, declaration);
      } catch (error) {
        const failure = toAmqpError(error, "restore");
        if (failure.code === "connection-lost") throw failure;
        onRefused(failure);
      }
    }
  }

  async #declare(key: string, declaration: Declaration): Promise<void> {
    await this.run(`declare ${describe(key)}`, declaration);
    this.#declared.set(key, declaration);
  }

  async #open(model: ChannelModel): Promise<Channel> {
    if (this.#channel?.model === model) return this.#channel.channel;
    const channel = await model.createChannel();
    // The operation under way is rejected with the same error.
    channel.on("error", () => undefined);
    channel.on("close", () => {
      if (this.#channel?.channel === channel) this.#channel = undefined;
    });
    this.#channel = { model, channel };
    return channel;
  }
}

function describe(key: string): string {
  return key.split("\0").join(" ");
}
