/** Puts task messages on the wire: routes, encodes, validates, publishes with retries. Celery 5.2 `amqp.send_task_message`. */
import { setTimeout as sleep } from "node:timers/promises";
import { Tuple } from "@brine/codec";
import { type Exchange, isKombuError, type Queue, type Transport, type TransportMessage } from "@brine/codec/kombu";
import { CeleryError, isCeleryError } from "../../errors.js";
import { parseIsoTime } from "../../protocol/iso8601.js";
import type { TaskEnvelope, TaskMessage } from "../../protocol/task-message.js";
import { encodeTaskV1 } from "../../protocol/task-v1.js";
import { encodeTaskV2 } from "../../protocol/task-v2.js";
import { validateTask } from "../../protocol/validate.js";
import type { ContentCodec } from "../content.js";
import type { ResolvedSettings, RetryPolicy } from "../settings/settings.js";
import { publishChannel } from "../telemetry/diagnostics.js";
import type { Tracing } from "../telemetry/tracing.js";
import type { DelayedTasks } from "./delayed-delivery.js";
import type { Destination } from "./router.js";

/** How one message is sent, everything decided. */
export interface Sending {
  readonly message: TaskMessage;
  readonly destination: Destination;
  readonly replyTo: string;
  readonly serializer: string;
  readonly compression: string | undefined;
  readonly priority: number | undefined;
  readonly deliveryMode: 1 | 2;
  /** Milliseconds, in decimal. */
  readonly expiration: string | undefined;
  readonly retry: boolean;
  readonly retryPolicy: RetryPolicy;
  readonly mandatory: boolean;
  readonly signal: AbortSignal | undefined;
}

export class TaskPublisher {
  readonly #transport: Transport;
  readonly #content: ContentCodec;
  readonly #settings: ResolvedSettings;
  readonly #delayed: DelayedTasks;
  readonly #tracing: Tracing;
  readonly #declared = new Map<string, Promise<void> | "done">();

  constructor(parts: {
    readonly transport: Transport;
    readonly content: ContentCodec;
    readonly settings: ResolvedSettings;
    readonly delayed: DelayedTasks;
    readonly tracing: Tracing;
  }) {
    this.#transport = parts.transport;
    this.#content = parts.content;
    this.#settings = parts.settings;
    this.#delayed = parts.delayed;
    this.#tracing = parts.tracing;
  }

