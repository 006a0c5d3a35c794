/**
 * Errors of this package that are not Python exceptions: what a caller does differently has its own class, the rest is in
 * `code`. Python's exceptions (`NotRegistered`, `TaskRevokedError`, ...) are in `protocol/python-exceptions.ts`.
 */
import { CodedError, type CodedErrorOptions, hasBrand } from "@brine/codec/errors";

/** What went wrong, for programs. */
export type CeleryErrorCode =
  /** A message would break a worker, or is not what Celery's protocol allows; `path` says which field. */
  | "invalid-message"
  /** A setting or an option that there is not, a value that it cannot have, or two that contradict each other. */
  | "bad-option"
  /** The operation needs a result backend, or one that can do more. */
  | "no-backend"
  /** `AsyncResult.get` waited as long as it was told to. */
  | "timeout"
  /** The task cannot be sent; `cause` is the transport's error. */
  | "publish-failed"
  /** The result cannot be decoded; `cause` says why. */
  | "undecodable-result"
  /** The worker or the app is in a state that does not allow the call. */
  | "bad-state";

/** The facts that a {@link CeleryError} carries beside its message. */
export interface CeleryErrorOptions extends CodedErrorOptions<CeleryErrorCode> {
  /** Where in the message, such as `headers.timelimit` or `body[2].chain[0].options`. */
  readonly path?: string | undefined;
  /** The task that it is about; `undefined`: about none, or one that has no id yet. */
  readonly taskId?: string | undefined;
}

const BRAND = Symbol.for("brine.CeleryError");

/** The parent of this package's errors; `code` says what went wrong. What a task raised is a `PyException` instead. */
export class CeleryError extends CodedError<CeleryErrorCode> {
  override name = "CeleryError";
  /** Where in the message or the settings, such as `headers.timelimit`; `undefined` where nowhere in particular. */
  readonly path?: string | undefined;
  /** The task that it is about; `undefined`: about none, or one that has no id yet. */
  readonly taskId?: string | undefined;

  constructor(message: string, options: CeleryErrorOptions) {
    super(message, options);
    this.path = options.path;
    this.taskId = options.taskId;
  }

  get [BRAND](): true {
    return true;
  }
}

/**
 * `invalid-message`: a task message that must not leave, because a Python worker would reject it or die of it, or a signature that
 * is none; `path` says where. Nothing was sent.
 */
export class InvalidMessageError extends CeleryError {
  override name = "InvalidMessageError";
  constructor(message: string, path: string) {
    super(message, { code: "invalid-message", path });
  }
}

/** `timeout`: the result did not become ready within `timeoutMs`. The task itself goes on. */
export class ResultTimeoutError extends CeleryError {
  override name = "ResultTimeoutError";
  constructor(taskId: string, timeoutMs: number) {
    super(
      `Cannot get the result of task ${taskId}: not ready after ${timeoutMs} ms; does a worker consume its queue, and store results here?`,
      { code: "timeout", taskId },
    );
  }
}

/** Whether `error` is a {@link CeleryError}, of this or another copy of the package. */
export function isCeleryError(error: unknown): error is CeleryError {
  return hasBrand(error, BRAND);
}
