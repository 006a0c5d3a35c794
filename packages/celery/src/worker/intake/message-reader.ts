/** Makes a task of a delivery, or a verdict of what is none. The verdicts are those of Celery's workers. */
import { type PyException, pyExceptions } from "@brine/codec";
import {
  ContentDisallowed,
  DecodeError,
  isKombuError,
  SerializerNotInstalled,
  type TransportMessage,
} from "@brine/codec/kombu";
import type { ContentCodec } from "../../client/content.js";
import { InvalidMessageError } from "../../errors.js";
import { parseIsoTime } from "../../protocol/iso8601.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { decodeTaskV1, isTaskV1 } from "../../protocol/task-v1.js";
import { CallbackError, decodeTaskV2, own } from "../../protocol/task-v2.js";

/** What to do with a message. */
export type Verdict =
  | { readonly kind: "task"; readonly message: TaskMessage }
  /** A task that cannot be run as it is: its failure is stored. */
  | { readonly kind: "fail"; readonly task: string; readonly id: string; readonly error: PyException }
  /** Not a task, or not one that is accepted: rejected without requeue, so that a dead-letter exchange gets it. */
  | { readonly kind: "reject"; readonly error: Error }
  /** Its body cannot be read: acknowledged, as Celery does. */
  | { readonly kind: "undecodable"; readonly error: Error };

/** Never throws: whatever is in the message, the worker goes on. */
export async function readMessage(message: TransportMessage, content: ContentCodec): Promise<Verdict> {
  let body: unknown;
  try {
    body = await content.decode(message);
  } catch (error) {
    return refusal(error as Error);
  }
  try {
    return { kind: "task", message: checkTimes(decodeTask(message.headers, body)) };
  } catch (error) {
    return invalid(error as Error, message.headers, body);
  }
}

function decodeTask(headers: Readonly<Record<string, unknown>>, body: unknown): TaskMessage {
  if (own(headers, "task") !== undefined) return decodeTaskV2(headers, body);
  if (isTaskV1(body)) return decodeTaskV1(body, headers);
  throw new InvalidMessageError(
    "Received an unknown message: neither a task header nor a protocol 1 body",
    "headers.task",
  );
}

/** Celery reads both times when a message arrives and rejects one it cannot read. */
function checkTimes(message: TaskMessage): TaskMessage {
  for (const name of ["eta", "expires"] as const) {
    const time = message[name];
    if (time !== null && parseIsoTime(time) === undefined) {
      throw new InvalidMessageError(
        `Cannot read task message: ${name} "${time.slice(0, 100)}" is no ISO 8601 time`,
        name,
      );
    }
  }
  return message;
}

function refusal(error: Error): Verdict {
  if (error instanceof ContentDisallowed) return { kind: "reject", error };
  // An unknown compression or a missing library: Celery fails to decode with either.
  if (isKombuError(error) || error instanceof DecodeError || error instanceof SerializerNotInstalled) {
    return { kind: "undecodable", error };
  }
  return { kind: "undecodable", error };
}

function invalid(error: Error, headers: Readonly<Record<string, unknown>>, body: unknown): Verdict {
  const source = own(headers, "task") === undefined ? (body as Record<string, unknown>) : headers;
  const { task, id } = { task: String(source.task), id: String(source.id) };
  if (error instanceof CallbackError)
    return { kind: "fail", task, id, error: new pyExceptions.TypeError(error.message) };
  return { kind: "reject", error };
}
