import { optionNames } from "@brine/codec/options";
import { evaluate } from "../cache/lock.js";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type Look, type WaitOptions, waitFor } from "../jobs/result-watch.js";
import { checkNames } from "../option-names.js";
import { pairs } from "../pickled/commands/collections.js";
import { toBoolean } from "../pickled/context.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { type Call, decodeCall, decodeResult, decodeTraceback, unixSeconds, utcformat } from "./format.js";
import { jobFields, jobInfo, metaOf, type RqJobInfo, type RqStatus } from "./job-info.js";
import { dependenciesKey, dependentsKey, groupKey, jobKey, pubsubChannel, resultsKey } from "./keys.js";
import { notEnqueued, ofItsKind } from "./other-kinds.js";
import { CANCEL, DELETE, ENQUEUE_DEPENDENTS, REQUEUE } from "./scripts.js";

interface CancelOptions {
  readonly enqueueDependents?: boolean | undefined;
}

interface RequeueOptions {
  readonly atFront?: boolean | undefined;
}

const CANCEL_OPTIONS = optionNames<CancelOptions>({ enqueueDependents: true });
const REQUEUE_OPTIONS = optionNames<RequeueOptions>({ atFront: true });

/** `job`: a job that did not bring a result, or cannot be enqueued. */
export class RqJobError extends RedisAdapterError {
  override name = "RqJobError";
  /** The job's id. */
  readonly jobId: string;
  /** What it came to; `undefined` of one that is unknown. */
  readonly status: RqStatus | undefined;
  /** Python's traceback, where there is one. */
  readonly traceback: string | undefined;

  /** For the queues of this package. */
  constructor(jobId: string, status: RqStatus | undefined, message: string, traceback?: string) {
    super(`Job ${jobId} ${message}`, { code: "job" });
    this.jobId = jobId;
    this.status = status;
    this.traceback = traceback;
  }
}

/** `Result.Type` of rq's results.py. */
const TYPES: Readonly<Record<string, "successful" | "failed" | "stopped" | "retried">> = {
  1: "successful",
  2: "failed",
  3: "stopped",
  4: "retried",
  5: "failed",
};

/** Statuses of a job that is yet to end. */
const AHEAD: ReadonlySet<string> = new Set<RqStatus>([
  "created",
  "queued",
  "started",
  "deferred",
  "scheduled",
  "rate_limited",
  "ready_to_enqueue",
]);

/** One of the ends that a job came to: RQ keeps the last ten. */
export interface RqResult {
  /** `"retried"`, of rq 2: it is tried again, so that this was not its last end. */
  readonly type: "successful" | "failed" | "stopped" | "retried";
  /** When it came to this end, to the millisecond. */
  readonly createdAt: Date;
  /** What it returned; `null` for None, and for what did not succeed. */
  readonly value: unknown;
  /** Python's, of a job that failed. */
  readonly traceback: string | undefined;
  /** Who ran it, which only rq 2 stores. */
  readonly workerName: string | undefined;
}

/** A job of RQ, by its id: made by {@link RqQueue.enqueue} and {@link RqQueue.job}. */
export class RqJob<T = unknown> {
  /** The last part of its key, `rq:job:<id>`. */
  readonly id: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;

  /** For {@link RqQueue}. */
  constructor(id: string, client: RedisLike, codec: ValueCodec) {
    this.id = id;
    this.#client = client;
    this.#codec = codec;
  }

  /** Where it is; `undefined`: there is no such job, or no more. */
  async status(): Promise<RqStatus | undefined> {
    const status = await this.#field("status");
    return status === null ? undefined : (String(status) as RqStatus);
  }

