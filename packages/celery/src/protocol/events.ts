/** Monitoring events as `celery events`, Flower and gossip read them. JSON always, whatever tasks are serialized with. */
import type { Exchange } from "@brine/codec/kombu";
import { isPlainRecord } from "./signature.js";

/** On Redis it is a fanout exchange, as Celery's `get_exchange` has it: kombu's Redis transport has no fast topics. */
export function eventExchange(transportType: string): Exchange {
  return { name: "celeryev", type: transportType === "redis" ? "fanout" : "topic", durable: true };
}

/** One event. The fields after the common ones depend on the type. */
export interface CeleryEvent {
  /** `"task-started"`, `"worker-heartbeat"`, ... */
  readonly type: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** The node that tells: `celery@host`. */
  readonly hostname: string;
  /** Hours that local time is ahead of UTC, negated, as Python's `utcoffset()` of Celery. */
  readonly utcoffset: number;
  /** Which process that node is. */
  readonly pid: number;
  /** The Lamport clock of that node, by which events of several are put in order. */
  readonly clock: number;
  readonly [field: string]: unknown;
}

/** Where events come from: the parts every event of a process shares. */
export interface EventSource {
  readonly hostname: string;
  readonly pid: number;
  readonly utcoffset: number;
}

/** An event; field order is Celery's. */
export function makeEvent(
  type: string,
  source: EventSource,
  at: { readonly clock: number; readonly timestamp: number },
  fields: Readonly<Record<string, unknown>>,
): CeleryEvent {
  return {
    hostname: source.hostname,
    utcoffset: source.utcoffset,
    pid: source.pid,
    clock: at.clock,
    ...fields,
    timestamp: at.timestamp,
    type,
  };
}

/** The routing key of an event type: `worker-heartbeat` becomes `worker.heartbeat`; a batch of task events is `task.multi`. */
export function eventRoutingKey(type: string): string {
  return type.replaceAll("-", ".");
}

/** Events of one message: workers send task events in batches, as an array. What is no event is left out. */
export function readEvents(body: unknown): CeleryEvent[] {
  const events = Array.isArray(body) ? body : [body];
  return events.filter((event): event is CeleryEvent => isPlainRecord(event) && typeof event.type === "string");
}
