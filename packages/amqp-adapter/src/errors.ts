/**
 * Every error of this package. `code` is stable and meant for programs; the message is meant for people and may change.
 * Errors of the message body (`DecodeError`, `EncodeError`, `ContentDisallowed`) are `@brine/codec/kombu`'s.
 */
import { CodedError, type CodedErrorOptions, hasBrand, reasonOf } from "@brine/codec/errors";

/** What went wrong, for programs. */
export type AmqpErrorCode =
  /** No broker of the list could be reached, within the attempts allowed. */
  | "unreachable"
  /** The broker refused the login, the virtual host or the operation (403). */
  | "access-refused"
  /** TLS failed: a certificate that is not trusted, or a port that does not speak it. */
  | "tls-failed"
  /** A warning: RabbitMQ takes no messages for now, for a memory or disk alarm. Publishing waits. */
  | "blocked"
  /** The connection ended while the operation was under way. */
  | "connection-lost"
  /** `close()` was called. */
  | "closed"
  /** No such exchange or queue (404). */
  | "not-found"
  /** Exclusive to another connection (405). */
  | "resource-locked"
  /** Declared before with other arguments, an unknown delivery tag, a bad property (406). */
  | "precondition-failed"
  /** Any other reply of the broker that closes a channel; `replyCode` has it. */
  | "channel-error"
  /** The broker cancelled a consumer: its queue was deleted or moved. */
  | "consumer-cancelled"
  /** A mandatory message that no queue takes. */
  | "returned"
  /** The broker refused the message (a full queue with `x-overflow: reject-publish`). */
  | "nacked"
  /** The connection was lost before the broker confirmed the message: it may or may not have arrived. */
  | "unconfirmed"
  /** A header or argument that AMQP cannot carry, or that Python would misread; `path` names it. */
  | "bad-header"
  /** A property, body or option of the wrong type. */
  | "bad-option"
  /** A remote call had no answer in time. */
  | "timeout"
  /** The server's handler of a remote call threw; `remote` has what it threw. */
  | "remote-error"
  /** A callback of yours threw. */
  | "handler-failed";

/** The facts that an {@link AmqpError} carries beside its message. */
export interface AmqpErrorOptions extends CodedErrorOptions<AmqpErrorCode> {
  /** AMQP reply code, such as 404. */
  readonly replyCode?: number | undefined;
  /** Which header: `.timelimit[1]`. */
  readonly path?: string | undefined;
}

const BRAND = Symbol.for("brine.AmqpError");

/** The parent of this package's errors; `code` says what went wrong. Itself it is thrown for what a caller got wrong. */
export class AmqpError extends CodedError<AmqpErrorCode> {
  override name = "AmqpError";
  /** The broker's AMQP reply code, such as 404; `undefined` where it gave none. */
  readonly replyCode?: number | undefined;
  /** Which header, of `bad-header`: `.timelimit[1]`. */
  readonly path?: string | undefined;

  constructor(message: string, options: AmqpErrorOptions) {
    super(message, options);
    this.replyCode = options.replyCode;
    this.path = options.path;
  }

  get [BRAND](): true {
    return true;
  }
}

/** There is no connection: never was (`unreachable`, `access-refused`, `tls-failed`), or no longer (`connection-lost`, `closed`). */
export class ConnectionError extends AmqpError {
  override name = "ConnectionError";
}

/** The broker refused an operation: `not-found`, `access-refused`, `resource-locked`, `precondition-failed` or `channel-error`. Only the channel used for it is affected, and that one is replaced. */
export class ChannelError extends AmqpError {
  override name = "ChannelError";
}

/** The broker did not take responsibility for a message: `returned`, `nacked`, `unconfirmed`, `closed`, or a code of {@link ChannelError}. */
export class PublishError extends AmqpError {
  override name = "PublishError";
}

/** A remote procedure call failed: `timeout`, `remote-error`, `connection-lost`, `consumer-cancelled` or `closed`. */
export class RpcError extends AmqpError {
  override name = "RpcError";
  /** With code `"remote-error"`: what the server answered, a decoded exception or its description; else `undefined`. */
  readonly remote: unknown;

  constructor(message: string, options: AmqpErrorOptions & { readonly remote?: unknown }) {
    super(message, options);
    this.remote = options.remote;
  }
}

/** Whether `error` is an {@link AmqpError}, of this or another copy of the package. */
export function isAmqpError(error: unknown): error is AmqpError {
  return hasBrand(error, BRAND);
}

/** The reply code amqplib puts on errors the broker sent, if `error` is one. */
export function replyCodeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "number" ? code : undefined;
}

const CODES: ReadonlyMap<number, AmqpErrorCode> = new Map([
  [403, "access-refused"],
  [404, "not-found"],
  [405, "resource-locked"],
  [406, "precondition-failed"],
]);

/** amqplib's error of a refused operation as a {@link ChannelError}, of a wrong argument as an {@link AmqpError}, any other as a {@link ConnectionError}. */
export function toAmqpError(error: unknown, action: string): AmqpError {
  if (isAmqpError(error)) return error;
  const text = reasonOf(error);
  const replyCode = replyCodeOf(error);
  if (text === "No channels left to allocate") {
    const advice = "its connection has all the channels that it may have: close some, or open another connection";
    return new ChannelError(`Cannot ${action}: ${advice}`, { code: "channel-error", cause: error });
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    // amqplib's, before it sends anything: a name of more than 255 bytes, a value of the wrong type.
    return new AmqpError(`Cannot ${action}: ${text}`, { code: "bad-option", cause: error });
  }
  if (replyCode === undefined) {
    return new ConnectionError(`Cannot ${action}: ${text}`, { code: "connection-lost", cause: error });
  }
  const code = CODES.get(replyCode) ?? "channel-error";
  return new ChannelError(`Cannot ${action}: ${text}`, { code, replyCode, cause: error });
}

/** What every operation rejects with once `close()` was called. */
export function closedError(): ConnectionError {
  return new ConnectionError("Connection closed", { code: "closed" });
}
