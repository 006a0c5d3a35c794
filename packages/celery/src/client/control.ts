/** Remote control of workers: `ping`, `inspect`, `revoke`, ... as `app.control` of Python. */
import { randomUUID } from "node:crypto";
import type { Transport } from "@brine/codec/kombu";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { controlExchange, encodeControlRequest, replyExchange, replyQueue } from "../protocol/pidbox.js";
import { isPlainRecord, readSignature, type SignatureDict, type SignatureLike } from "../protocol/signature.js";
import type { Stamps } from "./canvas/stamps.js";
import type { LamportClock } from "./clock.js";
import type { ContentCodec } from "./content.js";
import { checkNames } from "./option-names.js";
import type { ResolvedSettings } from "./settings/settings.js";

/** Which workers a command is for, and how long their replies are awaited. */
export interface BroadcastOptions {
  /** Node names, such as `celery@host`. Default: every worker. */
  readonly destination?: readonly string[] | undefined;
  /** A glob of node names instead. Default: none. */
  readonly pattern?: string | undefined;
  /** Milliseconds to gather replies. Workers drop a command that reaches them ten seconds after that. Default 1000. */
  readonly timeoutMs?: number | undefined;
  /** Stop after so many replies. Default: the number of `destination`, else wait for `timeoutMs`. */
  readonly limit?: number | undefined;
}

const BROADCAST_OPTIONS = /* @__PURE__ */ optionNames<BroadcastOptions>({
  destination: true,
  pattern: true,
  timeoutMs: true,
  limit: true,
});

/** How tasks are revoked. */
export interface RevokeOptions extends BroadcastOptions {
  /** Stop it where it runs already. Default false. */
  readonly terminate?: boolean | undefined;
  /** The signal that Python's workers send to the process that runs it; Node's abort `context.signal`. Default `"SIGTERM"`. */
  readonly signal?: string | undefined;
}

const REVOKE_OPTIONS = extendOptionNames<RevokeOptions, BroadcastOptions>(BROADCAST_OPTIONS, {
  terminate: true,
  signal: true,
});

interface TimeLimits {
  readonly hard?: number | undefined;
  readonly soft?: number | undefined;
}

const TIME_LIMITS = optionNames<TimeLimits>({ hard: true, soft: true });

interface PoolLimits {
  readonly max?: number | undefined;
  readonly min?: number | undefined;
}

const POOL_LIMITS = optionNames<PoolLimits>({ max: true, min: true });

/** What each worker answered, by node name: most say `{ ok: "..." }` or `{ error: "..." }`. An object without prototype. */
export type Replies = Readonly<Record<string, unknown>>;

export interface ControlOptions {
  readonly transport: Transport;
  readonly content: ContentCodec;
  readonly clock: LamportClock;
  readonly settings: ResolvedSettings;
}

/** Commands to all workers, Python's and Node's: Celery's `app.control`. Replies are by node name. */
export class Control {
  readonly #options: ControlOptions;

  /** For {@link Celery}, which has one as `app.control`. */
  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /**
   * Sends a command without waiting for anybody: `app.control.broadcast(method, reply=False)`.
   *
   * @param method - Python's name of the command, such as `"rate_limit"`
   * @throws CeleryError `bad-option` for an option that there is not; what the transport throws
   */
  async cast(
    method: string,
    args: Readonly<Record<string, unknown>> = {},
    options: BroadcastOptions = {},
  ): Promise<void> {
    checkNames(options, BROADCAST_OPTIONS, "options of a broadcast");
    await this.#send(method, args, options, undefined);
  }

  /**
   * Sends a command and gathers replies until `limit` have come or the time is up. Nobody answering gives `{}`.
   *
   * @param method - Python's name of the command, such as `"rate_limit"`
   * @throws CeleryError `bad-option` for an option that there is not; what the transport throws
   */
  async broadcast(
    method: string,
    args: Readonly<Record<string, unknown>> = {},
    options: BroadcastOptions = {},
  ): Promise<Replies> {
    checkNames(options, BROADCAST_OPTIONS, "options of a broadcast");
    const { transport, settings, content, clock } = this.#options;
    await transport.connect();
    const oid = randomUUID();
    const ticket = randomUUID();
    const replies: Record<string, unknown> = Object.create(null);
    const limit = options.limit ?? options.destination?.length;
    let enough: () => void = () => {};
    const isEnough = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const queue = replyQueue(oid, settings.controlExchange);
    await transport.declareQueue(queue);
    const consumer = await transport.consume(
      [queue],
      (delivery) => {
        clock.adjust(delivery.headers.clock);
        if (delivery.headers.ticket !== undefined && delivery.headers.ticket !== ticket) return;
        void content
          .decode(delivery)
          .then((body) => {
            if (isPlainRecord(body)) Object.assign(replies, body);
            if (limit !== undefined && Object.keys(replies).length >= limit) enough();
          })
          .catch((error: Error) => settings.logger.warn?.(`Cannot decode a control reply: ${error.message}`));
      },
      { noAck: true },
    );
    const timer = setTimeout(() => enough(), options.timeoutMs ?? 1000);
    try {
      await this.#send(method, args, options, { ticket, oid });
      await isEnough;
    } finally {
      clearTimeout(timer);
      await consumer.cancel();
      // So that the transport does not declare it again after a reconnection.
      await transport.deleteQueue(queue.name).catch(() => {});
    }
    return replies;
  }

