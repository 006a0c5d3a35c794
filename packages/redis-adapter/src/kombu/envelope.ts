/**
 * The envelope of kombu's virtual transports: a message as one JSON object, with the body in base64.
 * kombu 5.6 `transport/virtual/base.py` `prepare_message`, `_inplace_augment_message`.
 */
import type { MessageProperties, TransportMessage } from "@brine/codec/kombu";
import { RedisAdapterError } from "../errors.js";
import { clampPriority } from "./priority.js";
import { formatPythonJson, parsePythonJson } from "./python-json.js";

/** A message out of a queue, with what its envelope says of its way there. */
export interface Envelope extends TransportMessage {
  /** The exchange that it was published to; `""` for the default one. */
  readonly exchange: string;
  /** The one that it was published with, which need not be that of the queue. */
  readonly routingKey: string;
  /** Whether it was delivered before, and not settled. */
  readonly redelivered: boolean;
}

/** Where an envelope goes and what it is called there. */
export interface EnvelopeAddress {
  readonly exchange: string;
  readonly routingKey: string;
  /** Python uses it as the field of the hash `unacked`, so it must be unique for every queue the message goes to. */
  readonly deliveryTag: string;
}

/** The JSON text that kombu would push to a list for this message. Its members are those that a Python worker dies without. */
export function formatEnvelope(message: TransportMessage, address: EnvelopeAddress): string {
  const { body, headers, properties } = message;
  return formatPythonJson({
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
    // kombu's own defaults for a body that is bytes; without a content type its worker exits.
    "content-encoding": message.contentEncoding ?? "binary",
    "content-type": message.contentType ?? "application/data",
    headers,
    properties: {
      correlation_id: properties.correlationId,
      reply_to: properties.replyTo,
      delivery_mode: properties.deliveryMode ?? 2,
      expiration: properties.expiration,
      message_id: properties.messageId,
      timestamp: properties.timestamp,
      type: properties.type,
      delivery_info: { exchange: address.exchange, routing_key: address.routingKey },
      priority: clampPriority(properties.priority),
      body_encoding: "base64",
      delivery_tag: address.deliveryTag,
    },
  });
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON text that kombu pushes to a list. kombu's worker exits on anything that is none; this throws, so that the caller
 * can report and drop it.
 *
 * @throws RedisAdapterError `bad-envelope`
 */
export function parseEnvelope(text: string): Envelope {
  const envelope = object(parsePythonJson(text), "the envelope");
  const properties = object(own(envelope, "properties"), "properties");
  const info = object(own(properties, "delivery_info"), "properties.delivery_info");
  const headers: Record<string, unknown> = Object.assign(
    Object.create(null),
    own(envelope, "headers") == null ? {} : object(own(envelope, "headers"), "headers"),
  );
  return {
    body: decodeBody(own(envelope, "body"), own(properties, "body_encoding")),
    contentType: optionalString(own(envelope, "content-type")),
    contentEncoding: optionalString(own(envelope, "content-encoding")),
    headers,
    properties: readProperties(properties),
    exchange: string(own(info, "exchange") ?? "", "properties.delivery_info.exchange"),
    routingKey: string(own(info, "routing_key") ?? "", "properties.delivery_info.routing_key"),
    redelivered: own(info, "redelivered") === true || headers.redelivered === true,
  };
}

function readProperties(properties: JsonObject): MessageProperties {
  const deliveryMode = own(properties, "delivery_mode");
  const timestamp = own(properties, "timestamp");
  const expiration = own(properties, "expiration");
  return {
    correlationId: optionalString(own(properties, "correlation_id")),
    replyTo: optionalString(own(properties, "reply_to")),
    deliveryMode: deliveryMode === 1 || deliveryMode === 2 ? deliveryMode : undefined,
    priority: clampPriority(own(properties, "priority")),
    expiration: typeof expiration === "number" ? String(expiration) : optionalString(expiration),
    messageId: optionalString(own(properties, "message_id")),
    timestamp: typeof timestamp === "number" ? timestamp : undefined,
    type: optionalString(own(properties, "type")),
  };
}

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function decodeBody(body: unknown, encoding: unknown): Uint8Array {
  const text = string(body, "body");
  // kombu hands on a body without an encoding as the text that it is.
  if (encoding === undefined || encoding === null) return Buffer.from(text, "utf8");
  if (encoding !== "base64") throw bad(`unknown body_encoding ${JSON.stringify(encoding)}`);
  if (!BASE64.test(text)) throw bad("body is not base64");
  return Buffer.from(text, "base64");
}

/** Marks an envelope as delivered before, in its text: what was written by others stays as it is, to the byte. */
export function markRedelivered(text: string): string {
  const marks = [["properties", "delivery_info"], ["headers"]] as const;
  let marked = text;
  for (const path of marks) {
    let span: Span | undefined = { start: 0, end: marked.length };
    for (const key of path) span = span && memberSpan(marked, span.start, key);
    if (span === undefined || marked[span.start] !== "{") continue;
    const inside = marked.slice(span.start + 1, span.end - 1);
    if (/"redelivered"\s*:\s*true\s*$/.test(inside)) continue;
    const comma = inside.trim() === "" ? "" : ", ";
    marked = `${marked.slice(0, span.end - 1)}${comma}"redelivered": true${marked.slice(span.end - 1)}`;
  }
  return marked;
}

/** The text of the object that starts at `start`. */
export function objectText(text: string, start: number): string {
  return text.slice(start, skipValue(text, start));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the value of `key` lies in the object that starts at `start`; the last one, as JSON readers take it. */
function memberSpan(text: string, start: number, key: string): Span | undefined {
  let at = skipSpace(text, start);
  if (text[at] !== "{") return undefined;
  at = skipSpace(text, at + 1);
  let found: Span | undefined;
  while (text[at] === '"') {
    const keyEnd = skipString(text, at);
    const isWanted = JSON.parse(text.slice(at, keyEnd)) === key;
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    if (isWanted) found = { start: valueStart, end: valueEnd };
    at = skipSpace(text, valueEnd);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return found;
}

function skipSpace(text: string, at: number): number {
  let i = at;
  while (text[i] === " " || text[i] === "\n" || text[i] === "\t" || text[i] === "\r") i++;
  return i;
}

function skipString(text: string, at: number): number {
  let end = at;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

function skipValue(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; ) {
    const char = text[i]!;
    if (char === '"') {
      i = skipString(text, i);
      if (depth === 0) return i;
      continue;
    }
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (char === "," || char === " " || char === "\n")) return i;
    i++;
  }
  return text.length;
}

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function object(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(`${what} is no object`);
  return value as JsonObject;
}

function string(value: unknown, what: string): string {
  if (typeof value !== "string") throw bad(`${what} is no string`);
  return value;
}

function optionalString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function bad(why: string): RedisAdapterError {
  return new RedisAdapterError(`Cannot read the envelope: ${why}`, { code: "bad-envelope" });
}
