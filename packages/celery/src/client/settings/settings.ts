/** Celery's settings in camelCase, with Celery's defaults. Durations are in seconds, as Celery's are. */
import { availableParallelism } from "node:os";
import type { ClassRegistryView, Limits } from "@brine/codec";
import type { Queue, ResultStore, Transport } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { CeleryError } from "../../errors.js";
import { celeryRegistry } from "../../protocol/pickle-globals.js";
import { checkNames } from "../option-names.js";
import { SETTING_HINTS } from "./known-settings.js";

/** Where a task goes: `{ queue }`, or an exchange with a routing key. Other fields are defaults of `applyAsync`. */
export interface Route {
  /** A name, or a queue that is declared as it says. Default: `taskDefaultQueue`, unless there is an `exchange`. */
  readonly queue?: string | Queue | undefined;
  /** A name; it must exist. Default: the queue's. */
  readonly exchange?: string | undefined;
  /** Default: the queue's; of an `exchange` without a queue, `taskDefaultRoutingKey`. */
  readonly routingKey?: string | undefined;
  /** 0 to 9 (255 on RabbitMQ): higher first on RabbitMQ, lower first on Redis. Default: `taskDefaultPriority`. */
  readonly priority?: number | undefined;
  /** By name. Default: `taskSerializer`. */
  readonly serializer?: string | undefined;
  /** By name. Default: `taskCompression`. */
  readonly compression?: string | undefined;
}

/** Says where a task goes; `undefined` leaves it to the next route. */
export type RouteFunction = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
) => Route | string | undefined;

/** By name or glob (`"video.*"`), in order, or a function. */
export type Routes =
  | Readonly<Record<string, Route | string>>
  | RouteFunction
  | readonly (Readonly<Record<string, Route | string>> | RouteFunction)[];

/** How often and when a publication that failed is tried again. Seconds, as kombu's `retry_policy`. */
export interface RetryPolicy {
  /** How often at most; given as `undefined`: for ever. Default 3. */
  readonly maxRetries?: number | undefined;
  /** Seconds before the first retry. Default 0. */
  readonly intervalStart?: number | undefined;
  /** Seconds added for each further one. Default 0.2. */
  readonly intervalStep?: number | undefined;
  /** Seconds between two tries at most. Default 1. */
  readonly intervalMax?: number | undefined;
}

