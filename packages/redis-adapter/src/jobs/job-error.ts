/** What went wrong in a job of arq, huey or dramatiq, as a Python exception. */
import { PyException, type PyExceptionClass, pyExceptions } from "@brine/codec";
import { RedisAdapterError } from "../errors.js";

/** `job`: a job that did not bring a result. `cause` is the exception that it raised, where it raised one. */
export class JobError extends RedisAdapterError {
  override name = "JobError";
  /** The job's id. */
  readonly jobId: string;
  /** Python's traceback, where the library stores one. */
  readonly traceback: string | undefined;

  /** For the queues of this package. */
  constructor(jobId: string, cause: unknown, traceback?: string) {
    const what = cause instanceof PyException ? `${cause.className}: ${cause.message}` : String(cause);
    super(`Job ${jobId} failed: ${what}`, { code: "job", cause });
    this.jobId = jobId;
    this.traceback = traceback;
  }
}

/** The exception of a class name and a message, where that is all that is stored. */
export function exceptionOf(className: string, message: string): PyException {
  const known = (pyExceptions as Readonly<Record<string, PyExceptionClass | undefined>>)[className];
  if (known !== undefined && Object.hasOwn(pyExceptions, className)) return new known(message);
  // A class of the application: its name is all that is known of it.
  const made = class extends PyException {
    static override readonly pythonName = className;
  };
  return new made(message);
}
