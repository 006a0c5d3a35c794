/** The routes of a Redis broker, kept in Redis so that all its users see the same ones. */
import type { Exchange } from "@brine/codec/kombu";
import type { Redis } from "ioredis";
import { RedisAdapterError } from "../errors.js";
import { type Binding, bindingsKey, formatBinding, parseBinding, route, topicPattern } from "./exchange.js";
import type { TransportSettings } from "./settings.js";

export type ExchangeType = "direct" | "topic" | "fanout";

export class Bindings {
  readonly #client: Redis;
  readonly #settings: TransportSettings;
  /** Redis does not hold the types: everyone declares the exchanges it uses. */
  readonly #types = new Map<string, ExchangeType>();

  constructor(client: Redis, settings: TransportSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  declare(exchange: Exchange): void {
    if (exchange.name === "") return;
    if (exchange.type === "headers") {
      throw new RedisAdapterError(`Cannot declare ${JSON.stringify(exchange.name)}: Redis has no headers exchanges`, {
        code: "bad-exchange",
      });
    }
    const known = this.#types.get(exchange.name);
    if (known !== undefined && known !== exchange.type) {
      throw new RedisAdapterError(
        `Cannot declare ${JSON.stringify(exchange.name)} as ${exchange.type}: it is declared as ${known}`,
        { code: "bad-exchange" },
      );
    }
    this.#types.set(exchange.name, exchange.type);
  }

  /** kombu takes an exchange that it has not seen declared for a direct one. */
  typeOf(exchange: string): ExchangeType {
    return this.#types.get(exchange) ?? "direct";
  }

  async bind(queue: string, exchange: string, routingKey: string): Promise<void> {
    await this.#client.sadd(this.#key(exchange), this.#member(queue, exchange, routingKey));
  }

  async unbind(queue: string, exchange: string, routingKey: string): Promise<void> {
    await this.#client.srem(this.#key(exchange), this.#member(queue, exchange, routingKey));
  }

  /** The queues a message goes to; the anonymous exchange routes by queue name. */
  async lookup(exchange: string, routingKey: string): Promise<string[]> {
    if (exchange === "") return [routingKey];
    const members = await this.#client.smembers(this.#key(exchange));
    const bindings: Binding[] = [];
    for (const member of members) {
      const binding = parseBinding(member, this.#settings.separator);
      if (binding !== undefined) bindings.push(binding);
    }
    return route(this.typeOf(exchange), bindings, routingKey);
  }

  #key(exchange: string): string {
    return this.#settings.globalKeyprefix + bindingsKey(exchange);
  }

  #member(queue: string, exchange: string, routingKey: string): string {
    const type = this.typeOf(exchange);
    // kombu's other exchange types keep no pattern.
    const pattern = type === "topic" ? topicPattern(routingKey) : "";
    return formatBinding({ routingKey, pattern, queue }, this.#settings.separator);
  }
}
