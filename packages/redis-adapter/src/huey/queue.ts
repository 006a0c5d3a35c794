/** Tasks of huey's Redis storage: `huey/storage.py`. huey 2.x and 3.x. */
import { randomUUID } from "node:crypto";
import { PyDateTime } from "@brine/codec";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { evaluate } from "../cache/lock.js";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { decodeStored, JOB_QUEUE_OPTIONS, type JobQueueOptions } from "../jobs/codec.js";
import { exceptionOf, JobError } from "../jobs/job-error.js";
import { type KeyOfKind, Kinds } from "../jobs/other-kind.js";
import { type WaitOptions, waitFor } from "../jobs/result-watch.js";
import { script } from "../kombu/scripts.js";
import { checkNames } from "../option-names.js";
import { pairs } from "../pickled/commands/collections.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { decodeTask, HueyError, type HueyFormat, type HueyTaskInfo, hueyCodec, messageOf } from "./message.js";

/** Options of {@link HueyQueue}. */
export interface HueyQueueOptions extends JobQueueOptions, HueyFormat {
  /** `PriorityRedisHuey`: the queue is a sorted set. Default false: a list, of `RedisHuey`. */
  readonly prioritized?: boolean | undefined;
  /** Whose messages are written: those of huey 2 have 12 fields, of huey 3 15. Default 3. */
  readonly version?: 2 | 3 | undefined;
}

const QUEUE_OPTIONS = /* @__PURE__ */ extendOptionNames<HueyQueueOptions, JobQueueOptions>(
  JOB_QUEUE_OPTIONS,
  { compression: true, secrets: true, salt: true, prioritized: true, version: true },
  { instead: [["secret", "secrets"]] },
);

/** What huey's `task.schedule` takes beside the call. Times in seconds. */
export interface HueyEnqueueOptions {
  /** The task's id, by which its result is found. Default: a new UUID. */
  readonly id?: string | undefined;
  /** huey's `eta`: it is not run before; wins over `delay`. Default: at once. */
  readonly eta?: Date | undefined;
  /** huey's `delay`: seconds from now before which it is not run. Default: at once. */
  readonly delay?: number | undefined;
  /** How often it is run again when it fails. Default 0. */
  readonly retries?: number | undefined;
  /** Seconds before each of these. Default 0. */
  readonly retryDelay?: number | undefined;
  /** For a queue that is `prioritized`; higher is earlier. Default: none, which is 0. */
  readonly priority?: number | undefined;
  /** When it is not run any more: seconds from now, or a time. Default: never. */
  readonly expires?: number | Date | undefined;
}

const ENQUEUE_OPTIONS = /* @__PURE__ */ optionNames<HueyEnqueueOptions>(
  { id: true, eta: true, delay: true, retries: true, retryDelay: true, priority: true, expires: true },
  { instead: [["taskId", "id"]] },
);

/** The bytes hold an id of their own, so that those of the last thousand tasks tell whether this one is there already. */
const PUSH = script(`
if redis.call('LPOS', KEYS[1], ARGV[1], 'MAXLEN', 1000) then return 0 end
return redis.call('LPUSH', KEYS[1], ARGV[1])`);

/**
 * A huey, by its name. Where a key holds another kind of value than huey keeps there, each call throws a RedisAdapterError `job`
 * with the key and what to do, and changes nothing.
 *
 * @example
 * const huey = new HueyQueue("my-app", { client: new Redis() });
 * const task = await huey.enqueue<number>("tasks.add", [1, 2]);
 * await task.result({ timeoutMs: 10_000 });
 */
export class HueyQueue {
  /** As huey has it in its keys: without what is no letter of ASCII, digit or `_`. */
  readonly name: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #options: HueyQueueOptions;
  readonly #kinds: Kinds;
  readonly #queue: KeyOfKind;

