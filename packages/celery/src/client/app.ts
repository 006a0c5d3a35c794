import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Delivery, Transport } from "@brine/codec/kombu";
import type { ResultBackend } from "../backends/backend.js";
import { CeleryError } from "../errors.js";
import type { SignatureDict, SignatureLike } from "../protocol/signature.js";
import { readSignature } from "../protocol/signature.js";
import type { TaskMessage } from "../protocol/task-message.js";
import type { Retry } from "../worker/execution/control-flow.js";
import { Worker } from "../worker/worker.js";
import type { WorkerOptions } from "../worker/worker-options.js";
import { Signature, type SignatureFields } from "./canvas/signature.js";
import { type More, WorkFlow } from "./canvas/work-flow.js";
import { LamportClock, utcOffset } from "./clock.js";
import { makeBackend, makeTransport } from "./connections.js";
import { ContentCodec } from "./content.js";
import { Control } from "./control.js";
import { CurrentTaskStore } from "./current-task.js";
import { patiently } from "./patience.js";
import { DelayedTasks } from "./publishing/delayed-delivery.js";
import { expirationOf, messageAgain, newMessage } from "./publishing/new-message.js";
import { TaskPublisher } from "./publishing/publisher.js";
import { type Destination, Router } from "./publishing/router.js";
import { AsyncResult, type ResultContext } from "./results/async-result.js";
import { GroupResult } from "./results/group-result.js";
import { resultFromTuple } from "./results/result-tuple.js";
import { type CelerySettings, type ResolvedSettings, resolveSettings } from "./settings/settings.js";
import { checkCall, Task, type TaskCall, type TaskHandler, type TaskOptions } from "./task.js";
import { EventDispatcher } from "./telemetry/events.js";
import { Tracing } from "./telemetry/tracing.js";

/**
 * Sends tasks to Celery workers, waits for results, and runs tasks in workers of its own.
 *
 * Nothing connects before it is needed; `close` ends everything.
 *
 * @example
 * const app = new Celery({ broker: amqp("amqp://localhost"), backend: "rpc://", acceptContent: ["json", "pickle"] });
 * const add = app.task<[number, number], number>("proj.tasks.add");
 * const sum = await (await add.delay(2, 3)).get({ timeoutMs: 10_000 });
 */
export class Celery {
  /** What was given, with defaults filled in: Celery's `app.conf`. Frozen. */
  readonly settings: ResolvedSettings;
  /** The connection to the broker: `broker` of the settings, or what a factory of `transports` made of it. Closed by {@link close}. */
  readonly transport: Transport;
  /** Keeps results where the setting `backend` says; without one every question is an error `no-backend`. */
  readonly backend: ResultBackend;
  /** Makes bodies of values, and values of bodies that are accepted. */
  readonly content: ContentCodec;
  /** Knows the queues, and which task goes where. */
  readonly router: Router;
  /** Commands to workers, as `app.control` in Python. */
  readonly control: Control;
  /** Holds tasks with an ETA back in the broker, where it can. */
  readonly delayed: DelayedTasks;
  /** Spans and trace context of OpenTelemetry, where `@opentelemetry/api` is installed. */
  readonly tracing: Tracing;
  /** The Lamport clock that messages to monitors and remote control carry: Celery's `app.clock`. */
  readonly clock = new LamportClock();
  /** Which task runs where it is asked, for what that sends: Celery's `current_task`. */
  readonly currentTask = new CurrentTaskStore();
  /** `gen<pid>@<host>`: what messages say they come from. */
  readonly origin = `gen${process.pid}@${hostname()}`;
  readonly #tasks = new Map<string, Task>();
  readonly #publisher: TaskPublisher;
  readonly #events: EventDispatcher;
  readonly #workFlow: WorkFlow;
  readonly #resultContext: ResultContext;
  readonly #workers = new Set<Worker>();
  #connected: Promise<void> | undefined;
  /** Whether {@link connect} has come to an end: nothing to wait for. */
  #isConnected = false;

