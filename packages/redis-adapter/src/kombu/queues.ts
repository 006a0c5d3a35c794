/** Queues: a list for each priority, which appears with its first message, and what was declared of them here. */
import { randomUUID } from "node:crypto";
import type { Exchange, Queue } from "@brine/codec/kombu";
import { queueKey } from "./priority.js";
import { type PublishingSide, results } from "./publishing-side.js";
import type { TransportSettings } from "./settings.js";

interface DeclaredQueue {
  readonly queue: Queue;
  readonly bindings: Map<string, { readonly exchange: string; readonly routingKey: string }>;
}

export class Queues {
  readonly #settings: TransportSettings;
  readonly #connected: () => Promise<PublishingSide>;
  readonly #declared = new Map<string, DeclaredQueue>();

  /** @param connected - connects where that is still to be done */
  constructor(settings: TransportSettings, connected: () => Promise<PublishingSide>) {
    this.#settings = settings;
    this.#connected = connected;
  }

  /** An empty name gets a new one. */
  async declare(queue: Queue): Promise<string> {
    const name = queue.name === "" ? randomUUID() : queue.name;
    const known = this.#declared.get(name);
    this.#declared.set(name, { queue: { ...queue, name }, bindings: known?.bindings ?? new Map() });
    if (queue.exchange !== undefined && queue.exchange.name !== "") {
      await this.bind(name, queue.exchange, queue.routingKey ?? "");
    }
    return name;
  }

  async bind(queue: string, exchange: Exchange, routingKey: string): Promise<void> {
    const { bindings } = await this.#connected();
    bindings.declare(exchange);
    if (exchange.name === "") return;
    await bindings.bind(queue, exchange.name, routingKey);
    const declared = this.#declared.get(queue) ?? { queue: { name: queue }, bindings: new Map() };
    declared.bindings.set(`${exchange.name}\0${routingKey}`, { exchange: exchange.name, routingKey });
    this.#declared.set(queue, declared);
  }

  /** Drops the queue's messages and the bindings that were made here. */
  async delete(name: string): Promise<void> {
    const { producer, bindings } = await this.#connected();
    const declared = this.#declared.get(name);
    this.#declared.delete(name);
    for (const { exchange, routingKey } of declared?.bindings.values() ?? [])
      await bindings.unbind(name, exchange, routingKey);
    await producer.del(...this.lists(name));
  }

  async length(name: string): Promise<number> {
    const { producer } = await this.#connected();
    const pipeline = producer.pipeline();
    for (const list of this.lists(name)) pipeline.llen(list);
    return results(await pipeline.exec()).reduce<number>((sum, length) => sum + Number(length), 0);
  }

  /** How many messages there were. */
  async purge(name: string): Promise<number> {
    const { producer } = await this.#connected();
    const transaction = producer.multi();
    const lists = this.lists(name);
    for (const list of lists) transaction.llen(list);
    transaction.del(...lists);
    const replies = results(await transaction.exec());
    return lists.reduce((sum, _, i) => sum + Number(replies[i]), 0);
  }

  /** Whether it goes with its last consumer. */
  isAutoDelete(name: string): boolean {
    return this.#declared.get(name)?.queue.autoDelete === true;
  }

  /** The list of a priority step. */
  list(queue: string, step: number): string {
    return this.#settings.globalKeyprefix + queueKey(queue, step, this.#settings.separator);
  }

  lists(queue: string): string[] {
    return this.#settings.prioritySteps.map((step) => this.list(queue, step));
  }

  /** `x-expires` of a queue that was declared here: milliseconds. kombu >= 5.5 applies it to the lists. */
  expires(queue: string): number | undefined {
    const args = this.#declared.get(queue)?.queue.arguments;
    const value = args !== undefined && Object.hasOwn(args, "x-expires") ? Number(args["x-expires"]) : Number.NaN;
    return value > 0 ? Math.trunc(value) : undefined;
  }
}
