/** A task message in a worker: what it asks for, how far it is, and its delivery, to be settled once. */
import { Tuple } from "@brine/codec";
import type { Delivery } from "@brine/codec/kombu";
import type { Task } from "../../client/task.js";
import { parseIsoTime } from "../../protocol/iso8601.js";
import { saferepr } from "../../protocol/saferepr.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { RunStop } from "./run-stop.js";

export class Request {
  readonly message: TaskMessage;
  readonly delivery: Delivery;
  readonly task: Task;
  readonly receivedAt = Date.now();
  /** Milliseconds since the epoch; `undefined` until it runs. */
  startedAt: number | undefined;
  /** Stops the run: aborted by limits and by `revoke(terminate)`. */
  readonly stop = new RunStop();
  #isPerformed = false;
  #onPerformed: (() => void) | undefined;
  #isSettled = false;
  #isRequeued = false;

  constructor(message: TaskMessage, delivery: Delivery, task: Task) {
    this.message = message;
    this.delivery = delivery;
    this.task = task;
  }

  get id(): string {
    return this.message.id;
  }

  get name(): string {
    return this.message.task;
  }

  get etaMs(): number | undefined {
    return this.message.eta === null ? undefined : parseIsoTime(this.message.eta);
  }

  get isExpired(): boolean {
    const expires = this.message.expires === null ? undefined : parseIsoTime(this.message.expires);
    return expires !== undefined && expires <= Date.now();
  }

  /** Whether its handler runs. */
  get isPerforming(): boolean {
    return this.startedAt !== undefined && !this.#isPerformed;
  }

  /** The handler has ended; what follows is between the worker, the broker and the result store. */
  markPerformed(): void {
    this.#isPerformed = true;
    this.#onPerformed?.();
  }

  /** Resolves when its handler has ended. For one listener. */
  performed(): Promise<void> {
    if (this.#isPerformed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onPerformed = resolve;
    });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Given back to its queue. */
  get isRequeued(): boolean {
    return this.#isRequeued;
  }

  async ack(): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    await this.delivery.ack();
  }

  async reject(requeue: boolean): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#isRequeued = requeue;
    await this.delivery.reject({ requeue });
  }

  /** As `inspect active` shows it; `isSafe` gives text instead of values. */
  info(hostname: string, isSafe: boolean): Record<string, unknown> {
    const { message, delivery } = this;
    return {
      id: message.id,
      name: message.task,
      args: isSafe ? (message.argsrepr ?? saferepr(Tuple.from(message.args))) : Tuple.from(message.args),
      kwargs: isSafe ? (message.kwargsrepr ?? saferepr(message.kwargs)) : message.kwargs,
      type: message.task,
      hostname,
      time_start: this.startedAt === undefined ? null : this.startedAt / 1000,
      acknowledged: this.#isSettled,
      delivery_info: {
        exchange: delivery.exchange,
        routing_key: delivery.routingKey,
        priority: delivery.properties.priority ?? null,
        redelivered: delivery.redelivered,
      },
      worker_pid: this.startedAt === undefined ? null : process.pid,
    };
  }
}
