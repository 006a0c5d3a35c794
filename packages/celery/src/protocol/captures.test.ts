/** Messages and results of real Celery, 5.2 and 5.6: read, and written again field by field and byte by byte. */
import { readFileSync } from "node:fs";
import { ClassRegistry, PyException, pyExceptions, Tuple } from "@brine/codec";
import { createCompression, createSerializers, decodeMessage } from "@brine/codec/kombu";
import { describe, expect, test } from "vitest";
import { eventRoutingKey, readEvents } from "./events.js";
import { errorFromResult, exceptionToJson } from "./exceptions.js";
import { celeryRegistry } from "./pickle-globals.js";
import { decodeControlRequest, encodeControlRequest } from "./pidbox.js";
import { NotRegistered, TaskRevokedError, TimeLimitExceeded } from "./python-exceptions.js";
import { childIds, decodeResultMeta, encodeResultMeta } from "./result-meta.js";
import { saferepr } from "./saferepr.js";
import { EXCEPTION_STATES } from "./states.js";
import { V2_HEADERS } from "./task-message.js";
import { decodeTaskV1, encodeTaskV1 } from "./task-v1.js";
import { decodeTaskV2, encodeTaskV2 } from "./task-v2.js";
import { validateTask } from "./validate.js";

interface Message {
  readonly direction?: string;
  readonly exchange: string;
  readonly routing_key: string;
  readonly properties: Readonly<Record<string, unknown>> & { readonly content_type: string };
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body_b64: string;
  readonly python_repr?: string;
}

interface Capture {
  readonly name: string;
  readonly flavour: string;
  readonly serializer?: string;
  readonly messages: readonly Message[];
  readonly replies: readonly Message[];
  readonly writes: readonly { readonly op: string; readonly key: string; readonly value_b64?: string }[];
}

function captures(file: string): Capture[] {
  return ["main", "5.2"].flatMap((flavour) =>
    readFileSync(new URL(`../../../../test/captures/celery/${flavour}/${file}.jsonl`, import.meta.url), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Capture),
  );
}

class Point {}
const registry = new ClassRegistry({ extends: celeryRegistry });
registry.register("app.Point", Point);
const serializers = createSerializers({ pickle: { registry } });
const opaque = createSerializers({ pickle: { registry: celeryRegistry, unregistered: "opaque" } });
const compression = createCompression();
const accept = ["json", "pickle"];
/** Those whose optional libraries the package does not depend on. */
const READABLE = ["application/json", "application/x-python-serialize"];
const bodyOf = (message: Message) => Buffer.from(message.body_b64, "base64");

const taskMessages = captures("tasks").flatMap(({ name, flavour, messages }) =>
  messages
    .filter(
      ({ properties, headers, exchange }) =>
        READABLE.includes(properties.content_type) &&
        exchange !== "celeryev" &&
        !/lzma|zstd/.test(String(headers.compression)),
    )
    .map((message, index) => ({ name: `${flavour} ${name} ${index}`, message })),
);

const decode = (message: Message) =>
  decodeMessage(
    { body: bodyOf(message), contentType: message.properties.content_type, headers: message.headers },
    { serializers, compression, accept },
  );

describe("task messages of Celery", () => {
  test.each(taskMessages)("$name is read, and written with the same fields", async ({ message }) => {
    const body = await decode(message);
    if (message.headers.task === undefined) {
      const task = decodeTaskV1(body as Record<string, unknown>);
      expect(encodeTaskV1(task, { replyTo: "" }).body).toEqual(body);
      return;
    }
    const task = decodeTaskV2(message.headers, body);
    const again = encodeTaskV2(task, { replyTo: String(message.properties.reply_to), lang: "py" });
    const { compression: _, ...headers } = message.headers;
    expect(again.headers).toMatchObject(headers);
    expect(Object.keys(again.headers)).toEqual(expect.arrayContaining([...V2_HEADERS]));
    expect(again.correlationId).toBe(message.properties.correlation_id);
    expect(again.body).toEqual([...(body as unknown[])]);
    validateTask({ ...again, contentType: message.properties.content_type });
  });

  const pickled = taskMessages.filter(
    ({ message }) =>
      message.properties.content_type === READABLE[1] &&
      message.headers.task !== undefined &&
      message.headers.compression === undefined,
  );

  test.each(
    pickled.filter(({ message }) => !/lab\.|signature|Counter|group|Point/.test(bodyOf(message).toString("latin1"))),
  )("$name is written with the same bytes", async ({ message }) => {
    const task = decodeTaskV2(message.headers, await decode(message));
    const { body } = encodeTaskV2(task, { replyTo: "" });
    const { body: bytes } = serializers.dumps(Tuple.from(body as unknown[]), { serializer: "pickle" });
    expect(Buffer.from(bytes).toString("base64")).toBe(message.body_b64);
  });

  test.each(pickled.filter(({ name }) => !/rich|object/.test(name)))(
    "$name: argsrepr is Python's",
    async ({ message }) => {
      const task = decodeTaskV2(message.headers, await decode(message));
      expect(saferepr(task.args)).toBe(message.headers.argsrepr);
    },
  );
});

