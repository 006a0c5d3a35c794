/** What follows a task: callbacks, the rest of the chain, the body of the chord, errbacks. Celery 5.2 `app/trace.py`. */
import type { Celery } from "../../client/app.js";
import { lastTasksIn, tasksIn } from "../../client/canvas/canvas-dicts.js";
import { addLinks } from "../../client/canvas/links.js";
import type { Task } from "../../client/task.js";
import { ChordError } from "../../protocol/python-exceptions.js";
import { saferepr } from "../../protocol/saferepr.js";
import { mergeSignature, readSignature, type SignatureDict } from "../../protocol/signature.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import type { Request } from "./request.js";

export interface FollowUpHost {
  /** The task of that name if this worker can run it. */
  findTask(name: string): Task | undefined;
  /** Runs a task in the place where `request` ended. */
  callInPlace(task: Task, request: Request, args: readonly unknown[], kwargs: Record<string, unknown>): unknown;
  onError(error: Error, request: Request): void;
}

/** Why something will never run. */
interface Failure {
  readonly error: unknown;
  readonly traceback: string | null;
}

export class FollowUp {
  readonly #app: Celery;
  readonly #host: FollowUpHost;

  constructor(app: Celery, host: FollowUpHost) {
    this.#app = app;
    this.#host = host;
  }

  /** Sent before the result is stored, so that the result can list them as children. */
  async onSuccess(request: Request, result: unknown): Promise<void> {
    const { message } = request;
    const options = inherited(message);
    for (const callback of message.callbacks ?? []) {
      await this.#app.applySignature(callback, { args: [result], options });
    }
    const chain = message.chain ?? [];
    const next = chain.at(-1);
    if (next !== undefined) {
      await this.#app.applySignature(next, { args: [result], options: { ...options, chain: chain.slice(0, -1) } });
    }
  }

  /** The rest of a chain fails with its task; errbacks are called. */
  async onFailure(request: Request, error: unknown, traceback: string): Promise<void> {
    const failure = { error, traceback };
    for (const step of request.message.chain ?? []) await this.#fail(step, request, failure);
    await this.#callErrbacks(request.message.errbacks ?? [], request, request.message, failure);
  }

  /**
   * Celery's rules: an errback that is a task of this worker and takes more than one argument is called here and now with the
   * request, the error and the traceback; any other is sent as a task, and gets the id of the one that failed.
   */
  async #callErrbacks(
    errbacks: readonly SignatureDict[],
    request: Request,
    failed: TaskMessage,
    { error, traceback }: Failure,
  ): Promise<void> {
    for (const errback of errbacks) {
      const task = this.#host.findTask(errback.task);
      if (task === undefined || !takesFailure(task)) {
        const options = { ...inherited(failed), group_index: 0 };
        await this.#app.applySignature(errback, { args: [failed.id], options });
        continue;
      }
      const { args, kwargs } = mergeSignature(errback, { args: [failed, error, traceback] });
      try {
        await this.#host.callInPlace(task, request, args, kwargs);
      } catch (cause) {
        this.#host.onError(cause as Error, request);
      }
    }
  }

  /** Tells whoever waits for a signature that it will never run. */
  async #fail(signature: SignatureDict, request: Request, failure: Failure): Promise<void> {
    for (const { options } of tasksIn(signature)) {
      const { task_id: taskId, group_id: groupId, group_index: groupIndex, chord, reply_to: replyTo } = options;
      if (typeof taskId !== "string") continue;
      await this.#storeFailure(taskId, replyTo, request, failure);
      // A chord counts its parts: one that will never run must not keep it waiting.
      if (typeof groupId !== "string" || chord === undefined || chord === null) continue;
      const part = { taskId, groupId, groupIndex, body: readSignature(chord, "chord") };
      await this.#countPart(request, part, "FAILURE", undefined, failure.error);
    }
  }

  async #storeFailure(taskId: string, replyTo: unknown, request: Request, failure: Failure): Promise<void> {
    await this.#app.backend.store({
      meta: {
        taskId,
        status: "FAILURE",
        result: null,
        traceback: failure.traceback,
        children: [],
        dateDone: new Date().toISOString(),
        parentId: request.id,
      },
      thrown: failure.error,
      replyTo: typeof replyTo === "string" && replyTo !== "" ? replyTo : request.delivery.properties.replyTo,
      correlationId: taskId,
    });
  }

  /** The worker that ends the last part of a chord sends its body. */
  async onChordPart(request: Request, state: string, result: unknown, error: unknown): Promise<void> {
    const { group: groupId, groupIndex, chord: body, id: taskId } = request.message;
    if (groupId === null || body === null) return;
    await this.#countPart(request, { taskId, groupId, groupIndex, body }, state, result, error);
  }

  async #countPart(
    request: Request,
    part: { taskId: string; groupId: string; groupIndex: unknown; body: SignatureDict },
    state: string,
    result: unknown,
    thrown: unknown,
  ): Promise<void> {
    const { backend } = this.#app;
    const { taskId, groupId, body } = part;
    if (!backend.hasChords) return;
    const groupIndex = typeof part.groupIndex === "number" ? part.groupIndex : null;
    const outcome = await backend.addChordPart({ taskId, groupId, groupIndex, state, result, thrown });
    if (outcome.kind === "incomplete") return;
    if (outcome.kind === "complete") await this.#app.applySignature(body, { args: [outcome.results] });
    else await this.#failBody(body, request, outcome.taskId, outcome.error);
    await backend.clearChord(groupId);
  }

  async #failBody(body: SignatureDict, request: Request, failedId: string, cause: Error): Promise<void> {
    const failure = { error: new ChordError(`Dependency ${failedId} raised ${saferepr(cause)}`), traceback: null };
    await this.#fail(body, request, failure);
    for (const last of lastTasksIn(body)) {
      const { task, args, kwargs, options } = last;
      const { task_id: id } = options;
      if (typeof id !== "string") continue;
      // There is no request of a task that never ran; this is what it would have been.
      const failed = { ...request.message, id, task, args, kwargs, callbacks: null, chain: null, chord: null };
      const errbacks = addLinks(body.options.link_error, options.link_error);
      const signatures = errbacks.map((errback) => readSignature(errback, "link_error"));
      await this.#callErrbacks(signatures, request, failed, failure);
    }
  }
}

function inherited(message: TaskMessage): Record<string, unknown> {
  return { parent_id: message.id, root_id: message.rootId ?? message.id };
}

/** Python asks for the arity; here a handler has the context in front, and a module's is known by its `parameters` only. */
function takesFailure({ options, handler }: Task): boolean {
  return (options.parameters?.length ?? (handler?.length ?? 0) - 1) > 1;
}
