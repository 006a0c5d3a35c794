/** Jobs of arq (`arq/connections.py`, `arq/jobs.py`), which pickles them as dicts. arq 0.26. */
import { randomUUID } from "node:crypto";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { evaluate } from "../cache/lock.js";
import { pickleCodec, type ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { JOB_QUEUE_OPTIONS, type JobQueueOptions } from "../jobs/codec.js";
import { JobError } from "../jobs/job-error.js";
import { type KeyOfKind, Kinds } from "../jobs/other-kind.js";
import { type WaitOptions, waitFor } from "../jobs/result-watch.js";
import { script } from "../kombu/scripts.js";
import { checkNames } from "../option-names.js";
import { pairs } from "../pickled/commands/collections.js";
import { toBoolean } from "../pickled/context.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { type ArqJobDef, type ArqResult, decodeJob, decodeResult, encodeJob } from "./message.js";

/** Options of {@link ArqQueue}. */
export interface ArqQueueOptions extends JobQueueOptions {
  /** `WorkerSettings.queue_name`. Default `"arq:queue"`. */
  readonly queueName?: string | undefined;
}

const QUEUE_OPTIONS = /* @__PURE__ */ extendOptionNames<ArqQueueOptions, JobQueueOptions>(
  JOB_QUEUE_OPTIONS,
  { queueName: true },
  { instead: [["defaultQueueName", "queueName"]] },
);

/** What arq's `enqueue_job` takes beside the call. Times in milliseconds. */
export interface ArqEnqueueOptions {
  /** arq's `_job_id`. A job whose id is in use, or has a result, is not enqueued. Default: a new UUID, without hyphens. */
  readonly id?: string | undefined;
  /** arq's `_defer_until`: it is not run before. Default: at once. */
  readonly deferUntil?: Date | undefined;
  /** arq's `_defer_by`: milliseconds from now before which it is not run; `deferUntil` wins. Default 0. */
  readonly deferBy?: number | undefined;
  /** arq's `_expires`: milliseconds that it may wait, after which it is forgotten. Default: a day after it is due. */
  readonly expires?: number | undefined;
}

const ENQUEUE_OPTIONS = /* @__PURE__ */ optionNames<ArqEnqueueOptions>(
  { id: true, deferUntil: true, deferBy: true, expires: true },
  {
    instead: [
      ["jobId", "id"],
      ["_jobId", "id"],
    ],
  },
);

/** A job's status, as `arq.jobs.JobStatus` has it. */
export type ArqStatus = "deferred" | "queued" | "in_progress" | "complete" | "not_found";

const DAY_MS = 86_400_000;
const jobKey = (id: string): string => `arq:job:${id}`;
const resultKey = (id: string): string => `arq:result:${id}`;
const ABORT = "arq:abort";

const jobOf = (id: string): KeyOfKind => ({ key: jobKey(id), kind: "string" });
const resultOf = (id: string): KeyOfKind => ({ key: resultKey(id), kind: "string" });
const queueOf = (name: string): KeyOfKind => ({
  key: name,
  kind: "zset",
  advice: "name another queue, here and in WorkerSettings, or remove what is there",
});

/** KEYS: the job, its result, the queue. ARGV: id, score, lifetime, bytes. Reply: 1, or 0 when there is one of this id. */
const ENQUEUE = script(`
local stored = redis.call('GET', KEYS[1])
-- The same bytes: the driver sent it again after the connection was lost.
if stored == ARGV[4] then return 1 end
if stored or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
-- A script stops at a key of another kind, and what it has written stays.
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('PSETEX', KEYS[1], ARGV[3], ARGV[4])
return 1`);

/**
 * Jobs for arq's workers. Where a key holds another kind of value than arq keeps there, each call throws a RedisAdapterError `job`
 * with the key and what to do, and changes nothing.
 *
 * @example
 * const queue = new ArqQueue({ client: new Redis() });
 * const job = await queue.enqueue<number>("add", [1, 2]);
 * await job?.result({ timeoutMs: 10_000 });
 */
export class ArqQueue {
  /** Its key in Redis, a sorted set. */
  readonly name: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #kinds: Kinds;

  /** @throws RedisAdapterError `bad-option` for an option that there is not */
  constructor(options: ArqQueueOptions) {
    checkNames(options, QUEUE_OPTIONS, "options of ArqQueue");
    this.name = options.queueName ?? "arq:queue";
    this.#client = options.client;
    this.#codec = pickleCodec(options.pickle);
    this.#kinds = new Kinds(options.client, "arq");
  }

  /**
   * Enqueues a call of a function that the worker knows by this name; `undefined` when there is a job of this id, or its result.
   * Sent again by the driver after a lost reply, it is there once.
   *
   * @throws RedisAdapterError `bad-option` for an option that there is not, or an invalid date; PicklingError
   */
  async enqueue<T = unknown>(
    func: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: ArqEnqueueOptions = {},
  ): Promise<ArqJob<T> | undefined> {
    checkNames(options, ENQUEUE_OPTIONS, "options of enqueue()");
    const id = options.id ?? randomUUID().replaceAll("-", "");
    const now = Date.now();
    const score = options.deferUntil?.getTime() ?? now + (options.deferBy ?? 0);
    if (!Number.isFinite(score)) {
      throw new RedisAdapterError("Cannot defer a job until an invalid date", { code: "bad-option" });
    }
    const bytes = encodeJob({ func, args, kwargs, tries: null, enqueuedAt: new Date(now) }, this.#codec);
    const lifetime = Math.max(1, Math.trunc(options.expires ?? score - now + DAY_MS));
    const keys = [jobKey(id), resultKey(id), this.name];
    const done = evaluate(this.#client, ENQUEUE, keys, [id, Math.trunc(score), lifetime, bytes]);
    const kinds = [jobOf(id), queueOf(this.name)];
    return toBoolean(await this.#kinds.check(`enqueue job ${id}`, kinds, done)) ? this.job<T>(id) : undefined;
  }

  /** A job by its id. Asks Redis nothing: {@link ArqJob.status} says whether there is such a job. */
  job<T = unknown>(id: string): ArqJob<T> {
    return new ArqJob<T>(id, this.name, this.#client, this.#codec);
  }

  /** The jobs that wait, next one first, with the time from which they may run. */
  async queued(): Promise<{ readonly id: string; readonly due: Date }[]> {
    const asked = send(this.#client, "zrange", [this.name, 0, -1, "WITHSCORES"]);
    const reply = await this.#kinds.check(`read queue ${this.name}`, [queueOf(this.name)], asked);
    return pairs(reply).map(([id, score]) => ({ id: String(id), due: new Date(Number(String(score))) }));
  }
}

/** A job of arq, by its id: made by {@link ArqQueue.enqueue} and {@link ArqQueue.job}. */
export class ArqJob<T = unknown> {
  /** Unique among all queues: keys of jobs have no queue in them. */
  readonly id: string;
  readonly #queue: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #kinds: Kinds;

  /** For {@link ArqQueue}. */
  constructor(id: string, queue: string, client: RedisLike, codec: ValueCodec) {
    this.id = id;
    this.#queue = queue;
    this.#client = client;
    this.#codec = codec;
    this.#kinds = new Kinds(client, "arq");
  }

  /** Where it is; `"not_found"` also once its result has expired. */
  async status(): Promise<ArqStatus> {
    if (Number(await send(this.#client, "exists", [resultKey(this.id)])) > 0) return "complete";
    if (Number(await send(this.#client, "exists", [`arq:in-progress:${this.id}`])) > 0) return "in_progress";
    const score = await this.#score();
    if (score === null) return "not_found";
    return Number(String(score)) > Date.now() ? "deferred" : "queued";
  }

  /**
   * What it calls; `undefined` once it has ended, or when there is no such job.
   *
   * @throws DecodeError `decode`
   */
  async def(): Promise<ArqJobDef | undefined> {
    const raw = await this.#get(jobOf(this.id));
    return raw === null ? undefined : decodeJob(raw, this.#codec, jobKey(this.id));
  }

  /**
   * How it ended; `undefined` while it has not, and once its result has expired.
   *
   * @throws DecodeError `decode`
   */
  async resultInfo(): Promise<ArqResult | undefined> {
    const raw = await this.#get(resultOf(this.id));
    return raw === null ? undefined : decodeResult(raw, this.#codec, resultKey(this.id));
  }

  /**
   * The value it returned; `null` for None. Waits for it; all who wait through one client share two connections.
   *
   * @throws JobError `job` with the exception that it raised as `cause`; RedisAdapterError `timeout` after `timeoutMs`;
   *   DecodeError `decode`; the reason of `signal`
   */
  result(options: WaitOptions = {}): Promise<T> {
    const key = resultKey(this.id);
    const read = ([raw]: readonly unknown[]) => {
      if (raw === null) return undefined;
      const { success, result } = decodeResult(raw as Buffer, this.#codec, key);
      if (!success) throw new JobError(this.id, result);
      return { value: result as T };
    };
    const look = { jobId: this.id, commands: [{ name: "get", args: [key] }], read } as const;
    return this.#kinds.check(`read job ${this.id}`, [resultOf(this.id)], waitFor(this.#client, look, options));
  }

  /** Asks workers with `allow_abort_jobs` to abort it; waits for none. One that is not due yet becomes due, and is dropped. */
  async abort(): Promise<void> {
    const score = await this.#score();
    // One that is not due yet is made due, so that a worker takes it and drops it.
    if (score !== null && Number(String(score)) > Date.now())
      await send(this.#client, "zadd", [this.#queue, "XX", 1, this.id]);
    const added = send(this.#client, "zadd", [ABORT, Date.now(), this.id]);
    await this.#kinds.check(`abort job ${this.id}`, [{ key: ABORT, kind: "zset" }], added);
  }

  /** `null`: it does not wait. */
  #score(): Promise<unknown> {
    const reply = send(this.#client, "zscore", [this.#queue, this.id]);
    return this.#kinds.check(`read job ${this.id}`, [queueOf(this.#queue)], reply);
  }

  async #get(of: KeyOfKind): Promise<Buffer | null> {
    const reply = send(this.#client, "get", [of.key]);
    return (await this.#kinds.check(`read job ${this.id}`, [of], reply)) as Buffer | null;
  }
}
