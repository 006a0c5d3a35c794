/** What workers answer to remote control. Celery 5.2 `worker/control.py`; the texts are Celery's. */
import { loadavg } from "node:os";
import type { Queue } from "@brine/codec/kombu";
import { saferepr } from "../protocol/saferepr.js";
import { isPlainRecord } from "../protocol/signature.js";
import type { Request } from "./request.js";

/** `isSafe`: the first answer could not be serialized; give text instead of values. `undefined`: no reply. */
export type Command = (args: Readonly<Record<string, unknown>>, isSafe: boolean) => unknown;

/** What the commands can do to a worker. */
export interface CommandHost {
  readonly hostname: string;
  readonly active: Iterable<Request>;
  readonly reserved: Iterable<Request>;
  readonly scheduled: Iterable<readonly [request: Request, etaMs: number]>;
  readonly revoked: { ids(): string[]; add(id: string): void; toWire(): Record<string, unknown> };
  readonly queues: Iterable<Queue>;
  readonly taskNames: readonly string[];
  readonly clock: { readonly value: number };
  readonly concurrency: number;
  stats(): Record<string, unknown>;
  conf(): Record<string, unknown>;
  /** Stops those that run; how many there were. */
  terminate(ids: readonly string[]): number;
  addConsumer(queue: Queue): Promise<void>;
  cancelConsumer(name: string): Promise<void>;
  setConcurrency(count: number): Promise<void>;
  setRateLimit(task: string, rate: string | number | null): boolean;
  setTimeLimits(task: string, hard: number | null, soft: number | null): boolean;
  setEvents(isEnabled: boolean): boolean;
  heartbeat(): void;
  shutdown(): void;
}

export function controlCommands(host: CommandHost): ReadonlyMap<string, Command> {
  const infos = (requests: Iterable<Request>, isSafe: boolean) =>
    [...requests].map((request) => request.info(host.hostname, isSafe));
  const inspect: Record<string, Command> = {
    ping: () => ({ ok: "pong" }),
    active: (_, isSafe) => infos(host.active, isSafe),
    reserved: (_, isSafe) => infos(host.reserved, isSafe),
    scheduled: (_, isSafe) =>
      [...host.scheduled].map(([request, etaMs]) => ({
        eta: new Date(etaMs).toISOString().replace("Z", "+00:00"),
        priority: 6,
        request: request.info(host.hostname, isSafe),
      })),
    revoked: () => host.revoked.ids(),
    registered: () => [...host.taskNames].sort(),
    stats: () => host.stats(),
    conf: () => host.conf(),
    report: () => ({
      ok: `software -> brine node:${process.versions.node}\nplatform -> ${process.platform} ${process.arch}\n`,
    }),
    clock: () => ({ clock: host.clock.value }),
    active_queues: () => [...host.queues].map(describeQueue),
    query_task: (args, isSafe) => queryTask(host, args, isSafe),
    hello: (args) => hello(host, args),
    memsample: () => ({ ok: `${Math.round(process.memoryUsage.rss() / 1024)}` }),
  };
  const control: Record<string, Command> = {
    revoke: (args) => revoke(host, args),
    terminate: (args) => revoke(host, { ...args, terminate: true }),
    rate_limit: (args) => rateLimit(host, args),
    time_limit: (args) => timeLimit(host, args),
    add_consumer: (args) => addConsumer(host, args),
    cancel_consumer: async ({ queue }) => {
      await host.cancelConsumer(String(queue));
      return { ok: `no longer consuming from ${String(queue)}` };
    },
    pool_grow: async (args) => {
      await host.setConcurrency(host.concurrency + countOf(args.n));
      return { ok: "pool will grow" };
    },
    pool_shrink: async (args) => {
      await host.setConcurrency(Math.max(1, host.concurrency - countOf(args.n)));
      return { ok: "pool will shrink" };
    },
    autoscale: () => ({ error: "ValueError('Autoscale not enabled')" }),
    pool_restart: () => ({ error: "ValueError('Pool restarts not enabled')" }),
    enable_events: () => ({ ok: host.setEvents(true) ? "task events enabled" : "task events already enabled" }),
    disable_events: () => ({ ok: host.setEvents(false) ? "task events disabled" : "task events already disabled" }),
    heartbeat: () => host.heartbeat(),
    election: () => undefined,
    shutdown: () => host.shutdown(),
  };
  const aliases: Record<string, Command> = {
    dump_active: inspect.active!,
    dump_reserved: inspect.reserved!,
    dump_schedule: inspect.scheduled!,
    dump_revoked: inspect.revoked!,
    dump_tasks: inspect.registered!,
    dump_conf: inspect.conf!,
  };
  return new Map(Object.entries({ ...inspect, ...control, ...aliases }));
}

