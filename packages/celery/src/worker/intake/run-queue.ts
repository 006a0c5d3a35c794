/** Requests from receipt to their end: waiting for their time, for their rate limit, for a slot; running. */
import { patiently } from "../../client/patience.js";
import { Terminated } from "../../protocol/python-exceptions.js";
import type { Request } from "../execution/request.js";
import { Schedule } from "../schedule.js";
import type { TokenBucket } from "./rate-limit.js";

/** More than a broker takes to come back after a restart: what is done and not told yet would be done again, or lost. */
const CONCLUDING_MS = 30_000;

export interface RunQueueOptions {
  readonly concurrency: number;
  /** Follow the load between these; absent: stay at `concurrency`. */
  readonly autoscale: Autoscale | undefined;
  /** Never rejects. */
  readonly run: (request: Request) => Promise<void>;
  /** Ends a request that is not to run. Never rejects. */
  readonly drop: (request: Request, reason: "revoked" | "expired") => Promise<void>;
  readonly isRevoked: (request: Request) => boolean;
  readonly bucketOf: (request: Request) => TokenBucket | undefined;
  /** How many messages to hold has changed. */
  readonly onSizeChange: () => void;
}

/** How many tasks run at once: at least, and at most. */
export interface Autoscale {
  /** Tasks at the same time when there is nothing to do. */
  readonly min: number;
  /** Tasks at the same time at most. */
  readonly max: number;
}

/** Ends a run because the worker stops at once; a message that is not acknowledged has gone back. */
export class ColdShutdown extends Error {
  override name = "ColdShutdown";
}

