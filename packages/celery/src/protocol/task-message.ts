/** What a task message says, whichever protocol version carried it. */
import type { SignatureDict } from "./signature.js";

/** A task as it was received, of protocol 1 or 2. */
export interface TaskMessage {
  /** The task's name: `proj.tasks.add`. */
  readonly task: string;
  /** The same for each retry; the key of its result. */
  readonly id: string;
  /** Positional; empty where there is a `fault`. */
  readonly args: readonly unknown[];
  /** By name; empty where there is a `fault`. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Why no function can be called with what was sent, in Python's words after the function's name; both are empty then. */
  readonly fault?: string;
  /** How often it was retried: 0 the first time. */
  readonly retries: number;
  /** When it may run, in ISO 8601; `null`: at once. */
  readonly eta: string | null;
  /** When it must not start any more, in ISO 8601; `null`: never. */
  readonly expires: string | null;
  /** Id of the group that it is a part of. */
  readonly group: string | null;
  /** Its place in that group, from 0. */
  readonly groupIndex: number | null;
  /** Id of the first task of the work-flow. */
  readonly rootId: string | null;
  /** Id of the task that sent it. */
  readonly parentId: string | null;
  /** Seconds, hard limit first, as on the wire (Celery's protocol page has it the wrong way round). */
  readonly timelimit: readonly [hard: number | null, soft: number | null];
  /** Name shown instead of the task's. */
  readonly shadow: string | null;
  /** Whether nothing is stored. False of protocol 1, which does not say it. */
  readonly ignoreResult: boolean;
  /** How often the task was replaced. */
  readonly replacedTaskNesting: number;
  /** Names of the stamps (`stamped_headers`); `null`: none were sent. */
  readonly stampedHeaders: readonly string[] | null;
  /** By name, among them names that `stampedHeaders` does not have; `{}` without any. */
  readonly stamps: Readonly<Record<string, unknown>>;
  /** Who sent it: `gen<pid>@<host>`. */
  readonly origin: string | null;
  /** Text that stands for the arguments in logs and monitors; `null`: none was sent. */
  readonly argsrepr: string | null;
  /** Text that stands for the keyword arguments in logs and monitors; `null`: none was sent. */
  readonly kwargsrepr: string | null;
  /** Signatures that are sent with the result when it has succeeded: its `link`s. */
  readonly callbacks: readonly SignatureDict[] | null;
  /** Signatures that are sent when it has failed: its `link_error`s. */
  readonly errbacks: readonly SignatureDict[] | null;
  /** The rest of the chain, reversed: the last element runs next. */
  readonly chain: readonly SignatureDict[] | null;
  /** The body of the chord this task is a part of. */
  readonly chord: SignatureDict | null;
  /** Headers that are not the protocol's own. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A task message ready to be serialized: what goes into headers, and what is the body. */
export interface TaskEnvelope {
  readonly headers: Record<string, unknown>;
  readonly body: unknown;
  readonly correlationId: string;
  readonly replyTo: string;
}

/** The order of protocol 2's headers, as Celery writes them. */
export const V2_HEADERS = [
  "lang",
  "task",
  "id",
  "shadow",
  "eta",
  "expires",
  "group",
  "group_index",
  "retries",
  "timelimit",
  "root_id",
  "parent_id",
  "argsrepr",
  "kwargsrepr",
  "origin",
  "ignore_result",
  "replaced_task_nesting",
  "stamped_headers",
  "stamps",
] as const;

/** Header names that the protocol or the transports own; the rest are the application's. */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set([...V2_HEADERS, "compression", "redelivered", "clock"]);

/** What RabbitMQ writes into a message that it delivered again, dead-lettered or delayed: an account of that one message. */
const BROKER_HEADER = /^x-(?:death|(?:first|last)-death-(?:queue|exchange|reason)|delivery-count|acquired-count)$/;

/** Headers for a new message that is made from one received. The broker refuses or misreads its own account in it. */
export function withoutBrokerHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !BROKER_HEADER.test(name)));
}
