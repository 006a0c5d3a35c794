/** From delivery to request: verdicts on messages that are no runnable task, ETA, revocation, and who waits for a slot. */
import { isPickleError } from "@brine/codec";
import { ContentDisallowed, type Delivery } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import type { Task } from "../../client/task.js";
import { decodeErrorChannel } from "../../client/telemetry/diagnostics.js";
import { NotRegistered, PythonDecodeError } from "../../protocol/python-exceptions.js";
import { saferepr } from "../../protocol/saferepr.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { Request } from "../execution/request.js";
import { readMessage } from "./message-reader.js";

/** A message that is no task a worker can run. */
export interface BadMessage {
  /** `"undecodable"`: the body cannot be read. `"rejected"`: no task, or not accepted. `"unknown-task"`: nobody has it here. */
  readonly kind: "undecodable" | "rejected" | "unknown-task";
  /** What is wrong with it. */
  readonly error: Error;
  /** The message; it is settled already. */
  readonly delivery: Delivery;
}

export interface IntakeOptions {
  readonly app: Celery;
  /** The task of that name if this worker can run it. */
  readonly findTask: (name: string) => Task | undefined;
  /** What happens to a body that cannot be read. */
  readonly undecodable: "acknowledge" | "dead-letter";
  /** Whether the sender of an undecodable task is told. */
  readonly storesDecodeErrors: boolean;
  readonly sendTaskEvent: (type: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly onBadMessage: (bad: BadMessage) => void;
  readonly onRequest: (request: Request) => void;
  readonly onError: (error: Error) => void;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async receive(delivery: Delivery): Promise<void> {
    try {
      await this.#receive(delivery);
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  async #receive(delivery: Delivery): Promise<void> {
    const { app, undecodable } = this.#options;
    const verdict = await readMessage(delivery, app.content);
    switch (verdict.kind) {
      case "undecodable":
        this.#report({ kind: "undecodable", error: verdict.error, delivery });
        if (this.#options.storesDecodeErrors) await this.#storeDecodeError(delivery, verdict.error);
        return undecodable === "acknowledge" ? delivery.ack() : delivery.reject({ requeue: false });
      case "reject":
        this.#report({ kind: "rejected", error: verdict.error, delivery });
        return delivery.reject({ requeue: false });
      case "fail":
        await this.#storeFailure(verdict.id, delivery, verdict.error, null, null);
        this.#options.sendTaskEvent("task-failed", {
          uuid: verdict.id,
          exception: saferepr(verdict.error),
          traceback: null,
        });
        return delivery.ack();
      case "task":
        return this.#accept(verdict.message, delivery);
      default:
        verdict satisfies never;
    }
  }

  async #accept(message: TaskMessage, delivery: Delivery): Promise<void> {
    const { findTask, sendTaskEvent, onRequest } = this.#options;
    const task = findTask(message.task);
    if (task === undefined) {
      const error = new NotRegistered(message.task);
      this.#report({ kind: "unknown-task", error, delivery });
      await this.#storeFailure(message.id, delivery, error, message.group, message.parentId);
      sendTaskEvent("task-failed", { uuid: message.id, exception: saferepr(error), traceback: null });
      return delivery.reject({ requeue: false });
    }
    sendTaskEvent("task-received", {
      uuid: message.id,
      name: message.task,
      args: message.argsrepr ?? "",
      kwargs: message.kwargsrepr ?? "",
      root_id: message.rootId,
      parent_id: message.parentId,
      retries: message.retries,
      eta: message.eta,
      expires: message.expires,
    });
    onRequest(new Request(message, delivery, task));
  }

  #report(bad: BadMessage): void {
    const { queue } = bad.delivery;
    if (decodeErrorChannel.hasSubscribers) decodeErrorChannel.publish({ queue, verdict: bad.kind, error: bad.error });
    this.#options.app.settings.logger.error?.(`Message in ${queue} ${bad.kind}: ${bad.error.message}${remedy(bad)}`, {
      error: bad.error,
      contentType: bad.delivery.contentType,
      headers: bad.delivery.headers,
    });
    this.#options.onBadMessage(bad);
  }

  /** The headers of protocol 2 say whose task it is even if the body says nothing. */
  async #storeDecodeError(delivery: Delivery, error: Error): Promise<void> {
    const { task, id, group, parent_id: parentId } = delivery.headers;
    if (typeof task !== "string" || typeof id !== "string") return;
    const thrown = new PythonDecodeError(error.message);
    await this.#storeFailure(
      id,
      delivery,
      thrown,
      typeof group === "string" ? group : null,
      typeof parentId === "string" ? parentId : null,
    );
    this.#options.sendTaskEvent("task-failed", { uuid: id, exception: saferepr(thrown), traceback: null });
  }

  /** A store that fails must not keep the message, which nobody would settle then. */
  async #storeFailure(
    taskId: string,
    delivery: Delivery,
    thrown: Error,
    groupId: string | null,
    parentId: string | null,
  ): Promise<void> {
    const { replyTo, correlationId } = delivery.properties;
    const meta = {
      taskId,
      status: "FAILURE",
      result: null,
      traceback: null,
      children: [],
      dateDone: new Date().toISOString(),
      groupId,
      parentId,
    };
    try {
      await this.#options.app.backend.store({ meta, thrown, replyTo, correlationId: correlationId ?? taskId });
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }
}

/** What whoever reads the log can do about it. */
function remedy({ kind, error }: BadMessage): string {
  if (kind === "unknown-task") return `: this app has no app.task(${error.message.replaceAll("'", '"')}, handler)`;
  if (error instanceof ContentDisallowed) return "; the setting acceptContent says what is read";
  if (isPickleError(error.cause) && error.cause.code === "unregistered-global") {
    return "; the registry is the setting of that name, made by createRegistry()";
  }
  return "";
}