function countOf(value: unknown): number {
  const count = Number(value ?? 1);
  return Number.isSafeInteger(count) && count >= 0 ? count : 1;
}

function idsOf(value: unknown): string[] {
  const ids = Array.isArray(value) || value instanceof Set ? [...value] : [value];
  return ids.filter((id): id is string => typeof id === "string");
}

function revoke(host: CommandHost, args: Readonly<Record<string, unknown>>): unknown {
  const ids = idsOf(args.task_id);
  for (const id of ids) host.revoked.add(id);
  if (args.terminate === true) {
    host.terminate(ids);
    return { ok: `terminate: ${ids.join(", ")}` };
  }
  return { ok: `tasks ${ids.map((id) => saferepr(id)).join(", ")} flagged as revoked` };
}

function queryTask(host: CommandHost, args: Readonly<Record<string, unknown>>, isSafe: boolean): unknown {
  const ids = new Set(idsOf(args.ids));
  const found: Record<string, unknown> = {};
  const scheduled = [...host.scheduled].map(([request]) => request);
  for (const [state, requests] of [
    ["reserved", [...scheduled, ...host.reserved]],
    ["active", host.active],
  ] as const) {
    for (const request of requests) {
      if (ids.has(request.id)) found[request.id] = [state, request.info(host.hostname, isSafe)];
    }
  }
  return found;
}

/** Start-up handshake: what is revoked here, and the clock. A worker does not greet itself. */
function hello(host: CommandHost, args: Readonly<Record<string, unknown>>): unknown {
  if (args.from_node === host.hostname) return undefined;
  const { revoked } = args;
  const ids = revoked instanceof Map ? revoked.keys() : isPlainRecord(revoked) ? Object.keys(revoked) : [];
  for (const id of ids) if (typeof id === "string") host.revoked.add(id);
  return { revoked: host.revoked.toWire(), clock: host.clock.value };
}

function rateLimit(host: CommandHost, { task_name, rate_limit }: Readonly<Record<string, unknown>>): unknown {
  const rate = typeof rate_limit === "string" || typeof rate_limit === "number" ? rate_limit : null;
  try {
    if (!host.setRateLimit(String(task_name), rate)) return { error: "unknown task" };
  } catch (error) {
    return { error: `Invalid rate limit string: ${saferepr(error)}` };
  }
  return { ok: rate === null || rate === 0 ? "rate limit disabled successfully" : "new rate limit set successfully" };
}

function timeLimit(host: CommandHost, { task_name, hard, soft }: Readonly<Record<string, unknown>>): unknown {
  const seconds = (value: unknown): number | null => (typeof value === "number" && value > 0 ? value : null);
  if (!host.setTimeLimits(String(task_name), seconds(hard), seconds(soft))) return { error: "unknown task" };
  return { ok: "time limits set successfully" };
}

async function addConsumer(host: CommandHost, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const name = String(args.queue);
  const exchange = typeof args.exchange === "string" ? args.exchange : name;
  const type = args.exchange_type === "topic" || args.exchange_type === "fanout" ? args.exchange_type : "direct";
  const routingKey = typeof args.routing_key === "string" ? args.routing_key : name;
  await host.addConsumer({ name, exchange: { name: exchange, type }, routingKey });
  return { ok: `add consumer ${name}` };
}

function describeQueue(queue: Queue): Record<string, unknown> {
  const exchange = queue.exchange ?? { name: "", type: "direct" as const };
  return {
    name: queue.name,
    exchange: {
      name: exchange.name,
      type: exchange.type,
      arguments: exchange.arguments ?? null,
      durable: exchange.durable ?? true,
      passive: false,
      auto_delete: exchange.autoDelete ?? false,
      delivery_mode: null,
      no_declare: false,
    },
    routing_key: queue.routingKey ?? queue.name,
    queue_arguments: queue.arguments ?? null,
    binding_arguments: null,
    consumer_arguments: null,
    durable: queue.durable ?? true,
    exclusive: queue.exclusive ?? false,
    auto_delete: queue.autoDelete ?? false,
    no_ack: false,
    alias: null,
    bindings: [],
    no_declare: null,
    expires: null,
    message_ttl: null,
    max_length: null,
    max_length_bytes: null,
    max_priority: null,
  };
}

/** Load averages as events carry them. */
export function loadAverages(): number[] {
  return loadavg().map((load) => Math.round(load * 100) / 100);
}

/** Counts by task, in a form that every serializer carries. */
export function countsOf(counts: ReadonlyMap<string, number>): Record<string, number> {
  const record: Record<string, number> = {};
  for (const [name, count] of counts) Object.defineProperty(record, name, { value: count, enumerable: true });
  return record;
}
