/**
 * `node:diagnostics_channel` channels for tracing and metrics:
 * - `brine.celery.publish`: `{ task, id, queue, exchange, routingKey, headers }`, before a message leaves; subscribers may add
 *   headers such as `traceparent`
 * - `brine.celery.task:start`, `:end`: `{ task, id, retries, headers, state?, runtimeMs? }` around a run in a worker
 * - `brine.celery.decode-error`: `{ queue, verdict, error }` for messages that are no task
 */
import { channel } from "node:diagnostics_channel";

/** What the diagnostics channel of published tasks tells, before each is sent. Headers may be added to. */
export interface PublishDiagnostics {
  /** The task's name. */
  readonly task: string;
  /** The task's id. */
  readonly id: string;
  /** The exchange that it is sent to; `""` is the default one. */
  readonly exchange: string;
  /** On the default exchange, the name of the queue. */
  readonly routingKey: string;
  /** The message's headers, not yet validated: what a subscriber adds is sent. */
  readonly headers: Record<string, unknown>;
}

/** What the channel of run tasks tells; state and time only when the run has ended. */
export interface RunDiagnostics {
  /** The task's name. */
  readonly task: string;
  /** The task's, the same for each of its retries. */
  readonly id: string;
  /** How often it was retried: 0 the first time. */
  readonly retries: number;
  /** Those that are not the protocol's own. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** As it is stored: `"SUCCESS"`, `"FAILURE"`, `"RETRY"`, ... */
  readonly state?: string | undefined;
  /** How long it ran, in milliseconds; only when it has ended. */
  readonly runtimeMs?: number | undefined;
}

export const publishChannel = /* @__PURE__ */ channel("brine.celery.publish");
export const taskStartChannel = /* @__PURE__ */ channel("brine.celery.task:start");
export const taskEndChannel = /* @__PURE__ */ channel("brine.celery.task:end");
export const decodeErrorChannel = /* @__PURE__ */ channel("brine.celery.decode-error");

/** Names of W3C trace context headers, as OpenTelemetry's Celery instrumentation puts them among the task's headers. */
const TRACE_HEADERS = ["traceparent", "tracestate", "baggage"] as const;

/** The trace context of a message, for what its task sends. */
export function traceHeadersOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of TRACE_HEADERS) {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (typeof value === "string") found[name] = value;
  }
  return found;
}
