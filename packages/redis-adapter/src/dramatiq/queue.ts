/** Queues of dramatiq's Redis broker, and its results. dramatiq 1.17 to 2.2: `brokers/redis.py`, `results/backends/redis.py`. */
import { randomUUID } from "node:crypto";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { evaluate } from "../cache/lock.js";
import type { ValueCodec } from "../dialects/dialect.js";
import { codecOf, decodeStored, JOB_QUEUE_OPTIONS, type JobQueueOptions } from "../jobs/codec.js";
import { JobError } from "../jobs/job-error.js";
import { type KeyOfKind, Kinds } from "../jobs/other-kind.js";
import { type WaitOptions, waitFor } from "../jobs/result-watch.js";
import { script } from "../kombu/scripts.js";
import { checkNames } from "../option-names.js";
import { type Arg, type RedisLike, send } from "../pickled/driver/client.js";
import { type DramatiqMessage, decodeMessage, encodeMessage, exceptionIn, resultKey } from "./message.js";

/** Options of {@link DramatiqQueue}. */
export interface DramatiqQueueOptions extends JobQueueOptions {
  /** dramatiq's encoder: `PickleEncoder` or `JSONEncoder`. Default `"pickle"`. */
  readonly encoder?: "pickle" | "json" | undefined;
  /** `RedisBroker(namespace=...)`. Default `"dramatiq"`. */
  readonly namespace?: string | undefined;
  /** `RedisBackend(namespace=...)`. Default `"dramatiq-results"`. */
  readonly resultNamespace?: string | undefined;
}

const QUEUE_OPTIONS = /* @__PURE__ */ extendOptionNames<DramatiqQueueOptions, JobQueueOptions>(JOB_QUEUE_OPTIONS, {
  encoder: true,
  namespace: true,
  resultNamespace: true,
});

