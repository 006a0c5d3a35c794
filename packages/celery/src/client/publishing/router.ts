/** Which exchange and routing key a task is published with. Celery 5.2 `app/routes.py`, `app/amqp.py`. */
import type { Delivery, Exchange, Queue } from "@brine/codec/kombu";
import { matchGlob } from "../../protocol/pidbox.js";
import { badOption, type ResolvedSettings, type Route, type RouteFunction } from "../settings/settings.js";
import { isBroadcast } from "./special-queues.js";

export interface Destination {
  readonly exchange: string;
  readonly routingKey: string;
  /** Declared before the first message; `undefined` when an exchange was named without a queue. */
  readonly queue: Queue | undefined;
  /** Declared instead when the queue is somebody else's. */
  readonly fanout?: Exchange | undefined;
}

/** A queue with exchange and routing key filled in. */
export type FullQueue = Queue & { readonly exchange: Exchange; readonly routingKey: string };

export class Router {
  readonly #settings: ResolvedSettings;
  readonly #queues = new Map<string, FullQueue>();

  constructor(settings: ResolvedSettings) {
    this.#settings = settings;
    for (const queue of settings.taskQueues) this.#queues.set(queue.name, this.complete(queue));
    if (!this.#queues.has(settings.taskDefaultQueue)) {
      const exchange = { name: settings.taskDefaultExchange, type: settings.taskDefaultExchangeType };
      const queue = { name: settings.taskDefaultQueue, exchange, routingKey: settings.taskDefaultRoutingKey };
      this.#queues.set(queue.name, this.complete(queue));
    }
  }

  /** Queues a worker consumes unless told otherwise: those of `taskQueues`, else the default one. */
  get consumed(): FullQueue[] {
    const { taskQueues, taskDefaultQueue } = this.#settings;
    const names = taskQueues.length > 0 ? taskQueues.map(({ name }) => name) : [taskDefaultQueue];
    return names.map((name) => this.#queues.get(name)!);
  }

  /** Whether any queue known is declared as a quorum queue. */
  get hasQuorumQueue(): boolean {
    return [...this.#queues.values()].some((queue) => queue.arguments?.["x-queue-type"] === "quorum");
  }

  /** The queue of that name, made like Celery makes missing ones: a direct exchange and routing key of the same name. */
  queue(nameOrQueue: string | Queue): FullQueue {
    if (typeof nameOrQueue !== "string") {
      const known = this.#queues.get(nameOrQueue.name) ?? this.complete(nameOrQueue);
      this.#queues.set(known.name, known);
      return known;
    }
    const known = this.#queues.get(nameOrQueue) ?? this.#broadcast(nameOrQueue);
    if (known !== undefined) return known;
    if (!this.#settings.taskCreateMissingQueues) throw badOption(`queue "${nameOrQueue}" is not in taskQueues`);
    return this.queue({ name: nameOrQueue });
  }

  /** kombu's alias of a `Broadcast`. */
  #broadcast(name: string): FullQueue | undefined {
    return [...this.#queues.values()].find((queue) => isBroadcast(queue) && queue.exchange.name === name);
  }

  complete(queue: Queue): FullQueue {
    const { taskDefaultQueueType, taskQueueMaxPriority } = this.#settings;
    const defaults: Record<string, unknown> = {};
    // A quorum queue cannot go with its last consumer.
    if (taskDefaultQueueType === "quorum" && !isBroadcast(queue)) defaults["x-queue-type"] = "quorum";
    else if (taskQueueMaxPriority !== undefined) defaults["x-max-priority"] = taskQueueMaxPriority;
    const args = { ...defaults, ...queue.arguments };
    return {
      ...queue,
      exchange: queue.exchange ?? { name: queue.name, type: "direct" },
      // A broadcast's is what Celery gives to all that have none: one that both sides agree on.
      routingKey: queue.routingKey ?? (isBroadcast(queue) ? this.#settings.taskDefaultRoutingKey : queue.name),
      ...(Object.keys(args).length === 0 ? {} : { arguments: args }),
    };
  }

  /** What `taskRoutes` says of a task, `undefined` when nothing. The first that matches wins. */
  lookup(
    task: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: Readonly<Record<string, unknown>>,
  ): Route | undefined {
    const { taskRoutes } = this.#settings;
    if (taskRoutes === undefined) return undefined;
    for (const routes of Array.isArray(taskRoutes) ? taskRoutes : [taskRoutes]) {
      const route =
        typeof routes === "function"
          ? (routes as RouteFunction)(task, args, kwargs, options)
          : findRoute(routes as Readonly<Record<string, Route | string>>, task);
      if (route !== undefined) return typeof route === "string" ? { queue: route } : route;
    }
    return undefined;
  }

  /** Where a message came from, for one like it. A delayed one came with the delay in its routing key: its queue says the real one. */
  origin({ exchange, routingKey, queue: name }: Delivery, isDelayed: boolean): Destination {
    const queue = this.#queues.get(name);
    if (queue !== undefined && isDelayed) return { exchange: queue.exchange.name, routingKey: queue.routingKey, queue };
    return { exchange, routingKey, queue };
  }

  /** Options win over the route; without either it is the default queue. */
  destination(options: Route, route: Route | undefined): Destination {
    const exchange = options.exchange ?? (options.queue === undefined ? route?.exchange : undefined);
    const named = options.queue ?? (exchange === undefined ? route?.queue : undefined);
    const routingKey = options.routingKey ?? (options.queue === undefined ? route?.routingKey : undefined);
    if (exchange !== undefined && named === undefined) {
      return { exchange, routingKey: routingKey ?? this.#settings.taskDefaultRoutingKey, queue: undefined };
    }
    const queue = this.queue(named ?? this.#settings.taskDefaultQueue);
    // A direct exchange adds nothing to the queue's name, so Celery skips it: one binding less to rely on.
    if (queue.exchange.type === "direct" && exchange === undefined && options.routingKey === undefined) {
      return { exchange: "", routingKey: queue.name, queue };
    }
    const address = { exchange: exchange ?? queue.exchange.name, routingKey: routingKey ?? queue.routingKey };
    return isBroadcast(queue) ? { ...address, queue: undefined, fanout: queue.exchange } : { ...address, queue };
  }
}

function findRoute(routes: Readonly<Record<string, Route | string>>, task: string): Route | string | undefined {
  if (Object.hasOwn(routes, task)) return routes[task];
  for (const [pattern, route] of Object.entries(routes)) {
    if (/[*?[]/.test(pattern) && matchGlob(pattern, task)) return route;
  }
  return undefined;
}