/** Ends a run whose message the broker gives to somebody else. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}

export class RunQueue {
  readonly #options: RunQueueOptions;
  readonly #active = new Map<Request, Promise<void>>();
  /** Ends of requests that are not to run, not told to everybody yet. */
  readonly #dropping = new Set<Promise<void>>();
  /** Ready to run, waiting for a slot. */
  #reserved: Request[] = [];
  /** Waiting for its ETA: one place more to fetch for each. */
  readonly #scheduled: Schedule<Request>;
  /** Waiting for a token of its rate limit: keeps its place, so that a slow task does not empty the queue into memory. */
  readonly #throttled: Schedule<Request>;
  #concurrency: number;
  #autoscale: Autoscale | undefined;
  #isClosed = false;

  constructor(options: RunQueueOptions) {
    this.#options = options;
    this.#concurrency = options.autoscale?.min ?? options.concurrency;
    this.#autoscale = options.autoscale;
    this.#scheduled = new Schedule((request) => this.#onDue(request));
    this.#throttled = new Schedule((request) => this.#enqueue(request));
  }

  /** Tasks that may run at the same time. */
  get concurrency(): number {
    return this.#concurrency;
  }

  get autoscale(): Autoscale | undefined {
    return this.#autoscale;
  }

  get active(): readonly Request[] {
    return [...this.#active.keys()];
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** Received and not begun, without those that wait for their time. */
  get reserved(): readonly Request[] {
    return [...this.#reserved, ...this.#throttled.entries().map(([request]) => request)];
  }

  get scheduled(): readonly (readonly [request: Request, etaMs: number])[] {
    return this.#scheduled.entries();
  }

  get scheduledCount(): number {
    return this.#scheduled.size;
  }

  add(request: Request): void {
    if (this.#isDropped(request)) return;
    const { etaMs } = request;
    if (etaMs !== undefined && etaMs > Date.now()) {
      this.#scheduled.add(request, etaMs);
      this.#options.onSizeChange();
    } else {
      this.#enqueue(request);
    }
  }

  #onDue(request: Request): void {
    this.#options.onSizeChange();
    this.#enqueue(request);
  }

  #enqueue(request: Request): void {
    const wait = this.#options.bucketOf(request)?.take() ?? 0;
    if (wait > 0) {
      this.#throttled.add(request, Date.now() + wait);
      return;
    }
    this.#reserved.push(request);
    this.#fill();
  }

  /** Nothing begins any more; what runs goes on. */
  close(): void {
    this.#isClosed = true;
  }

  #fill(): void {
    if (this.#isClosed) return;
    this.#scale();
    while (this.#active.size < this.#concurrency) {
      const request = this.#reserved.shift();
      if (request === undefined) return;
      if (!this.#isDropped(request)) this.#run(request);
    }
  }

  /** Expired, revoked, or with a connection that is gone, so that the broker delivers it again. */
  #isDropped(request: Request): boolean {
    if (!request.delivery.alive) return true;
    const reason = this.#options.isRevoked(request) ? "revoked" : request.isExpired ? "expired" : undefined;
    if (reason === undefined) return false;
    this.#drop(request, reason);
    return true;
  }

  #drop(request: Request, reason: "revoked" | "expired"): void {
    const dropping = this.#options.drop(request, reason).finally(() => this.#dropping.delete(dropping));
    this.#dropping.add(dropping);
  }

  #run(request: Request): void {
    const running = this.#options.run(request).finally(() => {
      this.#active.delete(request);
      this.#fill();
    });
    this.#active.set(request, running);
  }

  setConcurrency(count: number): void {
    if (count === this.#concurrency) return;
    this.#concurrency = count;
    this.#options.onSizeChange();
    this.#fill();
  }

  setAutoscale(autoscale: Autoscale): void {
    this.#autoscale = autoscale;
    this.#fill();
  }

  #scale(): void {
    if (this.#autoscale === undefined) return;
    const { min, max } = this.#autoscale;
    const wanted = Math.min(max, Math.max(min, this.#active.size + this.#reserved.length));
    if (wanted === this.#concurrency) return;
    this.#concurrency = wanted;
    this.#options.onSizeChange();
  }

  /** After a lost connection: the broker gives what waits here to somebody. */
  dropLost(): void {
    this.#reserved = this.#reserved.filter((request) => request.delivery.alive);
    for (const waiting of [this.#scheduled, this.#throttled]) {
      for (const [request] of waiting.entries()) if (!request.delivery.alive) waiting.remove(request);
    }
    this.#options.onSizeChange();
  }

  /** Ends what runs and will be run by somebody else, too: late acks, and a connection that is gone. */
  cancelLost(): void {
    for (const request of this.#active.keys()) {
      if (!request.isSettled && !request.delivery.alive) request.stop.abort(new ConnectionLost("cancelled by Celery"));
    }
  }

  /**
   * Ends what is held here and was revoked, for whatever it waits: its sender should not wait for a task that will not run.
   * As Celery 5.6; before, a worker said so when the task's turn came.
   */
  dropRevoked(): void {
    const revoked = new Set([...this.#reserved, ...this.#waiting()].filter(this.#options.isRevoked));
    if (revoked.size === 0) return;
    this.#reserved = this.#reserved.filter((request) => !revoked.has(request));
    for (const request of revoked) {
      this.#scheduled.remove(request);
      this.#throttled.remove(request);
      this.#drop(request, "revoked");
    }
    this.#options.onSizeChange();
  }

  #waiting(): Request[] {
    return [this.#scheduled, this.#throttled].flatMap((waiting) => waiting.entries().map(([request]) => request));
  }

  /** Stops those that run and are meant; gives them. `signal` is a number, for events. */
  terminate(isMeant: (request: Request) => boolean, signal: number): Request[] {
    const terminated = this.active.filter(isMeant);
    for (const request of terminated) request.stop.abort(new Terminated(signal));
    return terminated;
  }

  /** Gives back what has not begun, and sees what will not run to its end: others may not know that it was revoked. */
  async release(): Promise<void> {
    const waiting = [...this.#reserved, ...this.#scheduled.clear(), ...this.#throttled.clear()];
    this.#reserved = [];
    await Promise.allSettled([...waiting.map((request) => request.reject(true)), ...this.#dropping]);
  }

  /** Ends what runs; messages that are not acknowledged yet go back. */
  abortAll(): void {
    for (const request of this.#active.keys()) {
      const reason = new ColdShutdown("The worker is shut down");
      // Not awaited: a broker that is away must not keep the task running.
      if (!request.isSettled) void request.reject(true).catch(() => {});
      request.stop.abort(reason);
    }
  }

  /**
   * Resolves when nothing runs: to true, or to false when handlers have ended whose broker or result store did not answer for
   * {@link CONCLUDING_MS}.
   */
  async idle(): Promise<boolean> {
    while (this.#active.size > 0) {
      const performing = this.active.filter((request) => request.isPerforming);
      if (performing.length > 0) {
        await Promise.all(performing.map((request) => request.performed()));
        continue;
      }
      const isDone = await patiently(Promise.all(this.#active.values()), CONCLUDING_MS);
      if (!isDone && !this.active.some((request) => request.isPerforming)) return false;
    }
    return true;
  }
}
