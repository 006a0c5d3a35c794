/** A worker of RQ in Node: runs jobs that Python enqueued, and is seen by Python as a worker like its own. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { ValueCodec } from "../dialects/dialect.js";
import { isLasting, isWrongType } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import { codecOf } from "../jobs/codec.js";
import { checkNames } from "../option-names.js";
import { listen, type RedisLike, send } from "../pickled/driver/client.js";
import { Bookkeeping, JobGone } from "./bookkeeping.js";
import { Callbacks } from "./callbacks.js";
import { encodeTraceback } from "./format.js";
import { Intake } from "./intake.js";
import { jobFields } from "./job-info.js";
import { intermediateKey, jobKey, pubsubChannel, SUSPENDED, WORKERS } from "./keys.js";
import { Maintenance } from "./maintenance.js";
import { otherKind } from "./other-kinds.js";
import { JobKilled, JobStopped, type Performed, Performer, tracebackOf } from "./perform.js";
import type { RqRetry } from "./retry.js";
import { type RunningJob, runningJob } from "./running-job.js";
import { schedule } from "./scheduler.js";
import {
  type RqHandler,
  type RqWorkerOptions,
  type RqWorkOptions,
  WORK_OPTIONS,
  WORKER_OPTIONS,
} from "./worker-options.js";
import { type WorkerFormat, WorkerRecord } from "./worker-record.js";

/** RQ's own: a worker that is silent for longer is taken for dead. Seconds. */
const WORKER_TTL = 420;
const HEARTBEAT_MS = 30_000;
/** How long one wait for a job lasts; between waits the worker looks after itself. */
const WAIT_SECONDS = 5;
/** Between looks at queues that cannot be waited for. */
const POLL_MS = 500;

/**
 * Runs jobs of the queues named, in their order, by functions registered under Python's dotted names.
 * A job whose function has no handler fails, as it does in Python when it cannot be imported.
 *
 * @example
 * const worker = new RqWorker(["default"], { "reports.build": ([year]) => build(year) }, { client: new Redis() });
 * await worker.run({ signal });
 */
export class RqWorker implements AsyncDisposable {
  /** The last part of its key, `rq:worker:<name>`: 32 hexadecimal digits, unless it was given one. */
  readonly name: string;
  readonly #queues: readonly string[];
  readonly #handlers: ReadonlyMap<string, RqHandler>;
  readonly #client: RedisLike;
  readonly #codec: ValueCodec;
  readonly #callbacks: Callbacks;
  readonly #intake: Intake;
  readonly #options: RqWorkerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, { readonly controller: AbortController; readonly job: RunningJob }>();
  readonly #tasks = new Set<Promise<void>>();
  #record!: WorkerRecord;
  #bookkeeping!: Bookkeeping;
  #performer!: Performer;
  #maintenance!: Maintenance;
  #finished: Promise<void> | undefined;

  /**
   * @param queues - names of queues, the first served first
   * @param handlers - by the dotted names of Python's functions
   * @throws RedisAdapterError `bad-option` for an option that there is not, or a value that it cannot have
   */
  constructor(queues: readonly string[], handlers: Readonly<Record<string, RqHandler>>, options: RqWorkerOptions) {
    if (queues.length === 0) throw new RedisAdapterError("Cannot work without a queue", { code: "bad-option" });
    checkNames(options, WORKER_OPTIONS, "options of RqWorker");
    this.name = options.name ?? randomUUID().replaceAll("-", "");
    this.#queues = [...queues];
    this.#handlers = new Map(Object.entries(handlers));
    this.#client = options.client;
    this.#codec = codecOf(options.serializer, options.pickle);
    this.#callbacks = new Callbacks({ client: this.#client, codec: this.#codec, callbacks: options.callbacks });
    this.#intake = new Intake(this.#client);
    this.#options = options;
  }

