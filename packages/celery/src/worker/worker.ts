/** A worker: consumes queues, runs tasks, reports, and obeys remote control. Celery 5.2 `worker/consumer`. */
import { EventEmitter } from "node:events";
import { hostname as osHostname } from "node:os";
import type { Consumer, Queue } from "@brine/codec/kombu";
import type { Celery } from "../client/app.js";
import { utcOffset } from "../client/clock.js";
import { EventDispatcher } from "../client/events.js";
import type { FullQueue } from "../client/router.js";
import { Task } from "../client/task.js";
import { CeleryError } from "../errors.js";
import { Terminated } from "../protocol/python-exceptions.js";
import { isPlainRecord } from "../protocol/signature.js";
import { builtinTasks } from "./builtin-tasks.js";
import { type CommandHost, controlCommands, countsOf, loadAverages } from "./commands.js";
import type { TaskContext } from "./context.js";
import { Executor } from "./executor.js";
import { type BadMessage, Intake } from "./intake.js";
import { invokeHandler } from "./invoke.js";
import { parseRate, TokenBucket } from "./rate-limit.js";
import { RemoteControl } from "./remote-control.js";
import type { Request } from "./request.js";
import { RevokedTasks } from "./revoked.js";
import { Schedule } from "./schedule.js";
import { ThreadPool } from "./thread-pool.js";
import type { Limits } from "./time-limits.js";

export interface WorkerOptions {
  /** Names, or queues. Default: `taskQueues`, else the default queue. */
  readonly queues?: readonly (string | Queue)[] | undefined;
  /** Tasks that run at the same time. Default `workerConcurrency`. */
  readonly concurrency?: number | undefined;
  /** Messages fetched ahead, as a multiple of `concurrency`; 0: no limit. Default `workerPrefetchMultiplier`. */
  readonly prefetchMultiplier?: number | undefined;
  /** Node name, with or without `@host`. Default `celery`. Must be unique among workers. */
  readonly name?: string | undefined;
  /** Send task events (`celery worker -E`). Default `workerSendTaskEvents`. */
  readonly sendTaskEvents?: boolean | undefined;
  /** Milliseconds between heartbeat events; 0: none. Default 2000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** Ask other workers for what they know to be revoked, and wait up to a second for it, before consuming. Default true. */
  readonly mingle?: boolean | undefined;
  /** Answer `celery inspect` and `control`. Default `workerEnableRemoteControl`. */
  readonly remoteControl?: boolean | undefined;
  /** What happens to a message whose body cannot be read: acknowledged, as Celery does (default), or dead-lettered. It is never requeued. */
  readonly undecodable?: "acknowledge" | "dead-letter" | undefined;
  /**
   * Store a FAILURE (`kombu.exceptions.DecodeError`) for a task whose body cannot be read. Default true; Celery stores
   * nothing, and whoever waits for the result waits for ever.
   */
  readonly storeDecodeErrors?: boolean | undefined;
  /** Called for every message that is no runnable task; also the event `badMessage`. */
  readonly onDecodeError?: ((bad: BadMessage) => void) | undefined;
}

export interface WorkerEvents {
  ready: [];
  /** A message that is no task this worker can run; it is settled already. */
  badMessage: [bad: BadMessage];
  /** Something went wrong that no task can be told of: a result that cannot be stored, a lost connection. */
  warning: [error: Error];
  stopped: [];
}

const DEFAULT_HEARTBEAT_MS = 2000;
const MINGLE_MS = 1000;

