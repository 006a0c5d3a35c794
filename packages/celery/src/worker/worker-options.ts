/** How a worker is made, and what it tells. */
import type { Queue } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../client/option-names.js";
import { CeleryError } from "../errors.js";
import type { Peer } from "./gossip/gossip.js";
import type { BadMessage } from "./intake/intake.js";
import type { Autoscale } from "./intake/run-queue.js";

/** What {@link Celery.worker} takes; Celery's settings are the defaults. */
export interface WorkerOptions {
  /** Names, or queues. Default: `taskQueues`, else the default queue. */
  readonly queues?: readonly (string | Queue)[] | undefined;
  /** Tasks that run at the same time. Default `workerConcurrency`. */
  readonly concurrency?: number | undefined;
  /** Let the number of tasks that run at the same time follow the load, instead of `concurrency`. Default: not. */
  readonly autoscale?: Autoscale | undefined;
  /** Messages fetched ahead, as a multiple of `concurrency`; 0: no limit. Default `workerPrefetchMultiplier`. */
  readonly prefetchMultiplier?: number | undefined;
  /** Node name, with or without `@host`. Default `celery`. Must be unique among workers. */
  readonly name?: string | undefined;
  /** Send task events (`celery worker -E`). Default `workerSendTaskEvents`. */
  readonly sendTaskEvents?: boolean | undefined;
  /** Milliseconds between heartbeat events; 0: none. Default 2000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** Ask other workers for what they know to be revoked, and wait up to a second for it, before consuming. Default true. */
  readonly mingle?: boolean | undefined;
  /** Listen to what other workers tell of themselves: `peers`, the clock, elections. Default true. */
  readonly gossip?: boolean | undefined;
  /** A file to keep what was revoked in across restarts (`celery worker --statedb`). Default `workerStateDb`. */
  readonly stateDb?: string | undefined;
  /** Answer `celery inspect` and `control`. Default `workerEnableRemoteControl`. */
  readonly remoteControl?: boolean | undefined;
  /** What happens to a message whose body cannot be read: acknowledged, as Celery does (default), or dead-lettered. It is never requeued. */
  readonly undecodable?: "acknowledge" | "dead-letter" | undefined;
  /**
   * Store a FAILURE (`kombu.exceptions.DecodeError`) for a task whose body cannot be read. Default true; Celery stores
   * nothing, and whoever waits for the result waits for ever.
   */
  readonly storeDecodeErrors?: boolean | undefined;
  /** Called for every message that is no runnable task; also the event `badMessage`. Default: none. */
  readonly onDecodeError?: ((bad: BadMessage) => void) | undefined;
}

export const WORKER_OPTIONS = optionNames<WorkerOptions>({
  queues: true,
  concurrency: true,
  autoscale: true,
  prefetchMultiplier: true,
  name: true,
  sendTaskEvents: true,
  heartbeatIntervalMs: true,
  mingle: true,
  gossip: true,
  stateDb: true,
  remoteControl: true,
  undecodable: true,
  storeDecodeErrors: true,
  onDecodeError: true,
});

/** How a worker stops: warm, cold, or warm for a while. */
export interface StopOptions {
  /** Milliseconds after which the shutdown is a cold one. Default: never. */
  readonly timeoutMs?: number | undefined;
  /** At once, or after `workerSoftShutdownTimeout` the first time. Default false. */
  readonly cold?: boolean | undefined;
}

export const STOP_OPTIONS = optionNames<StopOptions>({ timeoutMs: true, cold: true });

const AUTOSCALE = optionNames<Autoscale>({ min: true, max: true });

/** What a worker tells of itself. */
export interface WorkerEvents {
  /** It consumes: `start` has resolved. */
  ready: [];
  /** A message that is no task this worker can run; it is settled already. */
  badMessage: [bad: BadMessage];
  /** Something went wrong that no task can be told of: a result that cannot be stored, a lost connection. */
  warning: [error: Error];
  /** Another worker is there, or back. */
  nodeJoin: [peer: Peer];
  /** Another worker said goodbye. */
  nodeLeave: [peer: Peer];
  /** Nothing was heard of another worker for two of its heartbeats. */
  nodeLost: [peer: Peer];
  /** The shutdown is over: `stop` has resolved. */
  stopped: [];
}

export function checkAutoscale(autoscale: Autoscale | undefined): Autoscale | undefined {
  if (autoscale === undefined) return undefined;
  checkNames(autoscale, AUTOSCALE, "autoscale");
  const max = positive(autoscale.max, "autoscale.max");
  return { min: Math.min(positive(autoscale.min, "autoscale.min"), max), max };
}

export function positive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CeleryError(`Cannot make a worker: ${name} is ${value}, not a positive integer`, {
    code: "bad-option",
    path: name,
  });
}
