/** Task messages of protocol 2, Celery's default since 4.0: metadata in headers, `[args, kwargs, embed]` as the body. */
import { InvalidMessageError } from "../errors.js";
import { isPlainRecord, readSignature, type SignatureDict } from "./signature.js";
import { RESERVED_HEADERS, type TaskEnvelope, type TaskMessage } from "./task-message.js";

const MAX_HEADER_DEPTH = 100;

/** Celery's `amqp.as_task_v2`. `lang` is what the message says it was made by; workers do not look at it. */
export function encodeTaskV2(
  message: TaskMessage,
  options: { replyTo: string; lang?: string | undefined },
): TaskEnvelope {
  return {
    headers: {
      lang: options.lang ?? "js",
      task: message.task,
      id: message.id,
      shadow: message.shadow,
      eta: message.eta,
      expires: message.expires,
      group: message.group,
      group_index: message.groupIndex,
      retries: message.retries,
      timelimit: [message.timelimit[0], message.timelimit[1]],
      root_id: message.rootId ?? message.id,
      parent_id: message.parentId,
      argsrepr: message.argsrepr ?? "()",
      kwargsrepr: message.kwargsrepr ?? "{}",
      origin: message.origin,
      ignore_result: message.ignoreResult,
      replaced_task_nesting: message.replacedTaskNesting,
      stamped_headers: message.stampedHeaders,
      stamps: message.stamps,
      ...message.headers,
    },
    body: [
      message.args,
      message.kwargs,
      { callbacks: message.callbacks, errbacks: message.errbacks, chain: message.chain, chord: message.chord },
    ],
    correlationId: message.id,
    replyTo: options.replyTo,
  };
}

/**
 * Reads a protocol 2 message. Lenient where Celery's workers are (absent headers, null limits, an object body), strict
 * where they crash: those messages are an {@link InvalidMessageError} here.
 *
 * `args` that are no sequence are a `fault` of the message, which its run fails with.
 *
 * @throws {@link InvalidMessageError}
 */
export function decodeTaskV2(headers: Readonly<Record<string, unknown>>, body: unknown): TaskMessage {
  const task = requireString(headers, "task");
  const id = requireString(headers, "id");
  const [args, kwargs, embed] = splitBody(body);
  const stamps = readRecord(own(headers, "stamps"));
  return {
    task,
    id,
    ...readArguments(args, kwargs),
    retries: readCount(headers, "retries"),
    eta: optionalString(headers, "eta"),
    expires: optionalString(headers, "expires"),
    group: readText(headers, "group"),
    groupIndex: readIndex(headers, "group_index"),
    rootId: readText(headers, "root_id"),
    parentId: readText(headers, "parent_id"),
    timelimit: readTimelimit(own(headers, "timelimit"), "headers.timelimit"),
    shadow: readText(headers, "shadow"),
    ignoreResult: own(headers, "ignore_result") === true,
    replacedTaskNesting: readCount(headers, "replaced_task_nesting"),
    // A name without a stamp must not go on with a retry: see `validateTask`.
    stampedHeaders: readStrings(own(headers, "stamped_headers"))?.filter((name) => Object.hasOwn(stamps, name)) ?? null,
    stamps,
    origin: readText(headers, "origin"),
    argsrepr: readText(headers, "argsrepr"),
    kwargsrepr: readText(headers, "kwargsrepr"),
    callbacks: readSignatures(embed.callbacks, "body[2].callbacks"),
    errbacks: readSignatures(embed.errbacks, "body[2].errbacks"),
    chain: readSignatures(embed.chain, "body[2].chain"),
    chord: isAbsent(embed.chord) ? null : readSignature(embed.chord, "body[2].chord"),
    headers: customHeaders(headers),
  };
}

function splitBody(body: unknown): [args: unknown, kwargs: unknown, embed: Record<string, unknown>] {
  if (Array.isArray(body)) {
    if (body.length !== 3) {
      throw new InvalidMessageError(`Cannot read task body: a sequence of 3 is needed, not of ${body.length}`, "body");
    }
    const embed: unknown = body[2];
    if (!isAbsent(embed) && !isPlainRecord(embed)) {
      throw new InvalidMessageError("Cannot read task body: the third element is not a mapping", "body[2]");
    }
    return [body[0], body[1], embed ?? {}];
  }
  // Celery calls it the hybrid form: a protocol 1 body under protocol 2 headers.
  if (isPlainRecord(body) && Object.hasOwn(body, "args")) return [body.args, body.kwargs ?? {}, body];
  throw new InvalidMessageError("Cannot read task body: neither a sequence of 3 nor a mapping with args", "body");
}

/**
 * What the task is called with. Arguments that no function takes are left for the run to fail on, as in Celery: whoever waits for
 * it, counts it or follows it must hear of it.
 *
 * @throws {@link InvalidMessageError} for `kwargs` that are no mapping
 */
