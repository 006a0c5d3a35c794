/** Sends monitoring events. Celery 5.2 `events/dispatcher.py`. */
import type { Transport } from "@brine/codec/kombu";
import { type EventSource, eventExchange, eventRoutingKey, makeEvent } from "../../protocol/events.js";
import type { LamportClock } from "../clock.js";
import type { ContentCodec } from "../content.js";

/** Milliseconds that task events of a worker are gathered before they go out as one message. */
const BATCH_MS = 50;
const BATCH_SIZE = 100;

export interface EventDispatcherOptions {
  readonly transport: Transport;
  readonly content: ContentCodec;
  readonly clock: LamportClock;
  readonly source: EventSource;
  readonly onWarning: (error: Error) => void;
}

/** Events are news: one that cannot be sent is dropped with a warning, and never holds up or fails a task. */
export class EventDispatcher {
  readonly #options: EventDispatcherOptions;
  #batch: object[] = [];
  #timer: NodeJS.Timeout | undefined;
  #declared: Promise<void> | undefined;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
  }

  /** Sends one event by itself. */
  send(type: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#publish(this.#make(type, fields), eventRoutingKey(type));
  }

  /** Gathers task events into messages of many, as Celery's workers do. */
  sendBatched(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#batch.push(this.#make(type, fields));
    if (this.#batch.length >= BATCH_SIZE) this.#sendBatch();
    else this.#timer ??= setTimeout(() => this.#sendBatch(), BATCH_MS);
  }

  #make(type: string, fields: Readonly<Record<string, unknown>>): object {
    const at = { clock: this.#options.clock.forward(), timestamp: Date.now() / 1000 };
    return makeEvent(type, this.#options.source, at, fields);
  }

  #sendBatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#publish(batch, "task.multi");
  }

  #publish(body: unknown, routingKey: string): void {
    const publishing = this.#send(body, routingKey).catch((error: Error) => this.#options.onWarning(error));
    this.#pending.add(publishing);
    void publishing.finally(() => this.#pending.delete(publishing));
  }

  async #send(body: unknown, routingKey: string): Promise<void> {
    const { transport, content, source } = this.#options;
    const exchange = eventExchange(transport.type);
    this.#declared ??= transport.declareExchange(exchange);
    try {
      await this.#declared;
    } catch (error) {
      this.#declared = undefined;
      throw error;
    }
    const encoded = content.encodeBare(body, "json");
    await transport.publish(
      { ...encoded, headers: { hostname: source.hostname }, properties: { deliveryMode: 1, priority: 0 } },
      { exchange: exchange.name, routingKey },
    );
  }

  /** Sends what is gathered and waits for all that is under way. */
  async flush(): Promise<void> {
    this.#sendBatch();
    await Promise.all(this.#pending);
  }
}
