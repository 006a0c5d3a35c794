/** The queues a worker takes its messages from, which may change while it runs. */
import type { Consumer, Delivery, Queue } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import type { FullQueue } from "../../client/publishing/router.js";

export class QueueConsumer {
  readonly #app: Celery;
  readonly #queues = new Map<string, FullQueue>();
  #consumer: Consumer | undefined;

  constructor(app: Celery) {
    this.#app = app;
  }

  get queues(): readonly FullQueue[] {
    return [...this.#queues.values()];
  }

  /** Declares the queues and consumes them. */
  async start(
    queues: readonly FullQueue[],
    onDelivery: (delivery: Delivery) => void,
    options: { readonly prefetch: number },
  ): Promise<void> {
    for (const queue of queues) await this.#declare(queue);
    this.#consumer = await this.#app.transport.consume(queues, onDelivery, options);
  }

  async #declare(queue: FullQueue): Promise<void> {
    await this.#app.transport.declareQueue(queue);
    await this.#app.delayed.bindQueue(queue);
    this.#queues.set(queue.name, queue);
  }

  async add(queue: Queue): Promise<void> {
    const full = this.#app.router.queue(queue);
    await this.#declare(full);
    await this.#consumer?.addQueue(full);
  }

  async cancel(name: string): Promise<void> {
    await this.#consumer?.cancelQueue(name);
    this.#queues.delete(name);
  }

  async setPrefetch(count: number): Promise<void> {
    await this.#consumer?.setPrefetch(count);
  }

  async stop(): Promise<void> {
    await this.#consumer?.cancel();
  }
}
