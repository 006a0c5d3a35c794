/**
 * Messages that no client of Celery's would write, as they were sent by hand to real workers; `test/captures` has what those
 * did. The worker does what they do, except that it dies of nothing; the publisher refuses what they die of.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  BODY,
  EMBED,
  FULL,
  HEADERS,
  ID,
  link,
  MESSAGES,
  message,
  type Sent,
} from "../../../../test/captures/celery/pitfall-messages.js";
import { Celery } from "../client/app.js";
import { MemoryTransport } from "../memory/transport.js";
import { decodeTaskV2 } from "../protocol/task-v2.js";
import { validateTask } from "../protocol/validate.js";
import type { BadMessage } from "./intake/intake.js";
import type { WorkerOptions } from "./worker-options.js";

interface Row {
  readonly flavour: string;
  readonly broker: string;
  readonly case: string;
  readonly result: { readonly status: string } | null;
  readonly worker: string;
}

const captured = readFileSync(new URL("../../../../test/captures/celery/pitfalls.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row)
  .filter((row) => row.flavour === "main" && row.broker === "amqp");

/** Where Brine differs, and why. */
const DIFFERENT: Readonly<Record<string, { readonly status: string | undefined; readonly why: string }>> = {
  "proto1 body, no headers": { status: "SUCCESS", why: "the capture looked for the result under another id" },
  "proto1 body id in body (result lookup)": { status: "SUCCESS", why: "as above" },
  "proto1 minimal without retries etc": { status: "SUCCESS", why: "as above" },
};

/** Celery fails after having run the task; reading such a signature is harmless here, where absent keys have defaults. */
const LENIENT = new Set(["link minimal signature", "link sig without options"]);

