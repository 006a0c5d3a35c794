/** The commands of Celery's remote control with arguments right and wrong, and where a Node worker is meant to answer differently. */
import { expect } from "vitest";
import type { Generation } from "../../../services/index.js";

export interface Call {
  readonly command: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Nobody answers. */
  readonly silent?: boolean;
  /** Both are asked again until their replies are so long: what came before it takes its time. */
  readonly untilLength?: number;
  /** What of the replies is compared; default all. */
  readonly compare?: (reply: unknown) => unknown;
  /** Meant to be different: what each says. */
  readonly differs?: { readonly why: string; readonly python?: unknown; readonly node: unknown };
}

/** In this order: later ones see what earlier ones have changed. */
export function callsFor(generation: Generation, queue: string): readonly Call[] {
  const isOld = generation === "5.2";
  return [
    { command: "ping" },
    { command: "ping", args: { extra: 1 } },
    { command: "nope" },
    { command: "clock" },

    { command: "active" },
    { command: "active", args: { safe: true } },
    { command: "reserved" },
    { command: "scheduled" },
    { command: "query_task", args: { ids: ["active", "waits", "nope"] } },
    { command: "query_task", args: { ids: "active" } },
    { command: "query_task", args: { ids: [] } },
    { command: "query_task" },
    {
      command: "query_task",
      args: { ids: ["later"] },
      differs: { why: "one that waits for its time is found too", python: {}, node: { later: ["reserved", {}] } },
    },

    { command: "registered" },
    { command: "registered", args: { taskinfoitems: TASK_ATTRIBUTES } },
    {
      command: "registered",
      args: { builtins: true },
      differs: {
        why: "canvas is taken apart by whoever sends it, and chords are counted by the result store",
        python: expect.arrayContaining(["celery.chain", "celery.chord", "celery.chord_unlock", "celery.map"]),
        node: expect.arrayContaining(["celery.accumulate", "celery.backend_cleanup", "celery.map", "celery.starmap"]),
      },
    },

    // Python has processes to tell of, and a driver that kombu knows.
    {
      command: "stats",
      compare: without(["pool.writes", "pool.implementation", "broker.connect_timeout", "broker.heartbeat"]),
    },
    { command: "conf", compare: only(["broker_url", "result_backend", ...CONFIGURED]) },
    { command: "conf", args: { with_defaults: true }, compare: only(WITH_DEFAULTS) },
    {
      command: "conf",
      args: { with_defaults: true },
      differs: {
        why: "what Python hides by its name (KEY) is no secret; defaults are the values that hold",
        python: { task_default_routing_key: "********", result_expires: "1 day, 0:00:00", task_default_exchange: null },
        node: { task_default_routing_key: queue, result_expires: 86_400, task_default_exchange: queue },
      },
    },
    { command: "report", compare: labelsOfReport },
    { command: "report", args: { extra: 1 } },
    { command: "active_queues" },
    {
      command: "memsample",
      differs: { why: "Python needs psutil for it", node: expect.stringMatching(/^\d+\.\dMB$/) },
    },
    {
      command: "memdump",
      differs: { why: "Python needs psutil for it", node: expect.stringMatching(/- rss \(end\): \d+\.\dMB\.\n$/) },
    },
    {
      command: "objgraph",
      differs: {
        why: "it draws the objects of CPython",
        node: { error: expect.stringContaining("ImportError('objgraph") },
      },
    },

    ...(isOld
      ? [{ command: "revoke", args: { task_id: "a" } }]
      : [
          {
            command: "revoke",
            args: { task_id: "a" },
            differs: {
              why: "5.5 shows a set of Python",
              python: { ok: "tasks {'a'} flagged as revoked" },
              node: { ok: "tasks a flagged as revoked" },
            },
          },
        ]),
    { command: "revoke", args: { task_id: "b", terminate: true } },
    { command: "revoke", args: { task_id: "b", terminate: true, signal: "BOGUS" } },
    { command: "revoke" },
    { command: "terminate", args: { task_id: ["c"], signal: "KILL" } },
    { command: "terminate", args: { task_id: "c" } },
    { command: "terminate" },
    { command: "revoked", compare: sorted },
    { command: "hello", args: { from_node: "somebody@else", revoked: null }, compare: numbersAlike },
    { command: "hello" },
    isOld
      ? {
          command: "revoke_by_stamped_headers",
          args: { headers: { batch: 1 } },
          differs: { why: "new in 5.3", python: { error: "KeyError('revoke_by_stamped_headers')" }, node: STAMPED },
        }
      : { command: "revoke_by_stamped_headers", args: { headers: { batch: 1 } } },

    { command: "rate_limit", args: { task_name: "add", rate_limit: "10/m" } },
    { command: "rate_limit", args: { task_name: "mul", rate_limit: 0 } },
    { command: "rate_limit", args: { task_name: "add", rate_limit: "fast" } },
    { command: "rate_limit", args: { task_name: "add", rate_limit: "5/x" } },
    { command: "rate_limit", args: { task_name: "nope", rate_limit: "1/s" } },
    { command: "rate_limit", args: { task_name: "add" } },
    { command: "rate_limit" },
    { command: "time_limit", args: { task_name: "add", hard: 10, soft: 5 } },
    { command: "time_limit", args: { task_name: "nope", hard: 10 } },
    { command: "time_limit" },
    { command: "registered", args: { taskinfoitems: ["soft_time_limit", "time_limit", "rate_limit"] } },

    { command: "enable_events" },
    { command: "enable_events" },
    { command: "enable_events", args: { extra: 1 } },
    { command: "disable_events" },
    { command: "disable_events" },
    { command: "heartbeat" },
    { command: "heartbeat", args: { extra: 1 } },
    {
      command: "election",
      args: { id: "an-id", topic: "task" },
      differs: {
        why: "Celery's fails without gossip; with it, both answer None",
        python: { error: expect.stringContaining("AttributeError") },
        node: null,
      },
    },
    { command: "election", args: { id: "an-id" } },

    { command: "add_consumer", args: { queue: `${queue}-2` } },
    {
      command: "add_consumer",
      args: { queue: `${queue}-3`, exchange: `${queue}-x`, exchange_type: "topic", routing_key: "a.#" },
    },
    { command: "add_consumer" },
    { command: "active_queues", compare: sorted },
    { command: "cancel_consumer", args: { queue: `${queue}-2` } },
    { command: "cancel_consumer", args: { queue: "never" } },
    { command: "cancel_consumer" },
    { command: "active_queues", compare: sorted },

    { command: "pool_restart" },
    { command: "autoscale", args: { max: 3, min: 1 } },
    { command: "autoscale", args: { most: 3 } },
    { command: "pool_grow", args: { n: "x" } },
    { command: "pool_grow", args: { n: 1 } },
    // The new process has begun what waited.
    { command: "active", untilLength: 2, compare: sorted },
    {
      command: "pool_shrink",
      differs: {
        why: "no process has to be killed for it",
        python: { error: expect.stringContaining("All processes busy") },
        node: { ok: "pool will shrink" },
      },
    },
    { command: "terminate", args: { task_id: "active", signal: "KILL" } },
    { command: "shutdown", silent: true },
  ];
}