/** What dramatiq's `Message` and `broker.enqueue` take beside the call. */
export interface DramatiqEnqueueOptions {
  /** dramatiq's `message_id`, by which the result is found. Default: a new UUID. */
  readonly messageId?: string | undefined;
  /** dramatiq's `delay`: milliseconds from now before which it is not run. Default: at once. */
  readonly delay?: number | undefined;
  /** dramatiq's own, in its spelling: `max_retries`, `time_limit`, `priority`, `pipe_ignore`. Default: none. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

const ENQUEUE_OPTIONS = /* @__PURE__ */ optionNames<DramatiqEnqueueOptions>(
  { messageId: true, delay: true, options: true },
  {
    instead: [
      ["maxRetries", "dramatiq's own go into options, in its spelling"],
      ["timeLimit", "dramatiq's own go into options, in its spelling"],
      ["priority", "dramatiq's own go into options, in its spelling"],
      ["maxAge", "dramatiq's own go into options, in its spelling"],
      ["minBackoff", "dramatiq's own go into options, in its spelling"],
      ["maxBackoff", "dramatiq's own go into options, in its spelling"],
    ],
  },
);

interface MessagesOptions {
  readonly delayed?: boolean | undefined;
}

const MESSAGES_OPTIONS = optionNames<MessagesOptions>({ delayed: true });

const ADVICE = "give another namespace, here and to RedisBroker, or remove what is there";

/** KEYS: the messages, the queue. ARGV: id, bytes. In one step, and once even when it is sent twice. */
const ENQUEUE = script(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
-- A script stops at a key of another kind, and what it has written stays.
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`);

/**
 * A queue of dramatiq. Where a key holds another kind of value than dramatiq keeps there, each call throws a RedisAdapterError
 * `job` with the key and what to do, and changes nothing.
 *
 * @example
 * const queue = new DramatiqQueue("default", { client: new Redis() });
 * const job = await queue.enqueue<number>("add", [1, 2]);
 * await job.result({ timeoutMs: 10_000 });
 */
export class DramatiqQueue {
  /** Without the namespace of its keys, and without the `.DQ` of its delayed messages. */
  readonly name: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #namespace: string;
  readonly #resultNamespace: string;
  readonly #kinds: Kinds;

  /**
   * @param name - dramatiq's `queue_name`, which is `"default"` of actors that say none
   * @throws RedisAdapterError `bad-option` for an option that there is not
   */
  constructor(name: string, options: DramatiqQueueOptions) {
    checkNames(options, QUEUE_OPTIONS, "options of DramatiqQueue");
    this.name = name;
    this.#client = options.client;
    this.#codec = codecOf(options.encoder, options.pickle);
    this.#namespace = options.namespace ?? "dramatiq";
    this.#resultNamespace = options.resultNamespace ?? "dramatiq-results";
    this.#kinds = new Kinds(options.client, "dramatiq");
  }

  /**
   * Enqueues a message for an actor, by its name: as `actor.send(...)`.
   *
   * @throws RedisAdapterError `bad-option` for an option that there is not; PicklingError
   */
  async enqueue<T = unknown>(
    actorName: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: DramatiqEnqueueOptions = {},
  ): Promise<DramatiqJob<T>> {
    checkNames(options, ENQUEUE_OPTIONS, "options of enqueue()");
    const now = Date.now();
    const isDelayed = options.delay !== undefined;
    const queueName = isDelayed ? `${this.name}.DQ` : this.name;
    const redisId = randomUUID();
    const eta = isDelayed ? { eta: Math.trunc(now + options.delay) } : {};
    const messageId = options.messageId ?? randomUUID();
    const bytes = encodeMessage(
      {
        queueName,
        actorName,
        args,
        kwargs,
        options: { redis_message_id: redisId, ...options.options, ...eta },
        messageId,
        timestamp: new Date(now),
      },
      this.#codec,
    );
    const [messages, queue] = [this.#messagesOf(queueName), this.#queueOf(queueName)];
    const done = evaluate(this.#client, ENQUEUE, [messages.key, queue.key], [redisId, bytes]);
    await this.#kinds.check(`enqueue message ${messageId}`, [messages, queue], done);
    return this.job<T>(actorName, messageId);
  }

  /** A job, for its result: dramatiq finds those by queue, actor and id. */
  job<T = unknown>(actorName: string, messageId: string): DramatiqJob<T> {
    const key = resultKey(this.#resultNamespace, this.name, actorName, messageId);
    return new DramatiqJob<T>(messageId, key, this.#client, this.#codec);
  }

  /**
   * The messages that wait, next one first.
   *
   * @param options - `delayed`: those that were enqueued with a delay instead; default false
   * @throws DecodeError `decode`
   */
  async messages(options: MessagesOptions = {}): Promise<DramatiqMessage[]> {
    checkNames(options, MESSAGES_OPTIONS, "options of messages()");
    const queueName = options.delayed ? `${this.name}.DQ` : this.name;
    const ids = (await this.#read("lrange", this.#queueOf(queueName), 0, -1)) as Buffer[];
    if (ids.length === 0) return [];
    const messages = this.#messagesOf(queueName);
    const found = (await this.#read("hmget", messages, ...ids)) as (Buffer | null)[];
    return found.filter((raw) => raw !== null).map((raw) => decodeMessage(raw, this.#codec, messages.key));
  }

  #read(command: "lrange" | "hmget", of: KeyOfKind, ...args: Arg[]): Promise<unknown> {
    return this.#kinds.check(`read ${of.key}`, [of], send(this.#client, command, [of.key, ...args]));
  }

  #queueOf(queueName: string): KeyOfKind {
    return { key: `${this.#namespace}:${queueName}`, kind: "list", advice: ADVICE };
  }

  #messagesOf(queueName: string): KeyOfKind {
    return { key: `${this.#queueOf(queueName).key}.msgs`, kind: "hash", advice: ADVICE };
  }
}

/** A message that was sent, for its result: needs dramatiq's `Results` middleware and an actor with `store_results`. */
export class DramatiqJob<T = unknown> {
  /** dramatiq's `message_id`. */
  readonly id: string;
  /** Where Redis has its result. */
  readonly resultKey: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;

  /** For {@link DramatiqQueue}. */
  constructor(id: string, key: string, client: RedisLike, codec: ValueCodec) {
    this.id = id;
    this.resultKey = key;
    this.#client = client;
    this.#codec = codec;
  }

  /**
   * What the actor returned; `null` for None. Waits for it; all who wait through one client share two connections.
   *
   * @throws JobError `job` with the exception as `cause`; RedisAdapterError `timeout` after `timeoutMs`; DecodeError `decode`; the
   *   reason of `signal`
   */
  result(options: WaitOptions = {}): Promise<T> {
    const commands = [{ name: "lindex", args: [this.resultKey, 0] }] as const;
    const read = ([raw]: readonly unknown[]) => (raw === null ? undefined : { value: this.#unwrap(raw as Buffer) });
    const waiting = waitFor(this.#client, { jobId: this.id, commands, read }, options);
    const kinds = new Kinds(this.#client, "dramatiq");
    return kinds.check(`read message ${this.id}`, [{ key: this.resultKey, kind: "list" }], waiting);
  }

  #unwrap(raw: Buffer): T {
    const value = decodeStored(raw, this.#codec, this.resultKey, "dramatiq");
    const exception = exceptionIn(value);
    if (exception !== undefined) throw new JobError(this.id, exception);
    return value as T;
  }
}
