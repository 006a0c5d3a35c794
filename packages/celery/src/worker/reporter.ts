/** What a worker tells of itself: events, heartbeats, statistics. */
import { loadavg } from "node:os";
import type { Celery } from "../client/app.js";
import { utcOffset } from "../client/clock.js";
import { EventDispatcher } from "../client/telemetry/events.js";
import type { RunQueue } from "./intake/run-queue.js";
import { autoscalerInfo, brokerInfo, poolInfo, resourceUsage } from "./remote-control/stats.js";

export interface ReporterOptions {
  readonly app: Celery;
  readonly hostname: string;
  readonly sendsTaskEvents: boolean;
  readonly heartbeatIntervalMs: number;
  readonly onWarning: (error: Error) => void;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #events: EventDispatcher;
  /** Tasks begun, by name. */
  readonly #counts = new Map<string, number>();
  readonly #startedAt = Date.now();
  #processed = 0;
  #active = 0;
  #sendsTaskEvents: boolean;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#sendsTaskEvents = options.sendsTaskEvents;
    const { transport, content, clock } = options.app;
    const source = { hostname: options.hostname, pid: process.pid, utcoffset: utcOffset() };
    this.#events = new EventDispatcher({ transport, content, clock, source, onWarning: options.onWarning });
  }

  start(): void {
    this.send("worker-online", this.#vitals());
    const { heartbeatIntervalMs } = this.#options;
    if (heartbeatIntervalMs > 0) this.#heartbeat = setInterval(() => this.beat(), heartbeatIntervalMs);
  }

  stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
  }

  async stop(): Promise<void> {
    this.stopHeartbeat();
    this.send("worker-offline", this.#vitals());
    await this.#events.flush();
  }

  send(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#events.send(type, fields);
  }

  sendTaskEvent(type: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#sendsTaskEvents) this.#events.sendBatched(type, fields);
  }

  /** Whether that is a change. */
  setTaskEvents(isEnabled: boolean): boolean {
    const isChange = this.#sendsTaskEvents !== isEnabled;
    this.#sendsTaskEvents = isEnabled;
    return isChange;
  }

  beat(): void {
    this.send("worker-heartbeat", this.#vitals());
  }

  onTaskStart(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#active += 1;
  }

  onTaskEnd(): void {
    this.#processed += 1;
    this.#active -= 1;
  }

  #vitals(): Record<string, unknown> {
    return {
      freq: this.#options.heartbeatIntervalMs / 1000,
      active: this.#active,
      processed: this.#processed,
      loadavg: loadavg().map((load) => Math.round(load * 100) / 100),
      sw_ident: "brine",
      sw_ver: process.versions.node,
      sw_sys: process.platform === "linux" ? "Linux" : process.platform,
    };
  }

  /** As `inspect stats` shows it. */
  stats(runQueue: RunQueue, prefetch: number): Record<string, unknown> {
    const { app } = this.#options;
    const autoscaler = autoscalerInfo(runQueue);
    return {
      total: countsOf(this.#counts),
      pid: process.pid,
      clock: String(app.clock.value),
      uptime: Math.round((Date.now() - this.#startedAt) / 1000),
      pool: poolInfo(runQueue, app.settings),
      ...(autoscaler === undefined ? {} : { autoscaler }),
      broker: brokerInfo(app.transport),
      prefetch_count: prefetch,
      rusage: resourceUsage(),
    };
  }
}

/** Counts by task, in a form that every serializer carries. */
function countsOf(counts: ReadonlyMap<string, number>): Record<string, number> {
  const record: Record<string, number> = {};
  // Not an assignment: `__proto__` may be the name of a task.
  for (const [name, count] of counts) Object.defineProperty(record, name, { value: count, enumerable: true });
  return record;
}