  /**
   * Resolves when the broker has the message.
   *
   * @throws InvalidMessageError, EncodeError: nothing was sent
   * @throws CeleryError `publish-failed` when the broker did not take it, after retries
   */
  async send(sending: Sending): Promise<void> {
    const { message, destination } = sending;
    await this.#tracing.publish(message, destination, (traceHeaders) => {
      if (traceHeaders === undefined) return this.#send(sending);
      return this.#send({ ...sending, message: { ...message, headers: { ...message.headers, ...traceHeaders } } });
    });
  }

  async #send(sending: Sending): Promise<void> {
    const message = await this.#encode(this.#envelope(sending), sending);
    await this.#publishWithRetry(message, sending);
  }

  #envelope(sending: Sending): TaskEnvelope {
    const { message, replyTo } = sending;
    const envelope =
      this.#settings.taskProtocol === 1 ? encodeTaskV1(message, { replyTo }) : encodeTaskV2(message, { replyTo });
    if (publishChannel.hasSubscribers) {
      const { exchange, routingKey } = sending.destination;
      publishChannel.publish({ task: message.task, id: message.id, exchange, routingKey, headers: envelope.headers });
    }
    return envelope;
  }

  async #encode(envelope: TaskEnvelope, sending: Sending): Promise<TransportMessage> {
    const { serializer, compression, priority, expiration } = sending;
    const { headers, body, correlationId, replyTo } = envelope;
    const contentType = this.#content.serializers.contentTypeOf(serializer);
    validateTask({ headers, body, contentType, correlationId, replyTo, priority, expiration });
    // As Python writes it: a tuple around the three. Lists would do as well, but this gives the same bytes.
    const encoded = await this.#content.encode(Array.isArray(body) ? Tuple.from(body) : body, serializer, compression);
    return {
      body: encoded.body,
      contentType: encoded.contentType,
      contentEncoding: encoded.contentEncoding,
      headers: Object.assign(headers, encoded.headers),
      properties: {
        correlationId,
        replyTo,
        deliveryMode: sending.deliveryMode,
        priority: priority ?? 0,
        expiration,
      },
    };
  }

  /** Once for each queue or exchange and app; the transport does it again after a reconnection. `undefined`: it is done. */
  #declare({ queue, exchange, fanout }: Destination): Promise<void> | undefined {
    if (queue === undefined && fanout === undefined) return undefined;
    const key = `${queue?.name ?? ""}\n${exchange}`;
    const declared = this.#declared.get(key);
    if (declared === "done") return undefined;
    if (declared !== undefined) return declared;
    const declaring = this.#declareOnce(key, queue, fanout);
    this.#declared.set(key, declaring);
    return declaring;
  }

  async #declareOnce(key: string, queue: Queue | undefined, fanout: Exchange | undefined): Promise<void> {
    try {
      if (queue !== undefined) await this.#transport.declareQueue(queue);
      else if (fanout !== undefined) await this.#transport.declareExchange(fanout);
      this.#declared.set(key, "done");
    } catch (cause) {
      this.#declared.delete(key);
      const what = queue === undefined ? `exchange ${fanout?.name}` : `queue ${queue.name}`;
      throw new CeleryError(`Cannot declare ${what}: ${(cause as Error).message}`, { code: "publish-failed", cause });
    }
  }

  /** Where it goes: to its destination, or to where the broker holds it until it is due. */
  async #address(destination: Destination, eta: string): Promise<Pick<Destination, "exchange" | "routingKey">> {
    const etaMs = parseIsoTime(eta);
    if (etaMs === undefined) return destination;
    return (await this.#delayed.address(destination, etaMs)) ?? destination;
  }

  async declareExchange(exchange: Exchange): Promise<void> {
    await this.#transport.declareExchange(exchange);
  }

  /** What it needs is declared within the retries, as in kombu's `Producer.publish`: the connection may be lost just then. */
  async #publishWithRetry(message: TransportMessage, sending: Sending): Promise<void> {
    const { message: task, destination, retry, retryPolicy, mandatory, signal } = sending;
    const maxRetries = retry ? (retryPolicy.maxRetries ?? Number.POSITIVE_INFINITY) : 0;
    for (let attempt = 0; ; attempt++) {
      try {
        const declaring = this.#declare(destination);
        if (declaring !== undefined) await declaring;
        const { exchange, routingKey } = task.eta === null ? destination : await this.#address(destination, task.eta);
        await this.#transport.publish(message, { exchange, routingKey, mandatory, signal });
        return;
      } catch (cause) {
        signal?.throwIfAborted();
        if (!this.#isWorthRetrying(cause)) throw cause;
        if (attempt >= maxRetries) {
          if (isCeleryError(cause)) throw cause;
          const { exchange, routingKey } = destination;
          throw new CeleryError(
            `Cannot send task ${task.task} to "${exchange}" ${routingKey}: ${(cause as Error).message}`,
            {
              code: "publish-failed",
              taskId: task.id,
              cause,
            },
          );
        }
        const { intervalStart = 0, intervalStep = 0.2, intervalMax = 1 } = retryPolicy;
        await sleep(Math.min(intervalMax, intervalStart + attempt * intervalStep) * 1000, undefined, { signal });
      }
    }
  }

  /** What cannot be declared is worth it when the connection was away; of what the broker does not take, all but a wrong message. */
  #isWorthRetrying(error: unknown): boolean {
    if (isCeleryError(error)) return this.#transport.isConnectionError?.(error.cause) === true;
    return !isKombuError(error);
  }
}