  /**
   * Works until `signal` is aborted or {@link close} is called, and then until the jobs at hand are done; with `burst`
   * until the queues are empty.
   *
   * @throws what Redis answers, when it would answer so again: a queue that is no list, a command not allowed. Without
   *   `burst` that is told to `onError`, and tried again.
   */
  run(options: RqWorkOptions = {}): Promise<void> {
    if (this.#finished !== undefined || this.#stop.signal.aborted)
      throw new RedisAdapterError("The worker has run already, or was closed", { code: "closed" });
    checkNames(options, WORK_OPTIONS, "options of run()");
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
    const format = await this.#format();
    const { name } = this;
    const report = (error: Error) => this.#report(error);
    const identity = { name, queues: this.#queues, format, hostname: hostname(), ttl: WORKER_TTL, report };
    this.#record = new WorkerRecord(this.#client, identity);
    this.#bookkeeping = new Bookkeeping(this.#client, identity);
    this.#performer = new Performer({
      codec: this.#codec,
      handlers: this.#handlers,
      callbacks: this.#callbacks,
      format,
      report,
    });
    this.#maintenance = new Maintenance({
      client: this.#client,
      queues: this.#queues,
      callbacks: this.#callbacks,
      format,
      report,
    });
    const blocking = this.#connection();
    const commands = this.#connection();
    const scheduling = new AbortController();
    let scheduler: Promise<void> | undefined;
    let beat: NodeJS.Timeout | undefined;
    try {
      await this.#record.birth();
      listen(commands, "messageBuffer", (_channel: Buffer, message: Buffer) => this.#obey(message));
      await (commands as unknown as { subscribe(channel: string): Promise<unknown> }).subscribe(
        pubsubChannel(this.name),
      );
      await this.#maintenance.run().catch((error: unknown) => {
        if (burst && isLasting(error)) throw error;
        report(error as Error);
      });
      if (this.#options.withScheduler) scheduler = schedule(this.#client, this.#queues, scheduling.signal, report);
      beat = setInterval(() => void this.#heartbeat().catch(report), HEARTBEAT_MS);
      try {
        await this.#work(blocking, burst);
      } finally {
        await Promise.allSettled([...this.#tasks]);
      }
    } finally {
      clearInterval(beat);
      scheduling.abort();
      await scheduler;
      signal?.removeEventListener("abort", abort);
      blocking.disconnect();
      commands.disconnect();
      await this.#record.death().catch(report);
    }
  }

  async #work(blocking: RedisLike, burst: boolean): Promise<void> {
    const { concurrency = 1 } = this.#options;
    let isSuspended = false;
    while (!this.#stop.signal.aborted) {
      if (this.#tasks.size >= concurrency) {
        await Promise.race(this.#tasks);
        continue;
      }
      try {
        if (Number(await send(this.#client, "exists", [SUSPENDED])) > 0) {
          if (burst) return;
          if (!isSuspended) await this.#record.state("suspended");
          isSuspended = true;
          await delay(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
          continue;
        }
        if (isSuspended) await this.#record.state("idle");
        isSuspended = false;
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
        // A burst is to end; another worker stays for when somebody has put it right.
        if (burst && isLasting(error)) throw error;
        this.#report(error as Error);
        await delay(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  /** The next job. One queue can be waited for, where the server allows it; several are asked in turn. */
  async #dequeue(
    blocking: RedisLike,
    isHurried: boolean,
  ): Promise<{ readonly queue: string; readonly id: Buffer } | undefined> {
    for (const queue of this.#queues) {
      const id = await this.#intake.take(queue);
      if (id !== undefined) return { queue, id };
    }
    if (isHurried) return undefined;
    const [queue] = this.#queues as [string];
    if (this.#queues.length > 1 || !this.#intake.canWait) {
      await delay(POLL_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
      return undefined;
    }
    const id = await this.#intake.wait(blocking, queue, WAIT_SECONDS, this.#stop.signal);
    return id === undefined ? undefined : { queue, id };
  }

  async #execute(queue: string, raw: Buffer): Promise<void> {
    const id = String(raw);
    const fields = await this.#fieldsOf(id);
    const status = String(fields.get("status") ?? "");
    if (fields.size === 0 || status === "canceled" || status === "stopped") {
      // By its bytes, for an id that is no text.
      await send(this.#client, "lrem", [intermediateKey(queue), 1, raw]);
      return;
    }
    const job = runningJob(id, queue, fields, this.#options.defaultResultTtl ?? 500);
    const controller = new AbortController();
    this.#running.set(id, { controller, job });
    try {
      await this.#bookkeeping.started(job, fields.has("status"));
      await this.#settle(job, await this.#performer.perform(job, fields, controller));
      if (fields.has("webhooks")) {
        const message = `Job ${id} has webhooks: they are not called by this worker`;
        this.#report(new RedisAdapterError(message, { code: "unsupported" }));
      }
    } catch (error) {
      if (!(error instanceof JobGone)) throw error;
    } finally {
      this.#running.delete(id);
    }
  }

  /** Empty for what is no job: it could only be taken again and again. */
  async #fieldsOf(id: string): Promise<ReadonlyMap<string, Buffer>> {
    try {
      return await jobFields(this.#client, id);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      this.#report(otherKind(`run job ${id}, which is taken off its queue`, error, jobKey(id)));
      return new Map();
    }
  }

  #settle(job: RunningJob, performed: Performed): Promise<void> {
    if (performed.type === "success") return this.#bookkeeping.succeeded(job, performed.result);
    if (performed.type === "retry") return this.#retry(job, performed.retry);
    const traceback = encodeTraceback(tracebackOf(performed.error));
    if (performed.type === "stopped") return this.#bookkeeping.failed(job, traceback, "stopped");
    return this.#fail(job, traceback);
  }

  #fail(job: RunningJob, traceback: string): Promise<void> {
    return job.retriesLeft > 0 ? this.#bookkeeping.retried(job, traceback) : this.#bookkeeping.failed(job, traceback);
  }

  /** rq `Worker.handle_job_retry`. */
  #retry(job: RunningJob, retry: RqRetry): Promise<void> {
    const traceback = encodeTraceback(`Job failed after ${retry.max} retry attempts`);
    if (job.numberOfRetries >= retry.max) return this.#fail(job, traceback);
    return this.#bookkeeping.returnedRetry(job, retry.intervalAfter(job.numberOfRetries), traceback);
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
    if (payload.command === "stop-job" && typeof payload.job_id === "string")
      this.#running.get(payload.job_id)?.controller.abort(new JobStopped());
    // In Python the job's process dies, and the job fails or is tried again.
    if (payload.command === "kill-horse")
      for (const { controller } of this.#running.values()) controller.abort(new JobKilled());
  }

  async #heartbeat(): Promise<void> {
    await this.#bookkeeping.heartbeat([...this.#running.values()].map(({ job }) => job));
    await this.#maintenance.run();
  }

  async #format(): Promise<WorkerFormat> {
    const { format = "auto" } = this.#options;
    if (format !== "auto") return format;
    const keys = [...((await send(this.#client, "smembers", [WORKERS])) as Iterable<Buffer>)].map(String);
    for (const key of keys) {
      const version = await send(this.#client, "hget", [key, "version"]);
      if (version !== null) return String(version).startsWith("1.") ? 1 : 2;
    }
    return 2;
  }

  #connection(): RedisLike & { disconnect(): void } {
    const connection = this.#client.duplicate() as RedisLike & { disconnect(): void };
    listen(connection, "error", (error: Error) => this.#report(error));
    return connection;
  }

  #report(error: Error): void {
    this.#options.onError?.(error);
  }
}
