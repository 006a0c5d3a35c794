/** What a worker of RQ writes about itself and its jobs, in the forms of rq 1 and rq 2. rq `worker.py`, `executions.py`. */
import { evaluate } from "../cache/lock.js";
import { type Arg, type RedisLike, send, sendAll } from "../pickled/client.js";
import { unixSeconds, utcformat } from "./format.js";
import {
  dependenciesKey,
  dependentsKey,
  executionKey,
  executionsKey,
  intermediateKey,
  jobKey,
  queueKey,
  registryKey,
  resultsKey,
  WORKERS,
  workerExecutionsKey,
  workerKey,
  workersOfQueueKey,
} from "./keys.js";
import { ENQUEUE_DEPENDENTS, RELEASE } from "./scripts.js";

/** rq 2 has executions: a job that runs again has another one. */
export type WorkerFormat = 1 | 2;

/** A job at hand. */
export interface RunningJob {
  readonly id: string;
  readonly queue: string;
  readonly execution: string;
  readonly startedAt: Date;
  /** Seconds; -1: none. */
  readonly timeout: number;
  /** Seconds; 0: the job is deleted, -1: kept. */
  readonly resultTtl: number;
  readonly failureTtl: number;
  readonly retriesLeft: number;
  readonly retryIntervals: readonly number[];
  /** rq 2: how often it is to run again after it succeeded. */
  readonly repeatsLeft: number;
  readonly repeatIntervals: readonly number[];
  /** rq 2.10: the key of its rate limit; empty: none. */
  readonly rateLimitKey: string;
}

export interface WorkerIdentity {
  readonly name: string;
  readonly queues: readonly string[];
  readonly format: WorkerFormat;
  readonly hostname: string;
  /** Seconds. */
  readonly ttl: number;
}

type Step = { readonly name: string; readonly args: readonly Arg[] };

const step = (name: string, ...args: Arg[]): Step => ({ name, args });
const nowSeconds = (): number => unixSeconds(new Date());

/** Versions that tell Python's tools which bookkeeping this is. */
const VERSIONS: Readonly<Record<WorkerFormat, string>> = { 1: "1.13.0", 2: "2.3.3" };

/** Results kept of one job: results.py. */
const MAX_RESULTS = 10;
const RESULT = { successful: 1, failed: 2, stopped: 3, retried: 4 } as const;

export class Bookkeeping {
  readonly #client: RedisLike;
  readonly #worker: WorkerIdentity;

  constructor(client: RedisLike, worker: WorkerIdentity) {
    this.#client = client;
    this.#worker = worker;
  }

