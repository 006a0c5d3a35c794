/** A worker of RQ in Node: runs jobs that Python enqueued, and is seen by Python as a worker like its own. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { PickleOptions, ValueCodec } from "../dialects/dialect.js";
import { RedisAdapterError } from "../errors.js";
import { type RedisLike, send, sendAll } from "../pickled/client.js";
import { pairs } from "../pickled/collection-commands.js";
import { Bookkeeping, type RunningJob, type WorkerFormat } from "./bookkeeping.js";
import { type Call, decodeCall, encodeTraceback, type RqSerializer, serializerOf } from "./format.js";
import { intermediateKey, jobKey, pubsubChannel, queueKey, SUSPENDED, WORKERS } from "./keys.js";

/** What a handler is told about its job. */
export interface RqContext {
  readonly id: string;
  /** The dotted name of the function. */
  readonly func: string;
  readonly queue: string;
  /** Aborted when the job's time is over, or it is stopped. JavaScript cannot interrupt code: handlers must look. */
  readonly signal: AbortSignal;
  /** The object of a bound method that was enqueued, else `null`. */
  readonly instance: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A Python function's counterpart. What it returns, or resolves to, is the job's result. */
export type RqHandler = (
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  context: RqContext,
) => unknown;

/** Options of {@link RqWorker}. */
export interface RqWorkerOptions {
  readonly client: RedisLike;
  /** Default: a new UUID, as RQ's. */
  readonly name?: string | undefined;
  /** As the queues' `serializer`. Default `"pickle"`. */
  readonly serializer?: RqSerializer | undefined;
  readonly pickle?: PickleOptions | undefined;
  /** Whose bookkeeping: rq 1.x or 2.x. Default `"auto"`: that of the workers that are there, else 2. */
  readonly format?: "auto" | WorkerFormat | undefined;
  /** Jobs at a time. Default 1. */
  readonly concurrency?: number | undefined;
  /** Seconds that a result is kept where the job does not say. Default 500. */
  readonly defaultResultTtl?: number | undefined;
  /** Told of what went wrong around jobs; what goes wrong in them is their result. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** RQ's own: a worker that is silent for longer is taken for dead. Seconds. */
const WORKER_TTL = 420;
const HEARTBEAT_MS = 30_000;
/** How long one wait for a job lasts; between waits the worker looks after itself. Seconds. */
const POLL_SECONDS = 5;
const YEAR = 31_536_000;
/** A job found between queue and start for so long was lost by its worker. Milliseconds, RQ's own. */
const STUCK_MS = 60_000;

class JobTimeout extends Error {
  override name = "JobTimeoutException";
}

class JobStopped extends Error {
  override name = "JobStopped";
}

/**
 * Runs jobs of the queues named, in their order, by functions registered under Python's dotted names.
 * A job whose function has no handler fails, as it does in Python when it cannot be imported.
 *
 * @example
 * const worker = new RqWorker(["default"], { "reports.build": ([year]) => build(year) }, { client: new Redis() });
 * await worker.run({ signal });
 */
export class RqWorker implements AsyncDisposable {
  readonly name: string;
  readonly #queues: readonly string[];
  readonly #handlers: ReadonlyMap<string, RqHandler>;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #options: RqWorkerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, { readonly controller: AbortController; readonly job: RunningJob }>();
  #bookkeeping!: Bookkeeping;
  #finished: Promise<void> | undefined;

  constructor(queues: readonly string[], handlers: Readonly<Record<string, RqHandler>>, options: RqWorkerOptions) {
    if (queues.length === 0) throw new RedisAdapterError("Cannot work without a queue", { code: "bad-option" });
    this.name = options.name ?? randomUUID().replaceAll("-", "");
    this.#queues = [...queues];
    this.#handlers = new Map(Object.entries(handlers));
    this.#client = options.client;
    this.#codec = serializerOf(options.serializer, options.pickle);
    this.#options = options;
  }

