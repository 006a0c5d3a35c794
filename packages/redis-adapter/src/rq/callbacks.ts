/** What runs after a job, by the dotted names that the job gives. rq `Job.execute_failure_callback` and its kind. */
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { decodeCall } from "./format.js";
import { metaOf } from "./job-info.js";
import { jobKey } from "./keys.js";
import { limited } from "./time-limit.js";
import type { RqCallbackHandler, RqContext, RqOutcome } from "./worker-options.js";

/** rq `CALLBACK_TIMEOUT`, seconds. */
const CALLBACK_TIMEOUT = 60;

export interface CallbacksOptions {
  readonly client: RedisLike;
  readonly codec: ValueCodec;
  readonly callbacks: Readonly<Record<string, RqCallbackHandler>> | undefined;
}

/** A job's hash, and where it was taken from. */
export interface StoredJob {
  readonly id: string;
  readonly queue: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

export class Callbacks {
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #handlers: ReadonlyMap<string, RqCallbackHandler>;

  constructor({ client, codec, callbacks = {} }: CallbacksOptions) {
    this.#client = client;
    this.#codec = codec;
    this.#handlers = new Map(Object.entries(callbacks));
  }

  /** What the job calls, and what those that run for it are told. @throws DecodeError */
  prepare({ id, queue, fields }: StoredJob, signal: AbortSignal) {
    const { func, args, kwargs, instance } = decodeCall(fields.get("data") ?? Buffer.alloc(0), this.#codec, jobKey(id));
    const context: RqContext = {
      id,
      func,
      queue,
      signal,
      instance,
      meta: this.#metaOf(id, fields.get("meta")),
      saveMeta: async (value) => {
        await send(this.#client, "hset", [jobKey(id), "meta", this.#codec.encode(value)]);
      },
    };
    return { args, kwargs, context };
  }

  /** What cannot be read is handed on as it is, in the way of rq `Job.restore`. */
  #metaOf(id: string, raw: Buffer | undefined): Record<string, unknown> {
    try {
      return metaOf(raw, this.#codec, jobKey(id));
    } catch {
      return { unserialized: raw };
    }
  }

  /** @throws RedisAdapterError `job` when the job names a callback that is not registered, and what the callback throws */
  async call(fields: ReadonlyMap<string, Buffer>, context: RqContext, outcome: RqOutcome): Promise<void> {
    const { type } = outcome;
    const name = String(fields.get(`${type}_callback_name`) ?? "");
    if (name === "") return;
    const callback = this.#handlers.get(name);
    if (callback === undefined) {
      throw new RedisAdapterError(`Cannot call ${name} on ${type}: no callback is registered under this name`, {
        code: "job",
      });
    }
    const timeout = Number(fields.get(`${type}_callback_timeout`) ?? CALLBACK_TIMEOUT);
    const controller = new AbortController();
    await limited(controller, timeout, () => callback({ ...context, signal: controller.signal }, outcome));
  }

  /** The failure callback of a job that its worker left. @throws as {@link call} */
  async abandoned(job: StoredJob): Promise<void> {
    if (String(job.fields.get("failure_callback_name") ?? "") === "") return;
    const { context } = this.prepare(job, new AbortController().signal);
    await this.call(job.fields, context, { type: "failure", error: new AbandonedJob() });
  }
}

/** Why a job failed whose worker is gone, named as Python names it. */
export class AbandonedJob extends Error {
  override name = "AbandonedJobError";

  constructor() {
    super("The job's worker has not been heard of");
  }
}
