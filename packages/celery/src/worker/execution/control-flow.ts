/** What a handler throws to say something other than "failed". */
import { optionNames } from "@brine/codec/options";
import { checkNames } from "../../client/option-names.js";
import type { TaskCall } from "../../client/task.js";
import type { SignatureDict } from "../../protocol/signature.js";

/** What a retry may change of the message. */
export type RetryChanges = Pick<
  TaskCall<readonly unknown[]>,
  | "args"
  | "kwargs"
  | "queue"
  | "exchange"
  | "routingKey"
  | "priority"
  | "headers"
  | "serializer"
  | "compression"
  | "expires"
  | "timeLimit"
  | "softTimeLimit"
  | "shadow"
>;

/** For a handler to throw: run it again later. Made by `context.retry`. Celery's `Retry`. */
export class Retry extends Error {
  /** `"Retry"`, also in a minified program. */
  override name = "Retry";
  /** When it runs again, in milliseconds since the epoch. */
  readonly etaMs: number;
  /** What is stored as the result while it waits. */
  readonly error: unknown;
  /** What is different the next time. */
  readonly changes: RetryChanges;

  /** For `context.retry`. */
  constructor(etaMs: number, error: unknown, changes: Retry["changes"]) {
    super("Task is to be retried", error === undefined ? undefined : { cause: error });
    this.etaMs = etaMs;
    this.error = error;
    this.changes = changes;
  }
}

/** For a handler to throw: forget it. The message is acknowledged, nothing is stored, and nothing that follows runs. Celery's `Ignore`. */
export class Ignore extends Error {
  /** `"Ignore"`, also in a minified program. */
  override name = "Ignore";
}

/** For a handler to throw: something else runs in its place, under its id. Made by `context.replace`. */
export class Replace extends Error {
  /** `"Replace"`, also in a minified program. */
  override name = "Replace";
  /** What runs in its place. */
  readonly signature: SignatureDict;

  /** For `context.replace`. */
  constructor(signature: SignatureDict) {
    super(`Task is to be replaced by ${signature.task}`);
    this.signature = signature;
  }
}

interface RejectOptions {
  readonly requeue?: boolean | undefined;
}

const REJECT_OPTIONS = optionNames<RejectOptions>({ requeue: true });

/**
 * For a handler to throw: give the message back, to its queue with `requeue`, else to the dead-letter exchange if there is one.
 * Needs late acks. Celery's `Reject`.
 */
export class Reject extends Error {
  /** `"Reject"`, also in a minified program. */
  override name = "Reject";
  /** Whether the message goes back to its queue. False: to its dead-letter exchange, if there is one. */
  readonly requeue: boolean;

  /**
   * @param reason - for the worker's log
   * @param options - `requeue`: whether the message goes back to its queue, to be run again. Default false
   * @throws CeleryError `bad-option` for an option that there is not
   */
  constructor(reason = "", options: RejectOptions = {}) {
    super(reason);
    checkNames(options, REJECT_OPTIONS, "options of Reject");
    this.requeue = options.requeue ?? false;
  }
}
