/**
 * W3C trace context through tasks, with OpenTelemetry where the application has it. Spans and attributes have the names that
 * OpenTelemetry's Celery instrumentation for Python gives them, so that a trace reads the same on both sides.
 *
 * `@opentelemetry/api` is an optional peer: it is looked for once, when the first task is sent or run.
 */
import { reasonOf } from "@brine/codec/errors";
import type * as Api from "@opentelemetry/api";
import type { TaskMessage } from "../../protocol/task-message.js";

const TRACER = "@brine/celery";

/** How a run ended. */
export interface TracedEnd {
  readonly state: string;
  readonly error?: unknown;
}

export class Tracing {
  readonly #isEnabled: boolean;
  #api: typeof Api | undefined;
  #loading: Promise<void> | undefined;

  constructor(isEnabled: boolean) {
    this.#isEnabled = isEnabled;
  }

  /** Never rejects: without the API there is no tracing. */
  #load(): Promise<void> {
    if (!this.#isEnabled) return Promise.resolve();
    this.#loading ??= import("@opentelemetry/api").then(
      (api) => {
        this.#api = api;
      },
      () => {},
    );
    return this.#loading;
  }

  /**
   * A span around a publication. `send` gets the headers that carry the context on: those of the span, and without a
   * tracer none, so that what the message has stays.
   */
  async publish(
    message: TaskMessage,
    destination: { readonly exchange: string; readonly routingKey: string },
    send: (headers: Readonly<Record<string, string>> | undefined) => Promise<void>,
  ): Promise<void> {
    await this.#load();
    const api = this.#api;
    if (api === undefined) return send(undefined);
    const { context, propagation, trace } = api;
    // What the message carries counts only outside of any span: a running task's span is a closer parent.
    const active = context.active();
    const parent = trace.getSpan(active) === undefined ? this.#extract(api, message) : active;
    const attributes = {
      ...attributesOf("apply_async", message),
      "messaging.destination": destination.exchange || destination.routingKey,
      "messaging.celery.routing_key": destination.routingKey,
    };
    const kind = api.SpanKind.PRODUCER;
    const span = trace.getTracer(TRACER).startSpan(`apply_async/${message.task}`, { kind, attributes }, parent);
    const scope = trace.setSpan(parent, span);
    const headers: Record<string, string> = {};
    propagation.inject(scope, headers);
    try {
      await context.with(scope, () => send(headers));
    } catch (error) {
      fail(api, span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** A span around a run, the child of that which sent the task; it is active while the handler runs. */
  async run<T extends TracedEnd>(message: TaskMessage, run: () => Promise<T>): Promise<T> {
    await this.#load();
    const api = this.#api;
    if (api === undefined) return run();
    const { context, trace } = api;
    const parent = this.#extract(api, message);
    const attributes = { ...attributesOf("run", message), "messaging.celery.retries": message.retries };
    const kind = api.SpanKind.CONSUMER;
    const span = trace.getTracer(TRACER).startSpan(`run/${message.task}`, { kind, attributes }, parent);
    try {
      const end = await context.with(trace.setSpan(parent, span), run);
      span.setAttribute("celery.state", end.state);
      if (end.state === "FAILURE") fail(api, span, end.error);
      return end;
    } finally {
      span.end();
    }
  }

  #extract(api: typeof Api, message: TaskMessage): Api.Context {
    return api.propagation.extract(api.ROOT_CONTEXT, message.headers, {
      keys: (headers) => Object.keys(headers),
      get: (headers, name) => {
        const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
        return typeof value === "string" ? value : undefined;
      },
    });
  }
}

function attributesOf(action: string, message: TaskMessage): Record<string, string> {
  return { "celery.action": action, "celery.task_name": message.task, "messaging.message.id": message.id };
}

function fail(api: typeof Api, span: Api.Span, error: unknown): void {
  const message = reasonOf(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: api.SpanStatusCode.ERROR, message });
}