  /**
   * @throws CeleryError `bad-option` for a setting that there is not, or a value that it cannot have
   * @throws SerializerNotInstalled `unknown-serializer` for a serializer that there is not
   */
  constructor(settings: CelerySettings) {
    this.settings = resolveSettings(settings);
    this.content = new ContentCodec(this.settings);
    for (const name of [this.settings.taskSerializer, this.settings.resultSerializer]) {
      this.content.serializers.contentTypeOf(name);
    }
    this.transport = makeTransport(settings);
    const { transport, content, clock } = this;
    const onWarning = (error: Error): void => this.settings.logger.warn?.(error.message, { error });
    transport.on("warning", onWarning);
    transport.on("disconnect", onWarning);
    this.backend = makeBackend(settings, this.settings, { transport, content, onWarning });
    this.router = new Router(this.settings);
    this.control = new Control({ transport, content, clock, settings: this.settings });
    this.tracing = new Tracing(this.settings.tracing);
    this.delayed = new DelayedTasks(transport, this.router, onWarning);
    this.#publisher = new TaskPublisher({
      transport,
      content,
      settings: this.settings,
      delayed: this.delayed,
      tracing: this.tracing,
    });
    const source = { hostname: this.origin, pid: process.pid, utcoffset: utcOffset() };
    this.#events = new EventDispatcher({ transport, content, clock, source, onWarning });
    this.#resultContext = {
      backend: this.backend,
      revoke: (taskId, options) => this.control.revoke(taskId, options),
    };
    this.#workFlow = new WorkFlow({
      backend: this.backend,
      context: this.#resultContext,
      protocol: this.settings.taskProtocol,
      linkRules: this.settings,
      sendTask: (name, call, routeName) => this.#send(name, call, routeName),
    });
  }

  /**
   * Names a task: with a handler for workers of this app to run, without one to call what runs elsewhere. The same name once
   * more takes the place of the first.
   *
   * @param name - as in messages; Python's is the function's module and name
   * @throws CeleryError `bad-option` without a name, or for an option that there is not
   * @example
   * const app = new Celery({ broker: "memory://" });
   * const add = app.task("proj.add", (context, x: number, y: number) => x + y);
   * const resize = app.task<[string], void>("video.resize", { queue: "video" });
   * [add.isRunnable, resize.isRunnable] // => [ true, false ]
   */
  task<Args extends readonly unknown[] = readonly unknown[], Result = unknown>(
    name: string,
    handler: TaskHandler<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[] = readonly unknown[], Result = unknown>(
    name: string,
    options?: TaskOptions,
    handler?: TaskHandler<Args, Result>,
  ): Task<Args, Result>;
  task<Args extends readonly unknown[], Result>(
    name: string,
    optionsOrHandler: TaskOptions | TaskHandler<Args, Result> = {},
    handler?: TaskHandler<Args, Result>,
  ): Task<Args, Result> {
    if (name === "") throw new CeleryError("Cannot make a task without a name", { code: "bad-option" });
    const isHandler = typeof optionsOrHandler === "function";
    const task = new Task<Args, Result>(
      name,
      isHandler ? {} : optionsOrHandler,
      isHandler ? optionsOrHandler : handler,
      this,
    );
    this.#tasks.set(name, task as unknown as Task);
    return task;
  }

  /** Tasks named so far with {@link task}, by name: Celery's `app.tasks`. */
  get tasks(): ReadonlyMap<string, Task> {
    return this.#tasks;
  }

  /**
   * A signature of any task, known here or not: Celery's `app.signature`.
   *
   * @throws CeleryError `bad-option` for a field or an option that there is not
   */
  signature<Result = unknown>(name: string, fields?: SignatureFields): Signature<Result>;
  /**
   * A signature that came as a dict, of any kind, such as an argument of a task: it can be sent by this app.
   *
   * @throws InvalidMessageError for what is no signature
   */
  signature<Result = unknown>(dict: SignatureDict | SignatureLike): Signature<Result>;
  signature<Result>(
    nameOrDict: string | SignatureDict | SignatureLike,
    fields: SignatureFields = {},
  ): Signature<Result> {
    if (typeof nameOrDict === "string") return Signature.make<Result>(nameOrDict, fields, this);
    return new Signature<Result>(readSignature(nameOrDict, "signature"), this);
  }

  /** The result of a task sent by whomever, by its id: Celery's `app.AsyncResult`. An id that nobody sent is PENDING. */
  result<Result = unknown>(taskId: string): AsyncResult<Result> {
    return new AsyncResult<Result>(taskId, this.#resultContext);
  }

  /** Results of tasks that no group sent, to wait for as for a group's: Celery's `ResultSet`. */
  resultSet<Result = unknown>(results: readonly AsyncResult<Result>[]): GroupResult<Result> {
    return new GroupResult<Result>(randomUUID(), results, this.#resultContext);
  }

  /**
   * The group that somebody saved under this id, here (`GroupResult.save`) or in Python; `undefined` when there is none.
   *
   * @throws CeleryError `no-backend` where nothing is kept
   */
  async restoreGroup<Result = unknown>(groupId: string): Promise<GroupResult<Result> | undefined> {
    const result = resultFromTuple(await this.backend.restoreGroup(groupId), this.#resultContext);
    return result instanceof GroupResult ? (result as GroupResult<Result>) : undefined;
  }

  /**
   * Connects to the broker now rather than with the first task.
   *
   * @throws what the transport throws when it cannot connect; the reason of `signal`
   */
  async connect(signal?: AbortSignal): Promise<void> {
    this.#connected ??= this.transport.connect(signal);
    try {
      await this.#connected;
      this.#isConnected = true;
    } catch (error) {
      this.#connected = undefined;
      throw error;
    }
  }

  /**
   * Sends a task by name, known here or not: Celery's `app.send_task`. Resolves when the broker has taken it.
   *
   * @throws InvalidMessageError `invalid-message`, EncodeError: nothing was sent
   * @throws CeleryError `publish-failed` when the broker does not take it, `bad-option` for an option that there is not
   * @throws the reason of `signal`; the message may have been sent
   */
  async sendTask<Result = unknown>(
    name: string,
    call: TaskCall<readonly unknown[]> = {},
  ): Promise<AsyncResult<Result>> {
    checkCall(call);
    return this.#send<Result>(name, call, name);
  }

  /** @param routeName - whose route it takes */
  async #send<Result>(
    name: string,
    call: TaskCall<readonly unknown[]>,
    routeName: string,
  ): Promise<AsyncResult<Result>> {
    const { args = [], kwargs = {}, ...given } = call;
    const task = this.#tasks.get(name);
    const options = (
      hasDefined(given) ? { ...task?.options, ...withoutUndefined(given) } : (task?.options ?? given)
    ) as TaskCall<readonly unknown[]>;
    const route = this.router.lookup(routeName, args, kwargs, options as Readonly<Record<string, unknown>>);
    const destination = this.router.destination(withRouteDefaults(given, this.#tasks.get(routeName)?.options), route);
    const message = newMessage(
      name,
      args,
      kwargs,
      route === undefined ? options : ({ ...route, ...options } as typeof options),
      {
        parent: this.currentTask.get(),
        origin: this.origin,
        ignoreResult: this.settings.taskIgnoreResult,
      },
    );
    if (!this.#isConnected) await this.connect(options.signal);
    await this.#publisher.send({
      message,
      destination,
      replyTo: options.replyTo ?? (message.ignoreResult ? "" : await this.backend.replyTo()),
      serializer: options.serializer ?? route?.serializer ?? this.settings.taskSerializer,
      compression: options.compression ?? route?.compression ?? this.settings.taskCompression,
      priority: options.priority ?? route?.priority ?? this.#inheritedPriority ?? this.settings.taskDefaultPriority,
      deliveryMode: options.deliveryMode ?? this.settings.taskDefaultDeliveryMode,
      expiration: expirationOf(message),
      retry: options.retry ?? this.settings.taskPublishRetry,
      retryPolicy:
        options.retryPolicy === undefined
          ? this.settings.taskPublishRetryPolicy
          : { ...this.settings.taskPublishRetryPolicy, ...options.retryPolicy },
      mandatory: options.mandatory ?? false,
      signal: options.signal,
    });
    if (this.settings.taskSendSentEvent) this.#sendSentEvent(message, destination);
    const result = new AsyncResult<Result>(message.id, this.#resultContext);
    this.currentTask.get()?.children.push(result as AsyncResult);
    return result;
  }

  get #inheritedPriority(): number | undefined {
    return this.settings.taskInheritParentPriority ? this.currentTask.get()?.priority : undefined;
  }

  #sendSentEvent(message: TaskMessage, destination: Destination): void {
    this.#events.send("task-sent", {
      uuid: message.id,
      root_id: message.rootId,
      parent_id: message.parentId,
      name: message.task,
      args: message.argsrepr,
      kwargs: message.kwargsrepr,
      retries: message.retries,
      eta: message.eta,
      expires: message.expires,
      queue: destination.queue?.name ?? null,
      exchange: destination.exchange,
      routing_key: destination.routingKey,
    });
  }

  /**
   * Sends a task again as Celery's `retry` does: the same id, one retry more, to the queue it came from, in the format it
   * came in, unless `retry.changes` says otherwise. For the worker: handlers throw `context.retry()`.
   */
  async resend(message: TaskMessage, delivery: Delivery, retry: Retry): Promise<void> {
    const again = messageAgain(message, retry);
    const { queue, exchange, routingKey, priority, serializer, compression } = retry.changes;
    const isMoved = queue !== undefined || exchange !== undefined || routingKey !== undefined;
    const isDelayed = this.transport.delayedDelivery?.isDelayed(delivery.exchange) ?? false;
    const cameFrom = this.router.origin(delivery, isDelayed);
    const destination = isMoved ? this.router.destination({ queue, exchange, routingKey }, undefined) : cameFrom;
    const { settings } = this;
    await this.#publisher.send({
      message: again,
      destination,
      replyTo: delivery.properties.replyTo ?? "",
      serializer: serializer ?? this.content.serializers.nameOf(delivery.contentType ?? "") ?? settings.taskSerializer,
      compression:
        compression ?? (typeof delivery.headers.compression === "string" ? delivery.headers.compression : undefined),
      priority: priority ?? delivery.properties.priority,
      deliveryMode: delivery.properties.deliveryMode ?? settings.taskDefaultDeliveryMode,
      expiration: expirationOf(again),
      retry: true,
      retryPolicy: settings.taskPublishRetryPolicy,
      mandatory: false,
      signal: undefined,
    });
    if (settings.taskSendSentEvent) this.#sendSentEvent(again, destination);
  }

  /** Sends a signature in the place of a task that runs here. For the worker: handlers throw `context.replace()`. */
  async replace(message: TaskMessage, delivery: Delivery, signature: SignatureDict): Promise<void> {
    await this.#workFlow.replace(signature, message, delivery.properties.replyTo);
  }

  /** Sends a signature as one part more of the chord that a task which runs here is a part of. For the worker: handlers call `context.addToChord()`. */
  async addToChord(message: TaskMessage, signature: SignatureDict): Promise<AsyncResult<unknown>> {
    return this.#workFlow.addToChord(signature, message);
  }

  /** Sends a signature dict of any kind with more arguments and options (Python's names). What {@link Signature.applyAsync} does. */
  async applySignature(signature: SignatureDict, more: More = {}): Promise<AsyncResult<unknown>> {
    await this.connect();
    return this.#workFlow.apply(readSignature(signature, "signature"), more);
  }

  /**
   * A worker that runs the tasks that have handlers. `start` it; {@link close} stops it.
   *
   * @throws CeleryError `bad-option` for an option that there is not, or a value that it cannot have
   */
  worker(options: WorkerOptions = {}): Worker {
    const worker = new Worker(this, options);
    this.#workers.add(worker);
    worker.once("stopped", () => this.#workers.delete(worker));
    return worker;
  }

  /**
   * Stops its workers (warm), sends what is under way, and closes broker and backend; waits seconds for one that is away. `await
   * using app = new Celery(...)` calls it at the end of the scope.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await patiently(this.#events.flush());
    await patiently(this.backend.close());
    await this.transport.close();
    this.#connected = undefined;
    this.#isConnected = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function hasDefined(record: object): boolean {
  for (const name in record) if ((record as Record<string, unknown>)[name] !== undefined) return true;
  return false;
}

function withoutUndefined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** A queue named in the call wins over the task's own exchange and key, and the other way round. */
function withRouteDefaults(given: TaskCall<readonly unknown[]>, own: TaskOptions | undefined) {
  const { queue, exchange, routingKey } = given;
  if (queue !== undefined || exchange !== undefined || routingKey !== undefined) return { queue, exchange, routingKey };
  return { queue: own?.queue, exchange: own?.exchange, routingKey: own?.routingKey };
}
