/** A worker: consumes queues, runs tasks, reports, and obeys remote control. Celery 5.2 `worker/consumer`. */
import { EventEmitter } from "node:events";
import { hostname as osHostname } from "node:os";
import type { Delivery } from "@brine/codec/kombu";
import type { Celery } from "../client/app.js";
import { checkNames } from "../client/option-names.js";
import { workerDirect } from "../client/publishing/special-queues.js";
import { Task } from "../client/task.js";
import { CeleryError } from "../errors.js";
import { builtinTasks } from "./builtin-tasks.js";
import type { TaskContext } from "./execution/context.js";
import { Executor } from "./execution/executor.js";
import { invokeHandler } from "./execution/invoke.js";
import type { Request } from "./execution/request.js";
import { ThreadPool } from "./execution/thread-pool.js";
import { Gossip, mingle, type Peer } from "./gossip/gossip.js";
import { type BadMessage, Intake } from "./intake/intake.js";
import { QueueConsumer } from "./intake/queue-consumer.js";
import { RevokedTasks } from "./intake/revoked.js";
import { RunQueue } from "./intake/run-queue.js";
import { TaskLimits } from "./intake/task-limits.js";
import type { CommandHost } from "./remote-control/command-host.js";
import { workerCommands } from "./remote-control/commands.js";
import { RemoteControl } from "./remote-control/remote-control.js";
import { Reporter } from "./reporter.js";
import { Shutdown } from "./shutdown.js";
import { untilConnected } from "./start-retry.js";
import { StateDb } from "./state-db.js";
import {
  checkAutoscale,
  positive,
  STOP_OPTIONS,
  type StopOptions,
  WORKER_OPTIONS,
  type WorkerEvents,
  type WorkerOptions,
} from "./worker-options.js";

const DEFAULT_HEARTBEAT_MS = 2000;

