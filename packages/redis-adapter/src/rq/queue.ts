import { randomUUID } from "node:crypto";
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { evaluate } from "../cache/lock.js";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { codecOf, JOB_QUEUE_OPTIONS, type JobQueueOptions } from "../jobs/codec.js";
import { checkNames } from "../option-names.js";
import { pairs } from "../pickled/commands/collections.js";
import { type Arg, type RedisLike, send } from "../pickled/driver/client.js";
import { Callbacks } from "./callbacks.js";
import {
  checkEnqueueOptions,
  dependenciesOf,
  dueOf,
  jobHash,
  type RqEnqueueOptions,
  timeLimit,
  uniqueTime,
} from "./enqueue.js";
import { type Duration, type RqSerializer, unixSeconds } from "./format.js";
import { RqJob, RqJobError } from "./job.js";
import {
  dependenciesKey,
  GROUPS,
  groupKey,
  jobIdOf,
  jobKey,
  QUEUES,
  queueKey,
  type Registry,
  registryKey,
} from "./keys.js";
import { type Cleaned, cleanRegistries } from "./maintenance.js";
import { ofItsKind } from "./other-kinds.js";
import { enqueueDue } from "./scheduler.js";
import { ENQUEUE } from "./scripts.js";
import type { RqCallbackHandler } from "./worker-options.js";

/** Options of {@link RqQueue}. */
export interface RqQueueOptions extends JobQueueOptions {
  /** What calls and results are written with, which must be the workers' `serializer`. Default `"pickle"`. */
  readonly serializer?: RqSerializer | undefined;
  /** How long a job may run that does not say: RQ's `default_timeout`. Default 180 seconds. */
  readonly defaultTimeout?: Duration | undefined;
}

const QUEUE_OPTIONS = /* @__PURE__ */ extendOptionNames<RqQueueOptions, JobQueueOptions>(
  JOB_QUEUE_OPTIONS,
  { serializer: true, defaultTimeout: true },
  {
    instead: [
      ["isAsync", "jobs are always enqueued"],
      ["async", "jobs are always enqueued"],
    ],
  },
);

/** Options of {@link RqQueue.cleanRegistries}. */
export interface CleanOptions {
  /** As of when. Default: now, by this machine's clock. */
  readonly now?: Date | undefined;
  /** What runs for failure callbacks, by the dotted names that jobs give. Default: none. */
  readonly callbacks?: Readonly<Record<string, RqCallbackHandler>> | undefined;
}

const CLEAN_OPTIONS = /* @__PURE__ */ optionNames<CleanOptions>({ now: true, callbacks: true });

/** An entry of a registry: a job in one state. */
export interface RegistryEntry {
  /** The job's. */
  readonly id: string;
  /** Unix time in seconds at which the entry expires or is due; Infinity for never. */
  readonly score: number;
}

/** What {@link RqQueue.enqueueMany} takes: the arguments of {@link RqQueue.enqueue}, by name. */
export interface RqCall {
  /** Dotted name of the function. */
  readonly func: string;
  /** Positional arguments. Default: none. */
  readonly args?: readonly unknown[] | undefined;
  /** Keyword arguments. Default: none. */
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** As for {@link RqQueue.enqueue}. Default: RQ's. */
  readonly options?: RqEnqueueOptions | undefined;
}

const CALL = /* @__PURE__ */ optionNames<RqCall>({ func: true, args: true, kwargs: true, options: true });

interface PreparedJob {
  readonly id: string;
  readonly keys: readonly string[];
  readonly args: readonly Arg[];
}

/** Calls of {@link RqQueue.enqueueMany} that are under way at a time. */
const BATCH = 1000;

const ID = /^[A-Za-z0-9_-]+$/;

/**
 * A queue of RQ: jobs for Python's workers, or for {@link RqWorker}.
 *
 * @example
 * const queue = new RqQueue("default", { client: new Redis() });
 * const job = await queue.enqueue<number>("reports.build", [2024], { month: 5 });
 * await job.result({ timeoutMs: 60_000 });
 */
export class RqQueue {
  /** The last part of its key, `rq:queue:<name>`. */
  readonly name: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #timeout: number;

  /** @throws RedisAdapterError `bad-option` without a client, for an option that there is not, or a value that it cannot have */
  constructor(name: string, options: RqQueueOptions) {
    this.name = name;
    if (options?.client === undefined) {
      throw new RedisAdapterError(`Cannot make queue ${name}: want { client }, of ioredis`, { code: "bad-option" });
    }
    checkNames(options, QUEUE_OPTIONS, `options of queue ${name}`);
    this.#client = options.client;
    this.#codec = codecOf(options.serializer, options.pickle);
    this.#timeout = timeLimit("defaultTimeout", options.defaultTimeout ?? 180);
  }

  /**
   * Enqueues a call of a Python function by its dotted name. Sent again after a lost connection, as ioredis does, it is
   * still enqueued once.
   *
   * @throws RqJobError `job` when a job it depends on is unknown, or, with `unique`, when there is a job of this id
   * @throws RedisAdapterError `bad-option` for an option that there is not, or a value that it cannot have; PicklingError
   */
  async enqueue<T = unknown>(
    func: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: RqEnqueueOptions = {},
  ): Promise<RqJob<T>> {
    return this.#enqueue(this.#prepare(func, args, kwargs, options));
  }