/** What happened, in the words of `console`. Absent methods are not called. */
export interface Logger {
  /** Only what handlers log by their context. */
  debug?(message: string, details?: Readonly<Record<string, unknown>>): void;
  /** What handlers log, and that a soft shutdown begins. */
  info?(message: string, details?: Readonly<Record<string, unknown>>): void;
  /** What no task can be told of: a lost connection, a result that was not stored. `details.error` is the error. */
  warn?(message: string, details?: Readonly<Record<string, unknown>>): void;
  /** A task that failed, with `details.error`; a message that is no task. */
  error?(message: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Celery's settings in camelCase, with Celery's defaults. Durations are seconds unless the name says milliseconds. */
export interface CelerySettings {
  /**
   * A transport (`amqp("amqp://…")`, `redis("redis://…")` of the adapters), `"memory://"`, or a URL whose scheme is in
   * `transports`. No default: it must be given.
   */
  readonly broker?: Transport | string | undefined;
  /** A result store (`redisBackend("redis://…")`), `"rpc://"`, `"memory://"`, or a URL whose scheme is in `resultStores`. Default: no results. */
  readonly backend?: ResultStore | string | undefined;
  /** Factories by URL scheme, for configurations that are text: `{ amqp: (url) => amqp(url) }`. Default: none. */
  readonly transports?: Readonly<Record<string, (url: string) => Transport>> | undefined;
  /** The same for `backend`: `{ redis: (url) => redisBackend(url) }`. Default: none. */
  readonly resultStores?: Readonly<Record<string, (url: string) => ResultStore>> | undefined;

  /** Whether a worker waits for a broker that is away when it starts, or is lost meanwhile. Default true. */
  readonly brokerConnectionRetryOnStartup?: boolean | undefined;
  /** How often it tries again; `null` or 0: for ever. Default 100. */
  readonly brokerConnectionMaxRetries?: number | null | undefined;

  /** Name of the serializer of tasks: `"json"`, `"pickle"`, `"yaml"` or `"msgpack"`. Default `"json"`. */
  readonly taskSerializer?: string | undefined;
  /** Name of the serializer of results, which the worker writes. Default `"json"`. */
  readonly resultSerializer?: string | undefined;
  /** What is decoded, by name or content type. Default `["json"]`: pickle must be asked for. */
  readonly acceptContent?: readonly string[] | undefined;
  /** The same for results. Default: `acceptContent`. */
  readonly resultAcceptContent?: readonly string[] | undefined;
  /** How bodies are compressed: `"zlib"`, `"bzip2"`, `"lzma"`, `"zstd"` or `"brotli"`. Default: not at all. */
  readonly taskCompression?: string | undefined;
  /** Protocol of pickles written. Default 4, as kombu's. */
  readonly pickleProtocol?: 2 | 3 | 4 | 5 | undefined;
  /** kombu's JSON dialect: `"5.2"` writes dates as plain strings. Default `"5.3"`. */
  readonly jsonDialect?: "5.2" | "5.3" | undefined;
  /** Classes that pickles may name: see `createRegistry`. Default: the standard library and Celery. */
  readonly registry?: ClassRegistryView | undefined;
  /** Bounds on what one pickle may cost. Default: see {@link Limits}. */
  readonly limits?: Partial<Limits> | undefined;
  /** Bytes of a body after decompression. Default 128 MiB. */
  readonly maxBodyBytes?: number | undefined;

  /** The queue of tasks that no route has another for, and that workers consume. Default `"celery"`. */
  readonly taskDefaultQueue?: string | undefined;
  /** The exchange of that queue. Default: the queue's name. */
  readonly taskDefaultExchange?: string | undefined;
  /** How that exchange routes. Default `"direct"`. */
  readonly taskDefaultExchangeType?: "direct" | "topic" | "fanout" | undefined;
  /** The routing key by which that queue is bound. Default: `taskDefaultQueue`. */
  readonly taskDefaultRoutingKey?: string | undefined;
  /** 2 persistent (default), 1 transient. */
  readonly taskDefaultDeliveryMode?: 1 | 2 | undefined;
  /** Priority of tasks that say none: 0 to 9 (255 on RabbitMQ). Default: none. */
  readonly taskDefaultPriority?: number | undefined;
  /** What a task sends has its priority, unless the call says another. Default false. */
  readonly taskInheritParentPriority?: boolean | undefined;
  /** `"quorum"` for quorum queues; must be what Python's side declares. Default: as the broker has it. */
  readonly taskDefaultQueueType?: "classic" | "quorum" | undefined;
  /** `x-max-priority` of queues that do not set it. Default: none. */
  readonly taskQueueMaxPriority?: number | undefined;
  /** The queues that workers consume and routes name. Default: `taskDefaultQueue` alone. */
  readonly taskQueues?: readonly Queue[] | undefined;
  /** Where tasks go. Default: `taskDefaultQueue`. */
  readonly taskRoutes?: Routes | undefined;
  /** Queues named but not in `taskQueues` are made. Default true. */
  readonly taskCreateMissingQueues?: boolean | undefined;

  /** An errback linked to a chord is called by the tasks of its header too (Celery 5.3). Default false: by its body. */
  readonly taskAllowErrorCbOnChordHeader?: boolean | undefined;
  /** The version of Celery's task messages that are written; both are read. Default 2. */
  readonly taskProtocol?: 1 | 2 | undefined;
  /** Whether publishing is tried again when the broker does not take a task. Default true. */
  readonly taskPublishRetry?: boolean | undefined;
  /** How a publication that failed is tried again. Default: see {@link RetryPolicy}. */
  readonly taskPublishRetryPolicy?: RetryPolicy | undefined;
  /** Tell monitors of each task that is sent. Default false. */
  readonly taskSendSentEvent?: boolean | undefined;
  /** Store no results. Default false. */
  readonly taskIgnoreResult?: boolean | undefined;
  /** Store failures of tasks whose results are ignored. Default false. */
  readonly taskStoreErrorsEvenIfIgnored?: boolean | undefined;
  /** Store the state STARTED when a run begins. Default false. */
  readonly taskTrackStarted?: boolean | undefined;
  /** Acknowledge after the run instead of before. Default false. */
  readonly taskAcksLate?: boolean | undefined;
  /** For late acks: acknowledge a task that failed too. Default true. */
  readonly taskAcksOnFailureOrTimeout?: boolean | undefined;
  /** For late acks: put a task back when the thread that ran it is lost. Default false. */
  readonly taskRejectOnWorkerLost?: boolean | undefined;
  /** Seconds a run may take before it is ended. Default: no limit. */
  readonly taskTimeLimit?: number | undefined;
  /** Seconds after which a run is told that it takes too long. Default: no limit. */
  readonly taskSoftTimeLimit?: number | undefined;
  /** `"100/m"`, `"10/s"`, `"5/h"`. Of each task, on each worker. Default: no limit. */
  readonly taskDefaultRateLimit?: string | undefined;

  /** Seconds results are kept; `null` or 0: for ever. Default one day. */
  readonly resultExpires?: number | null | undefined;
  /** rpc replies survive a restart of the broker. Default false. */
  readonly resultPersistent?: boolean | undefined;
  /** Results say name, arguments, worker, retries and queue. Default false. */
  readonly resultExtended?: boolean | undefined;
  /** `result_backend_transport_options['result_chord_ordered']`: must be the same on all workers. Default true. */
  readonly resultChordOrdered?: boolean | undefined;
  /**
   * Seconds that the worker which sends the body of a chord waits for results of groups in its header that are still on
   * their way; after that a `TimeoutError` fails the body. Default 3.
   */
  readonly resultChordJoinTimeout?: number | undefined;

  /** Messages fetched ahead, as a multiple of `workerConcurrency`; 0: no limit. Default 4. */
  readonly workerPrefetchMultiplier?: number | undefined;
  /** How many tasks a worker runs at the same time. Default: the number of CPUs. */
  readonly workerConcurrency?: number | undefined;
  /** Consume a queue of the worker's own, too: `workerDirect(hostname)`. Default false. */
  readonly workerDirect?: boolean | undefined;
  /** Tell monitors of what becomes of each task (`celery worker -E`). Default false. */
  readonly workerSendTaskEvents?: boolean | undefined;
  /** Answer `celery inspect` and `control`. Default true. */
  readonly workerEnableRemoteControl?: boolean | undefined;
  /** Heed no rate limits. Default false. */
  readonly workerDisableRateLimits?: boolean | undefined;
  /** Let `pool_restart` of remote control end the worker's threads. Default false. */
  readonly workerPoolRestarts?: boolean | undefined;
  /** When the connection is lost, abort tasks with late acks: the broker gives them to somebody again. Default false. */
  readonly workerCancelLongRunningTasksOnConnectionLoss?: boolean | undefined;
  /**
   * Acknowledge a redelivered task with late acks without running it when its stored result says that it succeeded.
   * Default false; nothing with `rpc://`, which stores none.
   */
  readonly workerDeduplicateSuccessfulTasks?: boolean | undefined;
  /** Seconds that a cold shutdown leaves to tasks that run, before it aborts them (Celery 5.5). Default 0: none. */
  readonly workerSoftShutdownTimeout?: number | undefined;
  /** Leave them to a worker that runs nothing too, for giving back what waits in it. Default false. */
  readonly workerEnableSoftShutdownOnIdle?: boolean | undefined;
  /** A file that keeps what was revoked across restarts. Default: none. */
  readonly workerStateDb?: string | undefined;
  /** Name of remote control, which must be the same on all sides: the exchange is `<name>.pidbox`. Default `"celery"`. */
  readonly controlExchange?: string | undefined;
  /** Spans and trace context with `@opentelemetry/api`, where it is installed. Default true. */
  readonly tracing?: boolean | undefined;
  /** What is told what happens, such as `console`. Default: warnings and errors are warnings of the process (`process.on("warning")`); `{}` for silence. */
  readonly logger?: Logger | undefined;
}

/** Settings with defaults filled in; those without a default stay `undefined`. */
export type ResolvedSettings = ReturnType<typeof resolveSettings>;

const DEFAULT_RETRY_POLICY = Object.freeze({ maxRetries: 3, intervalStart: 0, intervalStep: 0.2, intervalMax: 1 });
/** A policy of a call, or of all. */
export const RETRY_POLICY = optionNames<RetryPolicy>(DEFAULT_RETRY_POLICY);
const DAY_SECONDS = 86_400;

/** Of what is given to make connections; the rest is resolved. */
const CONNECTIONS = { broker: true, backend: true, transports: true, resultStores: true };

/** @throws CeleryError `bad-option` */
export function resolveSettings(settings: CelerySettings) {
  const names = optionNames<CelerySettings>({ ...CONNECTIONS, ...withDefaults({}) }, SETTING_HINTS);
  checkNames(settings, names, "settings");
  checkNames(settings.taskPublishRetryPolicy, RETRY_POLICY, "taskPublishRetryPolicy");
  return withDefaults(settings);
}

function withDefaults(settings: CelerySettings) {
  const queue = settings.taskDefaultQueue ?? "celery";
  const acceptContent = settings.acceptContent ?? ["json"];
  const protocol = settings.taskProtocol ?? 2;
  if (protocol !== 1 && protocol !== 2) throw badOption(`taskProtocol is 1 or 2, not ${String(protocol)}`);
  if (acceptContent.length === 0) throw badOption("acceptContent is empty: no message could be read");
  return Object.freeze({
    brokerConnectionRetryOnStartup: settings.brokerConnectionRetryOnStartup ?? true,
    brokerConnectionMaxRetries:
      settings.brokerConnectionMaxRetries === undefined ? 100 : settings.brokerConnectionMaxRetries,
    taskSerializer: settings.taskSerializer ?? "json",
    resultSerializer: settings.resultSerializer ?? "json",
    acceptContent,
    resultAcceptContent: settings.resultAcceptContent ?? acceptContent,
    taskCompression: settings.taskCompression,
    pickleProtocol: settings.pickleProtocol ?? 4,
    jsonDialect: settings.jsonDialect ?? "5.3",
    registry: settings.registry ?? celeryRegistry,
    limits: settings.limits,
    maxBodyBytes: settings.maxBodyBytes,
    taskDefaultQueue: queue,
    taskDefaultExchange: settings.taskDefaultExchange ?? queue,
    taskDefaultExchangeType: settings.taskDefaultExchangeType ?? "direct",
    taskDefaultRoutingKey: settings.taskDefaultRoutingKey ?? queue,
    taskDefaultDeliveryMode: settings.taskDefaultDeliveryMode ?? 2,
    taskDefaultPriority: settings.taskDefaultPriority,
    taskInheritParentPriority: settings.taskInheritParentPriority ?? false,
    taskDefaultQueueType: settings.taskDefaultQueueType,
    taskQueueMaxPriority: settings.taskQueueMaxPriority,
    taskQueues: settings.taskQueues ?? [],
    taskRoutes: settings.taskRoutes,
    taskCreateMissingQueues: settings.taskCreateMissingQueues ?? true,
    taskAllowErrorCbOnChordHeader: settings.taskAllowErrorCbOnChordHeader ?? false,
    taskProtocol: protocol as 1 | 2,
    taskPublishRetry: settings.taskPublishRetry ?? true,
    taskPublishRetryPolicy: Object.freeze({ ...DEFAULT_RETRY_POLICY, ...settings.taskPublishRetryPolicy }),
    taskSendSentEvent: settings.taskSendSentEvent ?? false,
    taskIgnoreResult: settings.taskIgnoreResult ?? false,
    taskStoreErrorsEvenIfIgnored: settings.taskStoreErrorsEvenIfIgnored ?? false,
    taskTrackStarted: settings.taskTrackStarted ?? false,
    taskAcksLate: settings.taskAcksLate ?? false,
    taskAcksOnFailureOrTimeout: settings.taskAcksOnFailureOrTimeout ?? true,
    taskRejectOnWorkerLost: settings.taskRejectOnWorkerLost ?? false,
    taskTimeLimit: settings.taskTimeLimit,
    taskSoftTimeLimit: settings.taskSoftTimeLimit,
    taskDefaultRateLimit: settings.taskDefaultRateLimit,
    resultExpires: expiryOf(settings.resultExpires),
    resultPersistent: settings.resultPersistent ?? false,
    resultExtended: settings.resultExtended ?? false,
    resultChordOrdered: settings.resultChordOrdered ?? true,
    resultChordJoinTimeout: settings.resultChordJoinTimeout ?? 3,
    workerPrefetchMultiplier: settings.workerPrefetchMultiplier ?? 4,
    workerConcurrency: settings.workerConcurrency ?? availableParallelism(),
    workerDirect: settings.workerDirect ?? false,
    workerSendTaskEvents: settings.workerSendTaskEvents ?? false,
    workerEnableRemoteControl: settings.workerEnableRemoteControl ?? true,
    workerDisableRateLimits: settings.workerDisableRateLimits ?? false,
    workerPoolRestarts: settings.workerPoolRestarts ?? false,
    workerCancelLongRunningTasksOnConnectionLoss: settings.workerCancelLongRunningTasksOnConnectionLoss ?? false,
    workerDeduplicateSuccessfulTasks: settings.workerDeduplicateSuccessfulTasks ?? false,
    workerSoftShutdownTimeout: softTimeoutOf(settings.workerSoftShutdownTimeout),
    workerEnableSoftShutdownOnIdle: settings.workerEnableSoftShutdownOnIdle ?? false,
    workerStateDb: settings.workerStateDb,
    controlExchange: settings.controlExchange ?? "celery",
    tracing: settings.tracing ?? true,
    logger: settings.logger ?? PROCESS_WARNINGS,
  });
}

/** As in Celery, 0 is for ever too. */
function expiryOf(seconds: number | null = DAY_SECONDS): number | null {
  if (seconds === null || seconds === 0) return null;
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw badOption(`resultExpires is ${String(seconds)}, not a number of seconds`, "resultExpires");
}

function softTimeoutOf(seconds = 0): number {
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw badOption(
    `workerSoftShutdownTimeout is ${String(seconds)}, not a number of seconds`,
    "workerSoftShutdownTimeout",
  );
}

/** Nothing goes unheard: without a logger, what went wrong is a warning of the process. */
const PROCESS_WARNINGS: Logger = Object.freeze({ warn: emitWarning, error: emitWarning });

function emitWarning(message: string): void {
  process.emitWarning(message, { code: "BRINE_CELERY" });
}

export function badOption(message: string, path?: string): CeleryError {
  return new CeleryError(`Cannot use settings: ${message}`, { code: "bad-option", path });
}
