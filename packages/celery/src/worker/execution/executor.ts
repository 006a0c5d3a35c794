/** Runs one request from start to settlement. Celery 5.2 `app/trace.py` trace_task, `worker/request.py`. */
import { constants } from "node:os";
import { pyExceptions } from "@brine/codec";
import { isKombuError } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import type { AsyncResult } from "../../client/results/async-result.js";
import type { Task } from "../../client/task.js";
import { taskEndChannel, taskStartChannel, traceHeadersOf } from "../../client/telemetry/diagnostics.js";
import { isCeleryError } from "../../errors.js";
import { formatTraceback } from "../../protocol/exceptions.js";
import {
  PythonReject,
  PythonRetry,
  TaskRevokedError,
  Terminated,
  WorkerLostError,
} from "../../protocol/python-exceptions.js";
import { saferepr } from "../../protocol/saferepr.js";
import type { SignatureDict } from "../../protocol/signature.js";
import { READY_STATES } from "../../protocol/states.js";
import { ColdShutdown, ConnectionLost } from "../intake/run-queue.js";
import { ackPolicy } from "./ack-policy.js";
import { TaskContext } from "./context.js";
import { Ignore, Reject, Replace, Retry } from "./control-flow.js";
import { FollowUp } from "./follow-up.js";
import { invokeHandler } from "./invoke.js";
import type { Request } from "./request.js";
import { ResultWriter } from "./result-writer.js";
import { isAutoRetried, retryDelay } from "./retry.js";
import { type Limits, runWithLimits } from "./time-limits.js";

/** What the executor needs of its worker. */
export interface ExecutorHost {
  readonly hostname: string;
  sendTaskEvent(type: string, fields: Readonly<Record<string, unknown>>): void;
  /** Calls the handler, wherever it runs. */
  invoke(request: Request, context: TaskContext): unknown;
  /** The task of that name if this worker can run it. */
  findTask(name: string): Task | undefined;
  limitsOf(request: Request): Limits;
  onError(error: Error, request: Request): void;
}

type Outcome =
  | { readonly state: "SUCCESS"; readonly result: unknown }
  | { readonly state: "FAILURE"; readonly error: unknown }
  | { readonly state: "RETRY"; readonly retry: Retry }
  | { readonly state: "REVOKED"; readonly error: Error; readonly signal: number }
  | { readonly state: "IGNORED" }
  | { readonly state: "REPLACED"; readonly signature: SignatureDict }
  | { readonly state: "REJECTED"; readonly reject: Reject }
  /** Its connection is lost, and somebody else runs it. */
  | { readonly state: "CANCELLED"; readonly reason: string }
  /** It goes back to its queue and runs again, so nobody is told anything. */
  | { readonly state: "REQUEUED" };

export class Executor {
  readonly #app: Celery;
  readonly #host: ExecutorHost;
  readonly #followUp: FollowUp;
  readonly #results: ResultWriter;

