/** Brokers and backends of one generation in every combination, for both directions of the Celery tests. */
import { amqp } from "@brine/amqp-adapter";
import { Celery, type CelerySettings, createRegistry } from "@brine/celery";
import { redis, redisBackend } from "@brine/redis-adapter";
import type { Isolation } from "../../services/index.js";
import { CONDITION_MS } from "../../services/patience.js";

/**
 * For a result, or for replies to a command: with a `destination` or a `limit` these are waited for no longer than they take.
 */
export const WAIT = { timeoutMs: CONDITION_MS } as const;

export type BrokerKind = "amqp" | "redis";
export type BackendKind = "rpc" | "redis";

export const COMBINATIONS: readonly (readonly [BrokerKind, BackendKind])[] = [
  ["amqp", "rpc"],
  ["amqp", "redis"],
  ["redis", "rpc"],
  ["redis", "redis"],
];

/** The classes of `test/python/models.py` that the tests send. */
export class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}

export function pointRegistry() {
  const registry = createRegistry();
  registry.register("models.Point", Point);
  return registry;
}

/** An app on the services of `isolation`, with pickle both ways. */
export function connectApp(
  isolation: Isolation,
  [broker, backend]: readonly [BrokerKind, BackendKind],
  settings: Partial<CelerySettings> = {},
): Celery {
  return new Celery({
    broker: broker === "amqp" ? amqp(isolation.amqp.url) : redis(isolation.redis(0).url),
    backend: backend === "rpc" ? "rpc://" : redisBackend(isolation.redis(1).url),
    taskSerializer: "pickle",
    resultSerializer: "pickle",
    acceptContent: ["pickle", "json"],
    registry: pointRegistry(),
    ...settings,
  });
}

/** The environment of `celery_client.py` for the same services. */
export function pythonEnvironment(
  isolation: Isolation,
  [broker, backend]: readonly [BrokerKind, BackendKind],
  queue: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    BROKER: broker === "amqp" ? isolation.amqp.pythonUrl : isolation.redis(0).pythonUrl,
    BACKEND: backend === "rpc" ? "rpc://" : isolation.redis(1).pythonUrl,
    QUEUE: queue,
    SERIALIZER: "pickle",
    C_FORCE_ROOT: "1",
    ...more,
  };
}
