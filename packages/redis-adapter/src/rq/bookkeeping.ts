/** What a worker of RQ writes about its jobs, in the forms of rq 1 and rq 2. rq `worker.py`, `job.py`, `results.py`. */
import { evaluate } from "../cache/lock.js";
import type { Arg, RedisLike } from "../pickled/driver/client.js";
import { beginExecution, endExecution, memberOf } from "./executions.js";
import { unixSeconds, utcformat } from "./format.js";
import type { RqStatus } from "./job-info.js";
import {
  dependenciesKey,
  dependentsKey,
  intermediateKey,
  jobKey,
  queueKey,
  registryKey,
  resultsKey,
  workerKey,
} from "./keys.js";
import { commit, notEnqueued, otherKind, REFUSED, type Step, step } from "./other-kinds.js";
import type { RunningJob } from "./running-job.js";
import { ENQUEUE_DEPENDENTS, RELEASE } from "./scripts.js";
import type { WorkerIdentity } from "./worker-record.js";

const nowSeconds = (): number => unixSeconds(new Date());

/** Results kept of one job: results.py. */
const MAX_RESULTS = 10;
const RESULT = { successful: 1, failed: 2, retried: 4 } as const;

/** The job was deleted while it was run: as its caller wants, nothing is kept of it. */
export class JobGone extends Error {
  override name = "JobGone";

  constructor(id: string) {
    super(`Job ${id} was deleted while it was run`);
  }
}

export class Bookkeeping {
  readonly #client: RedisLike;
  readonly #worker: WorkerIdentity;

  constructor(client: RedisLike, worker: WorkerIdentity) {
    this.#client = client;
    this.#worker = worker;
  }