const STAMPED = { ok: "headers {'batch': 1} flagged as revoked, but not terminated" };

const TASK_ATTRIBUTES = [
  ...["name", "max_retries", "default_retry_delay", "rate_limit", "serializer", "ignore_result", "track_started"],
  ...["acks_late", "acks_on_failure_or_timeout", "reject_on_worker_lost", "store_errors_even_if_ignored"],
  ...[
    "time_limit",
    "soft_time_limit",
    "expires",
    "queue",
    "exchange",
    "routing_key",
    "priority",
    "compression",
    "nope",
  ],
];

const CONFIGURED = ["task_default_queue", "task_serializer", "accept_content"];

const WITH_DEFAULTS = [
  ...["broker_url", "broker_connection_max_retries", "broker_connection_retry_on_startup", ...CONFIGURED],
  ...["result_backend", "result_serializer", "result_accept_content", "result_extended", "result_chord_join_timeout"],
  ...["task_default_exchange_type", "task_default_delivery_mode", "task_inherit_parent_priority"],
  ...["task_create_missing_queues", "task_protocol", "task_publish_retry", "task_publish_retry_policy"],
  ...["task_send_sent_event", "task_ignore_result", "task_store_errors_even_if_ignored", "task_track_started"],
  ...["task_acks_late", "task_acks_on_failure_or_timeout", "worker_prefetch_multiplier", "worker_direct"],
  ...["worker_send_task_events", "worker_enable_remote_control", "worker_disable_rate_limits", "worker_pool_restarts"],
  ...["worker_cancel_long_running_tasks_on_connection_loss", "worker_deduplicate_successful_tasks", "control_exchange"],
];

/** Of an object, those that have these names. */
function only(names: readonly string[]): (reply: unknown) => unknown {
  return (reply) => Object.fromEntries(names.map((name) => [name, (reply as Record<string, unknown>)[name]]));
}

function without(paths: readonly string[]): (reply: unknown) => unknown {
  return (reply) => {
    const copy = structuredClone(reply) as Record<string, Record<string, unknown>>;
    for (const path of paths) {
      const [part = "", name = ""] = path.split(".");
      delete copy[part]?.[name];
    }
    return copy;
  };
}

function sorted(reply: unknown): unknown {
  return (reply as unknown[]).map((item) => JSON.stringify(item)).sort();
}

function numbersAlike(reply: unknown): unknown {
  return JSON.parse(JSON.stringify(reply, (_, item) => (typeof item === "number" ? 1 : item)));
}

/** What is named in it: versions and URLs are each worker's own. */
function labelsOfReport(reply: unknown): unknown {
  const { ok } = reply as { ok: string };
  return [ok.match(/^\w+ +->/gm), ok.match(/system:\w+|transport:\w+/g), /^task_serializer: .*$/m.exec(ok)?.[0]];
}
