/** Errors of this package. `code` is stable and meant for programs; the message is meant for people and may change. */
import { isPickleError } from "@brine/codec";
import { CodedError, hasBrand } from "@brine/codec/errors";

/** What went wrong, for programs. */
export type RedisAdapterErrorCode =
  /** An option that there is not, or a value that an option or argument cannot have. */
  | "bad-option"
  /** A Redis URL that cannot be understood. */
  | "bad-url"
  /** What was popped from a queue is no kombu envelope. */
  | "bad-envelope"
  /** A message that a Python worker could not take, refused before it was sent. */
  | "bad-message"
  /** A stored value cannot be decoded; see {@link DecodeError}. */
  | "decode"
  /** A value has no form in the dialect, such as one that would be stored empty. */
  | "encode"
  /** More messages came than were iterated over. */
  | "overflow"
  /** A value with more bytes than may be stored. */
  | "too-large"
  /** No queue takes a message published as `mandatory`. */
  | "unroutable"
  /** The exchange is used with another type, or has a type that kombu's Redis transport does not have. */
  | "bad-exchange"
  /** Redis did not answer in time. */
  | "timeout"
  /** Redis is out of reach. */
  | "unavailable"
  /** The object was closed. */
  | "closed"
  /** An operation that the dialect, the server or a pipeline cannot do. */
  | "unsupported"
  /** A value that the schema given does not accept. */
  | "schema"
  /** A signature that does not match. */
  | "bad-signature"
  /** A job that does not exist, failed, or is not in the state asked for; a key of jobs that holds another kind of value. */
  | "job";

const BRAND = Symbol.for("brine.RedisAdapterError");

/** The parent of every error of this package; `code` says what went wrong. */
export class RedisAdapterError extends CodedError<RedisAdapterErrorCode> {
  override name = "RedisAdapterError";

  get [BRAND](): true {
    return true;
  }
}

/** Whether `error` is a {@link RedisAdapterError}, of this or another copy of the package. */
export function isRedisAdapterError(error: unknown): error is RedisAdapterError {
  return hasBrand(error, BRAND);
}

/** How many bytes of a value an error may show: enough to tell a pickle from JSON, too few to leak what it holds. */
const HEAD_BYTES = 16;

/**
 * A stored value that its dialect cannot decode: a foreign, altered or truncated one, or one with a class that is not
 * registered. Carries the key and the first 16 bytes, never the payload, so it can be logged.
 */
export class DecodeError extends RedisAdapterError {
  override name = "DecodeError";
  /** The key in Redis of the value, or its channel; `undefined` where it has none. */
  readonly key: string | undefined;
  /** The name of the dialect in whose form it was read: `"django"`. */
  readonly dialect: string;
  /** The first 16 bytes, in hex. */
  readonly head: string;
  /** Of a stream's entry: its id. Absent of other values. */
  readonly entryId?: string;

  constructor(key: string | undefined, dialect: string, raw: Uint8Array, cause: unknown) {
    const where = key === undefined ? "" : ` of ${JSON.stringify(key)}`;
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    const isUnregistered = isPickleError(cause) && cause.code === "unregistered-global";
    const how = isUnregistered ? "; the registry is the option pickle: { registry } of the dialect or queue" : "";
    super(`Cannot decode the ${dialect} value${where} (${raw.length} bytes)${why}${how}`, { code: "decode", cause });
    this.key = key;
    this.dialect = dialect;
    this.head = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, HEAD_BYTES)).toString("hex");
  }
}
