/** Trace context from sender to handler and on, with OpenTelemetry's own SDK; and the channels for other tools. */
import diagnosticsChannel from "node:diagnostics_channel";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startWorker, until } from "../../worker/worker.fixture.js";

const timeoutMs = 20_000;
const TRACE = "0af7651916cd43dd8448eb211c80319c";

describe("with a tracer", () => {
  const exporter = new InMemorySpanExporter();
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    context.disable();
    propagation.disable();
    trace.disable();
  });

  const finished = async (count: number) => {
    await until(() => exporter.getFinishedSpans().length >= count);
    const spans = exporter.getFinishedSpans();
    return (name: string) => spans.find((span) => span.name === name)!;
  };

  test("a run is the child of what sent it, and the parent of what it sends", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("outer", async (task) => {
        await a.sendTask("inner");
        return task.headers.tracestate;
      });
      a.task("inner", () => null);
    });
    const result = await app.sendTask("outer", {
      taskId: "the-id",
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: "vendor=1" },
    });
    expect(await result.get({ timeoutMs })).toBe("vendor=1");
    const span = await finished(4);
    expect(span("apply_async/outer")).toMatchObject({
      kind: SpanKind.PRODUCER,
      parentSpanContext: { spanId: "b7ad6b7169203331" },
      attributes: { "celery.action": "apply_async", "celery.task_name": "outer", "messaging.message.id": "the-id" },
    });
    const parents = ["apply_async/outer", "run/outer", "apply_async/inner", "run/inner"].map((name) => span(name));
    for (const [index, one] of parents.entries()) {
      expect(one.spanContext().traceId).toBe(TRACE);
      if (index > 0) expect(one.parentSpanContext?.spanId).toBe(parents[index - 1]?.spanContext().spanId);
    }
    expect(span("run/outer")).toMatchObject({
      kind: SpanKind.CONSUMER,
      attributes: { "celery.action": "run", "celery.state": "SUCCESS", "messaging.celery.retries": 0 },
    });
  });

  test("an active span is the parent of what is sent in it, and a failure is recorded", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("fail", () => {
        throw new RangeError("too far");
      });
    });
    await trace.getTracer("test").startActiveSpan("request", async (request) => {
      await (await app.sendTask("fail")).get({ timeoutMs, propagate: false });
      request.end();
    });
    const span = await finished(3);
    expect(span("apply_async/fail").parentSpanContext?.spanId).toBe(span("request").spanContext().spanId);
    expect(span("run/fail")).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: "too far" },
      events: [{ name: "exception" }],
      attributes: { "celery.state": "FAILURE" },
    });
  });

  test("tracing: false makes no spans", async () => {
    const { app } = await startWorker({ tracing: false }, (a) => void a.task("quiet", () => 1));
    expect(await (await app.sendTask("quiet")).get({ timeoutMs })).toBe(1);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

test("without a tracer the trace context of a message still goes on to what its task sends", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("outer", async () => void (await a.sendTask("inner", { taskId: "inner" })));
    a.task("inner", (task) => task.headers.traceparent);
  });
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
  await (await app.sendTask("outer", { headers: { traceparent } })).get({ timeoutMs });
  expect(await app.result("inner").get({ timeoutMs })).toBe(traceparent);
});

test("diagnostics channels tell of publications, runs and messages that are no task", async () => {
  const seen: [string, unknown][] = [];
  const names = [
    "brine.celery.publish",
    "brine.celery.task:start",
    "brine.celery.task:end",
    "brine.celery.decode-error",
  ];
  const listener = (message: unknown, name: string | symbol): void => void seen.push([String(name), message]);
  for (const name of names) diagnosticsChannel.subscribe(name, listener);
  try {
    const { app } = await startWorker({}, (a) => void a.task("add", (_, x: number) => x));
    const addHeader = (message: unknown): void => {
      (message as { headers: Record<string, unknown> }).headers["x-seen"] = "yes";
    };
    diagnosticsChannel.subscribe("brine.celery.publish", addHeader);
    await (await app.sendTask("add", { args: [1], taskId: "one" })).get({ timeoutMs });
    diagnosticsChannel.unsubscribe("brine.celery.publish", addHeader);
    await (await app.sendTask("nope", { taskId: "two" })).get({ timeoutMs, propagate: false });
    expect(seen).toMatchObject([
      ["brine.celery.publish", { task: "add", id: "one", exchange: "", routingKey: "celery" }],
      ["brine.celery.task:start", { task: "add", id: "one", retries: 0, headers: { "x-seen": "yes" } }],
      ["brine.celery.task:end", { task: "add", id: "one", state: "SUCCESS", runtimeMs: expect.any(Number) }],
      ["brine.celery.publish", { task: "nope", id: "two" }],
      ["brine.celery.decode-error", { queue: "celery", verdict: "unknown-task", error: expect.any(Error) }],
    ]);
  } finally {
    for (const name of names) diagnosticsChannel.unsubscribe(name, listener);
  }
});

test("the logger gets a line and its facts, from the worker and from handlers", async () => {
  const lines: unknown[] = [];
  const log =
    (level: string) =>
    (message: string, details?: Readonly<Record<string, unknown>>): void =>
      void lines.push([level, message, details]);
  const logger = { info: log("info"), error: log("error") };
  const { app } = await startWorker({ logger }, (a) => {
    a.task("fail", (task) => {
      task.log.info("starting", { step: 1 });
      task.log.debug("is not asked for");
      throw new Error("no");
    });
  });
  await (await app.sendTask("fail", { taskId: "id" })).get({ timeoutMs, propagate: false });
  await until(() => lines.length === 2);
  expect(lines).toMatchObject([
    ["info", "fail[id]: starting", { taskId: "id", step: 1 }],
    ["error", "Task fail[id] failed: Error('no')", { error: { message: "no" } }],
  ]);
});
