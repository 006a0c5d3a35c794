/** Stores states of requests. */
import { setTimeout as sleep } from "node:timers/promises";
import { isKombuError } from "@brine/codec/kombu";
import type { StoreRequest } from "../../backends/backend.js";
import type { Celery } from "../../client/app.js";
import type { AsyncResult } from "../../client/results/async-result.js";
import { formatIsoTime } from "../../protocol/iso8601.js";
import type { ResultMeta } from "../../protocol/result-meta.js";
import { saferepr } from "../../protocol/saferepr.js";
import { READY_STATES } from "../../protocol/states.js";
import type { Request } from "./request.js";

const STORE_RETRIES = 3;
const STORE_RETRY_MS = 200;

export class ResultWriter {
  readonly #app: Celery;
  readonly #hostname: string;

  /** @param hostname - of the worker */
  constructor(app: Celery, hostname: string) {
    this.#app = app;
    this.#hostname = hostname;
  }

  /** A state with a value. Nothing for tasks whose result is ignored. */
  async write(request: Request, state: string, result: unknown, children: readonly AsyncResult[]): Promise<void> {
    if (this.#isIgnored(request)) return;
    await this.#store({ meta: this.#meta(request, state, result, null, children), ...addressOf(request) });
  }

  async writeError(
    request: Request,
    state: string,
    thrown: unknown,
    traceback: string | null,
    children: readonly AsyncResult[],
  ): Promise<void> {
    const isWanted = request.task.options.storeErrorsEvenIfIgnored ?? this.#app.settings.taskStoreErrorsEvenIfIgnored;
    if (this.#isIgnored(request) && !isWanted) return;
    await this.#store({ meta: this.#meta(request, state, null, traceback, children), thrown, ...addressOf(request) });
  }

  #isIgnored(request: Request): boolean {
    return request.message.ignoreResult || (request.task.options.ignoreResult ?? this.#app.settings.taskIgnoreResult);
  }

  /** Arguments that the result serializer cannot carry must not take the result with them. */
  async #store(request: StoreRequest): Promise<void> {
    try {
      await this.#storePatiently(request);
    } catch (error) {
      const { extended } = request.meta;
      if (!isKombuError(error) || extended === undefined) throw error;
      const { args, kwargs } = extended;
      const asText = { ...extended, args: saferepr(args), kwargs: saferepr(kwargs) };
      await this.#storePatiently({ ...request, meta: { ...request.meta, extended: asText } });
    }
  }

  /** A backend that is away for a moment does not make a result disappear. */
  async #storePatiently(request: StoreRequest): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#app.backend.store(request);
        return;
      } catch (error) {
        if (isKombuError(error) || attempt >= STORE_RETRIES) throw error;
        await sleep(STORE_RETRY_MS * 2 ** attempt);
      }
    }
  }

  #meta(
    request: Request,
    status: string,
    result: unknown,
    traceback: string | null,
    children: readonly AsyncResult[],
  ): ResultMeta {
    const { message } = request;
    return {
      taskId: request.id,
      status,
      result,
      traceback,
      children: children.map((child) => child.asTuple()),
      dateDone: READY_STATES.has(status) ? formatIsoTime(Date.now()) : null,
      groupId: message.group,
      parentId: message.parentId,
      ...(this.#app.settings.resultExtended ? { extended: this.#extended(request) } : {}),
    };
  }

  #extended(request: Request): Record<string, unknown> {
    const { message, delivery } = request;
    const { task: name, args, kwargs, retries } = message;
    // What Celery calls the queue. Celery 5.2 `backends/base.py` _get_result_meta.
    return { name, args, kwargs, worker: this.#hostname, retries, queue: delivery.routingKey };
  }
}

function addressOf(request: Request): { replyTo: string | undefined; correlationId: string } {
  const { replyTo, correlationId } = request.delivery.properties;
  return { replyTo, correlationId: correlationId ?? request.id };
}
