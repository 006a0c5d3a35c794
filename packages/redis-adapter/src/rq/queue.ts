import { randomUUID } from "node:crypto";
import { evaluate } from "../cache/lock.js";
import type { PickleOptions, ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type Arg, type RedisLike, send } from "../pickled/client.js";
import { pairs } from "../pickled/collection-commands.js";
import {
  callString,
  type Duration,
  encodeCall,
  type RqSerializer,
  seconds,
  serializerOf,
  utcformat,
} from "./format.js";
import { RqJob, RqJobError } from "./job.js";
import { dependenciesKey, jobKey, QUEUES, queueKey, type Registry, registryKey } from "./keys.js";
import { ENQUEUE } from "./scripts.js";

/** Options of {@link RqQueue}. */
export interface RqQueueOptions {
  readonly client: RedisLike;
  /** As the workers' `serializer`. Default `"pickle"`. */
  readonly serializer?: RqSerializer | undefined;
  readonly pickle?: PickleOptions | undefined;
  /** Default 180 seconds. */
  readonly defaultTimeout?: Duration | undefined;
}

/** What `Queue.enqueue` takes, in camelCase. Durations in seconds. */
export interface RqEnqueueOptions {
  /** Letters, digits, `_` and `-`. Default: a new UUID. */
  readonly id?: string | undefined;
  /** How long it may run; -1: as long as it wants. Default 180. */
  readonly timeout?: Duration | undefined;
  /** How long the result is kept; 0: not at all, -1: for ever. RQ's default: 500. */
  readonly resultTtl?: Duration | undefined;
  /** How long a failed job is kept. RQ's default: a year. */
  readonly failureTtl?: Duration | undefined;
  /** How long it may wait. Default: for ever. */
  readonly ttl?: Duration | undefined;
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  /** Default: the call, as `module.function(1, 'a')`. */
  readonly description?: string | undefined;
  readonly atFront?: boolean | undefined;
  /** Not before; needs a worker `--with-scheduler`. */
  readonly at?: Date | undefined;
  /** Not before so many seconds; needs a worker `--with-scheduler`. */
  readonly in?: number | undefined;
  readonly retry?: { readonly max: number; readonly interval?: number | readonly number[] | undefined } | undefined;
  /** Runs when these have finished. */
  readonly dependsOn?:
    | string
    | readonly string[]
    | {
        readonly jobs: readonly string[];
        readonly allowFailure?: boolean | undefined;
        readonly atFront?: boolean | undefined;
      }
    | undefined;
  /** Names of Python functions. */
  readonly onSuccess?: string | undefined;
  readonly onFailure?: string | undefined;
  readonly onStopped?: string | undefined;
  /** Fail when there is a job of this id. */
  readonly unique?: boolean | undefined;
}