async function run(sent: Sent, options: WorkerOptions = { storeDecodeErrors: false }) {
  const transport = new MemoryTransport();
  const dead = { name: "dead" };
  await transport.declareQueue(dead);
  const queue = { name: "q", arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead" } };
  const app = new Celery({
    broker: transport,
    backend: "memory://",
    taskDefaultQueue: "q",
    taskQueues: [queue],
    acceptContent: ["json", "pickle"],
  });
  app.task("lab.add", { parameters: ["x", "y"] }, (_, x: number, y: number) => x + y);
  app.task("lab.mul", { parameters: ["x", "y"] }, (_, x: number, y: number) => x * y);
  const bad: BadMessage[] = [];
  const warnings: Error[] = [];
  const worker = app.worker({ mingle: false, remoteControl: false, ...options, onDecodeError: (one) => bad.push(one) });
  worker.on("warning", (warning) => warnings.push(warning));
  await worker.start();
  await transport.publish(message(sent), { exchange: "", routingKey: "q" });
  // What comes after proves that the worker lives.
  const next = await app.sendTask<number>("lab.add", { args: [20, 22] });
  expect(await next.get({ timeoutMs: 20_000 })).toBe(42);
  await worker.stop();
  const id = typeof sent.headers?.id === "string" ? sent.headers.id : ID;
  const status = await app.result(id).state();
  const outcome = {
    status: status === "PENDING" ? undefined : status,
    isDead: (await transport.queueLength("dead")) > 0,
    left: await transport.queueLength("q"),
    bad,
    warnings,
  };
  await app.close();
  return outcome;
}

describe("a worker given a hand-made message", () => {
  test("the table has every captured case", () => {
    const missing = captured.map((row) => row.case).filter((name) => !(name in MESSAGES) && !LENIENT.has(name));
    expect(missing).toEqual([]);
  });

  test.each(captured.filter((row) => row.case in MESSAGES))("$case", async (row) => {
    const outcome = await run(MESSAGES[row.case]!);
    expect(outcome.warnings).toEqual([]);
    expect(outcome.left).toBe(0);
    const died = row.worker !== "ok";
    expect(outcome.status).toBe((DIFFERENT[row.case] ?? row.result ?? undefined)?.status);
    // Celery's worker dies with the message still queued; here it is rejected, for the dead-letter exchange to have.
    if (died) expect(outcome.isDead).toBe(true);
    if (outcome.isDead) expect(outcome.bad).toHaveLength(1);
  });

  test.each([
    ["kwargs null", "rejected", true],
    ["eta garbage", "rejected", true],
    ["pickle body, ct 'application/x-pickle'", "rejected", true],
    ["no task header, v2 body", "rejected", true],
    ["unknown task", "unknown-task", true],
    ["truncated pickle", "undecodable", false],
    ["broken json", "undecodable", false],
    ["real gzip bytes, application/x-gzip", "undecodable", false],
    ["unknown compression", "undecodable", false],
  ])("%s is reported as %s", async (name, kind, isDead) => {
    const outcome = await run(MESSAGES[name]!);
    expect(outcome.bad).toMatchObject([{ kind }]);
    expect(outcome.isDead).toBe(isDead);
  });
});

test("unless told otherwise, the sender of a task that cannot be read is told", async () => {
  const outcome = await run(MESSAGES["truncated pickle"]!, {});
  expect(outcome).toMatchObject({ status: "FAILURE", isDead: false, left: 0 });
});

test("undecodable messages can be dead-lettered", async () => {
  const outcome = await run(MESSAGES["broken json"]!, { undecodable: "dead-letter" });
  expect(outcome).toMatchObject({ status: "FAILURE", isDead: true, left: 0 });
});

test("stamps nested 200 deep are refused, and 50 deep read", () => {
  const nested = (depth: number) => Array.from({ length: depth }).reduce((inner) => [inner], null);
  const read = (depth: number) => decodeTaskV2({ ...HEADERS, stamps: { a: nested(depth) } }, BODY);
  expect(read(50).stamps).toEqual({ a: nested(50) });
  expect(() => read(200)).toThrow(expect.objectContaining({ code: "invalid-message", path: "headers" }));
});

describe("the publisher", () => {
  const outgoing = (sent: Sent) => ({
    headers: sent.headers ?? HEADERS,
    body: sent.body ?? BODY,
    contentType: "contentType" in sent ? (sent.contentType ?? "") : "application/json",
  });

  test.each(captured.filter((row) => row.worker !== "ok" && row.case in MESSAGES))(
    "refuses what kills a Python worker: $case",
    ({ case: name }) => {
      expect(() => validateTask(outgoing(MESSAGES[name]!))).toThrow(/^Cannot send task message/);
    },
  );

  test.each([
    ["a link without options", link([{ task: "lab.mul", args: [], kwargs: {} }]), "body[2].callbacks[0].options"],
    ["callbacks that are no list", link(FULL), "body[2].callbacks"],
    ["a time limit of nothing", { headers: { ...HEADERS, timelimit: [0, null] } }, "headers.timelimit"],
    [
      "a stamp that is not there",
      { headers: { ...HEADERS, stamps: {}, stamped_headers: ["customer"] } },
      "headers.stamped_headers",
    ],
    [
      "a header nested 200 deep",
      { headers: { ...HEADERS, x: Array.from({ length: 200 }).reduce((inner) => [inner], null) } },
      `headers.x${"[0]".repeat(100)}`,
    ],
    [
      "a link of a link without a task",
      link([{ ...FULL, options: { link_error: [FULL, {}] } }]),
      "body[2].callbacks[0].options.link_error[1].task",
    ],
    [
      "a chord in a link without a task",
      link([{ ...FULL, options: { chord: {} } }]),
      "body[2].callbacks[0].options.chord.task",
    ],
    [
      "a group in a link with a task that has no name",
      link([{ ...FULL, subtask_type: "group", kwargs: { tasks: [{}] } }]),
      "body[2].callbacks[0].kwargs.tasks[0].task",
    ],
    ["a body of four parts", { body: [[], {}, EMBED, null] }, "body"],
    ["an eta that is no time", { headers: { ...HEADERS, eta: "tomorrow" } }, "headers.eta"],
    ["a Date as header", { headers: { ...HEADERS, when: new Date() } }, "headers.when"],
    ["a bigint deep in a header", { headers: { ...HEADERS, x: { y: [1n] } } }, "headers.x.y[0]"],
    ["NaN as header", { headers: { ...HEADERS, x: Number.NaN } }, "headers.x"],
    ["an id that AMQP cannot carry", { headers: { ...HEADERS, id: "x".repeat(256) } }, "headers.id"],
    ["headers that fit no frame", { headers: { ...HEADERS, x: "x".repeat(70_000) } }, "headers"],
    ["kwargs with keys that are no strings", { body: [[], new Map([[1, 2]]), EMBED] }, "body[1]"],
  ])("refuses %s", (_, sent, path) => {
    expect(() => validateTask(outgoing(sent))).toThrow(expect.objectContaining({ path, code: "invalid-message" }));
  });

  test.each([
    [{ priority: -1 }, "priority"],
    [{ priority: 256 }, "priority"],
    [{ priority: 1.5 }, "priority"],
    [{ expiration: "12345678901" }, "expiration"],
    [{ expiration: "1.5" }, "expiration"],
    [{ correlationId: "ü".repeat(128) }, "correlationId"],
    [{ replyTo: "x".repeat(256) }, "replyTo"],
    [{ contentType: "" }, "contentType"],
  ])("refuses the properties %j", (properties, path) => {
    const sent = { ...outgoing({}), ...properties };
    expect(() => validateTask(sent)).toThrow(expect.objectContaining({ path, code: "invalid-message" }));
  });

  test("lets through properties at their edges", () => {
    const edges = { expiration: "1234567890", correlationId: "x".repeat(255), replyTo: "" };
    for (const priority of [0, 255]) expect(() => validateTask({ ...outgoing({}), ...edges, priority })).not.toThrow();
  });

  test.each([
    "minimal v2 (task,id,lang)",
    "proto1 body id in body (result lookup)",
    "nested custom header",
    "link full signature",
  ])("lets through what workers take: %s", (name) => {
    expect(() => validateTask(outgoing(MESSAGES[name]!))).not.toThrow();
  });
});