export function readArguments(args: unknown, kwargs: unknown): Pick<TaskMessage, "args" | "kwargs" | "fault"> {
  const named = readKwargs(kwargs);
  if (!Array.isArray(args)) {
    return { args: [], kwargs: {}, fault: `argument after * must be an iterable, not ${pythonTypeName(args)}` };
  }
  return named === undefined ? { args, kwargs: {}, fault: "keywords must be strings" } : { args, kwargs: named };
}

/** `undefined` for keys that are no str. */
function readKwargs(value: unknown): Record<string, unknown> | undefined {
  if (isPlainRecord(value)) return value;
  if (!(value instanceof Map)) {
    throw new InvalidMessageError("Task keyword arguments is not a mapping", "body[1]");
  }
  const hasNames = [...value.keys()].every((key) => typeof key === "string");
  return hasNames ? Object.fromEntries(value as Map<string, unknown>) : undefined;
}

/** Signatures that are no list of signatures: Celery runs the task and then fails it. */
export class CallbackError extends Error {
  override name = "CallbackError";
}

export function readSignatures(value: unknown, path: string): SignatureDict[] | null {
  if (isAbsent(value)) return null;
  if (!Array.isArray(value)) throw new CallbackError(`${path} is not a list of signatures`);
  return value.map((item, index) => {
    try {
      return readSignature(item, `${path}[${index}]`);
    } catch (error) {
      throw new CallbackError((error as Error).message, { cause: error });
    }
  });
}

/** `[hard, soft]` in seconds. Python's workers take strings and null for the whole; one of another length kills them. */
export function readTimelimit(value: unknown, path: string): [number | null, number | null] {
  if (isAbsent(value)) return [null, null];
  if (!Array.isArray(value) || value.length !== 2) {
    throw new InvalidMessageError("Cannot read time limits: a pair of seconds is needed", path);
  }
  return [readSeconds(value[0], path), readSeconds(value[1], path)];
}

function readSeconds(value: unknown, path: string): number | null {
  if (isAbsent(value)) return null;
  const seconds = typeof value === "bigint" || typeof value === "string" ? Number(value) : value;
  if (typeof seconds !== "number" || Number.isNaN(seconds) || seconds < 0) {
    throw new InvalidMessageError(`Cannot read time limits: ${String(value)} is no number of seconds`, path);
  }
  return seconds === 0 ? null : seconds;
}

/** Own properties only: amqplib lets a header named `__proto__` set the headers' prototype. */
export function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

export function requireString(record: Readonly<Record<string, unknown>>, key: string, where = "headers"): string {
  const value = own(record, key);
  if (typeof value === "string" && value !== "") return value;
  throw new InvalidMessageError(`Cannot read task message: no "${key}"`, `${where}.${key}`);
}

/**
 * A time, as text: what is none would run at another time.
 *
 * @throws {@link InvalidMessageError}
 */
export function optionalString(
  record: Readonly<Record<string, unknown>>,
  key: string,
  where = "headers",
): string | null {
  const value = own(record, key);
  if (isAbsent(value)) return null;
  if (typeof value === "string") return value;
  throw new InvalidMessageError(
    `Cannot read task message: "${key}" is ${pythonTypeName(value)}, not str`,
    `${where}.${key}`,
  );
}

/** What only names something: Python's workers take it as it is, so that a number must not cost the task. */
export function readText(record: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = own(record, key);
  if (typeof value === "string") return value;
  return ["number", "bigint", "boolean"].includes(typeof value) ? String(value) : null;
}

export function readCount(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = own(record, key);
  const count = typeof value === "bigint" ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count > 0 ? count : 0;
}

export function readIndex(record: Readonly<Record<string, unknown>>, key: string): number | null {
  const value = own(record, key);
  const index = typeof value === "bigint" ? Number(value) : value;
  return typeof index === "number" && Number.isFinite(index) ? index : null;
}

function readStrings(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : null;
}

function readRecord(value: unknown): Record<string, unknown> {
  return isPlainRecord(value) ? (plainCopy(value, 0) as Record<string, unknown>) : {};
}

/** Transports give tables without a prototype; handlers and other transports expect ordinary objects. */
function plainCopy(value: unknown, depth: number): unknown {
  if (depth > MAX_HEADER_DEPTH)
    throw new InvalidMessageError("Cannot read task message: headers nested too deep", "headers");
  if (Array.isArray(value)) return value.map((item) => plainCopy(item, depth + 1));
  if (!isPlainRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    // Not an assignment: `__proto__` is a key like any other here.
    const item = plainCopy(value[key], depth + 1);
    Object.defineProperty(copy, key, { value: item, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

function customHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const custom: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(headers)) if (!RESERVED_HEADERS.has(key)) custom[key] = plainCopy(headers[key], 1);
  return custom;
}

function pythonTypeName(value: unknown): string {
  if (isAbsent(value)) return "NoneType";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return { string: "str", boolean: "bool", bigint: "int" }[typeof value as string] ?? "object";
}