/** An entry of a registry. */
export interface RegistryEntry {
  readonly id: string;
  /** Unix time at which the entry expires or is due; Infinity for never. */
  readonly score: number;
}

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
  readonly name: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #timeout: number;

  constructor(name: string, options: RqQueueOptions) {
    this.name = name;
    this.#client = options.client;
    this.#codec = serializerOf(options.serializer, options.pickle);
    this.#timeout = seconds("defaultTimeout", options.defaultTimeout ?? 180);
  }

  /**
   * Enqueues a call of a Python function by its dotted name.
   *
   * @throws RqJobError when a job it depends on is unknown, or, with `unique`, when there is a job of this id
   */
  async enqueue<T = unknown>(
    func: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: RqEnqueueOptions = {},
  ): Promise<RqJob<T>> {
    const id = options.id ?? randomUUID();
    if (!ID.test(id)) {
      throw new RedisAdapterError(`Cannot use ${JSON.stringify(id)} as a job id: letters, digits, _ and - only`, {
        code: "bad-option",
      });
    }
    const due = options.at?.getTime() ?? (options.in === undefined ? undefined : Date.now() + options.in * 1000);
    const dependencies = dependenciesOf(options.dependsOn);
    const atFront = dependencies.jobs.length > 0 ? dependencies.atFront || options.atFront : options.atFront;
    const now = new Date();
    const reply = await evaluate(
      this.#client,
      ENQUEUE,
      [
        QUEUES,
        queueKey(this.name),
        jobKey(id),
        dependenciesKey(id),
        registryKey("deferred", this.name),
        registryKey("scheduled", this.name),
      ],
      [
        id,
        this.name,
        atFront ? "1" : "0",
        options.unique ? "1" : "0",
        options.ttl === undefined ? "" : seconds("ttl", options.ttl),
        due === undefined ? "" : Math.trunc(due / 1000),
        dependencies.allowFailure ? "1" : "0",
        Math.trunc(now.getTime() / 1000),
        dependencies.jobs.length,
        ...dependencies.jobs,
        ...this.#hash(func, args, kwargs, options, dependencies, now, atFront ?? false, due !== undefined),
      ],
    );
    const status = String(reply);
    if (status === "exists") throw new RqJobError(id, undefined, "exists already");
    if (status.startsWith("missing "))
      throw new RqJobError(id, undefined, `depends on ${status.slice(8)}, which is unknown`);
    return this.job<T>(id);
  }

  /** A job of this queue or another one with its serializer. */
  job<T = unknown>(id: string): RqJob<T> {
    return new RqJob<T>(id, this.#client, this.#codec);
  }

  /** How many wait. */
  async length(): Promise<number> {
    return Number(await send(this.#client, "llen", [queueKey(this.name)]));
  }

  /** The ids of those that wait, next one first. */
  async jobIds(): Promise<string[]> {
    return ((await send(this.#client, "lrange", [queueKey(this.name), 0, -1])) as Buffer[]).map(String);
  }

  /** The jobs in one state, oldest first. */
  async registry(registry: Registry): Promise<RegistryEntry[]> {
    const reply = await send(this.#client, "zrange", [registryKey(registry, this.name), 0, -1, "WITHSCORES"]);
    return pairs(reply).map(([member, score]) => {
      const text = String(score);
      return {
        // rq 2 keeps executions of started jobs: `<id>:<execution>`.
        id: String(member).split(":")[0]!,
        score: text === "inf" ? Number.POSITIVE_INFINITY : Number(text),
      };
    });
  }

  #hash(
    func: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
    options: RqEnqueueOptions,
    dependencies: Dependencies,
    now: Date,
    atFront: boolean,
    isScheduled: boolean,
  ): Arg[] {
    const call = { func, instance: null, args, kwargs };
    const time = utcformat(now);
    const fields = new Map<string, Arg>([
      ["created_at", time],
      ["data", encodeCall(call, this.#codec)],
      ["success_callback_name", options.onSuccess ?? ""],
      ["failure_callback_name", options.onFailure ?? ""],
      ["stopped_callback_name", options.onStopped ?? ""],
      ["started_at", ""],
      ["ended_at", ""],
      ["last_heartbeat", ""],
      ["worker_name", ""],
      ["group_id", ""],
      ["origin", this.name],
      ["description", options.description ?? callString(call)],
      ["enqueued_at", isScheduled ? "" : time],
      ["timeout", options.timeout === undefined ? this.#timeout : seconds("timeout", options.timeout)],
    ]);
    if (options.resultTtl !== undefined) fields.set("result_ttl", seconds("resultTtl", options.resultTtl));
    if (options.failureTtl !== undefined) fields.set("failure_ttl", seconds("failureTtl", options.failureTtl));
    if (options.ttl !== undefined) fields.set("ttl", seconds("ttl", options.ttl));
    if (options.meta !== undefined) fields.set("meta", this.#codec.encode(options.meta));
    if (options.retry !== undefined) {
      fields.set("retries_left", options.retry.max);
      fields.set("retry_intervals", JSON.stringify([options.retry.interval ?? 0].flat()));
    }
    if (atFront) fields.set("enqueue_at_front", 1);
    if (dependencies.jobs.length > 0) {
      fields.set("dependency_id", dependencies.jobs[0]!);
      fields.set("dependency_ids", JSON.stringify(dependencies.jobs));
      fields.set("allow_dependency_failures", dependencies.allowFailure ? 1 : 0);
    }
    return [...fields].flat();
  }
}

interface Dependencies {
  readonly jobs: readonly string[];
  readonly allowFailure: boolean;
  readonly atFront: boolean;
}

function dependenciesOf(option: RqEnqueueOptions["dependsOn"]): Dependencies {
  if (option === undefined) return { jobs: [], allowFailure: false, atFront: false };
  if (typeof option === "object" && "jobs" in option) {
    return { jobs: option.jobs, allowFailure: option.allowFailure ?? false, atFront: option.atFront ?? false };
  }
  return { jobs: [option].flat() as string[], allowFailure: false, atFront: false };
}
