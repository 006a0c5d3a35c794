import { evaluate } from "../cache/lock.js";
import type { ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type RedisLike, send } from "../pickled/client.js";
import { pairs } from "../pickled/collection-commands.js";
import { type Call, decodeCall, decodeResult, decodeTraceback, utcformat } from "./format.js";
import { jobKey, pubsubChannel, resultsKey } from "./keys.js";
import { CANCEL, REQUEUE } from "./scripts.js";

export type RqStatus =
  | "created"
  | "queued"
  | "started"
  | "finished"
  | "failed"
  | "deferred"
  | "scheduled"
  | "stopped"
  | "canceled"
  | "rate_limited"
  | "ready_to_enqueue";

/** A job that did not bring a result. */
export class RqJobError extends RedisAdapterError {
  override name = "RqJobError";
  readonly jobId: string;
  readonly status: RqStatus | undefined;
  /** Python's traceback, where there is one. */
  readonly traceback: string | undefined;

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

interface StoredResult {
  readonly id: string;
  readonly type: "successful" | "failed" | "stopped" | "retried";
  readonly value: unknown;
  readonly traceback: string | undefined;
}

/** A job, by its id. */
export class RqJob<T = unknown> {
  readonly id: string;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;

  constructor(id: string, client: RedisLike, codec: ValueCodec) {
    this.id = id;
    this.#client = client;
    this.#codec = codec;
  }

  /** `undefined`: there is no such job, or no more. */
  async status(): Promise<RqStatus | undefined> {
    const status = await send(this.#client, "hget", [jobKey(this.id), "status"]);
    return status === null ? undefined : (String(status) as RqStatus);
  }

  /** What it calls, with what. */
  async call(): Promise<Call | undefined> {
    const data = await send(this.#client, "hget", [jobKey(this.id), "data"]);
    return data === null ? undefined : decodeCall(data as Buffer, this.#codec);
  }

  async meta(): Promise<Record<string, unknown>> {
    const meta = await send(this.#client, "hget", [jobKey(this.id), "meta"]);
    return meta === null ? {} : (this.#codec.decode(meta as Buffer) as Record<string, unknown>);
  }

  async setMeta(meta: Readonly<Record<string, unknown>>): Promise<void> {
    await send(this.#client, "hset", [jobKey(this.id), "meta", this.#codec.encode(meta)]);
  }

  /**
   * The value it returned; `null` for None. Waits for it, on a connection of its own.
   *
   * @throws RqJobError when it failed, was stopped or canceled, or is unknown; RedisAdapterError `timeout`
   */
  async result(
    options: { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    const now = await this.#lastResult();
    if (now !== undefined && now.type !== "retried") return this.#settle(now);
    return this.#wait(now?.id ?? "0-0", options);
  }

  async #wait(
    after: string,
    options: { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<T> {
    const deadline = options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeoutMs;
    const connection = this.#client.duplicate() as RedisLike & { disconnect(): void };
    connection.on(...(["error", () => {}] as unknown as never[]));
    const abort = () => connection.disconnect();
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      for (let last = after; ; ) {
        options.signal?.throwIfAborted();
        const status = await this.status();
        // What has no result will get none: results expire, and a job with result_ttl 0 leaves nothing.
        if (status === undefined || status === "canceled")
          throw new RqJobError(this.id, status, status ?? "is unknown");
        const left = deadline - Date.now();
        if (left <= 0)
          throw new RedisAdapterError(`Job ${this.id} has no result within ${options.timeoutMs} ms`, {
            code: "timeout",
          });
        // Canceling writes no result, so look again now and then.
        const block = Math.max(1, Math.min(left, 2000));
        const reply = await send(connection, "xread", [
          "BLOCK",
          Math.trunc(block),
          "STREAMS",
          resultsKey(this.id),
          last,
        ]).catch((error: unknown) => {
          options.signal?.throwIfAborted();
          throw error;
        });
        const entries = pairs(reply)[0]?.[1] as [Buffer, unknown[]][] | undefined;
        const newest = entries?.at(-1);
        if (newest === undefined) continue;
        const result = this.#read(newest);
        if (result.type !== "retried") return this.#settle(result);
        last = result.id;
      }
    } finally {
      options.signal?.removeEventListener("abort", abort);
      connection.disconnect();
    }
  }

  /** Takes it out of its queue; whether it was still waiting. */
  async cancel(): Promise<boolean> {
    const done = Number(
      await evaluate(this.#client, CANCEL, [jobKey(this.id)], [this.id, Math.trunc(Date.now() / 1000)]),
    );
    if (done === -1) throw new RqJobError(this.id, undefined, "is unknown");
    return done === 1;
  }

  /** Enqueues it again after it failed or was canceled; whether it was. */
  async requeue(options: { readonly atFront?: boolean | undefined } = {}): Promise<boolean> {
    const args = [this.id, utcformat(new Date()), options.atFront ? "1" : "0"];
    return (await evaluate(this.#client, REQUEUE, [jobKey(this.id)], args)) === 1;
  }

  /** Asks the worker that runs it to stop it; whether one heard. */
  async stop(): Promise<boolean> {
    const worker = await send(this.#client, "hget", [jobKey(this.id), "worker_name"]);
    if (worker === null || String(worker) === "") return false;
    const command = JSON.stringify({ command: "stop-job", job_id: this.id });
    return Number(await send(this.#client, "publish", [pubsubChannel(String(worker)), command])) > 0;
  }

  async #lastResult(): Promise<StoredResult | undefined> {
    const reply = (await send(this.#client, "xrevrange", [resultsKey(this.id), "+", "-", "COUNT", 1])) as [
      Buffer,
      unknown[],
    ][];
    return reply[0] === undefined ? undefined : this.#read(reply[0]);
  }

  #read([id, items]: readonly [Buffer, unknown]): StoredResult {
    const fields = new Map(pairs(items).map(([field, value]) => [String(field), String(value)]));
    const value = fields.get("return_value");
    const traceback = fields.get("exc_string");
    return {
      id: String(id),
      type: TYPES[fields.get("type") ?? ""] ?? "failed",
      value: value === undefined ? null : decodeResult(value, this.#codec),
      traceback: traceback === undefined ? undefined : decodeTraceback(traceback),
    };
  }

  #settle(result: StoredResult): T {
    if (result.type === "successful") return result.value as T;
    const last = result.traceback?.trimEnd().split("\n").at(-1);
    throw new RqJobError(
      this.id,
      result.type === "stopped" ? "stopped" : "failed",
      last === undefined ? `was ${result.type}` : `failed: ${last}`,
      result.traceback,
    );
  }
}
