/** The options of `applyAsync` and their names inside signatures. */
import type { Queue } from "@brine/codec/kombu";
import { optionNames } from "@brine/codec/options";
import { CeleryError } from "../errors.js";
import { formatIsoTime, parseIsoTime } from "../protocol/iso8601.js";
import { isSignatureLike, type SignatureDict, type SignatureLike } from "../protocol/signature.js";
import { type Stamps, stampOptions, stampsOfOptions } from "./canvas/stamps.js";
import type { RetryPolicy } from "./settings/settings.js";

/** A point in time: `Date`, ISO 8601 text, or a value with `toDate()` such as the codec's `PyDateTime`. */
export type Time = Date | string | { toDate(): Date };

type Links = SignatureLike | SignatureDict | readonly (SignatureLike | SignatureDict)[];

/** How one call of a task is sent. Durations are in seconds. */
export interface ApplyOptions {
  /** The task's id, and the key of its result. Default: a random UUID. */
  readonly taskId?: string | undefined;
  /** Seconds from now until it may run; wins over `eta`. Default: none. */
  readonly countdown?: number | undefined;
  /** When it may run. Default: at once. */
  readonly eta?: Time | undefined;
  /** Seconds from now, or a time, after which it must not start. Default: never. */
  readonly expires?: number | Time | undefined;
  /**
   * 0 to 9 (255 on RabbitMQ): higher first on RabbitMQ, lower first on Redis. Default: of the task, its route, the
   * task that sends it (with `taskInheritParentPriority`), else `taskDefaultPriority`.
   */
  readonly priority?: number | undefined;
  /**
   * A name, or a queue such as `workerDirect(hostname)`; in a signature, which travels, its name. Default: of the task, its
   * route, else `taskDefaultQueue`.
   */
  readonly queue?: string | Queue | undefined;
  /** Name of the exchange that it is published to. Default: the queue's. */
  readonly exchange?: string | undefined;
  /** The key that it is published with. Default: the queue's. */
  readonly routingKey?: string | undefined;
  /**
   * Own headers, which the task sees as `request.headers`: numbers, strings, booleans, null, and arrays and objects of them.
   * Default: none.
   */
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  /** Of the body, by name. Default: the task's, its route's, else `taskSerializer`. */
  readonly serializer?: string | undefined;
  /** Of the body, by name. Default: the task's, its route's, else `taskCompression`. */
  readonly compression?: string | undefined;
  /** 2 persistent, 1 transient. Default: the task's, else `taskDefaultDeliveryMode`. */
  readonly deliveryMode?: 1 | 2 | undefined;
  /** Whether publishing is tried again when the broker does not take it. Default `taskPublishRetry`. */
  readonly retry?: boolean | undefined;
  /** How it is tried again. Default: `taskPublishRetryPolicy`. */
  readonly retryPolicy?: RetryPolicy | undefined;
  /** Seconds a run may take before it is ended. Default: the worker's limit for the task. */
  readonly timeLimit?: number | undefined;
  /** Seconds after which a run is told that it takes too long: `context.signal` is aborted. Default: the worker's limit for the task. */
  readonly softTimeLimit?: number | undefined;
  /** Signatures that are sent with the result in front of their arguments when it has succeeded. Default: none. */
  readonly link?: Links | undefined;
  /** Signatures that are sent with the id of the failed task in front of their arguments when it has failed. Default: none. */
  readonly linkError?: Links | undefined;
  /** Store no result. Default: the task's `ignoreResult`, else `taskIgnoreResult`. */
  readonly ignoreResult?: boolean | undefined;
  /** Name of the queue that rpc replies go to, with the backend `rpc://`. Default: that of this client. */
  readonly replyTo?: string | undefined;
  /** Name shown instead of the task's. Default: the task's. */
  readonly shadow?: string | undefined;
  /** The group that it is a part of. Default: none. */
  readonly groupId?: string | undefined;
  /** Its place in that group, from 0. Default: none. */
  readonly groupIndex?: number | undefined;
  /** The first task of the work-flow. Default: that of the task which sends it, else its own id. */
  readonly rootId?: string | undefined;
  /** The task that sends it. Default: the one that runs, if one does. */
  readonly parentId?: string | undefined;
  /** How often it was retried so far. Default 0. */
  readonly retries?: number | undefined;
  /** Facts to find and revoke tasks by; every task of a work-flow gets them. Celery 5.3 and later. Default: none. */
  readonly stamps?: Stamps | undefined;
  /** Text for logs instead of the arguments' repr; hides secrets. Default: that repr, shortened. */
  readonly argsrepr?: string | undefined;
  /** Text for logs instead of the keyword arguments' repr; hides secrets. Default: that repr, shortened. */
  readonly kwargsrepr?: string | undefined;
  /** Fail, with `publish-failed`, when no queue takes the message. Default false: it is dropped. */
  readonly mandatory?: boolean | undefined;
  /** Gives up sending: the message may have been sent. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** How often the task was replaced; written by `context.replace`. Default 0. */
  readonly replacedTaskNesting?: number | undefined;
  /** The rest of the chain, reversed; written by {@link chain}. Default: none. */
  readonly chain?: readonly SignatureDict[] | undefined;
  /** The body of the chord that it is a part of; written by {@link chord}. Default: none. */
  readonly chord?: SignatureDict | undefined;
}

