/** What follows a task: callbacks, the rest of the chain, the body of the chord, errbacks. Celery 5.2 `app/trace.py`. */
import type { Celery } from "../client/app.js";
import { ChordError } from "../protocol/python-exceptions.js";
import { saferepr } from "../protocol/saferepr.js";
import type { SignatureDict } from "../protocol/signature.js";
import type { Request } from "./request.js";

/** Called for errbacks that this worker has itself: with the request, the error and the traceback, as in Python. */
export class FollowUp {
  readonly #app: Celery;

  constructor(app: Celery) {
    this.#app = app;
  }

  /** Sent before the result is stored, so that the result can list them as children. */
  async onSuccess(request: Request, result: unknown): Promise<void> {
    const { message } = request;
    const options = this.#inherited(request);
    for (const callback of message.callbacks ?? []) {
      await this.#app.applySignature(callback, { args: [result], options });
    }
    const chain = message.chain ?? [];
    const next = chain.at(-1);
    if (next !== undefined) {
      await this.#app.applySignature(next, { args: [result], options: { ...options, chain: chain.slice(0, -1) } });
    }
  }

  /** The rest of a chain fails with its task; errbacks get the id. */
  async onFailure(request: Request, error: unknown, traceback: string): Promise<void> {
    const { message } = request;
    for (const step of message.chain ?? []) await this.#failStep(step, request, error, traceback);
    for (const errback of message.errbacks ?? []) {
      const options = { ...this.#inherited(request), group_index: 0 };
      await this.#app.applySignature(errback, { args: [request.id], options });
    }
  }

  #inherited(request: Request): Record<string, unknown> {
    return { parent_id: request.id, root_id: request.message.rootId ?? request.id };
  }

  async #failStep(step: SignatureDict, request: Request, error: unknown, traceback: string): Promise<void> {
    const taskId = step.options.task_id;
    if (typeof taskId !== "string") return;
    await this.#storeFailure(taskId, step, request, error, traceback);
    // A chord counts its parts: one that will never run must not keep it waiting.
    const { group_id: groupId, group_index: groupIndex, chord } = step.options;
    if (typeof groupId === "string" && chord !== undefined && chord !== null) {
      await this.#countPart(taskId, groupId, groupIndex, chord as SignatureDict, "FAILURE", undefined, error);
    }
  }

  async #storeFailure(
    taskId: string,
    step: SignatureDict,
    request: Request,
    error: unknown,
    traceback: string,
  ): Promise<void> {
    const replyTo = step.options.reply_to;
    await this.#app.backend.store({
      meta: {
        taskId,
        status: "FAILURE",
        result: null,
        traceback,
        children: [],
        dateDone: new Date().toISOString(),
        parentId: request.id,
      },
      thrown: error,
      replyTo: typeof replyTo === "string" && replyTo !== "" ? replyTo : request.delivery.properties.replyTo,
      correlationId: taskId,
    });
  }

  /** The worker that ends the last part of a chord sends its body. */
  async onChordPart(request: Request, state: string, result: unknown, error: unknown): Promise<void> {
    const { group, groupIndex, chord, id } = request.message;
    if (group === null || chord === null) return;
    await this.#countPart(id, group, groupIndex, chord, state, result, error);
  }

  async #countPart(
    taskId: string,
    groupId: string,
    groupIndex: unknown,
    body: SignatureDict,
    state: string,
    result: unknown,
    thrown: unknown,
  ): Promise<void> {
    const { backend } = this.#app;
    if (!backend.hasChords) return;
    const index = typeof groupIndex === "number" ? groupIndex : null;
    const outcome = await backend.addChordPart({ taskId, groupId, groupIndex: index, state, result, thrown });
    if (outcome.kind === "incomplete") return;
    if (outcome.kind === "complete") await this.#app.applySignature(body, { args: [outcome.results] });
    else await this.#failBody(body, outcome.taskId, outcome.error);
    await backend.clearChord(groupId);
  }

  async #failBody(body: SignatureDict, failedId: string, cause: Error): Promise<void> {
    const error = new ChordError(`Dependency ${failedId} raised ${saferepr(cause)}`);
    const taskId = body.options.task_id;
    if (typeof taskId !== "string") return;
    const replyTo = typeof body.options.reply_to === "string" ? body.options.reply_to : undefined;
    await this.#app.backend.store({
      meta: {
        taskId,
        status: "FAILURE",
        result: null,
        traceback: null,
        children: [],
        dateDone: new Date().toISOString(),
      },
      thrown: error,
      replyTo,
      correlationId: taskId,
    });
    const errbacks = body.options.link_error;
    for (const errback of Array.isArray(errbacks) ? (errbacks as SignatureDict[]) : []) {
      await this.#app.applySignature(errback, { args: [taskId] });
    }
  }
}
