/** Lets the broker wait for tasks with a countdown or eta where it can. celery 5.5 `app/base.py` send_task, `worker/consumer/delayed_delivery.py`. */
import type { DelayedDelivery, Queue, Transport } from "@brine/codec/kombu";
import type { Destination, Router } from "./router.js";

/** The eta stays in the message: fractions of a second are left to the worker, and so is what the broker cannot delay. */
const SHORTEST_SECONDS = 1;
/** 28 bits, as many as there are levels. */
const LONGEST_SECONDS = 2 ** 28 - 1;

interface Address {
  readonly exchange: string;
  readonly routingKey: string;
}

/**
 * As in Celery, it is used once any queue known is a quorum queue: a worker that waits for such a task may not raise its
 * prefetch for it, so that a few far etas would stop everything behind them.
 */
export class DelayedTasks {
  readonly #transport: Transport;
  readonly #router: Router;
  readonly #onWarning: (error: Error) => void;
  readonly #warned = new Set<string>();

  constructor(transport: Transport, router: Router, onWarning: (error: Error) => void) {
    this.#transport = transport;
    this.#router = router;
    this.#onWarning = onWarning;
  }

  /** Lets what is delayed, by whomever, reach the queue. */
  async bindQueue(queue: Queue): Promise<void> {
    const { delayedDelivery } = this.#transport;
    if (delayedDelivery === undefined || !this.#router.hasQuorumQueue) return;
    await this.#bind(delayedDelivery, queue);
  }

  /**
   * Where to publish a message of that destination that is due at `etaMs`, everything it needs declared. `undefined`: to the
   * destination itself, for the worker to wait.
   */
  async address(destination: Destination, etaMs: number): Promise<Address | undefined> {
    const { delayedDelivery } = this.#transport;
    const { queue, exchange, routingKey } = destination;
    const seconds = (etaMs - Date.now()) / 1000;
    const isInRange = seconds >= SHORTEST_SECONDS && seconds <= LONGEST_SECONDS;
    if (delayedDelivery === undefined || queue === undefined || !isInRange || !this.#router.hasQuorumQueue) return;
    if (!(await this.#bind(delayedDelivery, queue))) return;
    // What comes out goes to the queue's own exchange, with a key that was bound: any other address could be nobody's.
    if (exchange !== queue.exchange?.name || routingKey !== queue.routingKey) return;
    try {
      return delayedDelivery.address(routingKey, seconds);
    } catch (cause) {
      this.#warn(queue, cause as Error);
      return undefined;
    }
  }

  /** False, and a warning the first time, when the broker cannot delay for this queue: a worker still can. */
  async #bind(delayedDelivery: DelayedDelivery, queue: Queue): Promise<boolean> {
    const type = queue.exchange?.type;
    try {
      if (type !== "topic" && type !== "fanout") throw new Error(`its exchange is of type ${type}, not topic`);
      await delayedDelivery.bindQueue(queue);
      return true;
    } catch (cause) {
      this.#warn(queue, cause as Error);
      return false;
    }
  }

  #warn(queue: Queue, cause: Error): void {
    if (this.#warned.has(queue.name)) return;
    this.#warned.add(queue.name);
    const effect = `Tasks of queue ${queue.name} with a countdown wait in a worker and take its prefetch`;
    this.#onWarning(new Error(`${effect}: ${cause.message}`, { cause }));
  }
}