export class Worker extends EventEmitter<WorkerEvents> {
  readonly hostname: string;
  readonly #app: Celery;
  readonly #options: WorkerOptions;
  readonly #intake: Intake;
  readonly #executor: Executor;
  readonly #events: EventDispatcher;
  readonly #control: RemoteControl;
  readonly #threads: ThreadPool;
  readonly #builtins: ReadonlyMap<string, Task>;
  readonly #active = new Map<Request, Promise<void>>();
  /** Ready to run, waiting for a slot. */
  #reserved: Request[] = [];
  /** Waiting for its ETA: one place more to fetch for each. */
  readonly #scheduled: Schedule<Request>;
  /** Waiting for a token of its rate limit: keeps its place, so that a slow task does not empty the queue into memory. */
  readonly #throttled: Schedule<Request>;
  readonly #revoked = new RevokedTasks();
  readonly #rates = new Map<string, TokenBucket>();
  readonly #timeLimits = new Map<string, { readonly hard: number | null; readonly soft: number | null }>();
  readonly #queues = new Map<string, FullQueue>();
  readonly #counts = new Map<string, number>();
  readonly #receiving = new Set<Promise<void>>();
  #processed = 0;
  #concurrency: number;
  #sendsTaskEvents: boolean;
  #consumer: Consumer | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #state: "new" | "running" | "stopping" | "stopped" = "new";
  #startedAt = 0;
  #stopping: Promise<void> | undefined;
  readonly #onDisconnect = (error: Error): void => this.#dropLost(error);