/** Consumes queues and runs tasks; made by {@link Celery.worker}. It runs from `start` to `stop`. */
export class Worker extends EventEmitter<WorkerEvents> {
  /** Its node name, by which remote control addresses it: `celery@host`. */
  readonly hostname: string;
  readonly #app: Celery;
  readonly #options: WorkerOptions;
  readonly #builtins: ReadonlyMap<string, Task>;
  readonly #threads: ThreadPool;
  readonly #reporter: Reporter;
  readonly #executor: Executor;
  readonly #limits: TaskLimits;
  readonly #revoked: RevokedTasks;
  readonly #runQueue: RunQueue;
  readonly #intake: Intake;
  readonly #consumer: QueueConsumer;
  readonly #gossip: Gossip | undefined;
  readonly #control: RemoteControl;
  readonly #stateDb: StateDb | undefined;
  readonly #shutdown: Shutdown;
  readonly #receiving = new Set<Promise<void>>();
  readonly #onDisconnect = (error: Error): void => {
    this.#warn(error);
    this.#runQueue.dropLost();
    if (this.#app.settings.workerCancelLongRunningTasksOnConnectionLoss) this.#runQueue.cancelLost();
  };
  #state: "new" | "running" | "stopping" | "stopped" = "new";
  /** Aborted by `stop`. */
  readonly #ending = new AbortController();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** For {@link Celery}: `app.worker(options)` makes one. */
  constructor(app: Celery, options: WorkerOptions = {}) {
    super();
    checkNames(options, WORKER_OPTIONS, "options of a worker");
    this.#app = app;
    this.#options = options;
    const name = options.name ?? "celery";
    const hostname = name.includes("@") ? name : `${name}@${osHostname()}`;
    this.hostname = hostname;
    const onWarning = (error: Error): void => this.#warn(error);
    const builtins = builtinTasks((context, task, args, kwargs) => this.#call(task, context, args, kwargs));
    this.#builtins = new Map([...builtins].map(([task, handler]) => [task, new Task(task, {}, handler, app)]));
    this.#threads = new ThreadPool(app.settings.registry);
    this.#limits = new TaskLimits(app.settings);
    this.#reporter = new Reporter({
      app,
      hostname,
      sendsTaskEvents: options.sendTaskEvents ?? app.settings.workerSendTaskEvents,
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_MS,
      onWarning,
    });
    const sendTaskEvent = this.#reporter.sendTaskEvent.bind(this.#reporter);
    this.#executor = new Executor(app, {
      hostname,
      sendTaskEvent,
      invoke: (request, context) => this.#invoke(request, context),
      findTask: (task) => this.#findTask(task),
      limitsOf: (request) => this.#limits.timesOf(request),
      onError: onWarning,
    });
    this.#revoked = new RevokedTasks({ onChange: () => this.#stateDb?.touch() });
    this.#runQueue = new RunQueue({
      concurrency: positive(options.concurrency ?? app.settings.workerConcurrency, "concurrency"),
      autoscale: checkAutoscale(options.autoscale),
      run: (request) => this.#run(request),
      drop: (request, reason) => this.#executor.revoke(request, reason),
      isRevoked: (request) => this.#revoked.covers(request),
      bucketOf: (request) => this.#limits.bucketOf(request),
      onSizeChange: () => void this.#quietly(this.#consumer.setPrefetch(this.#prefetch)),
    });
    this.#intake = new Intake({
      app,
      findTask: (task) => this.#findTask(task),
      undecodable: options.undecodable ?? "acknowledge",
      storesDecodeErrors: options.storeDecodeErrors ?? true,
      sendTaskEvent,
      onBadMessage: (bad) => this.#onBadMessage(bad),
      onRequest: (request) => this.#onRequest(request),
      onError: onWarning,
    });
    this.#consumer = new QueueConsumer(app);
    this.#gossip = (options.gossip ?? true) ? this.#makeGossip() : undefined;
    this.#control = new RemoteControl({ app, hostname, commands: workerCommands(this.#commandHost()), onWarning });
    const path = options.stateDb ?? app.settings.workerStateDb;
    const state = { revoked: this.#revoked, clock: app.clock, onWarning };
    this.#stateDb = path === undefined ? undefined : new StateDb({ path, ...state });
    this.#shutdown = new Shutdown({
      settings: app.settings,
      hostname,
      consumer: this.#consumer,
      runQueue: this.#runQueue,
      control: this.#control,
      gossip: this.#gossip,
      reporter: this.#reporter,
      started: async () => this.#starting?.catch(() => {}),
      received: () => this.#received(),
      onWarning,
    });
  }

  #makeGossip(): Gossip {
    return new Gossip({
      app: this.#app,
      hostname: this.hostname,
      sendEvent: (type, fields) => this.#reporter.send(type, fields),
      onJoin: (peer) => this.emit("nodeJoin", peer),
      onLeave: (peer) => this.emit("nodeLeave", peer),
      onLost: (peer) => this.emit("nodeLost", peer),
      onWarning: (error) => this.#warn(error),
    });
  }

  #commandHost(): CommandHost {
    const self = this;
    return {
      app: this.#app,
      hostname: this.hostname,
      runQueue: this.#runQueue,
      consumer: this.#consumer,
      limits: this.#limits,
      revoked: this.#revoked,
      reporter: this.#reporter,
      gossip: this.#gossip,
      get prefetch() {
        return self.#prefetch;
      },
      findTask: (name) => this.#findTask(name),
      restartPool: () => this.#threads.close(),
      shutdown: () => void this.stop(),
    };
  }

  /** Tasks that run now. */
  get active(): readonly Request[] {
    return this.#runQueue.active;
  }

  /** Other workers, of Python and of Node, that have been heard of lately. */
  get peers(): readonly Peer[] {
    return this.#gossip?.peers ?? [];
  }

  /** From the call of `start` to that of `stop`. */
  get isRunning(): boolean {
    return this.#state === "running";
  }

  /**
   * Connects and begins to consume. Resolves when it does. A broker that is away, or goes away meanwhile, is waited for as
   * `brokerConnectionRetryOnStartup` and `brokerConnectionMaxRetries` say.
   *
   * @throws what the transport throws when it cannot connect in the end, or a queue cannot be declared
   * @throws CeleryError `bad-state` when it was started before or is stopped meanwhile, or its state file cannot be read
   */
  async start(): Promise<this> {
    if (this.#state !== "new") throw this.#cannotStart(this.#state);
    this.#state = "running";
    this.#starting = this.#start();
    await this.#starting;
    this.#reporter.start();
    this.emit("ready");
    return this;
  }

  async #start(): Promise<void> {
    const { transport, settings, router } = this.#app;
    const { signal } = this.#ending;
    try {
      await this.#stateDb?.load();
    } catch (error) {
      // Nothing has begun, and what is in the file must not be written over.
      this.#state = "new";
      throw error;
    }
    transport.on("disconnect", this.#onDisconnect);
    const steps = [
      () => this.#connected(),
      () => ((this.#options.remoteControl ?? settings.workerEnableRemoteControl) ? this.#control.start() : undefined),
      () =>
        (this.#options.mingle ?? true) ? this.#quietly(mingle(this.#app, this.hostname, this.#revoked)) : undefined,
      () => this.#gossip?.start(),
      () => {
        const own = settings.workerDirect ? [router.queue(workerDirect(this.hostname))] : [];
        const queues = [...(this.#options.queues?.map((queue) => router.queue(queue)) ?? router.consumed), ...own];
        return this.#consumer.start(queues, (delivery) => this.#receive(delivery), { prefetch: this.#prefetch });
      },
    ];
    const onWarning = (error: Error): void => this.#warn(error);
    for (const step of steps) await untilConnected(async () => step(), { app: this.#app, signal, onWarning });
  }

  /** Or stopped: a broker that is away must not keep `stop` waiting. The connection is the app's, and left to go on. */
  async #connected(): Promise<void> {
    const { signal } = this.#ending;
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    await Promise.race([this.#app.connect(), ended]);
  }

  #cannotStart(state: string): CeleryError {
    return new CeleryError(`Cannot start worker ${this.hostname}: it is ${state}`, { code: "bad-state" });
  }

  /**
   * Stops consuming, gives back what has not begun, waits for running tasks, and settles them.
   *
   * `timeoutMs`: after that the shutdown is a cold one: running tasks are aborted, and those with late acks go back to their
   * queue. `cold: true`: at once, or after `workerSoftShutdownTimeout` where tasks run, unless it is said again. Either may also
   * be said later, of a shutdown under way. A cold one waits five seconds at most for a broker that does not answer, which gives
   * the messages to others when it notices; a warm one waits so for each of what it has to tell, and half a minute for the end of
   * what has run. The app stays open.
   */
  stop(options: StopOptions = {}): Promise<void> {
    checkNames(options, STOP_OPTIONS, "options of stop()");
    this.#stopping ??= this.#stop();
    this.#shutdown.hasten(options, this.#stopping);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (this.#state === "new") {
      this.#state = "stopped";
      return;
    }
    this.#state = "stopping";
    this.#ending.abort(this.#cannotStart("stopped"));
    await this.#shutdown.settle();
    await this.#threads.close();
    await this.#stateDb?.save();
    this.#app.transport.off("disconnect", this.#onDisconnect);
    this.#state = "stopped";
    this.emit("stopped");
  }

  /** Messages to hold at most; 0: no limit. */
  get #prefetch(): number {
    const multiplier = this.#options.prefetchMultiplier ?? this.#app.settings.workerPrefetchMultiplier;
    // Waiting for its time, a message takes up a place that others must not lose.
    return multiplier === 0 ? 0 : this.#runQueue.concurrency * multiplier + this.#runQueue.scheduledCount;
  }

  #receive(delivery: Delivery): void {
    const receiving = this.#intake.receive(delivery);
    this.#receiving.add(receiving);
    void receiving.finally(() => this.#receiving.delete(receiving));
  }

  /** Resolves when every delivery so far is taken in or settled. */
  async #received(): Promise<void> {
    while (this.#receiving.size > 0) await Promise.all(this.#receiving);
  }

  #onRequest(request: Request): void {
    if (this.#state === "running") this.#runQueue.add(request);
    else void this.#quietly(request.reject(true));
  }

  async #run(request: Request): Promise<void> {
    this.#reporter.onTaskStart(request.name);
    await this.#executor.run(request);
    this.#reporter.onTaskEnd();
  }

  #findTask(name: string): Task | undefined {
    const task = this.#app.tasks.get(name) ?? this.#builtins.get(name);
    return task?.isRunnable === true ? task : undefined;
  }

  #invoke(request: Request, context: TaskContext): unknown {
    const { task, message } = request;
    const { module } = task.options;
    if (module === undefined) return invokeHandler(task, context, message.args, message.kwargs);
    return this.#threads.run(module, task, message, request.stop);
  }

  async #call(name: string, context: TaskContext, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) {
    const task = this.#findTask(name);
    if (task === undefined) throw new CeleryError(`Cannot call ${name}: it is not registered`, { code: "bad-option" });
    return invokeHandler(task, context, args, kwargs);
  }

  #onBadMessage(bad: BadMessage): void {
    this.#options.onDecodeError?.(bad);
    this.emit("badMessage", bad);
  }

  #warn(error: Error): void {
    this.#app.settings.logger.warn?.(error.message, { error, worker: this.hostname });
    this.emit("warning", error);
  }

  async #quietly(action: Promise<unknown> | undefined): Promise<void> {
    await action?.catch((error: Error) => this.#warn(error));
  }
}
