/** Task messages of calls and of retries: what the options of `applyAsync` mean in the protocol's words. */
import { randomUUID } from "node:crypto";
import { Tuple } from "@brine/codec";
import { CeleryError } from "../../errors.js";
import { formatIsoTime } from "../../protocol/iso8601.js";
import { saferepr } from "../../protocol/saferepr.js";
import { type TaskMessage, withoutBrokerHeaders } from "../../protocol/task-message.js";
import type { Retry } from "../../worker/execution/control-flow.js";
import { links, type Time, timeToIso, timeToMs } from "../apply-options.js";
import type { CurrentTask } from "../current-task.js";
import type { TaskCall } from "../task.js";

/** What a call inherits from where it is made. */
export interface CallScene {
  /** The task that calls. */
  readonly parent: CurrentTask | undefined;
  readonly origin: string;
  /** The setting `taskIgnoreResult`. */
  readonly ignoreResult: boolean;
}

/** @throws CeleryError `bad-option` for what is no time */
export function newMessage(
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: TaskCall<readonly unknown[]>,
  scene: CallScene,
): TaskMessage {
  const { parent } = scene;
  const id = options.taskId ?? randomUUID();
  const tuple = Tuple.from(args);
  const plain = { ...kwargs };
  return {
    task,
    id,
    args: tuple,
    kwargs: plain,
    retries: options.retries ?? 0,
    eta: etaOf(options),
    expires: expiresOf(options.expires),
    group: options.groupId ?? null,
    groupIndex: options.groupIndex ?? null,
    rootId: options.rootId ?? parent?.rootId ?? id,
    parentId: options.parentId ?? parent?.id ?? null,
    timelimit: [options.timeLimit ?? null, options.softTimeLimit ?? null],
    shadow: options.shadow ?? null,
    ignoreResult: options.ignoreResult ?? scene.ignoreResult,
    replacedTaskNesting: options.replacedTaskNesting ?? 0,
    stampedHeaders: options.stamps === undefined ? null : Object.keys(options.stamps),
    stamps: options.stamps ?? {},
    origin: scene.origin,
    argsrepr: options.argsrepr ?? saferepr(tuple),
    kwargsrepr: options.kwargsrepr ?? saferepr(plain),
    callbacks: links(options.link),
    errbacks: links(options.linkError),
    chain: options.chain ?? null,
    chord: options.chord ?? null,
    headers: { ...parent?.traceHeaders, ...options.headers },
  };
}

/** The message of a retry: everything as it was but for what `retry.changes` names. */
export function messageAgain(message: TaskMessage, retry: Retry): TaskMessage {
  const { changes } = retry;
  const { args = message.args, kwargs = message.kwargs } = changes;
  const [hard, soft] = message.timelimit;
  const tuple = Tuple.from(args);
  return {
    ...message,
    args: tuple,
    kwargs: { ...kwargs },
    argsrepr: changes.args === undefined ? (message.argsrepr ?? saferepr(tuple)) : saferepr(tuple),
    kwargsrepr: changes.kwargs === undefined ? (message.kwargsrepr ?? saferepr(kwargs)) : saferepr(kwargs),
    retries: message.retries + 1,
    eta: formatIsoTime(retry.etaMs),
    expires: changes.expires === undefined ? message.expires : expiresOf(changes.expires),
    timelimit: [changes.timeLimit ?? hard, changes.softTimeLimit ?? soft],
    shadow: changes.shadow ?? message.shadow,
    parentId: message.id,
    rootId: message.rootId ?? message.id,
    headers: { ...withoutBrokerHeaders(message.headers), ...changes.headers },
  };
}

function etaOf(options: TaskCall<readonly unknown[]>): string | null {
  const { countdown, eta } = options;
  if (countdown !== undefined) {
    if (!Number.isFinite(countdown)) throw badTime("countdown", countdown);
    if (countdown !== 0) return formatIsoTime(Date.now() + countdown * 1000);
  }
  return eta === undefined ? null : timeToIso(eta, "eta");
}

function expiresOf(expires: number | Time | undefined): string | null {
  if (expires === undefined) return null;
  if (typeof expires !== "number") return timeToIso(expires, "expires");
  if (!Number.isFinite(expires)) throw badTime("expires", expires);
  return formatIsoTime(Date.now() + expires * 1000);
}

function badTime(name: string, value: number): CeleryError {
  return new CeleryError(`Cannot send task: ${name} is ${value}, not a number of seconds`, {
    code: "bad-option",
    path: name,
  });
}

/** The broker drops the message when nobody took it in time. Past is `"0"`; RabbitMQ refuses more than about 49 days. */
export function expirationOf(message: TaskMessage): string | undefined {
  if (message.expires === null) return undefined;
  const ms = Math.max(0, Math.trunc(timeToMs(message.expires, "expires") - Date.now()));
  return ms > 0xffffffff ? undefined : String(ms);
}