  async #send(
    method: string,
    args: Readonly<Record<string, unknown>>,
    options: BroadcastOptions,
    reply: { readonly ticket: string; readonly oid: string } | undefined,
  ): Promise<void> {
    const { transport, settings, content, clock } = this.#options;
    const exchange = controlExchange(settings.controlExchange);
    await transport.connect();
    await transport.declareExchange(exchange);
    const body = encodeControlRequest({
      method,
      arguments: args,
      destination: options.destination ?? null,
      pattern: options.pattern ?? null,
      matcher: options.pattern === undefined ? null : "glob",
      ticket: reply?.ticket ?? null,
      replyTo:
        reply === undefined ? null : { exchange: replyExchange(settings.controlExchange).name, routingKey: reply.oid },
    });
    const timeoutMs = options.timeoutMs ?? 1000;
    const encoded = await content.encode(body, settings.taskSerializer);
    await transport.publish(
      {
        ...encoded,
        // A request that is met later than anybody waits for it is dropped by the worker.
        headers: { clock: clock.forward(), expires: (Date.now() + timeoutMs + 10_000) / 1000 },
        properties: { deliveryMode: 2, priority: 0 },
      },
      { exchange: exchange.name, routingKey: "" },
    );
  }

  /** Asks who is there: `{ "celery@host": { ok: "pong" } }`. */
  async ping(options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("ping", {}, options);
  }

  /** Asks what workers do, as `celery inspect`: `active`, `reserved`, `scheduled`, `registered`, `stats`, `conf`, `active_queues`, `query_task`, ... */
  async inspect(
    method: string,
    args: Readonly<Record<string, unknown>> = {},
    options: BroadcastOptions = {},
  ): Promise<Replies> {
    return this.broadcast(method, args, options);
  }

  /** Tells workers not to run tasks, and with `terminate` to end those that run. Waits for no worker. */
  async revoke(taskId: string | readonly string[], options: RevokeOptions = {}): Promise<void> {
    checkNames(options, REVOKE_OPTIONS, "options of revoke()");
    const { terminate = false, signal = "SIGTERM", ...rest } = options;
    await this.cast("revoke", { task_id: taskId, terminate, signal }, rest);
  }

  /**
   * Revokes every task that carries one of these stamps: a value, or one of several. The number 7 is another stamp than the
   * text "7". Workers of Celery 5.3 and later, and these.
   */
  async revokeByStamps(stamps: Stamps, options: RevokeOptions = {}): Promise<void> {
    checkNames(options, REVOKE_OPTIONS, "options of revokeByStamps()");
    const { terminate = false, signal = "SIGTERM", ...rest } = options;
    await this.cast("revoke_by_stamped_headers", { headers: stamps, terminate, signal }, rest);
  }

  /** Limits how often each worker runs a task: `"100/m"`, `"10/s"`, `"5/h"`, or a number per second; 0: as often as it likes. */
  async rateLimit(taskName: string, rateLimit: string | number, options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("rate_limit", { task_name: taskName, rate_limit: rateLimit }, options);
  }

  /** Changes the time limits of a task, in seconds, in each worker that knows it. One that is left out is no more. */
  async timeLimit(taskName: string, limits: TimeLimits, options: BroadcastOptions = {}): Promise<Replies> {
    checkNames(limits, TIME_LIMITS, "limits of timeLimit()");
    return this.broadcast(
      "time_limit",
      { task_name: taskName, hard: limits.hard ?? null, soft: limits.soft ?? null },
      options,
    );
  }

  /** Has workers consume one queue more: one of their `task_queues`, or a direct one of that name. */
  async addConsumer(queue: string, options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast(
      "add_consumer",
      { queue, exchange: null, exchange_type: "direct", routing_key: null },
      options,
    );
  }

  /** Has workers consume a queue no more. */
  async cancelConsumer(queue: string, options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("cancel_consumer", { queue }, options);
  }

  /** Has workers run `n` tasks more at the same time. */
  async poolGrow(n = 1, options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("pool_grow", { n }, options);
  }

  /** Has workers run `n` tasks fewer at the same time. */
  async poolShrink(n = 1, options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("pool_shrink", { n }, options);
  }

  /** Changes how many tasks workers run at the same time, at least and at most. Only for workers that were started with a range. */
  async autoscale(limits: PoolLimits, options: BroadcastOptions = {}): Promise<Replies> {
    checkNames(limits, POOL_LIMITS, "limits of autoscale()");
    return this.broadcast("autoscale", { max: limits.max ?? null, min: limits.min ?? null }, options);
  }

  /** Has workers end the processes, or threads, that run tasks, and start new ones. Only where the setting `workerPoolRestarts` allows it. */
  async poolRestart(options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("pool_restart", {}, options);
  }

  /** Asks workers for a heartbeat event now. Waits for no worker. */
  async heartbeat(options: BroadcastOptions = {}): Promise<void> {
    await this.cast("heartbeat", {}, options);
  }

  /** Workers elect one of them to do something; the topic `"task"` sends the signature. `id` names the election. */
  async elect(
    id: string,
    topic: string,
    action: SignatureLike | SignatureDict,
    options: BroadcastOptions = {},
  ): Promise<void> {
    await this.cast("election", { id, topic, action: readSignature(action, "action") }, options);
  }

  /** Has workers send events of their tasks to monitors (`celery worker -E`). */
  async enableEvents(options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("enable_events", {}, options);
  }

  /** Has workers send no more events of their tasks. */
  async disableEvents(options: BroadcastOptions = {}): Promise<Replies> {
    return this.broadcast("disable_events", {}, options);
  }

  /** Has workers stop when what they run has ended: a warm shutdown. Waits for no worker; without `destination` it stops them all. */
  async shutdown(options: BroadcastOptions = {}): Promise<void> {
    await this.cast("shutdown", {}, options);
  }
}