  /**
   * @param name - as `RedisHuey(name)` has it
   * @throws RedisAdapterError `bad-option` for an option that there is not, or a value that it cannot have
   */
  constructor(name: string, options: HueyQueueOptions) {
    checkNames(options, QUEUE_OPTIONS, "options of HueyQueue");
    // huey `clean_name`.
    this.name = name.replaceAll(/[^A-Za-z0-9_]/g, "");
    this.#client = options.client;
    this.#codec = hueyCodec(options);
    this.#options = options;
    this.#kinds = new Kinds(options.client, "huey");
    this.#queue = {
      key: `huey.redis.${this.name}`,
      ...(options.prioritized
        ? { kind: "zset", advice: "a RedisHuey keeps a list there: leave `prioritized` out" }
        : { kind: "list", advice: "a PriorityRedisHuey keeps a sorted set there: give `prioritized: true`" }),
    };
  }

  /** Enqueues a task by its name: `module.function`. Sent again by the driver after a lost reply, it is there once. */
  async enqueue<T = unknown>(
    name: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: HueyEnqueueOptions = {},
  ): Promise<HueyTask<T>> {
    checkNames(options, ENQUEUE_OPTIONS, "options of enqueue()");
    const { prioritized = false, version = 3 } = this.#options;
    const id = options.id ?? randomUUID();
    const due = options.eta?.getTime() ?? (options.delay === undefined ? undefined : Date.now() + options.delay * 1000);
    const message = messageOf(
      {
        id,
        name,
        args,
        kwargs,
        eta: due === undefined ? null : naiveUtc(new Date(due)),
        retries: options.retries ?? 0,
        retryDelay: options.retryDelay ?? 0,
        priority: options.priority ?? null,
        expires: options.expires instanceof Date ? naiveUtc(options.expires) : options.expires,
      },
      version,
    );
    const bytes = Buffer.from(this.#codec.encode(message));
    if (prioritized) {
      const clock = Buffer.alloc(8);
      clock.writeBigUInt64BE(BigInt(Date.now()) * 1000n + BigInt(nextMicrosecond()));
      // Of equal priority the first enqueued is first: members sort by the clock before the bytes.
      const member = Buffer.concat([clock, bytes]);
      await this.#enqueued(id, send(this.#client, "zadd", [this.#queue.key, -(options.priority ?? 0), member]));
    } else await this.#enqueued(id, evaluate(this.#client, PUSH, [this.#queue.key], [bytes]));
    return this.task<T>(id);
  }

  /** A task by its id. Asks Redis nothing: whether there is such a task shows in its result alone. */
  task<T = unknown>(id: string): HueyTask<T> {
    return new HueyTask<T>(id, `huey.results.${this.name}`, this.#client, this.#codec);
  }

  /** The tasks that wait, next one first. @throws DecodeError */
  async pending(): Promise<HueyTaskInfo[]> {
    if (this.#options.prioritized) {
      const members = (await this.#read("zrange", this.#queue)) as Buffer[];
      return members.map((member) => decodeTask(member.subarray(8), this.#codec, this.#queue.key));
    }
    const list = (await this.#read("lrange", this.#queue)) as Buffer[];
    return list.reverse().map((raw) => decodeTask(raw, this.#codec, this.#queue.key));
  }

  /** The tasks that a consumer took and holds until their time comes. @throws DecodeError */
  async scheduled(): Promise<{ readonly task: HueyTaskInfo; readonly due: number }[]> {
    const key = `huey.schedule.${this.name}`;
    const reply = await this.#read("zrange", { key, kind: "zset" }, "WITHSCORES");
    return pairs(reply).map(([member, score]) => ({
      task: decodeTask(member as Buffer, this.#codec, key),
      due: Number(String(score)),
    }));
  }

  #enqueued(id: string, reply: Promise<unknown>): Promise<unknown> {
    return this.#kinds.check(`enqueue task ${id}`, [this.#queue], reply);
  }

  /** All of it. */
  #read(command: "zrange" | "lrange", of: KeyOfKind, ...more: string[]): Promise<unknown> {
    return this.#kinds.check(`read ${of.key}`, [of], send(this.#client, command, [of.key, 0, -1, ...more]));
  }
}

/** A task that was enqueued, for its result. */
export class HueyTask<T = unknown> {
  /** Its result is the field of this name of the hash `huey.results.<queue>`. */
  readonly id: string;
  readonly #key: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;

  /** For {@link HueyQueue}. */
  constructor(id: string, key: string, client: RedisLike, codec: ValueCodec) {
    this.id = id;
    this.#key = key;
    this.#client = client;
    this.#codec = codec;
  }

  /**
   * What it returned. huey stores no None unless it has `store_none=True`, so a task without a value has no result to wait
   * for. As huey's `Result.get`, this takes the result away; with `preserve` it stays. All who wait through one client share
   * two connections.
   *
   * @throws JobError `job` when it failed; RedisAdapterError `timeout` after `timeoutMs`; DecodeError `decode`; the reason of
   *   `signal`
   */
  async result({
    preserve = false,
    ...wait
  }: WaitOptions & { readonly preserve?: boolean | undefined } = {}): Promise<T> {
    const commands = [{ name: "hget", args: [this.#key, this.id] }] as const;
    const read = ([value]: readonly unknown[]) => (value === null ? undefined : { value: value as Buffer });
    const waiting = waitFor(this.#client, { jobId: this.id, commands, read }, wait);
    const kinds = new Kinds(this.#client, "huey");
    const raw = await kinds.check(`read task ${this.id}`, [{ key: this.#key, kind: "hash" }], waiting);
    const value = decodeStored(raw, this.#codec, this.#key, "huey");
    // Only what could be read is taken away.
    if (!preserve) await send(this.#client, "hdel", [this.#key, this.id]);
    if (!(value instanceof HueyError)) return value as T;
    const { error, traceback } = value.metadata;
    throw new JobError(this.id, exceptionOfRepr(String(error)), typeof traceback === "string" ? traceback : undefined);
  }
}

/** huey stores `repr(exception)`: `ValueError('bom')`. */
function exceptionOfRepr(text: string) {
  const match = /^([\p{L}_][\p{L}\p{N}_.]*)\((?:(['"])(.*)\2,?)?\)$/su.exec(text);
  if (match === null) return exceptionOf("Exception", text);
  return exceptionOf(match[1]!, match[3] ?? "");
}

/** huey's times are naive, in UTC. */
function naiveUtc(date: Date): PyDateTime {
  if (Number.isNaN(date.getTime()))
    throw new RedisAdapterError("Cannot enqueue a task for an invalid date", { code: "bad-option" });
  return PyDateTime.from(date.toISOString().slice(0, -1));
}

let microsecond = 0;
/** So that tasks of one millisecond keep their order. */
function nextMicrosecond(): number {
  microsecond = (microsecond + 1) % 1000;
  return microsecond;
}
