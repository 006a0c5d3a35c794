/** Commands that only look. Celery 5.2 `worker/control.py`, `@inspect_command`. */

import type { Queue } from "@brine/codec/kombu";
import type { Task } from "../client/task.js";
import type { Command, CommandArguments, CommandHost } from "./command-host.js";
import { celeryConf } from "./conf.js";
import type { Request } from "./request.js";
import { listOf } from "./revoked.js";

/** Celery's priority of timer entries, which `scheduled` shows. */
const TIMER_PRIORITY = 6;
const MAX_SAMPLES = 1000;

export function inspectCommands(host: CommandHost): Record<string, Command> {
  const { runQueue, hostname } = host;
  const infos = (requests: Iterable<Request>, isSafe: boolean): unknown[] =>
    [...requests].map((request) => request.info(hostname, isSafe));
  const memory = new MemorySamples();
  return {
    ping: () => ({ ok: "pong" }),
    active: ({ safe }, isSafe) => infos(runQueue.active, isSafe || safe === true),
    reserved: (_, isSafe) => infos(runQueue.reserved, isSafe),
    scheduled: (_, isSafe) =>
      runQueue.scheduled.map(([request, etaMs]) => ({
        eta: new Date(etaMs).toISOString().replace("Z", "+00:00"),
        priority: TIMER_PRIORITY,
        request: request.info(hostname, isSafe),
      })),
    revoked: () => host.revoked.ids(),
    registered: (args) => registered(host, args),
    stats: () => host.reporter.stats(runQueue, host.prefetch),
    conf: ({ with_defaults }) => celeryConf(host.app, with_defaults === true),
    report: () => ({
      ok: `software -> brine node:${process.versions.node}\nplatform -> ${process.platform} ${process.arch}\n`,
    }),
    clock: () => ({ clock: host.app.clock.value }),
    active_queues: () => host.consumer.queues.map(describeQueue),
    query_task: (args, isSafe) => queryTask(host, args, isSafe),
    hello: (args) => hello(host, args),
    memsample: () => memory.take(),
    memdump: () => memory.dump(),
    objgraph: () => ({ error: "ImportError('objgraph draws the objects of CPython; this worker is Node')" }),
  };
}

function registered({ app }: CommandHost, { taskinfoitems, builtins }: CommandArguments): string[] {
  const items = listOf(taskinfoitems).filter((item): item is string => typeof item === "string");
  const wanted = items.length > 0 ? items : ["exchange", "routing_key", "rate_limit"];
  const tasks = [...app.tasks.values()].filter((task) => task.isRunnable);
  const names = tasks.map((task) => describeTask(task, wanted));
  if (builtins === true) names.push("celery.accumulate", "celery.backend_cleanup", "celery.map", "celery.starmap");
  return names.sort();
}

/** `proj.add [rate_limit=10/m]`, with those of the items that the task has. */
function describeTask(task: Task, items: readonly string[]): string {
  const options = task.options as Readonly<Record<string, unknown>>;
  const fields = items.flatMap((item) => {
    const name = item.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = Object.hasOwn(options, name) ? options[name] : undefined;
    return value === undefined || value === null ? [] : [`${item}=${String(value)}`];
  });
  return fields.length === 0 ? task.name : `${task.name} [${fields.join(" ")}]`;
}

function queryTask({ runQueue, hostname }: CommandHost, args: CommandArguments, isSafe: boolean): unknown {
  const ids = new Set(listOf(args.ids));
  const found = new Map<string, unknown>();
  const waiting = [...runQueue.scheduled.map(([request]) => request), ...runQueue.reserved];
  for (const request of waiting) {
    if (ids.has(request.id)) found.set(request.id, ["reserved", request.info(hostname, isSafe)]);
  }
  for (const request of runQueue.active) {
    if (ids.has(request.id)) found.set(request.id, ["active", request.info(hostname, isSafe)]);
  }
  return Object.fromEntries(found);
}

/** Start-up handshake: what is revoked here, and the clock. A worker does not greet itself. */
function hello(host: CommandHost, { from_node, revoked }: CommandArguments): unknown {
  if (from_node === host.hostname) return undefined;
  host.revoked.mergeWire(revoked);
  host.runQueue.dropRevoked();
  return { revoked: host.revoked.toWire(), clock: host.app.clock.forward() };
}

/** Resident memory at the times somebody asked. */
class MemorySamples {
  #samples: string[] = [];

  take(): string {
    const sample = `${(process.memoryUsage.rss() / 1024 ** 2).toFixed(1)}MB`;
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    return sample;
  }

  /** What was sampled since the last dump, as Celery's `memdump` prints it. */
  dump(): string {
    const samples = this.#samples;
    this.#samples = [];
    const end = `- rss (end): ${this.take()}.`;
    this.#samples = [];
    return [...samples.map((sample) => `-    > ${sample},`), end, ""].join("\n");
  }
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