  /**
   * Works until `signal` is aborted or {@link close} is called, and then until the jobs at hand are done; with `burst`
   * until the queues are empty.
   */
  run(
    options: { readonly burst?: boolean | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    if (this.#finished !== undefined) throw new RedisAdapterError("The worker has run already", { code: "closed" });
    this.#finished = this.#run(options);
    return this.#finished;
  }

  /** Takes no more jobs, and waits for those at hand. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#finished?.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run({
    burst = false,
    signal,
  }: {
    readonly burst?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  }) {
    const abort = () => this.#stop.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const format = this.#options.format ?? "auto";
    this.#bookkeeping = new Bookkeeping(this.#client, {
      name: this.name,
      queues: this.#queues,
      format: format === "auto" ? await this.#detectFormat() : format,
      hostname: hostname(),
      ttl: WORKER_TTL,
    });
    const blocking = this.#connection();
    const commands = this.#connection();
    let beat: NodeJS.Timeout | undefined;
    try {
      await this.#bookkeeping.birth();
      commands.on(
        ...(["messageBuffer", (_channel: Buffer, message: Buffer) => this.#obey(message)] as unknown as never[]),
      );
      await (commands as unknown as { subscribe(channel: string): Promise<unknown> }).subscribe(
        pubsubChannel(this.name),
      );
      await this.#recoverStuck();
      beat = setInterval(() => void this.#heartbeat().catch((error: Error) => this.#report(error)), HEARTBEAT_MS);
      await this.#work(blocking, burst);
      await Promise.allSettled([...this.#tasks]);
    } finally {
      clearInterval(beat);
      signal?.removeEventListener("abort", abort);
      blocking.disconnect();
      commands.disconnect();
      await this.#bookkeeping.death().catch((error: Error) => this.#report(error));
    }
  }

  readonly #tasks = new Set<Promise<void>>();

  async #work(blocking: RedisLike, burst: boolean): Promise<void> {
    const { concurrency = 1 } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (this.#tasks.size >= concurrency) {
        await Promise.race(this.#tasks);
        continue;
      }
      try {
        if (Number(await send(this.#client, "exists", [SUSPENDED])) > 0) {
          if (burst) return;
          await delay(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
          continue;
        }
        const taken = await this.#dequeue(blocking, burst || this.#tasks.size > 0);
        if (taken === undefined) {
          if (burst && this.#tasks.size === 0) return;
          if (this.#tasks.size > 0) await Promise.race([...this.#tasks, delay(200)]);
          continue;
        }
        const task = this.#execute(taken.queue, taken.id)
          .catch((error: Error) => this.#report(error))
          .finally(() => this.#tasks.delete(task));
        this.#tasks.add(task);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#report(error as Error);
        await delay(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  /**
   * The next job. It goes through the queue's intermediate list, as in rq 2, so that it is not lost when this process ends
   * before it has started: rq 2 and {@link #recoverStuck} find it there. One list can be waited for; several are asked in
   * turn.
   */
  async #dequeue(
    blocking: RedisLike,
    isHurried: boolean,
  ): Promise<{ readonly queue: string; readonly id: string } | undefined> {
    for (const queue of this.#queues) {
      const id = await send(this.#client, "lmove", [queueKey(queue), intermediateKey(queue), "LEFT", "RIGHT"]);
      if (id !== null) return { queue, id: String(id) };
    }
    if (isHurried) return undefined;
    const [queue] = this.#queues as [string];
    if (this.#queues.length > 1) {
      await delay(500, undefined, { signal: this.#stop.signal }).catch(() => {});
      return undefined;
    }
    const waiting = send(blocking, "blmove", [queueKey(queue), intermediateKey(queue), "LEFT", "RIGHT", POLL_SECONDS]);
    const stopped = new Promise<"stopped">((resolve) => {
      this.#stop.signal.addEventListener("abort", () => resolve("stopped"), { once: true });
    });
    const id = await Promise.race([waiting, stopped]);
    if (id === "stopped") {
      waiting.catch(() => {});
      return undefined;
    }
    return id === null ? undefined : { queue, id: String(id) };
  }

  async #execute(queue: string, id: string): Promise<void> {
    const fields = await this.#fetch(id);
    const status = String(fields.get("status") ?? "");
    if (fields.size === 0 || status === "canceled" || status === "stopped") {
      await send(this.#client, "lrem", [intermediateKey(queue), 1, id]);
      return;
    }
    const job: RunningJob = {
      id,
      queue,
      execution: randomUUID().replaceAll("-", ""),
      startedAt: new Date(),
      timeout: Number(fields.get("timeout") ?? 180),
      resultTtl: fields.has("result_ttl") ? Number(fields.get("result_ttl")) : (this.#options.defaultResultTtl ?? 500),
      failureTtl: fields.has("failure_ttl") ? Number(fields.get("failure_ttl")) : YEAR,
      retriesLeft: Number(fields.get("retries_left") ?? 0),
      retryIntervals: intervals(fields.get("retry_intervals")),
    };
    const controller = new AbortController();
    this.#running.set(id, { controller, job });
    try {
      await this.#bookkeeping.started(job);
      let result: unknown;
      try {
        result = this.#codec.encode(await this.#call(job, fields, controller));
      } catch (error) {
        await this.#failed(job, error);
        return;
      }
      await this.#bookkeeping.succeeded(job, toText(result as Buffer | string));
    } finally {
      this.#running.delete(id);
    }
  }

  async #failed(job: RunningJob, error: unknown): Promise<void> {
    if (error instanceof JobStopped) await this.#bookkeeping.stopped(job, encodeTraceback(tracebackOf(error)));
    else if (job.retriesLeft > 0) await this.#bookkeeping.retried(job, encodeTraceback(tracebackOf(error)));
    else await this.#bookkeeping.failed(job, encodeTraceback(tracebackOf(error)));
  }

  async #call(job: RunningJob, fields: ReadonlyMap<string, Buffer>, controller: AbortController): Promise<unknown> {
    const call: Call = decodeCall(fields.get("data") ?? Buffer.alloc(0), this.#codec);
    const handler = this.#handlers.get(call.func);
    if (handler === undefined) {
      throw new RedisAdapterError(`Cannot run ${call.func}: no handler is registered under this name`, { code: "job" });
    }
    const meta = fields.get("meta");
    const context: RqContext = {
      id: job.id,
      func: call.func,
      queue: job.queue,
      signal: controller.signal,
      instance: call.instance,
      meta: meta === undefined ? {} : (this.#codec.decode(meta) as Record<string, unknown>),
    };
    const timer =
      job.timeout > 0
        ? setTimeout(
            () => controller.abort(new JobTimeout(`Task exceeded maximum timeout value (${job.timeout} seconds)`)),
            job.timeout * 1000,
          )
        : undefined;
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
    });
    try {
      return await Promise.race([Promise.resolve(handler(call.args, call.kwargs, context)), aborted]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The job's hash, with the values as they are. */
  async #fetch(id: string): Promise<Map<string, Buffer>> {
    const [[error, reply]] = (await sendAll(this.#client, [{ name: "hgetall", args: [jobKey(id)] }], false)) as [
      [Error | null, unknown],
    ];
    if (error !== null) throw error;
    return new Map(pairs(reply).map(([field, value]) => [String(field), value as Buffer]));
  }

  /** Commands of `rq` and of `send_stop_job_command`: rq `command.py`. */
  #obey(message: Buffer): void {
    let payload: { readonly command?: unknown; readonly job_id?: unknown };
    try {
      payload = JSON.parse(message.toString()) as typeof payload;
    } catch {
      return;
    }
    if (typeof payload !== "object" || payload === null) return;
    if (payload.command === "shutdown") this.#stop.abort();
    const stop = (id: string) =>
      this.#running.get(id)?.controller.abort(new JobStopped("Job stopped by user, work-horse terminated."));
    if (payload.command === "stop-job" && typeof payload.job_id === "string") stop(payload.job_id);
    if (payload.command === "kill-horse") for (const id of [...this.#running.keys()]) stop(id);
  }

  async #heartbeat(): Promise<void> {
    await this.#bookkeeping.heartbeat([...this.#running.values()].map(({ job }) => job));
    await this.#recoverStuck();
  }

  /** What a worker took and did not start goes back to where it was. rq 2 `intermediate_queue.py`. */
  async #recoverStuck(): Promise<void> {
    for (const queue of this.#queues) {
      const ids = (await send(this.#client, "lrange", [intermediateKey(queue), 0, -1])) as Buffer[];
      for (const id of ids.map(String)) {
        const seenKey = `${intermediateKey(queue)}:first_seen:${id}`;
        const now = Date.now() / 1000;
        const isNew = (await send(this.#client, "set", [seenKey, now, "NX", "EX", 86_400])) !== null;
        if (isNew) continue;
        const seen = Number(await send(this.#client, "get", [seenKey]));
        if (now - seen < STUCK_MS / 1000) continue;
        if (Number(await send(this.#client, "lrem", [intermediateKey(queue), 1, id])) === 0) continue;
        await send(this.#client, "lpush", [queueKey(queue), id]);
        await send(this.#client, "del", [seenKey]);
      }
    }
  }

  async #detectFormat(): Promise<WorkerFormat> {
    const keys = [...((await send(this.#client, "smembers", [WORKERS])) as Iterable<Buffer>)].map(String);
    for (const key of keys) {
      const version = await send(this.#client, "hget", [key, "version"]);
      if (version !== null) return String(version).startsWith("1.") ? 1 : 2;
    }
    return 2;
  }

  #connection(): RedisLike & { disconnect(): void } {
    const connection = this.#client.duplicate() as RedisLike & { disconnect(): void };
    connection.on(...(["error", (error: Error) => this.#report(error)] as unknown as never[]));
    return connection;
  }

  #report(error: Error): void {
    this.#options.onError?.(error);
  }
}

function toText(bytes: Buffer | string): string {
  return (typeof bytes === "string" ? Buffer.from(bytes) : bytes).toString("base64");
}

function intervals(raw: Buffer | undefined): readonly number[] {
  if (raw === undefined) return [];
  try {
    const list: unknown = JSON.parse(raw.toString());
    return Array.isArray(list) ? list.filter((one): one is number => typeof one === "number") : [];
  } catch {
    return [];
  }
}

/** In the form of Python's: the last line says what it was. */
function tracebackOf(error: unknown): string {
  if (!(error instanceof Error)) return `Traceback (most recent call last):\nError: ${String(error)}\n`;
  const frames = (error.stack ?? "").split("\n").slice(1).reverse();
  return ["Traceback (most recent call last):", ...frames, `${error.name}: ${error.message}`, ""].join("\n");
}
