/** Commands that change something. Celery `worker/control.py`, `@control_command`; the texts are Celery's. */
import { constants } from "node:os";
import { pyExceptions } from "@brine/codec";
import { saferepr } from "../../protocol/saferepr.js";
import { isPlainRecord } from "../../protocol/signature.js";
import type { Request } from "../execution/request.js";
import { parseRate } from "../intake/rate-limit.js";
import { listOf, stampKey, stampKeys } from "../intake/revoked.js";
import type { Command, CommandArguments, CommandHost } from "./command-host.js";

export function controlCommands(host: CommandHost): Record<string, Command> {
  const { runQueue, reporter, app } = host;
  return {
    revoke: (args) => revoke(host, args),
    terminate: (args) => revoke(host, { ...args, terminate: true }),
    revoke_by_stamped_headers: (args) => revokeByStamps(host, args),
    rate_limit: (args) => rateLimit(host, args),
    time_limit: (args) => timeLimit(host, args),
    add_consumer: (args) => addConsumer(host, args),
    cancel_consumer: async ({ queue }) => {
      await host.consumer.cancel(String(queue));
      return { ok: `no longer consuming from ${String(queue)}` };
    },
    pool_grow: ({ n = 1 }) => resize(host, "pool_grow", runQueue.concurrency + countOf(n), "pool will grow"),
    pool_shrink: ({ n = 1 }) => resize(host, "pool_shrink", runQueue.concurrency - countOf(n), "pool will shrink"),
    autoscale: (args) => autoscale(host, args),
    pool_restart: async () => {
      if (!app.settings.workerPoolRestarts) return { error: "ValueError('Pool restarts not enabled')" };
      await host.restartPool();
      return { ok: "reload started" };
    },
    enable_events: () => ({ ok: reporter.setTaskEvents(true) ? "task events enabled" : "task events already enabled" }),
    disable_events: () => ({
      ok: reporter.setTaskEvents(false) ? "task events disabled" : "task events already disabled",
    }),
    heartbeat: () => {
      reporter.beat();
      return null;
    },
    election: ({ id, topic, action }) => {
      if (typeof id === "string" && typeof topic === "string") host.gossip?.elect(id, topic, action ?? null);
      return null;
    },
    shutdown: () => host.shutdown(),
  };
}

/** @throws PyTypeError for what Python cannot count with */
function countOf(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const type = typeof value === "string" ? "str" : typeof value === "number" ? "float" : "NoneType";
  throw new pyExceptions.TypeError(`'${type}' object cannot be interpreted as an integer`);
}

/** @throws PyAttributeError for what is no signal of this system */
function signalOf(name: unknown): number {
  if (typeof name === "number") return name;
  const upper = String(name || "SIGTERM").toUpperCase();
  const full = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const { signals } = constants;
  if (Object.hasOwn(signals, full)) return signals[full as keyof typeof signals];
  throw new pyExceptions.AttributeError(`module 'signal' has no attribute '${full}'`);
}

function revoke(host: CommandHost, args: CommandArguments): unknown {
  const ids = new Set(listOf(args.task_id).filter((id): id is string => typeof id === "string"));
  for (const id of ids) host.revoked.add(id);
  host.runQueue.dropRevoked();
  if (args.terminate !== true) return { ok: `tasks ${[...ids].join(", ")} flagged as revoked` };
  const terminated = host.runQueue.terminate((request) => ids.has(request.id), signalOf(args.signal));
  if (terminated.length === 0) return { ok: "terminate: tasks unknown" };
  return { ok: `terminate: ${terminated.map((request) => request.id).join(", ")}` };
}

/** Since Celery 5.3. `headers` are a mapping, or texts such as `customer=7`. */
function revokeByStamps(host: CommandHost, args: CommandArguments): unknown {
  const headers = stampsOf(args.headers);
  const keys = new Set<string>();
  for (const [header, values] of headers) {
    for (const value of values) {
      host.revoked.addStamp(header, value);
      keys.add(stampKey(header, value));
    }
  }
  host.runQueue.dropRevoked();
  const text = saferepr(isPlainRecord(args.headers) ? args.headers : lastOfEach(headers));
  if (args.terminate !== true) return { ok: `headers ${text} flagged as revoked, but not terminated` };
  // Not all that is revoked: what runs and was flagged by another command is to run to its end.
  const isMeant = (request: Request): boolean => stampKeys(request).some((key) => keys.has(key));
  const terminated = host.runQueue.terminate(isMeant, signalOf(args.signal));
  return { ok: terminated.length === 0 ? `headers ${text} were not terminated` : `headers ${text} revoked` };
}