  /** What it calls, with what. @throws DecodeError */
  async call(): Promise<Call | undefined> {
    const data = await this.#field("data");
    return data === null ? undefined : decodeCall(data, this.#codec, jobKey(this.id));
  }

  /** Everything that RQ keeps of it, in one read. `undefined`: there is no such job, or no more. */
  async info(): Promise<RqJobInfo | undefined> {
    const fields = await this.#read(jobFields(this.#client, this.id));
    return fields.size === 0 ? undefined : jobInfo(this.id, fields, this.#codec);
  }

  /** `job.meta`, decoded; `{}` without any, or without such a job. @throws DecodeError */
  async meta(): Promise<Record<string, unknown>> {
    return metaOf((await this.#field("meta")) ?? undefined, this.#codec, jobKey(this.id));
  }

  /** Replaces `job.meta`, of a job that there is: RQ's `job.save_meta()`. */
  async setMeta(meta: Readonly<Record<string, unknown>>): Promise<void> {
    const args = [jobKey(this.id), "meta", this.#codec.encode(meta)];
    await ofItsKind(`save the meta of job ${this.id}`, send(this.#client, "hset", args));
  }

  /**
   * The value it returned; `null` for None. Waits for it; all who wait through one client share two connections.
   *
   * @throws RqJobError `job` when it failed, was stopped or canceled, or is unknown; RedisAdapterError `timeout` after `timeoutMs`;
   *   DecodeError `decode`; the reason of `signal`
   */
  result(options: WaitOptions = {}): Promise<T> {
    const look: Look<T> = {
      jobId: this.id,
      commands: [
        { name: "hmget", args: [jobKey(this.id), "status", "repeats_left"] },
        { name: "xrevrange", args: [resultsKey(this.id), "+", "-", "COUNT", 1] },
      ],
      read: ([fields, entries]) => {
        const [status, repeats] = (fields as (Buffer | null)[]).map((field) =>
          field === null ? undefined : String(field),
        );
        const [entry] = entries as [Buffer, unknown[]][];
        // The end of an earlier run, when it was enqueued again. One that repeats has an end each time.
        const isAhead = AHEAD.has(status ?? "") && repeats === undefined;
        const result = entry === undefined || isAhead ? undefined : this.#resultIn(entry);
        if (result !== undefined && result.type !== "retried") return { value: this.#settle(result, status) };
        // What has no result will get none: results expire, and a job with result_ttl 0 leaves nothing.
        if (status === undefined) throw new RqJobError(this.id, undefined, "is unknown");
        if (status === "canceled") throw new RqJobError(this.id, "canceled", "canceled");
        return undefined;
      },
    };
    return this.#read(waitFor(this.#client, look, options));
  }

  /** The ends it came to, newest first. */
  async results(): Promise<RqResult[]> {
    const reply = await this.#read(send(this.#client, "xrevrange", [resultsKey(this.id), "+", "-"]));
    return (reply as [Buffer, unknown[]][]).map((entry) => this.#resultIn(entry));
  }

  /**
   * Takes it out of its queue; whether it was still waiting.
   *
   * @param options - `enqueueDependents`: those that wait for it only do not wait any more
   */
  async cancel(options: CancelOptions = {}): Promise<boolean> {
    checkNames(options, CANCEL_OPTIONS, "options of cancel()");
    const now = new Date();
    const args = [this.id, unixSeconds(now), utcformat(now)];
    const reply = evaluate(this.#client, CANCEL, [jobKey(this.id)], args);
    const done = Number(await ofItsKind(`cancel job ${this.id}`, reply));
    if (done === -1) throw new RqJobError(this.id, undefined, "is unknown");
    if (done === 1 && options.enqueueDependents) {
      const args = [utcformat(now), unixSeconds(now), this.id];
      const refused = await evaluate(this.#client, ENQUEUE_DEPENDENTS, [dependentsKey(this.id)], args);
      for (const error of notEnqueued(refused, `that waited for ${this.id}`)) throw error;
    }
    return done === 1;
  }

  /** Removes every trace of it; whether there was one. A job that runs runs on. */
  async delete(): Promise<boolean> {
    const keys = [jobKey(this.id), dependentsKey(this.id), dependenciesKey(this.id), resultsKey(this.id), groupKey("")];
    const now = new Date();
    const reply = evaluate(this.#client, DELETE, keys, [this.id, unixSeconds(now), utcformat(now)]);
    return toBoolean(await ofItsKind(`delete job ${this.id}`, reply));
  }

  /** Enqueues it again after it failed or was canceled; whether it was. */
  async requeue(options: RequeueOptions = {}): Promise<boolean> {
    checkNames(options, REQUEUE_OPTIONS, "options of requeue()");
    const now = new Date();
    const args = [this.id, utcformat(now), options.atFront ? "1" : "0", unixSeconds(now)];
    const reply = evaluate(this.#client, REQUEUE, [jobKey(this.id)], args);
    return toBoolean(await ofItsKind(`enqueue job ${this.id} again`, reply));
  }

  /** Asks the worker that runs it to stop it; whether one heard. */
  async stop(): Promise<boolean> {
    const worker = await this.#field("worker_name");
    if (worker === null || String(worker) === "") return false;
    const command = JSON.stringify({ command: "stop-job", job_id: this.id });
    return Number(await send(this.#client, "publish", [pubsubChannel(String(worker)), command])) > 0;
  }

  async #field(name: string): Promise<Buffer | null> {
    return (await this.#read(send(this.#client, "hget", [jobKey(this.id), name]))) as Buffer | null;
  }

  #read<R>(reply: Promise<R>): Promise<R> {
    return ofItsKind(`read job ${this.id}`, reply);
  }

  #resultIn([id, items]: readonly [Buffer, unknown]): RqResult {
    const fields = new Map(pairs(items).map(([field, value]) => [String(field), String(value)]));
    const type = TYPES[fields.get("type") ?? ""] ?? "failed";
    // What a job that is run again has returned, where that is kept, is a Retry.
    const value = type === "successful" ? fields.get("return_value") : undefined;
    const traceback = fields.get("exc_string");
    return {
      type,
      createdAt: new Date(Number(String(id).split("-")[0])),
      workerName: fields.get("worker_name"),
      value: value === undefined ? null : decodeResult(value, this.#codec, resultsKey(this.id)),
      traceback: traceback === undefined ? undefined : decodeTraceback(traceback),
    };
  }

  #settle(result: RqResult, status: string | undefined): T {
    if (result.type === "successful") return result.value as T;
    const last = result.traceback?.trimEnd().split("\n").at(-1);
    throw new RqJobError(
      this.id,
      status === "stopped" || result.type === "stopped" ? "stopped" : "failed",
      last === undefined ? `was ${result.type}` : `failed: ${last}`,
      result.traceback,
    );
  }
}
