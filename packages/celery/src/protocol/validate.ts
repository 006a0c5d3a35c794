/**
 * The gate every task message passes before it leaves. A Python worker that meets a body of another length than 3, a
 * missing id or a one-element time limit exits, the message stays in its queue, and the next worker exits too; so what
 * this lets through must be readable by Celery 5.2 and later, and what it refuses never reaches a broker.
 */
import { InvalidMessageError } from "../errors.js";
import { parseIsoTime } from "./iso8601.js";
import { isPlainRecord } from "./signature.js";

/** A message about to be published, before its body is serialized. */
export interface OutgoingTask {
  /** Of protocol 2 with `task` and `id`; without `task` it is a message of protocol 1. 60 KiB at most. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Of protocol 2 `[args, kwargs, embed]`, of protocol 1 one object with `task` and `id`. */
  readonly body: unknown;
  /** Not empty, and 255 bytes at most. */
  readonly contentType: string;
  /** The task's id. 255 bytes at most. */
  readonly correlationId?: string | undefined;
  /** 255 bytes at most. */
  readonly replyTo?: string | undefined;
  /** An integer from 0 to 255. */
  readonly priority?: number | undefined;
  /** Milliseconds, in decimal: 1 to 10 digits. */
  readonly expiration?: string | undefined;
}

/** AMQP short strings: property values and header names. */
const MAX_SHORT_STRING = 255;
/** amqplib refuses header tables above its 64 KiB scratch buffer; leave room for the rest of the frame. */
const MAX_HEADER_BYTES = 60 * 1024;
const MAX_NESTING = 100;
/** Type tag and length of a header's value, at most. */
const VALUE_OVERHEAD = 5;

/**
 * Sees to it that a message is one that Celery's workers can take, of protocol 1 or 2: some that they cannot take end them.
 *
 * @throws {@link InvalidMessageError} naming the field, with nothing sent
 */
export function validateTask(message: OutgoingTask): void {
  checkProperties(message);
  if (Object.hasOwn(message.headers, "task")) {
    checkV2Headers(message.headers);
    checkV2Body(message.body);
  } else {
    checkV1Body(message.body);
  }
  checkHeaderTable(message.headers);
}

function checkProperties(message: OutgoingTask): void {
  if (message.contentType === "") fail("no content type", "contentType");
  for (const key of ["contentType", "correlationId", "replyTo"] as const) {
    const value = message[key];
    if (value !== undefined && utf8Length(value) > MAX_SHORT_STRING) fail("longer than 255 bytes", key);
  }
  const { priority, expiration } = message;
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 255)) {
    fail(`priority ${priority} is not an integer from 0 to 255`, "priority");
  }
  if (expiration !== undefined && !/^\d{1,10}$/.test(expiration)) fail("not milliseconds in decimal", "expiration");
}

function checkV2Headers(headers: Readonly<Record<string, unknown>>): void {
  checkName(headers.task, "headers.task");
  checkName(headers.id, "headers.id");
  if (utf8Length(headers.id as string) > MAX_SHORT_STRING) fail("longer than 255 bytes", "headers.id");
  for (const key of ["lang", "shadow", "group", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin"]) {
    checkOptional(headers[key], `headers.${key}`, (value) => typeof value === "string", "a string");
  }
  checkTime(headers.eta, "headers.eta");
  checkTime(headers.expires, "headers.expires");
  checkTimelimit(headers.timelimit, "headers.timelimit");
  checkOptional(headers.retries, "headers.retries", isCount, "a count");
  checkOptional(headers.group_index, "headers.group_index", isCount, "a count");
  checkOptional(headers.replaced_task_nesting, "headers.replaced_task_nesting", isCount, "a count");
  checkOptional(headers.ignore_result, "headers.ignore_result", (value) => typeof value === "boolean", "a boolean");
  checkOptional(headers.stamps, "headers.stamps", isPlainRecord, "an object");
  checkStamps(headers.stamped_headers, headers.stamps);
}

/** Celery 5.3's worker looks each of them up when something was revoked by a stamp of that name, and fails without it. */
function checkStamps(names: unknown, stamps: unknown): void {
  const path = "headers.stamped_headers";
  checkOptional(names, path, Array.isArray, "an array");
  for (const name of (names ?? []) as readonly unknown[]) {
    const isStamp = typeof name === "string" && isPlainRecord(stamps) && Object.hasOwn(stamps, name);
    if (!isStamp) fail(`${describeName(name)} is no key of stamps`, path);
  }
}

function describeName(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name.slice(0, 100)) : describe(name);
}

function checkV2Body(body: unknown): void {
  if (!Array.isArray(body) || body.length !== 3) fail("not [args, kwargs, embed]", "body");
  checkArgs(body[0], "body[0]");
  checkKwargs(body[1], "body[1]");
  if (!isPlainRecord(body[2])) fail("not an object", "body[2]");
  checkEmbed(body[2], "body[2]");
}

function checkV1Body(body: unknown): void {
  if (!isPlainRecord(body)) fail("neither a task header nor a protocol 1 body", "body");
  checkName(body.task, "body.task");
  checkName(body.id, "body.id");
  checkArgs(body.args, "body.args");
  checkKwargs(body.kwargs, "body.kwargs");
  checkTime(body.eta, "body.eta");
  checkTime(body.expires, "body.expires");
  checkTimelimit(body.timelimit, "body.timelimit");
  checkEmbed(body, "body");
}