  constructor(app: Celery, options: WorkerOptions = {}) {
    super();
    this.#app = app;
    this.#options = options;
    const name = options.name ?? "celery";
    this.hostname = name.includes("@") ? name : `${name}@${osHostname()}`;
    this.#concurrency = positive(options.concurrency ?? app.settings.workerConcurrency, "concurrency");
    this.#sendsTaskEvents = options.sendTaskEvents ?? app.settings.workerSendTaskEvents;
    const warn = (error: Error): void => this.#warn(error);
    const { transport, content, clock } = app;
    const source = { hostname: this.hostname, pid: process.pid, utcoffset: utcOffset() };
    this.#events = new EventDispatcher({ transport, content, clock, source, onWarning: warn });
    this.#threads = new ThreadPool();
    const builtins = builtinTasks((context, task, args, kwargs) => this.#call(task, context, args, kwargs));
    this.#builtins = new Map([...builtins].map(([task, handler]) => [task, new Task(task, {}, handler, app)]));
    this.#scheduled = new Schedule((request) => this.#onDue(request));
    this.#throttled = new Schedule((request) => this.#enqueue(request));
    this.#executor = new Executor(app, {
      hostname: this.hostname,
      sendTaskEvent: (type, fields) => this.#sendTaskEvent(type, fields),
      invoke: (request, context) => this.#invoke(request, context),
      limitsOf: (request) => this.#limitsOf(request),
      onError: warn,
    });
    this.#intake = new Intake({
      app,
      findTask: (task) => this.#findTask(task),
      undecodable: options.undecodable ?? "acknowledge",
      storesDecodeErrors: options.storeDecodeErrors ?? true,
      sendTaskEvent: (type, fields) => this.#sendTaskEvent(type, fields),
      onBadMessage: (bad) => this.#onBadMessage(bad),
      onRequest: (request) => this.#onRequest(request),
      onError: warn,
    });
    const commands = controlCommands(this.#commandHost());
    this.#control = new RemoteControl({ app, hostname: this.hostname, commands, onWarning: warn });
  }

  /** Tasks that run now. */
  get active(): readonly Request[] {
    return [...this.#active.keys()];
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  /**
   * Connects and begins to consume. Resolves when it does.
   *
   * @throws what the transport throws when it cannot connect, or a queue cannot be declared
   */
  async start(): Promise<this> {
    if (this.#state !== "new") {
      throw new CeleryError(`Cannot start worker ${this.hostname}: it is ${this.#state}`, { code: "bad-state" });
    }
    this.#state = "running";
    this.#startedAt = Date.now();
    await this.#app.connect();
    this.#app.transport.on("disconnect", this.#onDisconnect);
    if (this.#options.remoteControl ?? this.#app.settings.workerEnableRemoteControl) await this.#control.start();
    if (this.#options.mingle ?? true) await this.#mingle();
    const named = this.#options.queues?.map((queue) => this.#app.router.queue(queue)) ?? this.#app.router.consumed;
    for (const queue of named) this.#queues.set(queue.name, queue);
    for (const queue of named) await this.#app.transport.declareQueue(queue);
    this.#consumer = await this.#app.transport.consume(named, (delivery) => this.#receive(delivery), {
      prefetch: this.#prefetch,
    });
    this.#events.send("worker-online", this.#vitals());
    const interval = this.#options.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_MS;
    if (interval > 0) this.#heartbeat = setInterval(() => this.#beat(), interval);
    this.emit("ready");
    return this;
  }

  /**
   * Stops consuming, gives back what has not begun, waits for running tasks, and settles them.
   *
   * `timeoutMs`: after that the shutdown is a cold one: running tasks are aborted, and those with late acks go back to their
   * queue. `cold: true`: at once. The app stays open.
   */
  stop(options: { readonly timeoutMs?: number | undefined; readonly cold?: boolean | undefined } = {}): Promise<void> {
    if (options.cold === true) this.#abortAll();
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  async #stop(options: { readonly timeoutMs?: number | undefined }): Promise<void> {
    if (this.#state === "new") {
      this.#state = "stopped";
      return;
    }
    this.#state = "stopping";
    clearInterval(this.#heartbeat);
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => this.#abortAll(), options.timeoutMs);
    await this.#quietly(this.#consumer?.cancel());
    await Promise.all(this.#receiving);
    const waiting = [...this.#reserved, ...this.#scheduled.clear(), ...this.#throttled.clear()];
    this.#reserved = [];
    await Promise.all(waiting.map((request) => this.#quietly(request.reject(true))));
    while (this.#active.size > 0) await Promise.all(this.#active.values());
    clearTimeout(timer);
    await this.#quietly(this.#control.stop());
    this.#events.send("worker-offline", this.#vitals());
    await this.#events.flush();
    await this.#threads.close();
    this.#app.transport.off("disconnect", this.#onDisconnect);
    this.#state = "stopped";
    this.emit("stopped");
  }

  /** Ends what runs; messages that are not acknowledged yet go back. */
  #abortAll(): void {
    for (const request of this.#active.keys()) {
      void this.#quietly(request.reject(true));
      request.controller.abort(new Terminated("cold shutdown"));
    }
  }

  // -- consuming

  get #prefetch(): number {
    const multiplier = this.#options.prefetchMultiplier ?? this.#app.settings.workerPrefetchMultiplier;
    // Waiting for its time, a message takes up a place that others must not lose.
    return multiplier === 0 ? 0 : this.#concurrency * multiplier + this.#scheduled.size;
  }

  #updatePrefetch(): void {
    void this.#quietly(this.#consumer?.setPrefetch(this.#prefetch));
  }

  #receive(delivery: Parameters<Intake["receive"]>[0]): void {
    const receiving = this.#intake.receive(delivery);
    this.#receiving.add(receiving);
    void receiving.finally(() => this.#receiving.delete(receiving));
  }

  #onRequest(request: Request): void {
    if (this.#state !== "running") {
      void this.#quietly(request.reject(true));
      return;
    }
    if (this.#isDropped(request)) return;
    const { etaMs } = request;
    if (etaMs !== undefined && etaMs > Date.now()) {
      this.#scheduled.add(request, etaMs);
      this.#updatePrefetch();
    } else {
      this.#enqueue(request);
    }
  }

  #onDue(request: Request): void {
    this.#updatePrefetch();
    this.#enqueue(request);
  }

  #enqueue(request: Request): void {
    const wait = this.#app.settings.workerDisableRateLimits ? 0 : (this.#bucketOf(request)?.take() ?? 0);
    if (wait > 0) {
      this.#throttled.add(request, Date.now() + wait);
      return;
    }
    this.#reserved.push(request);
    this.#fill();
  }

  #fill(): void {
    while (this.#active.size < this.#concurrency) {
      const request = this.#reserved.shift();
      if (request === undefined) return;
      if (!this.#isDropped(request)) this.#run(request);
    }
  }

  /** Expired, revoked, or with a connection that is gone, so that the broker delivers it again. */
  #isDropped(request: Request): boolean {
    if (!request.delivery.alive) return true;
    const reason = this.#revoked.has(request.id) ? "revoked" : request.isExpired ? "expired" : undefined;
    if (reason === undefined) return false;
    void this.#executor.revoke(request, reason);
    return true;
  }

  #run(request: Request): void {
    this.#counts.set(request.name, (this.#counts.get(request.name) ?? 0) + 1);
    const running = this.#executor.run(request).finally(() => {
      this.#active.delete(request);
      this.#processed += 1;
      this.#fill();
    });
    this.#active.set(request, running);
  }

  #dropLost(error: Error): void {
    this.#warn(error);
    this.#reserved = this.#reserved.filter((request) => request.delivery.alive);
    for (const waiting of [this.#scheduled, this.#throttled]) {
      for (const [request] of waiting.entries()) if (!request.delivery.alive) waiting.remove(request);
    }
  }

  // -- running

  #findTask(name: string): Task | undefined {
    const task = this.#app.tasks.get(name) ?? this.#builtins.get(name);
    return task?.isRunnable === true ? task : undefined;
  }

  #invoke(request: Request, context: TaskContext): unknown {
    const { task, message } = request;
    const { module } = task.options;
    if (module === undefined) return invokeHandler(task, context, message.args, message.kwargs);
    return this.#threads.run(module, task, message, request.controller.signal);
  }

  async #call(name: string, context: TaskContext, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) {
    const task = this.#findTask(name);
    if (task === undefined) throw new CeleryError(`Cannot call ${name}: it is not registered`, { code: "bad-option" });
    return invokeHandler(task, context, args, kwargs);
  }

  #limitsOf(request: Request): Limits {
    const set = this.#timeLimits.get(request.name);
    const [hard, soft] = request.message.timelimit;
    const { settings } = this.#app;
    const { options } = request.task;
    return {
      hard: hard ?? set?.hard ?? options.timeLimit ?? settings.taskTimeLimit,
      soft: soft ?? set?.soft ?? options.softTimeLimit ?? settings.taskSoftTimeLimit,
    };
  }

  #bucketOf(request: Request): TokenBucket | undefined {
    const existing = this.#rates.get(request.name);
    if (existing !== undefined) return existing.perSecond === Number.POSITIVE_INFINITY ? undefined : existing;
    const rate = parseRate(request.task.options.rateLimit ?? this.#app.settings.taskDefaultRateLimit);
    if (rate === null) return undefined;
    const bucket = new TokenBucket(rate);
    this.#rates.set(request.name, bucket);
    return bucket;
  }

  // -- reporting

  #onBadMessage(bad: BadMessage): void {
    this.#options.onDecodeError?.(bad);
    this.emit("badMessage", bad);
  }

  #warn(error: Error): void {
    this.#app.settings.logger.warn?.(error.message, { error, worker: this.hostname });
    this.emit("warning", error);
  }

  #sendTaskEvent(type: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#sendsTaskEvents) this.#events.sendBatched(type, fields);
  }

  #beat(): void {
    this.#events.send("worker-heartbeat", this.#vitals());
  }

  #vitals(): Record<string, unknown> {
    return {
      freq: (this.#options.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_MS) / 1000,
      active: this.#active.size,
      processed: this.#processed,
      loadavg: loadAverages(),
      sw_ident: "brine",
      sw_ver: process.versions.node,
      sw_sys: process.platform === "linux" ? "Linux" : process.platform,
    };
  }

  async #quietly(action: Promise<unknown> | undefined): Promise<void> {
    await action?.catch((error: Error) => this.#warn(error));
  }

  // -- remote control

  /** Celery's `hello`: learns what was revoked before this worker was there. */
  async #mingle(): Promise<void> {
    const greeting = { from_node: this.hostname, revoked: this.#revoked.toWire() };
    const replies = await this.#app.control
      .broadcast("hello", greeting, { timeoutMs: MINGLE_MS })
      .catch((error: Error) => {
        this.#warn(error);
        return {};
      });
    for (const reply of Object.values(replies)) {
      if (!isPlainRecord(reply)) continue;
      this.#app.clock.adjust(reply.clock);
      const revoked = reply.revoked instanceof Map ? [...reply.revoked.keys()] : Object.keys(reply.revoked ?? {});
      for (const id of revoked) if (typeof id === "string") this.#revoked.add(id);
    }
  }

  #commandHost(): CommandHost {
    const self = this;
    const { settings } = this.#app;
    return {
      hostname: this.hostname,
      get active() {
        return self.#active.keys();
      },
      get reserved() {
        return [...self.#reserved, ...self.#throttled.entries().map(([request]) => request)];
      },
      get scheduled() {
        return self.#scheduled.entries();
      },
      get queues() {
        return self.#queues.values();
      },
      get taskNames() {
        return [...self.#app.tasks.values()].filter((task) => task.isRunnable).map((task) => task.name);
      },
      get concurrency() {
        return self.#concurrency;
      },
      revoked: {
        ids: () => this.#revoked.ids(),
        add: (id) => this.#revoke(id),
        toWire: () => this.#revoked.toWire(),
      },
      clock: this.#app.clock,
      stats: () => this.#stats(),
      conf: () => ({
        task_serializer: settings.taskSerializer,
        result_serializer: settings.resultSerializer,
        accept_content: [...settings.acceptContent],
        task_default_queue: settings.taskDefaultQueue,
        task_protocol: settings.taskProtocol,
        result_expires: settings.resultExpires,
        broker_url: this.#app.transport.description,
        result_backend: this.#app.backend.description,
      }),
      terminate: (ids) => this.#terminate(ids),
      addConsumer: async (queue) => {
        const full = this.#app.router.complete(queue);
        await this.#app.transport.declareQueue(full);
        await this.#consumer?.addQueue(full);
        this.#queues.set(full.name, full);
      },
      cancelConsumer: async (name) => {
        await this.#consumer?.cancelQueue(name);
        this.#queues.delete(name);
      },
      setConcurrency: async (count) => {
        this.#concurrency = count;
        this.#updatePrefetch();
        this.#fill();
      },
      setRateLimit: (task, rate) => {
        const perSecond = parseRate(rate);
        if (this.#findTask(task) === undefined) return false;
        this.#rates.set(task, new TokenBucket(perSecond ?? Number.POSITIVE_INFINITY));
        return true;
      },
      setTimeLimits: (task, hard, soft) => {
        if (this.#findTask(task) === undefined) return false;
        this.#timeLimits.set(task, { hard, soft });
        return true;
      },
      setEvents: (isEnabled) => {
        const isChange = this.#sendsTaskEvents !== isEnabled;
        this.#sendsTaskEvents = isEnabled;
        return isChange;
      },
      heartbeat: () => this.#beat(),
      shutdown: () => void this.stop(),
    };
  }

  /** Also what waits for its time: its sender should not wait for a task that will not run. */
  #revoke(id: string): void {
    this.#revoked.add(id);
    for (const [request] of this.#scheduled.entries()) {
      if (request.id !== id) continue;
      this.#scheduled.remove(request);
      this.#updatePrefetch();
      void this.#executor.revoke(request, "revoked");
    }
  }

  #terminate(ids: readonly string[]): number {
    let count = 0;
    for (const request of this.#active.keys()) {
      if (!ids.includes(request.id)) continue;
      count += 1;
      request.controller.abort(new Terminated(15));
    }
    return count;
  }

  #stats(): Record<string, unknown> {
    return {
      total: countsOf(this.#counts),
      pid: process.pid,
      clock: String(this.#app.clock.value),
      uptime: Math.round((Date.now() - this.#startedAt) / 1000),
      pool: { implementation: "brine:event-loop", "max-concurrency": this.#concurrency, processes: [process.pid] },
      broker: { transport: this.#app.transport.type, hostname: this.#app.transport.description },
      prefetch_count: this.#prefetch,
      rusage: {
        maxrss: process.resourceUsage().maxRSS,
        utime: process.cpuUsage().user / 1e6,
        stime: process.cpuUsage().system / 1e6,
      },
    };
  }
}

function positive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CeleryError(`Cannot make a worker: ${name} is ${value}, not a positive integer`, {
    code: "bad-option",
    path: name,
  });
}
