/** Options of the transport: kombu's transport options by their names in camelCase. */
import { extendOptionNames, optionNames } from "@brine/codec/options";
import { CONNECTION_OPTIONS, type ConnectionOptions } from "../connection.js";
import { RedisAdapterError } from "../errors.js";
import { checkNames } from "../option-names.js";
import { PRIORITY_STEPS, SEPARATOR } from "./priority.js";

/** Options of {@link redis}. Those that name keys must equal the `broker_transport_options` of the Python workers. */
export interface RedisTransportOptions extends ConnectionOptions {
  /** Put before every key and channel, as it is. kombu's `global_keyprefix`. Default `""`. */
  readonly globalKeyprefix?: string | undefined;
  /** What is unsettled for longer is given to another worker. Seconds, default 3600. Running deliveries are renewed. */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How often to look for what others left unsettled. Seconds, default: the least of 30 and a quarter of the visibility timeout. */
  readonly restoreIntervalSeconds?: number | undefined;
  /** kombu's `priority_steps`: the priorities that have a list each; others go to the nearest below. Default 0, 3, 6, 9. */
  readonly prioritySteps?: readonly number[] | undefined;
  /** kombu's `sep`, between the parts of keys. Default: kombu's, the characters 6 and 22. */
  readonly separator?: string | undefined;
  /** `true` (default): `/<db>.`; `false`: none, as kombu 3; or the prefix itself. */
  readonly fanoutPrefix?: boolean | string | undefined;
  /** Whether routing keys are part of fanout channels. Default true. */
  readonly fanoutPatterns?: boolean | undefined;
  /** kombu's `unacked_key`, the hash of messages that are delivered and not settled. Default `"unacked"`. */
  readonly unackedKey?: string | undefined;
  /** kombu's `unacked_index_key`, the sorted set of the times of those. Default `"unacked_index"`. */
  readonly unackedIndexKey?: string | undefined;
  /** kombu's `unacked_mutex_key`, the lock of who gives them back. Default `"unacked_mutex"`. */
  readonly unackedMutexKey?: string | undefined;
  /** How long the lock of a restore lasts if its holder dies. Seconds, default 300. */
  readonly unackedMutexExpireSeconds?: number | undefined;
  /** `"round_robin"` (default): a busy queue does not starve others. `"sorted"`, `"priority"`: by name, as given. */
  readonly queueOrderStrategy?: "round_robin" | "sorted" | "priority" | undefined;
  /** How often to look for messages where the server cannot say that there are some. Milliseconds, default 250. */
  readonly pollingIntervalMs?: number | undefined;
  /**
   * A publish resolves only when this many replicas have the message too, and rejects with `unavailable` when they do not within
   * `timeoutMs`: it may then arrive or not. Without it, a failover to a replica that lags loses what it had not received.
   * Default: none.
   */
  readonly waitForReplicas?: { readonly count: number; readonly timeoutMs: number } | undefined;
  /** Messages of one pop at most; a larger number costs fewer round trips and shares less evenly. Default 16. */
  readonly popBatch?: number | undefined;
  /** How long `close` waits for what Redis is still to be told. Milliseconds, default 10,000. */
  readonly closeTimeoutMs?: number | undefined;
}

const TRANSPORT_OPTIONS = /* @__PURE__ */ extendOptionNames<RedisTransportOptions, ConnectionOptions>(
  CONNECTION_OPTIONS,
  {
    globalKeyprefix: true,
    visibilityTimeoutSeconds: true,
    restoreIntervalSeconds: true,
    prioritySteps: true,
    separator: true,
    fanoutPrefix: true,
    fanoutPatterns: true,
    unackedKey: true,
    unackedIndexKey: true,
    unackedMutexKey: true,
    unackedMutexExpireSeconds: true,
    queueOrderStrategy: true,
    pollingIntervalMs: true,
    waitForReplicas: true,
    popBatch: true,
    closeTimeoutMs: true,
  },
  {
    instead: [
      ["sep", "separator"],
      ["keyPrefix", "globalKeyprefix"],
      ["unackedRestoreLimit", "what is due is restored at once"],
      ["maxConnections", "connections are few and their own"],
    ],
  },
);