  /**
   * `hadStatus`: whether its hash said any.
   *
   * @throws JobGone when it was deleted meanwhile; RedisAdapterError `job` when it cannot be noted that it runs, and so it does not
   */
  async started(job: RunningJob, hadStatus: boolean): Promise<void> {
    const { name, ttl } = this.#worker;
    const now = utcformat(new Date());
    const key = workerKey(name);
    const lifetime = heartbeatTtl(job);
    const started = registryKey("started", job.queue);
    const steps = [
      step("zadd", started, nowSeconds() + lifetime, memberOf(job, this.#worker)),
      ...beginExecution(job, this.#worker, lifetime),
      step("hset", key, "state", "busy", "current_job", job.id, "current_job_working_time", 0, "last_heartbeat", now),
      step("expire", key, ttl + 60),
      step("hset", jobKey(job.id), "last_heartbeat", now, "started_at", now, "worker_name", name),
      step("persist", jobKey(job.id)),
      step("lrem", intermediateKey(job.queue), 1, job.id),
    ];
    const [, entered] = await this.#commitTo(job, "started", steps, hadStatus);
    if (entered !== REFUSED) return;
    // Nobody would find it if this process died. Maintenance finds what was taken and not started.
    await this.#commit([
      step("hset", jobKey(job.id), "status", "queued", "started_at", "", "worker_name", ""),
      step("rpush", intermediateKey(job.queue), job.id),
      step("hset", key, "state", "idle"),
      step("hdel", key, "current_job"),
      ...endExecution(job, this.#worker),
    ]);
    throw otherKind(`begin job ${job.id}`, undefined, started);
  }

  /** Of this worker, and of its jobs. One that was deleted stays so. */
  async heartbeat(jobs: readonly RunningJob[]): Promise<void> {
    const { name, ttl } = this.#worker;
    const now = utcformat(new Date());
    const steps = [step("hset", workerKey(name), "last_heartbeat", now), step("expire", workerKey(name), ttl + 60)];
    for (const job of jobs) {
      const lifetime = heartbeatTtl(job);
      steps.push(
        step("zadd", registryKey("started", job.queue), "XX", nowSeconds() + lifetime, memberOf(job, this.#worker)),
        ...beginExecution(job, this.#worker, lifetime),
      );
    }
    const beats = jobs.map(({ id }) => step("hset", jobKey(id), "last_heartbeat", now));
    const replies = await this.#commit([...beats, ...steps]);
    await this.#commit(jobs.filter((_, i) => replies[i] === 1).map(({ id }) => step("del", jobKey(id))));
  }

  /** `result`: its bytes in base64; `undefined` for None, as rq leaves it out. */
  async succeeded(job: RunningJob, result: string | undefined): Promise<void> {
    const value = result === undefined ? [] : ["return_value", result];
    const repeats = this.#worker.format === 2 && job.repeatsLeft > 0;
    await this.#commitTo(job, "finished", [
      ...this.#count(job, "successful_job_count"),
      ...(job.resultTtl !== 0
        ? [
            this.#ended(job),
            ...this.#result(job, RESULT.successful, value, job.resultTtl),
            step("zadd", registryKey("finished", job.queue), expiry(job.resultTtl), job.id),
          ]
        : []),
      ...this.#leave(job),
    ]);
    // Before the job may go, for its dependents look at its status.
    await this.#enqueueDependents(job);
    const isAgain = repeats && !(await this.#commit(this.#repeat(job))).includes(REFUSED);
    // One that cannot be repeated has finished.
    if (repeats && !isAgain) await this.#commit([step("hset", jobKey(job.id), "status", "finished")]);
    if (!isAgain) await this.#commit(this.#cleanup(job, job.resultTtl));
    await this.#release(job);
  }

  /** `traceback`: compressed, in base64. */
  async failed(job: RunningJob, traceback: string, status: "failed" | "stopped" = "failed"): Promise<void> {
    const steps = [...this.#count(job, "failed_job_count"), this.#ended(job), ...this.#leave(job)];
    await this.#commitTo(job, status, [...steps, ...this.#failure(job, traceback)]);
    await this.#enqueueDependents(job);
    await this.#release(job);
  }

  #failure(job: RunningJob, traceback: string): Step[] {
    return [
      ...this.#result(job, RESULT.failed, ["exc_string", traceback], job.failureTtl),
      step("zadd", registryKey("failed", job.queue), expiry(job.failureTtl), job.id),
      ...this.#cleanup(job, job.failureTtl),
    ];
  }

  /** rq `Job.retry`: at once, or after the interval whose turn it is. `traceback`: as of {@link failed}. */
  async retried(job: RunningJob, traceback: string): Promise<void> {
    const { retryIntervals, retriesLeft } = job;
    const interval = retryIntervals[Math.max(retryIntervals.length - retriesLeft, 0)] ?? 0;
    await this.#tryAgain(job, interval, traceback, [step("hset", jobKey(job.id), "retries_left", retriesLeft - 1)]);
  }

  /**
   * The job returned a Retry: it is run again after `interval` seconds. rq `Worker.handle_job_retry`, but that rq 2.3 counts
   * only those without an interval, and so never ends the others. `traceback`: as of {@link failed}.
   */
  async returnedRetry(job: RunningJob, interval: number, traceback: string): Promise<void> {
    // rq 1 has no such type of a result, and reads none of the others where there is one.
    const isTold = this.#worker.format === 2 && job.failureTtl !== 0;
    await this.#tryAgain(job, interval, traceback, [
      step("hset", jobKey(job.id), "number_of_retries", job.numberOfRetries + 1),
      ...(isTold ? this.#result(job, RESULT.retried, [], job.failureTtl) : []),
    ]);
  }

  /** `counted`: what is noted of its being tried again. */
  async #tryAgain(job: RunningJob, interval: number, traceback: string, counted: readonly Step[]): Promise<void> {
    const again = this.#again(job, interval);
    const steps = [...this.#count(job, "failed_job_count"), ...counted, this.#ended(job), ...this.#leave(job)];
    const replies = await this.#commitTo(job, interval > 0 ? "scheduled" : "queued", [...again, ...steps]);
    if (replies.slice(1, 1 + again.length).includes(REFUSED)) {
      // It would be nowhere: it has failed, with retries left.
      await this.#commitTo(job, "failed", this.#failure(job, traceback));
      await this.#enqueueDependents(job);
    }
    await this.#release(job);
  }

  /** rq `Repeat.schedule`: the intervals are taken from the last one, and a job that waits for its turn has finished. */
  #repeat(job: RunningJob): Step[] {
    const { repeatIntervals, repeatsLeft } = job;
    const interval = repeatIntervals[Math.min(repeatsLeft, repeatIntervals.length) - 1] ?? 0;
    return [step("hset", jobKey(job.id), "repeats_left", repeatsLeft - 1), ...this.#again(job, interval)];
  }

  /** `interval`: in seconds; 0: at once. */
  #again(job: RunningJob, interval: number): Step[] {
    if (interval > 0) return [step("zadd", registryKey("scheduled", job.queue), nowSeconds() + interval, job.id)];
    return [
      step("hset", jobKey(job.id), "status", "queued", "enqueued_at", utcformat(new Date())),
      step("rpush", queueKey(job.queue), job.id),
      ...(job.ttl > 0 ? this.#cleanup(job, job.ttl) : []),
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

  #ended(job: RunningJob): Step {
    return step("hset", jobKey(job.id), "ended_at", utcformat(new Date()));
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
    return [
      step("zrem", registryKey("started", job.queue), memberOf(job, this.#worker)),
      ...endExecution(job, this.#worker),
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
    const refused = await evaluate(this.#client, ENQUEUE_DEPENDENTS, [dependentsKey(job.id)], args);
    for (const error of notEnqueued(refused, `waiting for ${job.id}`)) this.#worker.report(error);
  }

  /** Another job of its rate limit may begin, unless it is in its queue again. */
  async #release({ id, rateLimitKey }: RunningJob): Promise<void> {
    if (rateLimitKey === "") return;
    await evaluate(this.#client, RELEASE, [], [rateLimitKey, id, nowSeconds(), utcformat(new Date())]);
  }

  /**
   * Commits, and with it the job's new status, from which is seen whether the job is still there: one that was deleted leaves nothing
   * behind. @throws JobGone
   */
  async #commitTo(job: RunningJob, status: RqStatus, steps: readonly Step[], hadStatus = true): Promise<unknown[]> {
    const replies = await this.#commit([step("hset", jobKey(job.id), "status", status), ...steps]);
    if (!hadStatus || replies[0] !== 1) return replies;
    const registries = ["finished", "failed", "scheduled"] as const;
    await this.#commit([
      ...this.#cleanup(job, 0),
      ...this.#leave(job),
      step("lrem", queueKey(job.queue), 0, job.id),
      ...registries.map((registry) => step("zrem", registryKey(registry, job.queue), job.id)),
    ]);
    throw new JobGone(job.id);
  }

  #commit(steps: readonly Step[]): Promise<unknown[]> {
    return commit(this.#client, steps, this.#worker.report);
  }
}

/** rq `get_heartbeat_ttl`: what is left of the job's time, and a minute. Seconds. */
function heartbeatTtl(job: RunningJob): number {
  const left = job.timeout > 0 ? Math.ceil(job.timeout - (Date.now() - job.startedAt.getTime()) / 1000) : 30;
  return Math.max(1, Math.min(30, left)) + 60;
}

function expiry(ttl: number): Arg {
  return ttl < 0 ? "+inf" : nowSeconds() + ttl;
}