  async birth(): Promise<void> {
    const { name, queues, format, hostname, ttl } = this.#worker;
    const now = utcformat(new Date());
    const key = workerKey(name);
    const facts = {
      birth: now,
      last_heartbeat: now,
      queues: queues.join(","),
      pid: process.pid,
      hostname,
      ip_address: await this.#address(),
      version: VERSIONS[format],
      python_version: `Node ${process.version}`,
      state: "idle",
    };
    await this.#commit([
      step("del", key),
      step("hset", key, ...Object.entries(facts).flat()),
      step("sadd", WORKERS, key),
      ...queues.map((queue) => step("sadd", workersOfQueueKey(queue), key)),
      step("expire", key, ttl + 60),
    ]);
  }

  /** As Redis sees it. Before 6.2 it shows this connection among all only. */
  async #address(): Promise<string> {
    const ask = async (...words: string[]) => String(await send(this.#client, "client", words).catch(() => ""));
    const own = (await ask("INFO")) || lineOf(await ask("LIST"), await ask("ID"));
    return /\baddr=(\S+)/.exec(own)?.[1] ?? "unknown";
  }

  async death(): Promise<void> {
    const { name, queues } = this.#worker;
    const key = workerKey(name);
    await this.#commit([
      step("srem", WORKERS, key),
      ...queues.map((queue) => step("srem", workersOfQueueKey(queue), key)),
      step("hset", key, "death", utcformat(new Date())),
      step("expire", key, 60),
    ]);
  }

  /** As `rq info` shows it. */
  async state(state: "idle" | "suspended"): Promise<void> {
    await this.#commit([step("hset", workerKey(this.#worker.name), "state", state)]);
  }

  async started(job: RunningJob): Promise<void> {
    const { name, ttl } = this.#worker;
    const now = utcformat(new Date());
    const key = workerKey(name);
    const lifetime = heartbeatTtl(job);
    await this.#commit([
      ...this.#beginExecution(job, now, lifetime),
      step("zadd", registryKey("started", job.queue), nowSeconds() + lifetime, this.#member(job)),
      step("hset", key, "state", "busy", "current_job", job.id, "current_job_working_time", 0, "last_heartbeat", now),
      step("expire", key, ttl + 60),
      step("hset", jobKey(job.id), "last_heartbeat", now, "started_at", now, "status", "started", "worker_name", name),
      step("persist", jobKey(job.id)),
      step("lrem", intermediateKey(job.queue), 1, job.id),
    ]);
  }

  async heartbeat(jobs: readonly RunningJob[]): Promise<void> {
    const { name, ttl } = this.#worker;
    const now = utcformat(new Date());
    const steps = [step("hset", workerKey(name), "last_heartbeat", now), step("expire", workerKey(name), ttl + 60)];
    for (const job of jobs) {
      const lifetime = heartbeatTtl(job);
      steps.push(
        step("zadd", registryKey("started", job.queue), "XX", nowSeconds() + lifetime, this.#member(job)),
        step("hset", jobKey(job.id), "last_heartbeat", now),
        ...(this.#worker.format === 2 ? this.#beginExecution(job, now, lifetime) : []),
      );
    }
    await this.#commit(steps);
  }

  /** `result`: its bytes in base64; `undefined` for None, as rq leaves it out. */
  async succeeded(job: RunningJob, result: string | undefined): Promise<void> {
    const value = result === undefined ? [] : ["return_value", result];
    const repeats = this.#worker.format === 2 && job.repeatsLeft > 0;
    await this.#commit([
      ...this.#count(job, "successful_job_count"),
      ...(job.resultTtl !== 0
        ? [
            ...this.#ended(job, "finished"),
            ...this.#result(job, RESULT.successful, value, job.resultTtl),
            step("zadd", registryKey("finished", job.queue), expiry(job.resultTtl), job.id),
          ]
        : [step("hset", jobKey(job.id), "status", "finished")]),
      ...this.#leave(job),
    ]);
    // Before the job may go, for its dependents look at its status.
    await this.#enqueueDependents(job);
    await this.#commit(repeats ? this.#repeat(job) : this.#cleanup(job, job.resultTtl));
    await this.#release(job);
  }

  /** `traceback`: compressed, in base64. */
  async failed(job: RunningJob, traceback: string): Promise<void> {
    await this.#commit([
      ...this.#count(job, "failed_job_count"),
      ...this.#ended(job, "failed"),
      ...this.#result(job, RESULT.failed, ["exc_string", traceback], job.failureTtl),
      step("zadd", registryKey("failed", job.queue), expiry(job.failureTtl), job.id),
      ...this.#leave(job),
      ...this.#cleanup(job, job.failureTtl),
    ]);
    await this.#enqueueDependents(job);
    await this.#release(job);
  }

  async stopped(job: RunningJob, traceback: string): Promise<void> {
    await this.#commit([
      ...this.#count(job, "failed_job_count"),
      ...this.#ended(job, "stopped"),
      ...this.#result(
        job,
        this.#worker.format === 2 ? RESULT.stopped : RESULT.failed,
        ["exc_string", traceback],
        job.failureTtl,
      ),
      step("zadd", registryKey("failed", job.queue), expiry(job.failureTtl), job.id),
      ...this.#leave(job),
      ...this.#cleanup(job, job.failureTtl),
    ]);
    await this.#enqueueDependents(job);
    await this.#release(job);
  }

  /** rq `Job.retry`: at once, or after the interval whose turn it is. */
  async retried(job: RunningJob, traceback: string): Promise<void> {
    const { retryIntervals, retriesLeft } = job;
    const interval = retryIntervals[Math.max(retryIntervals.length - retriesLeft, 0)] ?? 0;
    await this.#commit([
      ...this.#count(job, "failed_job_count"),
      step("hset", jobKey(job.id), "retries_left", retriesLeft - 1, "ended_at", utcformat(new Date())),
      ...(this.#worker.format === 2
        ? this.#result(job, RESULT.retried, ["exc_string", traceback], job.failureTtl)
        : []),
      ...(this.#worker.format === 2 ? [step("hincrby", jobKey(job.id), "number_of_retries", 1)] : []),
      ...this.#leave(job),
      ...this.#again(job, interval),
    ]);
    await this.#release(job);
  }

  /** rq `Repeat.schedule`: the intervals are taken from the last one. */
  #repeat(job: RunningJob): Step[] {
    const { repeatIntervals, repeatsLeft } = job;
    const interval = repeatIntervals[Math.min(repeatsLeft, repeatIntervals.length) - 1] ?? 0;
    return [step("hset", jobKey(job.id), "repeats_left", repeatsLeft - 1), ...this.#again(job, interval)];
  }

  /** `interval`: in seconds; 0: at once. */
  #again(job: RunningJob, interval: number): Step[] {
    if (interval > 0) {
      return [
        step("hset", jobKey(job.id), "status", "scheduled"),
        step("zadd", registryKey("scheduled", job.queue), nowSeconds() + interval, job.id),
      ];
    }
    return [
      step("hset", jobKey(job.id), "status", "queued", "enqueued_at", utcformat(new Date())),
      step("rpush", queueKey(job.queue), job.id),
    ];
  }

  /** The name of the job in the registry of started jobs. */
  #member(job: RunningJob): string {
    return this.#worker.format === 1 ? job.id : `${job.id}:${job.execution}`;
  }

  #beginExecution(job: RunningJob, now: string, lifetime: number): Step[] {
    if (this.#worker.format === 1) return [];
    const { name } = this.#worker;
    const key = executionKey(job.id, job.execution);
    const created = utcformat(job.startedAt);
    return [
      step("hset", key, "created_at", created, "last_heartbeat", now, "worker_name", name),
      step("expire", key, lifetime),
      step("zadd", executionsKey(job.id), nowSeconds() + lifetime, job.execution),
      step("expire", executionsKey(job.id), lifetime),
      step("sadd", workerExecutionsKey(name), `${job.id}:${job.execution}`),
      step("expire", workerExecutionsKey(name), lifetime),
    ];
  }

  #count(job: RunningJob, counter: "successful_job_count" | "failed_job_count"): Step[] {
    const key = workerKey(this.#worker.name);
    const seconds = (Date.now() - job.startedAt.getTime()) / 1000;
    return [
      step("hset", key, "state", "idle"),
      step("hdel", key, "current_job"),
      step("hincrby", key, counter, 1),
      step("hincrbyfloat", key, "total_working_time", seconds),
    ];
  }

  #ended(job: RunningJob, status: "finished" | "failed" | "stopped"): Step[] {
    return [step("hset", jobKey(job.id), "status", status, "ended_at", utcformat(new Date()))];
  }

  #result(job: RunningJob, type: number, field: readonly string[], ttl: number): Step[] {
    const { name, format } = this.#worker;
    const extra = format === 2 ? ["worker_name", name] : [];
    const key = resultsKey(job.id);
    return [
      step("xadd", key, "MAXLEN", "~", MAX_RESULTS, "*", "type", type, ...field, ...extra),
      ttl > 0 ? step("expire", key, ttl) : step("persist", key),
    ];
  }

  #leave(job: RunningJob): Step[] {
    const started = step("zrem", registryKey("started", job.queue), this.#member(job));
    if (this.#worker.format === 1) return [started];
    return [
      started,
      step("del", executionKey(job.id, job.execution)),
      step("zrem", executionsKey(job.id), job.execution),
      step("srem", workerExecutionsKey(this.#worker.name), `${job.id}:${job.execution}`),
    ];
  }

  /** rq `Job.cleanup`. */
  #cleanup(job: RunningJob, ttl: number): Step[] {
    const keys = [jobKey(job.id), dependentsKey(job.id), dependenciesKey(job.id)];
    if (ttl === 0) return [step("del", ...keys, resultsKey(job.id))];
    return keys.map((key) => (ttl > 0 ? step("expire", key, ttl) : step("persist", key)));
  }

  async #enqueueDependents(job: RunningJob): Promise<void> {
    const args = [utcformat(new Date()), nowSeconds()];
    await evaluate(this.#client, ENQUEUE_DEPENDENTS, [dependentsKey(job.id)], args);
  }

  /** Another job of its rate limit may begin, unless it is in its queue again. */
  async #release({ id, rateLimitKey }: RunningJob): Promise<void> {
    if (rateLimitKey === "") return;
    await evaluate(this.#client, RELEASE, [], [rateLimitKey, id, nowSeconds(), utcformat(new Date())]);
  }

  async #commit(steps: readonly Step[]): Promise<void> {
    for (const [error] of await sendAll(this.#client, steps, true)) if (error !== null) throw error;
  }
}

/** A client's line of CLIENT LIST. */
function lineOf(clients: string, id: string): string {
  return clients.split("\n").find((line) => line.startsWith(`id=${id} `)) ?? "";
}

/** rq `get_heartbeat_ttl`: what is left of the job's time, and a minute. Seconds. */
function heartbeatTtl(job: RunningJob): number {
  const left = job.timeout > 0 ? Math.ceil(job.timeout - (Date.now() - job.startedAt.getTime()) / 1000) : 30;
  return Math.max(1, Math.min(30, left)) + 60;
}

function expiry(ttl: number): Arg {
  return ttl < 0 ? "+inf" : nowSeconds() + ttl;
}