  /**
   * Enqueues calls in their order, and together: they are all under way before the first reply. Each is checked and encoded before any is
   * sent; one may depend on those before it. rq `Queue.enqueue_many`.
   *
   * @throws RqJobError for the first that Redis refused, as {@link enqueue} does; the others are enqueued
   */
  async enqueueMany<T = unknown>(calls: readonly RqCall[]): Promise<RqJob<T>[]> {
    const prepared = calls.map((call) => {
      checkNames(call, CALL, "a call of enqueueMany()");
      return this.#prepare(call.func, call.args ?? [], call.kwargs ?? {}, call.options ?? {});
    });
    const jobs: RqJob<T>[] = [];
    let refused: PromiseRejectedResult | undefined;
    for (let from = 0; from < prepared.length; from += BATCH) {
      const settled = await Promise.allSettled(
        prepared.slice(from, from + BATCH).map((each) => this.#enqueue<T>(each)),
      );
      for (const each of settled) {
        if (each.status === "fulfilled") jobs.push(each.value);
        else refused ??= each;
      }
    }
    if (refused !== undefined) throw refused.reason;
    return jobs;
  }

  /** Checks and encodes: what `ENQUEUE` is given. */
  #prepare(
    func: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: RqEnqueueOptions,
  ): PreparedJob {
    checkEnqueueOptions(options);
    const id = options.id ?? randomUUID();
    if (!ID.test(id)) {
      throw new RedisAdapterError(`Cannot use ${JSON.stringify(id)} as a job id: letters, digits, _ and - only`, {
        code: "bad-option",
      });
    }
    const now = new Date();
    const createdAt = uniqueTime(now);
    const due = dueOf(options, now);
    const dependencies = dependenciesOf(options.dependsOn);
    const fields = jobHash(
      { queue: this.name, func, args, kwargs, options, createdAt, defaultTimeout: this.#timeout },
      this.#codec,
    );
    return {
      id,
      keys: [
        QUEUES,
        queueKey(this.name),
        jobKey(id),
        dependenciesKey(id),
        registryKey("deferred", this.name),
        registryKey("scheduled", this.name),
        ...(options.group === undefined ? [] : [GROUPS, groupKey(options.group)]),
      ],
      args: [
        id,
        createdAt,
        options.atFront || dependencies.atFront ? "1" : "0",
        options.unique ? "1" : "0",
        fields.get("ttl") ?? "",
        due ?? "",
        dependencies.allowFailure ? "1" : "0",
        unixSeconds(now),
        options.group ?? "",
        dependencies.jobs.length,
        ...dependencies.jobs,
        ...[...fields].flat(),
      ],
    };
  }

  async #enqueue<T>({ id, keys, args }: PreparedJob): Promise<RqJob<T>> {
    const status = String(await ofItsKind(`enqueue job ${id}`, evaluate(this.#client, ENQUEUE, keys, args)));
    if (status === "exists") throw new RqJobError(id, undefined, "exists already");
    if (status.startsWith("missing "))
      throw new RqJobError(id, undefined, `depends on ${status.slice(8)}, which is unknown`);
    return this.job<T>(id);
  }

  /** A job by its id, of this queue or another one with its serializer. Asks Redis nothing. */
  job<T = unknown>(id: string): RqJob<T> {
    return new RqJob<T>(id, this.#client, this.#codec);
  }

  /** How many jobs wait in it: RQ's `count`. */
  async length(): Promise<number> {
    return Number(await this.#read("llen", [queueKey(this.name)]));
  }

  /** The ids of those that wait, next one first. */
  async jobIds(): Promise<string[]> {
    return ((await this.#read("lrange", [queueKey(this.name), 0, -1])) as Buffer[]).map(String);
  }

  /** The ids of the jobs enqueued with `group`, of all queues; the expired ones, too, until rq cleans up. */
  async groupIds(group: string): Promise<string[]> {
    return [...((await this.#read("smembers", [groupKey(group)])) as Iterable<Buffer>)].map(String);
  }

  /**
   * Retries or fails the jobs whose worker has not been heard of for long, after their failure callbacks; enqueues what a
   * killed process of rq 2.10 forgot; and forgets expired entries of registries. Workers do it every quarter of an hour.
   *
   * @param options - `now`: as of when; later than now finds jobs whose worker may still be there. `callbacks`: as of the
   * worker; those that are not there are among the `errors`
   */
  cleanRegistries(options: CleanOptions = {}): Promise<Cleaned> {
    checkNames(options, CLEAN_OPTIONS, "options of cleanRegistries()");
    const { now, callbacks } = options;
    const own = new Callbacks({ client: this.#client, codec: this.#codec, callbacks });
    return cleanRegistries(this.#client, this.name, own, now);
  }

  /**
   * Enqueues what is due, for an application without a worker that does.
   *
   * @throws RedisAdapterError `job` for the first that could not be; the others are enqueued
   */
  async enqueueDue(): Promise<void> {
    for (const error of await enqueueDue(this.#client, this.name)) throw error;
  }

  /** The jobs in one state, oldest first. */
  async registry(registry: Registry): Promise<RegistryEntry[]> {
    const reply = await this.#read("zrange", [registryKey(registry, this.name), 0, -1, "WITHSCORES"]);
    return pairs(reply).map(([member, score]) => {
      const text = String(score);
      return {
        id: registry === "started" ? jobIdOf(String(member)) : String(member),
        score: text === "inf" ? Number.POSITIVE_INFINITY : Number(text),
      };
    });
  }

  #read(command: string, args: readonly Arg[]): Promise<unknown> {
    return ofItsKind(`read ${args[0]}`, send(this.#client, command, args));
  }
}
