/** Commands that only look. Celery 5.2 `worker/control.py`, `@inspect_command`. */
import { Tuple } from "@brine/codec";
import { BUILTIN_NAMES } from "../builtin-tasks.js";
import type { Request } from "../execution/request.js";
import { listOf } from "../intake/revoked.js";
import type { Command, CommandArguments, CommandHost } from "./command-host.js";
import { bugReport, celeryConf } from "./conf.js";
import { describeQueue } from "./queue-info.js";
import { describeTask } from "./registered-tasks.js";

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
    report: () => ({ ok: bugReport(host.app) }),
    clock: () => ({ clock: host.app.clock.value }),
    active_queues: () => host.consumer.queues.map(describeQueue),
    query_task: (args, isSafe) => queryTask(host, args, isSafe),
    hello: (args) => hello(host, args),
    memsample: () => memory.take(),
    memdump: () => memory.dump(),
    objgraph: () => ({ error: "ImportError('objgraph draws the objects of CPython; this worker is Node')" }),
  };
}

function registered(host: CommandHost, { taskinfoitems, builtins }: CommandArguments): string[] {
  const items = listOf(taskinfoitems).filter((item): item is string => typeof item === "string");
  const wanted = items.length > 0 ? items : ["exchange", "routing_key", "rate_limit"];
  const names = [...host.app.tasks.keys(), ...(builtins === true ? BUILTIN_NAMES : [])];
  return names
    .flatMap((name) => host.findTask(name) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((task) => describeTask(task, wanted, host));
}

/** Those that wait for their time too, which Celery does not find. */
function queryTask({ runQueue, hostname }: CommandHost, args: CommandArguments, isSafe: boolean): unknown {
  const waiting = [...runQueue.scheduled.map(([request]) => request), ...runQueue.reserved];
  const held = new Map<unknown, readonly [state: string, Request]>([
    ...waiting.map((request) => [request.id, ["reserved", request]] as const),
    ...runQueue.active.map((request) => [request.id, ["active", request]] as const),
  ]);
  const found = listOf(args.ids).flatMap((id) => {
    const known = held.get(id);
    if (known === undefined) return [];
    const [state, request] = known;
    return [[request.id, Tuple.of<unknown>(state, request.info(hostname, isSafe))] as const];
  });
  return Object.fromEntries(found);
}

/** Start-up handshake: what is revoked here, and the clock. A worker does not greet itself. */
function hello(host: CommandHost, { from_node, revoked }: CommandArguments): unknown {
  if (from_node === host.hostname) return null;
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