function checkEmbed(embed: Readonly<Record<string, unknown>>, path: string): void {
  for (const key of ["callbacks", "errbacks", "chain"]) {
    const list = embed[key];
    if (list === null || list === undefined) continue;
    if (!Array.isArray(list)) fail("not a list of signatures", `${path}.${key}`);
    list.forEach((item, index) => {
      checkSignature(item, `${path}.${key}[${index}]`);
    });
  }
  if (embed.chord !== null && embed.chord !== undefined) checkSignature(embed.chord, `${path}.chord`);
}

/** Checks a signature and every signature inside it: links, chord bodies, the tasks of a chain or group. */
export function checkSignature(root: unknown, rootPath: string): void {
  const pending: [unknown, string][] = [[root, rootPath]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, path] = next;
    if (!isPlainRecord(value)) fail("not a signature", path);
    checkName(value.task, `${path}.task`);
    checkArgs(value.args, `${path}.args`);
    checkKwargs(value.kwargs, `${path}.kwargs`);
    if (!isPlainRecord(value.options))
      fail("no options: Python fails on it after having run the task", `${path}.options`);
    const options = value.options;
    for (const key of ["link", "link_error"]) {
      const links = options[key];
      if (links === null || links === undefined) continue;
      for (const [index, link] of (Array.isArray(links) ? links : [links]).entries()) {
        pending.push([link, `${path}.options.${key}[${index}]`]);
      }
    }
    if (options.chord !== null && options.chord !== undefined) pending.push([options.chord, `${path}.options.chord`]);
    const kwargs = value.kwargs as Record<string, unknown>;
    if ((value.subtask_type === "chain" || value.subtask_type === "group") && Array.isArray(kwargs.tasks)) {
      for (const [index, task] of kwargs.tasks.entries()) pending.push([task, `${path}.kwargs.tasks[${index}]`]);
    }
  }
}

/** Every header value must be one an AMQP table and JSON can both carry, so that any transport may take the message. */
function checkHeaderTable(headers: Readonly<Record<string, unknown>>): void {
  const bytes = tableBytes(headers, "headers", 0, 0);
  if (bytes > MAX_HEADER_BYTES) failSize();
}

/** `bytes` and what the table takes beside them; stops as soon as that is too much. */
function tableBytes(table: Readonly<Record<string, unknown>>, path: string, depth: number, bytes: number): number {
  let sum = bytes + VALUE_OVERHEAD;
  for (const key of Object.keys(table)) {
    const length = utf8Length(key);
    if (length > MAX_SHORT_STRING) fail("a header name longer than 255 bytes", path);
    sum = valueBytes(table[key], path, key, depth + 1, sum + length);
  }
  return sum;
}

function valueBytes(value: unknown, parent: string, key: string | number, depth: number, bytes: number): number {
  if (bytes > MAX_HEADER_BYTES) failSize();
  // First, because nearly every header is one of these: this runs for each header of each message.
  if (typeof value === "string") return bytes + utf8Length(value) + VALUE_OVERHEAD;
  if (value === null || typeof value === "boolean") return bytes + 1 + VALUE_OVERHEAD;
  if (Number.isFinite(value)) return bytes + 8 + VALUE_OVERHEAD;
  const path = typeof key === "number" ? `${parent}[${key}]` : `${parent}.${key}`;
  if (typeof value === "number") fail(`${value} has no JSON form`, path);
  if (depth > MAX_NESTING) fail(`nested deeper than ${MAX_NESTING}`, path);
  if (Array.isArray(value)) {
    let sum = bytes + VALUE_OVERHEAD;
    for (const [index, item] of value.entries()) sum = valueBytes(item, path, index, depth + 1, sum);
    return sum;
  }
  if (isPlainRecord(value)) return tableBytes(value, path, depth, bytes);
  return fail(`a header cannot hold ${value === undefined ? "undefined" : describe(value)}`, path);
}

function failSize(): never {
  fail(`more than ${MAX_HEADER_BYTES} bytes of headers`, "headers");
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor?.name ?? "object"}`;
  return `a ${typeof value}`;
}

function checkArgs(value: unknown, path: string): void {
  if (!Array.isArray(value)) fail("not an array", path);
}

function checkKwargs(value: unknown, path: string): void {
  if (!isPlainRecord(value)) fail("not a plain object", path);
}

function checkName(value: unknown, path: string): void {
  if (typeof value !== "string" || value === "") fail("not a non-empty string", path);
}

function checkTime(value: unknown, path: string): void {
  checkOptional(
    value,
    path,
    (time) => typeof time === "string" && parseIsoTime(time) !== undefined,
    "an ISO 8601 time",
  );
}

function checkTimelimit(value: unknown, path: string): void {
  const isLimit = (limit: unknown) =>
    limit === null || (typeof limit === "number" && limit > 0 && Number.isFinite(limit));
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isLimit);
  checkOptional(value, path, isPair, "[hard, soft] in seconds");
}

function checkOptional(value: unknown, path: string, isValid: (value: unknown) => boolean, wanted: string): void {
  if (value === null || value === undefined || isValid(value)) return;
  fail(`not ${wanted}`, path);
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}

function fail(problem: string, path: string): never {
  throw new InvalidMessageError(`Cannot send task message: ${path}: ${problem}`, path);
}
