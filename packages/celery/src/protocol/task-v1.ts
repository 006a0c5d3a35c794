/** Task messages of protocol 1: everything is in the body, headers are empty. Both kinds may share a queue. */
import { InvalidMessageError } from "../errors.js";
import { isPlainRecord, readSignature } from "./signature.js";
import type { TaskEnvelope, TaskMessage } from "./task-message.js";
import {
  isAbsent,
  optionalString,
  own,
  readArguments,
  readCount,
  readIndex,
  readSignatures,
  readText,
  readTimelimit,
  requireString,
} from "./task-v2.js";

/**
 * Celery's `amqp.as_task_v1`. The protocol knows neither root nor parent, and a chain travels as nested callbacks.
 *
 * @throws {@link InvalidMessageError} when the message has a chain: turn it into callbacks first
 */
export function encodeTaskV1(message: TaskMessage, options: { replyTo: string }): TaskEnvelope {
  if (message.chain !== null && message.chain.length > 0) {
    throw new InvalidMessageError("Cannot write a chain in protocol 1: it has no field for it", "body.chain");
  }
  return {
    headers: { ...message.headers },
    body: {
      task: message.task,
      id: message.id,
      args: message.args,
      kwargs: message.kwargs,
      group: message.group,
      group_index: message.groupIndex,
      retries: message.retries,
      eta: message.eta,
      expires: message.expires,
      utc: true,
      callbacks: message.callbacks,
      errbacks: message.errbacks,
      timelimit: [message.timelimit[0], message.timelimit[1]],
      taskset: message.group,
      chord: message.chord,
    },
    correlationId: message.id,
    replyTo: options.replyTo,
  };
}

/** Whether a decoded body without a `task` header is a protocol 1 message. */
export function isTaskV1(body: unknown): body is Record<string, unknown> {
  return isPlainRecord(body) && Object.hasOwn(body, "task");
}

/** @throws {@link InvalidMessageError} */
export function decodeTaskV1(
  body: Record<string, unknown>,
  headers: Readonly<Record<string, unknown>> = {},
): TaskMessage {
  const chord = own(body, "chord");
  return {
    task: requireString(body, "task", "body"),
    id: requireString(body, "id", "body"),
    ...readArguments(own(body, "args") ?? [], own(body, "kwargs") ?? {}),
    retries: readCount(body, "retries"),
    eta: optionalString(body, "eta", "body"),
    expires: optionalString(body, "expires", "body"),
    group: readText(body, "group") ?? readText(body, "taskset"),
    groupIndex: readIndex(body, "group_index"),
    rootId: null,
    parentId: null,
    timelimit: readTimelimit(own(body, "timelimit"), "body.timelimit"),
    shadow: null,
    ignoreResult: false,
    replacedTaskNesting: 0,
    stampedHeaders: null,
    stamps: {},
    origin: null,
    argsrepr: null,
    kwargsrepr: null,
    callbacks: readSignatures(own(body, "callbacks"), "body.callbacks"),
    errbacks: readSignatures(own(body, "errbacks"), "body.errbacks"),
    chain: null,
    chord: isAbsent(chord) ? null : readSignature(chord, "body.chord"),
    headers,
  };
}