describe("results of Celery", () => {
  const results = captures("results").filter(({ serializer, name }) => /json|pickle/.test(serializer ?? name));

  test.each(results.map(({ flavour, name, writes, replies }) => ({ name: `${flavour} ${name}`, writes, replies })))(
    "$name is read",
    ({ name, writes, replies }) => {
      const values = [
        ...writes
          .filter(({ op, key }) => op.startsWith("SET") && key.includes("task-meta"))
          .map(({ value_b64 }) => value_b64!),
        ...replies.map(({ body_b64 }) => body_b64),
      ];
      const contentType = name.includes("pickle") || name.includes("conf-") ? undefined : "application/json";
      for (const value of values) {
        const bytes = Buffer.from(value, "base64");
        const type = contentType ?? (bytes[0] === 0x80 ? READABLE[1]! : READABLE[0]!);
        const decoded = opaque.loads(bytes, { contentType: type, accept });
        const meta = decodeResultMeta(decoded)!;
        expect(meta.taskId).toMatch(/^[0-9a-f-]{36}$/);
        if (!EXCEPTION_STATES.has(meta.status)) {
          expect(encodeResultMeta(meta)).toMatchObject(withoutAbsent(decoded as Record<string, unknown>));
          continue;
        }
        const error = errorFromResult(meta.result, { registry: celeryRegistry, ...meta });
        expect(error).toBeInstanceOf(PyException);
        if (type === READABLE[0] && !name.includes("unpicklable")) expect(exceptionToJson(error)).toEqual(meta.result);
      }
    },
  );

  const errorOf = (name: string) => {
    const { writes } = captures("results").find((capture) => capture.flavour === "main" && capture.name === name)!;
    const last = writes.filter(({ key }) => key.includes("task-meta")).at(-1)!;
    const bytes = Buffer.from(last.value_b64!, "base64");
    const meta = decodeResultMeta(
      opaque.loads(bytes, { contentType: name.includes("json") ? READABLE[0]! : READABLE[1]!, accept }),
    )!;
    return errorFromResult(meta.result, { registry: celeryRegistry, ...meta });
  };

  test.each(["pickle", "json"])("exceptions in %s become the classes of their names", (form) => {
    expect(errorOf(`result.redis.${form}.fail-builtin`)).toBeInstanceOf(pyExceptions.ValueError);
    expect(errorOf(`result.redis.${form}.unregistered`)).toBeInstanceOf(NotRegistered);
    expect(errorOf(`result.redis.${form}.revoked`)).toBeInstanceOf(TaskRevokedError);
    expect(errorOf(`result.redis.${form}.timelimit`)).toBeInstanceOf(TimeLimitExceeded);
    const custom = errorOf(`result.redis.${form}.fail-custom`) as PyException;
    expect(custom).toMatchObject({ pythonClass: "app.LabError", className: "LabError" });
    expect([...custom.args]).toEqual(["custom", 7]);
    expect((custom as { traceback?: string }).traceback).toContain("raise LabError(msg, code)");
    expect(errorOf(`result.redis.${form}.fail-unpicklable`)).toMatchObject({ pythonClass: "app.KwOnlyError" });
  });

  test("children are listed, groups opened", () => {
    expect(
      childIds([
        [["a", null], null],
        [
          ["g", null],
          [
            [["b", null], null],
            [["c", null], null],
          ],
        ],
      ]),
    ).toEqual(["a", "b", "c"]);
    expect(childIds([1, null, [], [[]], "x"])).toEqual([]);
  });
});

describe("remote control and events of Celery", () => {
  const requests = captures("pidbox").flatMap(({ flavour, name, messages }) =>
    messages
      .filter(({ direction }) => direction === "request")
      .map((message) => ({ name: `${flavour} ${name}`, message })),
  );

  test.each(requests)("$name is read, and written as the same dict", async ({ message }) => {
    const body = await decode(message);
    const request = decodeControlRequest(body)!;
    expect(encodeControlRequest(request)).toEqual(body);
  });

  test("events are read, single and in batches, and their keys follow from their types", async () => {
    for (const { messages } of captures("events")) {
      for (const message of messages) {
        const body = await decode(message);
        const events = readEvents(body);
        const isBatch = Array.isArray(body);
        expect(events).toHaveLength(isBatch ? body.length : 1);
        expect(message.routing_key).toBe(isBatch ? "task.multi" : eventRoutingKey(events[0]!.type));
      }
    }
  });
});

function withoutAbsent(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
