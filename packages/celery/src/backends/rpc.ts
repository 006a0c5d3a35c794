/** `rpc://`: results come back as messages to a queue of this client's own. Celery 5.2 `backends/rpc.py`. */
import { randomUUID } from "node:crypto";
import type { Consumer, Delivery, Transport } from "@brine/codec/kombu";
import { CeleryError } from "../errors.js";
import { READY_STATES } from "../protocol/states.js";
import type { ChordOutcome, ResultBackend, StoreRequest, TaskResult } from "./backend.js";
import type { ResultCodec } from "./result-codec.js";

/** States of tasks that nobody has asked for yet are kept up to this many tasks; the oldest go first. */
const MAX_UNCLAIMED = 100_000;

interface Watcher {
  readonly onResult: (result: TaskResult) => void;
  readonly onError: (error: Error) => void;
}

export interface RpcBackendOptions {
  readonly transport: Transport;
  readonly codec: ResultCodec;
  /** Seconds until an unused reply queue is removed. */
  readonly expiresSeconds: number | null;
  readonly isPersistent: boolean;
  readonly onWarning: (error: Error) => void;
}

/**
 * Each state is delivered once, to the process that sent the task: other processes cannot see it, and a result is gone
 * once this process ends. Chords do not work with it, in Celery and here.
 */
export class RpcBackend implements ResultBackend {
  readonly type = "rpc";
  readonly description = "rpc://";
  readonly hasChords = false;
  readonly #options: RpcBackendOptions;
  readonly #oid = randomUUID();
  /** The last state of each task, undecoded until somebody asks. */
  readonly #last = new Map<string, Pick<Delivery, "body" | "contentType">>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  #consumer: Promise<Consumer> | undefined;

  constructor(options: RpcBackendOptions) {
    this.#options = options;
  }

  async replyTo(): Promise<string> {
    await this.#listen();
    return this.#oid;
  }

  #listen(): Promise<Consumer> {
    if (this.#consumer === undefined) {
      this.#consumer = this.#consume();
      this.#consumer.catch(() => {
        this.#consumer = undefined;
      });
    }
    return this.#consumer;
  }

  async #consume(): Promise<Consumer> {
    const { transport, expiresSeconds } = this.#options;
    await transport.connect();
    const queue = {
      name: this.#oid,
      durable: false,
      autoDelete: true,
      ...(expiresSeconds === null ? {} : { arguments: { "x-expires": Math.ceil(expiresSeconds * 1000) } }),
    };
    await transport.declareQueue(queue);
    return transport.consume([queue], (delivery) => this.#onReply(delivery), { noAck: true });
  }

  #onReply(delivery: Delivery): void {
    const taskId = delivery.properties.correlationId;
    // What comes after the last word is late: another process of a prefork pool wrote RETRY, and was slower.
    if (taskId === undefined || this.#isReady(taskId)) return;
    // Most recent last, so that the oldest is the first key.
    this.#last.delete(taskId);
    this.#last.set(taskId, { body: Uint8Array.from(delivery.body), contentType: delivery.contentType });
    if (this.#last.size > MAX_UNCLAIMED) this.#last.delete(this.#last.keys().next().value!);
    const watchers = this.#watchers.get(taskId);
    if (watchers === undefined) return;
    try {
      const result = this.#options.codec.decode(delivery.body, delivery.contentType, taskId);
      for (const watcher of [...watchers]) watcher.onResult(result);
    } catch (error) {
      for (const watcher of [...watchers]) watcher.onError(error as Error);
    }
  }

  async get(taskId: string): Promise<TaskResult | undefined> {
    return this.#get(taskId);
  }

  #get(taskId: string): TaskResult | undefined {
    const last = this.#last.get(taskId);
    return last === undefined ? undefined : this.#options.codec.decode(last.body, last.contentType, taskId);
  }

  #isReady(taskId: string): boolean {
    try {
      const last = this.#get(taskId);
      return last !== undefined && READY_STATES.has(last.meta.status);
    } catch {
      return false;
    }
  }

  async watch(
    taskId: string,
    onResult: (result: TaskResult) => void,
    onError: (error: Error) => void,
  ): Promise<() => Promise<void>> {
    await this.#listen();
    const watcher = { onResult, onError };
    const watchers = this.#watchers.get(taskId) ?? new Set();
    this.#watchers.set(taskId, watchers);
    watchers.add(watcher);
    const stop = async (): Promise<void> => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(taskId) === watchers) this.#watchers.delete(taskId);
    };
    try {
      const present = await this.get(taskId);
      if (present !== undefined) onResult(present);
    } catch (error) {
      onError(error as Error);
    }
    return stop;
  }

  /** Nothing is sent for a task whose sender wants no reply. */
  async store(request: StoreRequest): Promise<void> {
    const { replyTo, correlationId } = request;
    if (replyTo === undefined || replyTo === "") return;
    const { body, contentType, contentEncoding } = this.#options.codec.encode(request);
    await this.#options.transport.publish(
      {
        body,
        contentType,
        contentEncoding,
        headers: {},
        properties: { correlationId, deliveryMode: this.#options.isPersistent ? 2 : 1, priority: 0 },
      },
      { exchange: "", routingKey: replyTo },
    );
  }

  async forget(taskId: string): Promise<void> {
    this.#last.delete(taskId);
  }

  async saveGroup(): Promise<void> {
    throw noGroups();
  }

  async restoreGroup(): Promise<never> {
    throw noGroups();
  }

  async deleteGroup(): Promise<void> {}

  async setChordSize(): Promise<void> {
    throw noChords();
  }

  async growChord(): Promise<void> {
    throw noChords();
  }

  async addChordPart(): Promise<ChordOutcome> {
    throw noChords();
  }

  async clearChord(): Promise<void> {}

  async close(): Promise<void> {
    const consumer = await this.#consumer?.catch(() => undefined);
    this.#consumer = undefined;
    await consumer?.cancel();
    this.#watchers.clear();
  }
}

function noGroups(): CeleryError {
  return new CeleryError("Cannot keep a group: rpc:// keeps no results, use a result store", { code: "no-backend" });
}

function noChords(): CeleryError {
  return new CeleryError("Cannot run a chord: rpc:// keeps no results, use a result store", { code: "no-backend" });
}