const REPLICAS_OPTIONS = optionNames<NonNullable<RedisTransportOptions["waitForReplicas"]>>({
  count: true,
  timeoutMs: true,
});

/** @throws RedisAdapterError `bad-option` for a name that is none */
export function checkTransportOptions(options: RedisTransportOptions): void {
  checkNames(options, TRANSPORT_OPTIONS, "options of redis()");
  checkNames(options.waitForReplicas, REPLICAS_OPTIONS, "waitForReplicas");
}

/** The options resolved, once. */
export interface TransportSettings {
  readonly globalKeyprefix: string;
  readonly visibilityTimeoutSeconds: number;
  readonly restoreIntervalMs: number;
  readonly heartbeatIntervalMs: number;
  readonly prioritySteps: readonly number[];
  readonly separator: string;
  readonly fanoutPrefix: string;
  readonly fanoutPatterns: boolean;
  readonly unackedKey: string;
  readonly unackedIndexKey: string;
  readonly unackedMutexKey: string;
  readonly unackedMutexExpireMs: number;
  readonly queueOrderStrategy: "round_robin" | "sorted" | "priority";
  readonly pollingIntervalMs: number;
  readonly popBatch: number;
  readonly closeTimeoutMs: number;
  readonly waitForReplicas: { readonly count: number; readonly timeoutMs: number } | undefined;
}

/** Bytes of messages that one pop takes at most, so that a batch of large ones does not hold up the server. */
export const POP_BYTES = 1024 * 1024;

export function resolveTransportOptions(options: RedisTransportOptions, db: number): TransportSettings {
  const prefix = options.globalKeyprefix ?? "";
  const visibility = positive("visibilityTimeoutSeconds", options.visibilityTimeoutSeconds ?? 3600);
  const quarter = visibility / 4;
  const steps = [...(options.prioritySteps ?? PRIORITY_STEPS)].sort((a, b) => a - b);
  if (steps[0] !== 0) {
    throw new RedisAdapterError(`Cannot use prioritySteps ${JSON.stringify(steps)}: the first must be 0`, {
      code: "bad-option",
    });
  }
  const { fanoutPrefix = true } = options;
  return Object.freeze({
    globalKeyprefix: prefix,
    visibilityTimeoutSeconds: visibility,
    restoreIntervalMs:
      positive("restoreIntervalSeconds", options.restoreIntervalSeconds ?? Math.min(30, quarter)) * 1000,
    // Others may have been given a shorter timeout than ours, so half a minute at most.
    heartbeatIntervalMs: Math.min(30, quarter) * 1000,
    prioritySteps: Object.freeze(steps),
    separator: options.separator ?? SEPARATOR,
    fanoutPrefix: typeof fanoutPrefix === "string" ? fanoutPrefix : fanoutPrefix ? `/${db}.` : "",
    fanoutPatterns: options.fanoutPatterns ?? true,
    unackedKey: prefix + (options.unackedKey ?? "unacked"),
    unackedIndexKey: prefix + (options.unackedIndexKey ?? "unacked_index"),
    unackedMutexKey: prefix + (options.unackedMutexKey ?? "unacked_mutex"),
    unackedMutexExpireMs: positive("unackedMutexExpireSeconds", options.unackedMutexExpireSeconds ?? 300) * 1000,
    queueOrderStrategy: options.queueOrderStrategy ?? "round_robin",
    pollingIntervalMs: positive("pollingIntervalMs", options.pollingIntervalMs ?? 250),
    popBatch: Math.ceil(positive("popBatch", options.popBatch ?? 16)),
    closeTimeoutMs: positive("closeTimeoutMs", options.closeTimeoutMs ?? 10_000),
    waitForReplicas: options.waitForReplicas && {
      count: Math.ceil(positive("waitForReplicas.count", options.waitForReplicas.count)),
      // 0 would wait for ever.
      timeoutMs: Math.ceil(positive("waitForReplicas.timeoutMs", options.waitForReplicas.timeoutMs)),
    },
  });
}

function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RedisAdapterError(`Cannot use ${value} for ${name}: it must be above 0`, { code: "bad-option" });
}
