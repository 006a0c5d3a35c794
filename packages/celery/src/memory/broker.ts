/**
 * A broker in this process: exchanges, bindings and queues with the semantics that Celery relies on (AMQP's, with
 * RabbitMQ's order of priorities). For tests, and for apps whose client and worker share a process.
 */
import { randomUUID } from "node:crypto";
import type { Exchange, Queue, TransportMessage } from "@brine/codec/kombu";

export interface StoredMessage {
  readonly message: TransportMessage;
  readonly exchange: string;
  readonly routingKey: string;
  redelivered: boolean;
  /** Milliseconds since the epoch; messages older are dropped when met. */
  readonly expiresAt: number | undefined;
}

/** Somebody who takes messages of a queue. */
export interface Subscriber {
  /** Whether it may get one more now. */
  hasRoom(): boolean;
  deliver(stored: StoredMessage, queue: MemoryQueue): void;
}

interface Binding {
  readonly queue: string;
  readonly routingKey: string;
}

export class MemoryQueue {
  readonly name: string;
  readonly autoDelete: boolean;
  readonly ready: StoredMessage[] = [];
  readonly subscribers: Subscriber[] = [];
  readonly #ttlMs: number | undefined;
  readonly deadLetter: { readonly exchange: string; readonly routingKey: string | undefined } | undefined;

  constructor(queue: Queue) {
    this.name = queue.name;
    this.autoDelete = queue.autoDelete === true;
    const ttl = queue.arguments?.["x-message-ttl"];
    this.#ttlMs = typeof ttl === "number" ? ttl : undefined;
    const exchange = queue.arguments?.["x-dead-letter-exchange"];
    const routingKey = queue.arguments?.["x-dead-letter-routing-key"];
    this.deadLetter =
      typeof exchange === "string"
        ? { exchange, routingKey: typeof routingKey === "string" ? routingKey : undefined }
        : undefined;
  }

  push(message: TransportMessage, exchange: string, routingKey: string): void {
    const expiration = message.properties.expiration === undefined ? undefined : Number(message.properties.expiration);
    const ttl = Math.min(expiration ?? Number.POSITIVE_INFINITY, this.#ttlMs ?? Number.POSITIVE_INFINITY);
    const expiresAt = Number.isFinite(ttl) ? Date.now() + ttl : undefined;
    this.#insert({ message, exchange, routingKey, redelivered: false, expiresAt }, false);
    this.dispatch();
  }

  /** Puts a message back in front of its priority, marked as redelivered. */
  requeue(stored: StoredMessage): void {
    stored.redelivered = true;
    this.#insert(stored, true);
    this.dispatch();
  }

  #insert(stored: StoredMessage, isFirst: boolean): void {
    const priority = stored.message.properties.priority ?? 0;
    const at = this.ready.findIndex((other) => {
      const theirs = other.message.properties.priority ?? 0;
      return isFirst ? theirs <= priority : theirs < priority;
    });
    this.ready.splice(at < 0 ? this.ready.length : at, 0, stored);
  }

  /** Gives ready messages to subscribers with room, in turn. */
  dispatch(): void {
    while (this.ready.length > 0) {
      const index = this.subscribers.findIndex((subscriber) => subscriber.hasRoom());
      if (index < 0) return;
      const stored = this.ready.shift()!;
      if (stored.expiresAt !== undefined && stored.expiresAt <= Date.now()) continue;
      const [subscriber] = this.subscribers.splice(index, 1);
      this.subscribers.push(subscriber!);
      subscriber!.deliver(stored, this);
    }
  }
}

/** Exchanges and queues in this process, shared by any number of {@link MemoryTransport}s. Nothing outlives the process. */
export class MemoryBroker {
  readonly #exchanges = new Map<string, { readonly exchange: Exchange; readonly bindings: Binding[] }>();
  readonly #queues = new Map<string, MemoryQueue>();

  /**
   * Declares an exchange; the same once more does nothing.
   *
   * @throws Error for one that exists with another type
   */
  declareExchange(exchange: Exchange): void {
    const existing = this.#exchanges.get(exchange.name);
    if (existing === undefined) this.#exchanges.set(exchange.name, { exchange, bindings: [] });
    else if (existing.exchange.type !== exchange.type) {
      throw new Error(
        `Cannot declare exchange "${exchange.name}" as ${exchange.type}: it is ${existing.exchange.type}`,
      );
    }
  }

  /**
   * Declares a queue, and its exchange, to which it is bound. One that exists is left as it is.
   *
   * @returns its name, which is made here for `""`
   */
  declareQueue(queue: Queue): string {
    const name = queue.name === "" ? `memory.gen-${randomUUID()}` : queue.name;
    if (!this.#queues.has(name)) this.#queues.set(name, new MemoryQueue({ ...queue, name }));
    if (queue.exchange !== undefined && queue.exchange.name !== "") {
      this.declareExchange(queue.exchange);
      this.bindQueue(name, queue.exchange, queue.routingKey ?? "");
    }
    return name;
  }

  /** Declares the exchange first; the same binding once more does nothing. */
  bindQueue(queue: string, exchange: Exchange, routingKey: string): void {
    this.declareExchange(exchange);
    const { bindings } = this.#exchanges.get(exchange.name)!;
    if (!bindings.some((binding) => binding.queue === queue && binding.routingKey === routingKey)) {
      bindings.push({ queue, routingKey });
    }
  }

  /** `undefined`: none of that name is declared. */
  queue(name: string): MemoryQueue | undefined {
    return this.#queues.get(name);
  }

  /** Deletes a queue with its messages and bindings. Does nothing for one that does not exist. */
  deleteQueue(name: string): void {
    this.#queues.delete(name);
    for (const { bindings } of this.#exchanges.values()) {
      for (let i = bindings.length - 1; i >= 0; i--) if (bindings[i]!.queue === name) bindings.splice(i, 1);
    }
  }

  /**
   * Routes one message; `""` is the default exchange.
   *
   * @returns how many queues took it
   */
  publish(message: TransportMessage, exchange: string, routingKey: string): number {
    if (exchange === "") {
      const queue = this.#queues.get(routingKey);
      queue?.push(message, exchange, routingKey);
      return queue === undefined ? 0 : 1;
    }
    const target = this.#exchanges.get(exchange);
    if (target === undefined) throw new Error(`Cannot publish: no exchange "${exchange}"`);
    const names = new Set<string>();
    for (const binding of target.bindings) {
      if (isRouted(target.exchange.type, binding.routingKey, routingKey)) names.add(binding.queue);
    }
    for (const name of names) this.#queues.get(name)?.push(message, exchange, routingKey);
    return names.size;
  }
}

function isRouted(type: Exchange["type"], pattern: string, key: string): boolean {
  if (type === "fanout") return true;
  return type === "topic" ? matchTopic(pattern, key) : pattern === key;
}

/** AMQP topic patterns: `*` is one word, `#` any number of words. */
export function matchTopic(pattern: string, key: string): boolean {
  const words = key === "" ? [] : key.split(".");
  // reachable[i]: the pattern so far matches the first i words. Linear in pattern times words, no backtracking.
  let reachable: boolean[] = [true, ...words.map(() => false)];
  for (const part of pattern === "" ? [] : pattern.split(".")) {
    const next: boolean[] = words.map(() => false);
    next.unshift(part === "#" && reachable[0]!);
    for (let i = 1; i <= words.length; i++) {
      next[i] =
        part === "#" ? reachable[i]! || next[i - 1]! : reachable[i - 1]! && (part === "*" || part === words[i - 1]);
    }
    reachable = next;
  }
  return reachable[words.length]!;
}
