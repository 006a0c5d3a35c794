/** Runs one job: its call, its time, its callbacks. rq `Worker.perform_job`. */
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type RedisLike, send } from "../pickled/client.js";
import type { RunningJob, WorkerFormat } from "./bookkeeping.js";
import { decodeCall } from "./format.js";
import { metaOf } from "./job-info.js";
import { jobKey } from "./keys.js";
import type { RqCallbackHandler, RqContext, RqHandler, RqOutcome } from "./worker-options.js";

/** Why a job's signal was aborted, named as Python names it. */
export class JobTimeout extends Error {
  override name = "JobTimeoutException";
}

export class JobStopped extends Error {
  override name = "JobStopped";
}

/** What a job left behind. */
export type Performed =
  /** `result`: in base64; `undefined`: None. */
  | { readonly type: "success"; readonly result: string | undefined }
  | { readonly type: "failure" | "stopped"; readonly error: unknown };

export interface PerformerOptions {
  readonly client: RedisLike;
  readonly codec: ValueCodec;
  readonly handlers: ReadonlyMap<string, RqHandler>;
  readonly callbacks: ReadonlyMap<string, RqCallbackHandler>;
  readonly format: WorkerFormat;
  readonly report: (error: Error) => void;
}

/** What rq 2 stores of a result that it cannot pickle. rq 1 fails the job. */
const UNSERIALIZABLE = "Unserializable return value";
/** Longer delays would overflow and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** rq `CALLBACK_TIMEOUT`, seconds. */
const CALLBACK_TIMEOUT = 60;

export class Performer {
  readonly #options: PerformerOptions;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** Never throws: what goes wrong is the job's outcome. */
  async perform(job: RunningJob, fields: ReadonlyMap<string, Buffer>, controller: AbortController): Promise<Performed> {
    let context: RqContext | undefined;
    try {
      const { handler, args, kwargs, ...facts } = this.#prepare(job, fields, controller.signal);
      context = facts.context;
      const result = await limited(controller, job.timeout, () => handler(args, kwargs, facts.context));
      const bytes = this.#encode(result);
      await this.#callback("success", fields, facts.context, { type: "success", result });
      return { type: "success", result: bytes };
    } catch (error) {
      const isStopped = error instanceof JobStopped;
      if (context === undefined) return { type: "failure", error };
      try {
        if (isStopped) await this.#callback("stopped", fields, context, { type: "stopped" });
        else await this.#callback("failure", fields, context, { type: "failure", error });
      } catch (failure) {
        if (!isStopped) return { type: "failure", error: failure };
        this.#options.report(failure as Error);
      }
      return { type: isStopped ? "stopped" : "failure", error };
    }
  }

  #prepare(job: RunningJob, fields: ReadonlyMap<string, Buffer>, signal: AbortSignal) {
    const { client, codec, handlers } = this.#options;
    const call = decodeCall(fields.get("data") ?? Buffer.alloc(0), codec);
    const handler = handlers.get(call.func);
    if (handler === undefined) {
      throw new RedisAdapterError(`Cannot run ${call.func}: no handler is registered under this name`, { code: "job" });
    }
    const context: RqContext = {
      id: job.id,
      func: call.func,
      queue: job.queue,
      signal,
      instance: call.instance,
      meta: metaOf(fields.get("meta"), codec),
      saveMeta: async (value) => {
        await send(client, "hset", [jobKey(job.id), "meta", codec.encode(value)]);
      },
    };
    return { handler, args: call.args, kwargs: call.kwargs, context };
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

  async #callback(
    when: "success" | "failure" | "stopped",
    fields: ReadonlyMap<string, Buffer>,
    context: RqContext,
    outcome: RqOutcome,
  ): Promise<void> {
    const name = String(fields.get(`${when}_callback_name`) ?? "");
    if (name === "") return;
    const callback = this.#options.callbacks.get(name);
    if (callback === undefined) {
      throw new RedisAdapterError(`Cannot call ${name} on ${when}: no callback is registered under this name`, {
        code: "job",
      });
    }
    const timeout = Number(fields.get(`${when}_callback_timeout`) ?? CALLBACK_TIMEOUT);
    const controller = new AbortController();
    await limited(controller, timeout, () => callback({ ...context, signal: controller.signal }, outcome));
  }
}

/** Runs `run` until `controller` is aborted, which it is when `seconds` are over; 0 and less: never. */
async function limited(controller: AbortController, seconds: number, run: () => unknown): Promise<unknown> {
  const { signal } = controller;
  signal.throwIfAborted();
  const deadline = Date.now() + seconds * 1000;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    const left = deadline - Date.now();
    timer = setTimeout(
      () =>
        left > MAX_DELAY_MS
          ? arm()
          : controller.abort(new JobTimeout(`Task exceeded maximum timeout value (${seconds} seconds)`)),
      Math.min(Math.max(left, 0), MAX_DELAY_MS),
    );
  };
  if (seconds > 0) arm();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([Promise.resolve().then(run), aborted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop!);
  }
}

/** In the form of Python's: the last line says what it was. */
export function tracebackOf(error: unknown): string {
  if (!(error instanceof Error)) return `Traceback (most recent call last):\nError: ${String(error)}\n`;
  const frames = (error.stack ?? "").split("\n").slice(1).reverse();
  return ["Traceback (most recent call last):", ...frames, `${error.name}: ${error.message}`, ""].join("\n");
}