  constructor(app: Celery, host: ExecutorHost) {
    this.#app = app;
    this.#host = host;
    this.#followUp = new FollowUp(app, {
      findTask: (name) => host.findTask(name),
      callInPlace: (task, request, args, kwargs) => invokeHandler(task, this.#newContext(request, []), args, kwargs),
      onError: (error, request) => host.onError(error, request),
    });
    this.#results = new ResultWriter(app, host.hostname);
  }

  /** Never rejects: what cannot be reported to anybody else goes to `onError`. */
  async run(request: Request): Promise<void> {
    const policy = ackPolicy(request.task.options, this.#app.settings);
    try {
      if (!policy.isLate) await request.ack();
      else if (await this.#hasSucceeded(request)) return await request.ack();
      const children: AsyncResult[] = [];
      const outcome = await this.#trace(request, children);
      await this.#conclude(request, outcome, children);
      await this.#settle(request, outcome);
    } catch (error) {
      // The backend or broker failed us. A late message goes back, so that the task is not lost without a trace.
      this.#host.onError(error as Error, request);
      await request.reject(true).catch((cause: Error) => this.#host.onError(cause, request));
    } finally {
      // What failed before its handler began will not begin.
      request.markPerformed();
    }
  }

  /** Whether it was run to its end before, and only its acknowledgement was lost. */
  async #hasSucceeded({ id, delivery }: Request): Promise<boolean> {
    const { backend, settings } = this.#app;
    if (!settings.workerDeduplicateSuccessfulTasks || !delivery.redelivered || !backend.hasChords) return false;
    return (await backend.get(id).catch(() => undefined))?.meta.status === "SUCCESS";
  }

  async #trace(request: Request, children: AsyncResult[]): Promise<Outcome> {
    const { message, name, id } = request;
    request.startedAt = Date.now();
    this.#host.sendTaskEvent("task-started", { uuid: id });
    if (request.task.options.trackStarted ?? this.#app.settings.taskTrackStarted) {
      await this.#results.write(request, "STARTED", { pid: process.pid, hostname: this.#host.hostname }, []);
    }
    const limits = this.#host.limitsOf(request);
    const context = this.#newContext(request, children, limits);
    const current = {
      id,
      rootId: message.rootId ?? id,
      priority: request.delivery.properties.priority,
      traceHeaders: traceHeadersOf(message.headers),
      children,
    };
    const diagnostics = { task: name, id, retries: message.retries, headers: message.headers };
    if (taskStartChannel.hasSubscribers) taskStartChannel.publish(diagnostics);
    const outcome = await this.#app.tracing.run(message, () =>
      this.#app.currentTask.run(current, () => this.#call(request, context, limits)),
    );
    await context.end();
    request.markPerformed();
    if (taskEndChannel.hasSubscribers) {
      taskEndChannel.publish({ ...diagnostics, state: outcome.state, runtimeMs: Date.now() - request.startedAt });
    }
    return outcome;
  }

  #newContext(request: Request, children: readonly AsyncResult[], limits?: Limits): TaskContext {
    const seconds = limits?.hard ?? limits?.soft;
    return new TaskContext(request, {
      hostname: this.#host.hostname,
      logger: this.#app.settings.logger,
      deadline: seconds === undefined ? undefined : new Date((request.startedAt ?? Date.now()) + seconds * 1000),
      updateState: (state, meta) => this.#updateState(request, state, meta, children),
      addToChord: (signature) => this.#app.addToChord(request.message, signature),
    });
  }

  async #call(request: Request, context: TaskContext, limits: Limits): Promise<Outcome> {
    const { fault } = request.message;
    try {
      if (fault !== undefined) throw new pyExceptions.TypeError(`${request.name}() ${fault}`);
      const result = await runWithLimits(() => this.#host.invoke(request, context), limits, request.stop);
      await this.#followUp.onSuccess(request, result);
      return { state: "SUCCESS", result: result === undefined ? null : result };
    } catch (error) {
      return this.#outcomeOf(request, context, error);
    }
  }

  #outcomeOf(request: Request, context: TaskContext, thrown: unknown): Outcome {
    let error = thrown;
    // fetch and its kin throw an AbortError of their own; why it was aborted says more.
    const { stop } = request;
    if (stop.isAborted && error instanceof Error && error.name === "AbortError") error = stop.reason;
    if (error instanceof ConnectionLost) return { state: "CANCELLED", reason: error.message };
    if (error instanceof Terminated || error instanceof ColdShutdown) return this.#terminated(request, error);
    if (error instanceof WorkerLostError && !request.isSettled) {
      const { onWorkerLost } = ackPolicy(request.task.options, this.#app.settings);
      if (onWorkerLost === "requeue") return { state: "REQUEUED" };
    }
    if (error instanceof Replace) return { state: "REPLACED", signature: error.signature };
    if (error instanceof Ignore) return { state: "IGNORED" };
    if (error instanceof Reject) return { state: "REJECTED", reject: error };
    if (!(error instanceof Retry) && isAutoRetried(request.task.options, error)) {
      const countdown = retryDelay(request.task.options, request.message.retries);
      error = context.retry({ error, countdown });
    }
    return error instanceof Retry ? { state: "RETRY", retry: error } : { state: "FAILURE", error };
  }

  /** A cold shutdown has given the message back unless it was acknowledged early: then nobody else will run it. */
  #terminated(request: Request, reason: Error): Outcome {
    if (reason instanceof ColdShutdown && request.isRequeued) return { state: "REQUEUED" };
    const [signal] = reason instanceof Terminated ? (reason.args as readonly unknown[]) : [];
    return {
      state: "REVOKED",
      error: new TaskRevokedError("terminated"),
      signal: typeof signal === "number" ? signal : constants.signals.SIGTERM,
    };
  }

  async #updateState(request: Request, state: string, meta: unknown, children: readonly AsyncResult[]): Promise<void> {
    if (READY_STATES.has(state)) throw new RangeError(`Cannot set state ${state}: it is set when the task ends`);
    await this.#results.write(request, state, meta, children);
  }

  async #conclude(request: Request, outcome: Outcome, children: readonly AsyncResult[]): Promise<void> {
    const uuid = request.id;
    const runtime = (Date.now() - (request.startedAt ?? Date.now())) / 1000;
    switch (outcome.state) {
      case "SUCCESS": {
        const { result } = outcome;
        try {
          await this.#results.write(request, "SUCCESS", result, children);
        } catch (error) {
          // A value that the serializer cannot carry is a failure of the task, as in Celery; anything else is the backend's.
          if (!isKombuError(error)) throw error;
          return this.#fail(request, new pyExceptions.TypeError(error.message), children);
        }
        await this.#followUp.onChordPart(request, "SUCCESS", result, undefined);
        this.#host.sendTaskEvent("task-succeeded", { uuid, result: saferepr(result), runtime });
        return;
      }
      case "FAILURE":
        return this.#fail(request, outcome.error, children);
      case "REPLACED":
        return this.#replace(request, outcome.signature, children);
      case "RETRY":
        return this.#retry(request, outcome.retry, children);
      case "REVOKED":
        await this.#results.writeError(request, "REVOKED", outcome.error, null, children);
        await this.#followUp.onChordPart(request, "REVOKED", undefined, outcome.error);
        this.#host.sendTaskEvent("task-revoked", { uuid, terminated: true, signum: outcome.signal, expired: false });
        return;
      case "CANCELLED":
        await this.#results.writeError(request, "RETRY", new PythonRetry(outcome.reason), null, children);
        this.#host.sendTaskEvent("task-cancelled", { uuid });
        return;
      case "IGNORED":
      case "REQUEUED":
        return;
      case "REJECTED":
        this.#host.sendTaskEvent("task-rejected", { uuid, requeue: outcome.reject.requeue });
        if (outcome.reject.requeue) return;
        // As Celery since 5.3: whoever waits is told.
        await this.#results.writeError(
          request,
          "FAILURE",
          new PythonReject(outcome.reject.message, false),
          null,
          children,
        );
        return;
      default:
        outcome satisfies never;
    }
  }

  async #fail(request: Request, error: unknown, children: readonly AsyncResult[]): Promise<void> {
    const traceback = formatTraceback(error);
    await this.#results.writeError(request, "FAILURE", error, traceback, children);
    await this.#followUp.onFailure(request, error, traceback);
    await this.#followUp.onChordPart(request, "FAILURE", undefined, error);
    this.#host.sendTaskEvent("task-failed", { uuid: request.id, exception: saferepr(error), traceback });
    this.#app.settings.logger.error?.(`Task ${request.name}[${request.id}] failed: ${saferepr(error)}`, { error });
  }

  /** Nothing is stored: the result will be that of the replacement. */
  async #replace(request: Request, signature: SignatureDict, children: readonly AsyncResult[]): Promise<void> {
    try {
      await this.#app.replace(request.message, request.delivery, signature);
    } catch (error) {
      if (!isCeleryError(error) || error.code === "publish-failed") throw error;
      await this.#fail(request, error, children);
    }
  }

  async #retry(request: Request, retry: Retry, children: readonly AsyncResult[]): Promise<void> {
    const cause = retry.error ?? retry;
    const error = cause instanceof Retry ? new pyExceptions.Exception("Retry") : cause;
    const traceback = formatTraceback(cause);
    // Stored first: who runs it next may be quicker, and its end must not be written over.
    await this.#results.writeError(request, "RETRY", error, traceback, children);
    await this.#app.resend(request.message, request.delivery, retry);
    this.#host.sendTaskEvent("task-retried", { uuid: request.id, exception: saferepr(error), traceback });
  }

  async #settle(request: Request, outcome: Outcome): Promise<void> {
    if (request.isSettled) return;
    if (outcome.state === "REJECTED") return request.reject(outcome.reject.requeue);
    const policy = ackPolicy(request.task.options, this.#app.settings);
    if (outcome.state === "REQUEUED") return request.reject(true);
    if (outcome.state !== "FAILURE") return request.ack();
    return policy.onFailure === "ack" ? request.ack() : request.reject(false);
  }

  /** A task that is not run: revoked, or expired. */
  async revoke(request: Request, reason: "revoked" | "expired"): Promise<void> {
    try {
      const error = new TaskRevokedError(reason);
      await this.#results.writeError(request, "REVOKED", error, null, []);
      await this.#followUp.onChordPart(request, "REVOKED", undefined, error);
      const fields = { uuid: request.id, terminated: false, signum: null, expired: reason === "expired" };
      this.#host.sendTaskEvent("task-revoked", fields);
      await request.ack();
    } catch (error) {
      this.#host.onError(error as Error, request);
      await request.reject(true).catch(() => {});
    }
  }
}