export const APPLY_OPTIONS = /* @__PURE__ */ optionNames<ApplyOptions>({
  taskId: true,
  countdown: true,
  eta: true,
  expires: true,
  priority: true,
  queue: true,
  exchange: true,
  routingKey: true,
  headers: true,
  serializer: true,
  compression: true,
  deliveryMode: true,
  retry: true,
  retryPolicy: true,
  timeLimit: true,
  softTimeLimit: true,
  link: true,
  linkError: true,
  ignoreResult: true,
  replyTo: true,
  shadow: true,
  groupId: true,
  groupIndex: true,
  rootId: true,
  parentId: true,
  retries: true,
  stamps: true,
  argsrepr: true,
  kwargsrepr: true,
  mandatory: true,
  signal: true,
  replacedTaskNesting: true,
  chain: true,
  chord: true,
});

/** Options that travel inside signatures, with their Python names. */
const WIRE_NAMES: ReadonlyMap<keyof ApplyOptions, string> = new Map([
  ["taskId", "task_id"],
  ["countdown", "countdown"],
  ["eta", "eta"],
  ["expires", "expires"],
  ["priority", "priority"],
  ["queue", "queue"],
  ["exchange", "exchange"],
  ["routingKey", "routing_key"],
  ["headers", "headers"],
  ["serializer", "serializer"],
  ["compression", "compression"],
  ["deliveryMode", "delivery_mode"],
  ["timeLimit", "time_limit"],
  ["softTimeLimit", "soft_time_limit"],
  ["link", "link"],
  ["linkError", "link_error"],
  ["ignoreResult", "ignore_result"],
  ["replyTo", "reply_to"],
  ["shadow", "shadow"],
  ["groupId", "group_id"],
  ["groupIndex", "group_index"],
  ["rootId", "root_id"],
  ["parentId", "parent_id"],
  ["retries", "retries"],
  ["replacedTaskNesting", "replaced_task_nesting"],
  ["argsrepr", "argsrepr"],
  ["kwargsrepr", "kwargsrepr"],
  ["chain", "chain"],
  ["chord", "chord"],
]);

const JS_NAMES: ReadonlyMap<string, keyof ApplyOptions> = new Map([...WIRE_NAMES].map(([js, wire]) => [wire, js]));

/** Options for a signature: Python's names, times as text, links as lists of dicts. */
export function optionsToWire(options: ApplyOptions): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [name, wireName] of WIRE_NAMES) {
    const value = options[name];
    if (value === undefined) continue;
    if (name === "link" || name === "linkError") wire[wireName] = links(value as Links);
    else if (name === "eta") wire[wireName] = timeToIso(value as Time, "eta");
    else if (name === "expires")
      wire[wireName] = typeof value === "number" ? value : timeToIso(value as Time, "expires");
    else if (name === "queue") wire[wireName] = typeof value === "string" ? value : (value as Queue).name;
    else wire[wireName] = value;
  }
  return options.stamps === undefined ? wire : stampOptions(wire, checkStamps(options.stamps));
}

/** Options of a signature that came from the wire. Unknown ones are left out, as are nulls. */
export function optionsFromWire(wire: Readonly<Record<string, unknown>>): ApplyOptions {
  const options: Record<string, unknown> = {};
  for (const [wireName, value] of Object.entries(wire)) {
    const name = JS_NAMES.get(wireName);
    if (name !== undefined && value !== null && value !== undefined) options[name] = value;
  }
  const stamps = stampsOfOptions(wire);
  return (stamps === undefined ? options : { ...options, stamps }) as ApplyOptions;
}

/** @throws CeleryError `bad-option` for a name that is an option's own, which Python would take for it */
function checkStamps(stamps: Stamps): Stamps {
  for (const name of Object.keys(stamps)) {
    if (JS_NAMES.has(name) || name === "stamped_headers") {
      throw new CeleryError(`Cannot stamp: "${name}" is the name of an option`, { code: "bad-option", path: "stamps" });
    }
  }
  return stamps;
}

/** One signature or several, as a list of dicts. */
export function links(value: Links | undefined): SignatureDict[] | null {
  if (value === undefined) return null;
  const list = Array.isArray(value) ? value : [value];
  return list.length === 0
    ? null
    : list.map((link) => (isSignatureLike(link) ? link.toDict() : (link as SignatureDict)));
}

/** @throws CeleryError `bad-option` for what is no time */
export function timeToMs(time: Time, name: string): number {
  const ms =
    typeof time === "string" ? parseIsoTime(time) : time instanceof Date ? time.getTime() : time?.toDate?.().getTime();
  if (ms === undefined || Number.isNaN(ms)) {
    throw new CeleryError(`Cannot send task: ${name} is ${String(time)}, not a time`, {
      code: "bad-option",
      path: name,
    });
  }
  return ms;
}

/** Text is kept as it is, once it is known to be a time. */
export function timeToIso(time: Time, name: string): string {
  const ms = timeToMs(time, name);
  return typeof time === "string" ? time : formatIsoTime(ms);
}
