/** Runs one job: its call, its time, its callbacks. rq `Worker.perform_job`. */
import { PyException } from "@brine/codec";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import type { Callbacks } from "./callbacks.js";
import { RqRetry } from "./retry.js";
import type { RunningJob } from "./running-job.js";
import { JobTimeout, limited } from "./time-limit.js";
import type { RqContext, RqHandler } from "./worker-options.js";
import type { WorkerFormat } from "./worker-record.js";

/** Why a job's signal was aborted when it was asked to stop. */
export class JobStopped extends Error {
  override name = "JobStopped";

  constructor() {
    super("Job stopped by user, work-horse terminated.");
  }
}

/** Why it was aborted at `send_kill_horse_command`: in Python, the process that ran it dies. */
export class JobKilled extends Error {
  override name = "JobKilled";

  constructor() {
    super("Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ");
  }
}

/** What a job left behind. */
export type Performed =
  /** `result`: in base64; `undefined`: None. */
  | { readonly type: "success"; readonly result: string | undefined }
  | { readonly type: "retry"; readonly retry: RqRetry }
  | { readonly type: "failure" | "stopped"; readonly error: unknown };

export interface PerformerOptions {
  readonly codec: ValueCodec;
  readonly handlers: ReadonlyMap<string, RqHandler>;
  readonly callbacks: Callbacks;
  readonly format: WorkerFormat;
  readonly report: (error: Error) => void;
}

/** What rq 2 stores of a result that it cannot pickle. rq 1 fails the job. */
const UNSERIALIZABLE = "Unserializable return value";

export class Performer {
  readonly #options: PerformerOptions;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** Never throws: what goes wrong is the job's outcome. */
  async perform(job: RunningJob, fields: ReadonlyMap<string, Buffer>, controller: AbortController): Promise<Performed> {
    const { callbacks } = this.#options;
    let context: RqContext | undefined;
    try {
      const { handler, args, kwargs, ...facts } = this.#prepare(job, fields, controller.signal);
      context = facts.context;
      const result = await limited(controller, job.timeout, () => handler(args, kwargs, facts.context)).catch(
        thrownRetry,
      );
      if (result instanceof RqRetry) return { type: "retry", retry: result };
      const bytes = this.#encode(result);
      await callbacks.call(fields, facts.context, { type: "success", result });
      return { type: "success", result: bytes };
    } catch (error) {
      const isStopped = error instanceof JobStopped;
      // In Python, who would call the callback died with the job.
      if (context === undefined || error instanceof JobKilled) return { type: "failure", error };
      try {
        await callbacks.call(fields, context, isStopped ? { type: "stopped" } : { type: "failure", error });
      } catch (failure) {
        if (!isStopped) return { type: "failure", error: failure };
        this.#options.report(failure as Error);
      }
      return { type: isStopped ? "stopped" : "failure", error };
    }
  }

  #prepare(job: RunningJob, fields: ReadonlyMap<string, Buffer>, signal: AbortSignal) {
    const prepared = this.#options.callbacks.prepare({ ...job, fields }, signal);
    const { func } = prepared.context;
    const handler = this.#options.handlers.get(func);
    if (handler === undefined) {
      throw new RedisAdapterError(`Cannot run ${func}: no handler is registered under this name`, { code: "job" });
    }
    return { handler, ...prepared };
  }

  #encode(result: unknown): string | undefined {
    const { codec, format, report } = this.#options;
    if (result === undefined || result === null) return undefined;
    const encode = (value: unknown) => {
      const bytes = codec.encode(value);
      return (typeof bytes === "string" ? Buffer.from(bytes) : bytes).toString("base64");
    };
    try {
      return encode(result);
    } catch (error) {
      if (format === 1) throw error;
      // It ran: that its value cannot be told must not make it run again.
      report(error as Error);
      return encode(UNSERIALIZABLE);
    }
  }
}

/** A Retry counts as returned. */
function thrownRetry(error: unknown): RqRetry {
  if (error instanceof RqRetry) return error;
  throw error;
}

/** In the form of Python's: the last line says what it was. What was not raised has no traceback there either. */
export function tracebackOf(error: unknown): string {
  if (error instanceof JobStopped || error instanceof JobKilled) return error.message;
  if (!(error instanceof Error)) return `Traceback (most recent call last):\nError: ${String(error)}\n`;
  const frames = (error.stack ?? "").split("\n").slice(1).reverse();
  return ["Traceback (most recent call last):", ...frames, `${nameOf(error)}: ${error.message}`, ""].join("\n");
}

/** As `traceback` names it: built-in exceptions without their module. */
function nameOf(error: Error): string {
  if (error instanceof JobTimeout) return "rq.timeouts.JobTimeoutException";
  return error instanceof PyException ? error.pythonClass.replace(/^builtins\./, "") : error.name;
}
