/** Native delayed delivery on a broker: the levels declared, task queues bound to where messages come out. */
import type { DelayedDelivery, Exchange, Queue, Transport } from "@brine/codec/kombu";
import { AmqpError } from "../errors.js";
import {
  DELAYED_DELIVERY_EXCHANGE,
  delayedAddress,
  delayedBindingKey,
  delayedLevels,
  isDelayedExchange,
} from "./delayed-delivery.js";

/** Where it is declared. */
type Declarer = Required<Pick<Transport, "declareExchange" | "declareQueue" | "bindQueue" | "bindExchange">>;

/**
 * Celery leaves the declarations to its workers, and a client's message is lost when none has run yet. Here whoever publishes
 * or consumes declares what it relies on; the declarations are the same, so that either may come first.
 */
export class DelayedDeliveryTopology implements DelayedDelivery {
  readonly #declarer: Declarer;
  readonly #queueType: "classic" | "quorum";
  readonly #done = new Map<string, Promise<void>>();

  constructor(declarer: Declarer, queueType: "classic" | "quorum") {
    this.#declarer = declarer;
    this.#queueType = queueType;
  }

  /** @throws {@link AmqpError} `bad-option` for a queue without a topic or fanout exchange */
  async bindQueue(queue: Queue): Promise<void> {
    const { exchange } = queue;
    if (exchange === undefined || (exchange.type !== "topic" && exchange.type !== "fanout")) {
      // A direct exchange would compare the whole key, delay included.
      throw new AmqpError(
        `Cannot delay messages for queue ${queue.name}: its exchange is not of type topic or fanout`,
        {
          code: "bad-option",
        },
      );
    }
    await this.#once("levels", () => this.#declareLevels());
    const key = delayedBindingKey(queue.routingKey ?? queue.name);
    await this.#once(`${queue.name}\0${exchange.name}\0${key}`, async () => {
      await this.#declarer.declareQueue(queue);
      await this.#declarer.bindExchange(exchange.name, DELAYED_DELIVERY_EXCHANGE, key);
      await this.#declarer.bindQueue(queue.name, exchange, key);
    });
  }

  address(routingKey: string, seconds: number): { readonly exchange: string; readonly routingKey: string } {
    return delayedAddress(routingKey, seconds);
  }

  isDelayed(exchange: string): boolean {
    return isDelayedExchange(exchange);
  }

  async #declareLevels(): Promise<void> {
    const levels = delayedLevels(this.#queueType);
    for (const { name, queueArguments, waitKey } of levels) {
      const exchange: Exchange = { name, type: "topic" };
      await this.#declarer.declareQueue({ name, exchange, routingKey: waitKey, arguments: queueArguments });
    }
    await this.#declarer.declareExchange({ name: DELAYED_DELIVERY_EXCHANGE, type: "topic" });
    for (const { name, next, passKey } of levels) await this.#declarer.bindExchange(next, name, passKey);
  }

  /** The transport declares again what a lost connection or a new broker has forgotten; a failure may be tried again. */
  #once(key: string, declare: () => Promise<void>): Promise<void> {
    let done = this.#done.get(key);
    if (done === undefined) {
      done = declare().catch((error) => {
        this.#done.delete(key);
        throw error;
      });
      this.#done.set(key, done);
    }
    return done;
  }
}
