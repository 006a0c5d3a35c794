/** dramatiq's messages and results as its encoders write them. dramatiq 1.17 to 2.2: `message.py`, `results/`. */
import { createHash } from "node:crypto";
import { tuple } from "@brine/codec";
import type { ValueCodec } from "../dialects/dialect.js";
import { DecodeError } from "../errors.js";
import { decodeStored } from "../jobs/codec.js";
import { exceptionOf } from "../jobs/job-error.js";

/** A message of dramatiq as it is stored. */
export interface DramatiqMessage {
  /** The queue that it is in: of one that was enqueued with a delay, with `.DQ` at its end. */
  readonly queueName: string;
  /** Python's `actor_name`: the function's, unless the actor was given another. */
  readonly actorName: string;
  /** Positional arguments of the actor. */
  readonly args: readonly unknown[];
  /** By name; `{}` without any. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** dramatiq's own, in its spelling. */
  readonly options: Readonly<Record<string, unknown>>;
  /** A UUID, unless who enqueued it gave another. Its result is found by it. */
  readonly messageId: string;
  /** When it was enqueued. */
  readonly timestamp: Date;
}

/** dramatiq `Message.encode`: its fields in their order. */
export function encodeMessage(message: DramatiqMessage, codec: ValueCodec): Buffer | string {
  return codec.encode({
    queue_name: message.queueName,
    actor_name: message.actorName,
    args: tuple(...message.args),
    kwargs: message.kwargs,
    options: message.options,
    message_id: message.messageId,
    message_timestamp: message.timestamp.getTime(),
  });
}

export function decodeMessage(raw: Buffer, codec: ValueCodec, key: string): DramatiqMessage {
  const value = decodeStored(raw, codec, key, "dramatiq") as Readonly<Record<string, unknown>>;
  if (typeof value !== "object" || value === null || typeof value.actor_name !== "string" || !Array.isArray(value.args))
    throw new DecodeError(key, "dramatiq", raw, new Error("it is no message of dramatiq"));
  return {
    queueName: String(value.queue_name),
    actorName: value.actor_name,
    args: [...(value.args as unknown[])],
    kwargs: (value.kwargs ?? {}) as Record<string, unknown>,
    options: (value.options ?? {}) as Record<string, unknown>,
    messageId: String(value.message_id),
    timestamp: new Date(Number(value.message_timestamp)),
  };
}

/** The exception that dramatiq stored in place of a result. */
export function exceptionIn(value: unknown): Error | undefined {
  const { __t: type, exn } = Object(value) as { readonly __t?: unknown; readonly exn?: unknown };
  if (type !== "dramatiq.results.Result" || exn === undefined || exn === null) return undefined;
  const { type: name, msg } = exn as { readonly type?: unknown; readonly msg?: unknown };
  return exceptionOf(String(name), String(msg));
}

/** dramatiq `ResultBackend.build_message_key`. */
export function resultKey(namespace: string, queue: string, actor: string, id: string): string {
  return createHash("md5").update(`${namespace}:${queue}:${actor}:${id}`).digest("hex");
}