/** Of texts `name=value` Celery takes the last of a name, where these take all. */
function lastOfEach(stamps: ReadonlyMap<string, readonly unknown[]>): Record<string, unknown> {
  return Object.fromEntries([...stamps].map(([header, values]) => [header, values.at(-1)]));
}

function stampsOf(headers: unknown): Map<string, unknown[]> {
  const stamps = new Map<string, unknown[]>();
  const entries = isPlainRecord(headers)
    ? Object.entries(headers)
    : listOf(headers).map((text) => {
        const [, header = "", value = ""] = /^([^=]*)=(.*)$/s.exec(String(text)) ?? [];
        return [header, value] as const;
      });
  for (const [header, value] of entries) {
    if (header !== "") stamps.set(header, [...(stamps.get(header) ?? []), ...listOf(value)]);
  }
  return stamps;
}

function rateLimit(host: CommandHost, { task_name, rate_limit }: CommandArguments): unknown {
  const name = String(task_name);
  const rate = typeof rate_limit === "string" || typeof rate_limit === "number" ? rate_limit : null;
  const fault = faultOfRate(rate);
  if (fault !== undefined) return { error: `Invalid rate limit string: ${saferepr(fault)}` };
  if (host.findTask(name) === undefined) return { error: "unknown task" };
  host.limits.setRate(name, rate);
  const isOff = rate === null || rate === 0 || rate === "";
  return { ok: isOff ? "rate limit disabled successfully" : "new rate limit set successfully" };
}

/**
 * What Celery's `rate()` raises for text that is no rate, for its own words.
 *
 * @throws PyKeyError for a unit that it does not know, which it lets through
 */
function faultOfRate(rate: string | number | null): Error | undefined {
  if (typeof rate !== "string" || rate === "") return undefined;
  const [, count = "", unit = ""] = /^([^/]*)\/?(.*)$/s.exec(rate)!;
  if (!["", "s", "m", "h"].includes(unit)) throw new pyExceptions.KeyError(unit);
  try {
    parseRate(rate);
    return undefined;
  } catch {
    return new pyExceptions.ValueError(`could not convert string to float: ${saferepr(count)}`);
  }
}

function timeLimit(host: CommandHost, { task_name, hard, soft }: CommandArguments): unknown {
  const name = String(task_name);
  const seconds = (value: unknown): number | null => (typeof value === "number" && value > 0 ? value : null);
  if (host.findTask(name) === undefined) return { error: "unknown task" };
  host.limits.setTimes(name, seconds(hard), seconds(soft));
  return { ok: "time limits set successfully" };
}

async function addConsumer(host: CommandHost, args: CommandArguments): Promise<unknown> {
  const name = String(args.queue);
  const exchange = typeof args.exchange === "string" ? args.exchange : name;
  const type = args.exchange_type === "topic" || args.exchange_type === "fanout" ? args.exchange_type : "direct";
  const routingKey = typeof args.routing_key === "string" ? args.routing_key : name;
  await host.consumer.add({ name, exchange: { name: exchange, type }, routingKey });
  return { ok: `add consumer ${name}` };
}

function resize({ runQueue }: CommandHost, command: string, size: number, ok: string): unknown {
  if (runQueue.autoscale !== undefined) {
    return { error: `${command} is not supported with autoscale. Adjust autoscale range instead.` };
  }
  // Without a slot it could not even be told to grow again by a task.
  runQueue.setConcurrency(Math.max(1, size));
  return { ok };
}

/** As Celery: a maximum below the minimum takes the minimum with it, and the other way round. */
function autoscale({ runQueue }: CommandHost, args: CommandArguments): unknown {
  const now = runQueue.autoscale;
  if (now === undefined) return { error: "ValueError('Autoscale not enabled')" };
  const limit = (value: unknown): number | undefined =>
    Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
  const max = limit(args.max) ?? Math.max(now.max, limit(args.min) ?? 0);
  const min = Math.min(limit(args.min) ?? now.min, max);
  runQueue.setAutoscale({ min, max });
  return { ok: `autoscale now max=${max} min=${min}` };
}
