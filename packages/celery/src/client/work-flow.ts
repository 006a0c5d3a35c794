/** Sends signatures of every kind: freezes ids, hands each task what must run after it. Celery 5.2 `canvas.py`. */
import { randomUUID } from "node:crypto";
import { Tuple } from "@brine/codec";
import type { ResultBackend } from "../backends/backend.js";
import { CeleryError } from "../errors.js";
import { makeSignature, mergeSignature, readSignature, type SignatureDict } from "../protocol/signature.js";
import type { TaskMessage } from "../protocol/task-message.js";
import { optionsFromWire } from "./apply-options.js";
import type { AsyncResult, ResultContext } from "./async-result.js";
import { AsyncResult as TaskAsyncResult } from "./async-result.js";
import { chainDict, chordDict, chordParts, foldSteps, groupTasks } from "./canvas.js";
import { GroupResult } from "./group-result.js";
import { stampSignature } from "./stamps.js";
import type { TaskCall } from "./task.js";

type Options = Record<string, unknown>;

/** What makes a task part of a group or chord. */
const MEMBERSHIP = ["group_id", "group_index", "chord"] as const;

/** What a signature is called with. */
export interface More {
  readonly args?: readonly unknown[] | undefined;
  readonly kwargs?: Record<string, unknown> | undefined;
  /** With Python's names. */
  readonly options?: Options | undefined;
}

export interface WorkFlowOptions {
  readonly backend: ResultBackend;
  readonly context: ResultContext;
  readonly protocol: 1 | 2;
  sendTask(name: string, call: TaskCall<readonly unknown[]>): Promise<AsyncResult<unknown>>;
}

export class WorkFlow {
  readonly #options: WorkFlowOptions;

  constructor(options: WorkFlowOptions) {
    this.#options = options;
  }

  async apply(signature: SignatureDict, more: More = {}): Promise<AsyncResult<unknown>> {
    switch (signature.subtask_type) {
      case "chain":
        return this.#applyChain(signature, more);
      case "group":
        return this.#applyGroup(groupTasks(signature), signature.options, more);
      case "chord":
        return this.#applyChord(signature, more);
      case "chunks":
        return this.#applyGroup(splitChunks(signature), signature.options, more);
      default:
        return this.#applyTask(signature, more);
    }
  }

  /**
   * Sends a signature in the place of a task that runs: under its id, with what was to follow it. Celery 5.6 `app/task.py`
   * `Task.replace`. Unlike there, an rpc:// caller gets the answer.
   *
   * @throws CeleryError `bad-option` for what cannot take a task's place
   */
  async replace(signature: SignatureDict, message: TaskMessage, replyTo: string | undefined): Promise<void> {
    if (signature.options.chord !== undefined) {
      throw new CeleryError("Cannot replace a task by a part of a chord", { code: "bad-option" });
    }
    const stamped = stampSignature(signature, message.stamps);
    // A group has no task of its own to carry on with: a chord that gives back what it got.
    const dict = stamped.subtask_type === "group" ? groupAsChord(stamped) : stamped;
    const { link, link_error, ...own } = dict.options;
    const options: Options = {
      ...own,
      task_id: message.id,
      root_id: message.rootId ?? message.id,
      parent_id: message.id,
      replaced_task_nesting: message.replacedTaskNesting + 1,
      ...pick({ group_id: message.group, group_index: message.groupIndex, chord: message.chord }, MEMBERSHIP),
      ...(replyTo === undefined || replyTo === "" ? {} : { reply_to: replyTo }),
      ...(message.chain === null ? {} : { chain: message.chain }),
    };
    const callbacks = listOf(link, message.callbacks);
    const errbacks = listOf(link_error, message.errbacks);
    if (callbacks.length > 0) options.link = callbacks;
    if (errbacks.length > 0) options.link_error = errbacks;
    await this.apply({ ...dict, options: {} }, { options });
  }

  async #applyTask(signature: SignatureDict, more: More): Promise<AsyncResult<unknown>> {
    const { task, args, kwargs, options } = mergeSignature(signature, definedOnly(more));
    return this.#options.sendTask(task, { args, kwargs, ...optionsFromWire(options) });
  }

  async #applyChain(signature: SignatureDict, more: More): Promise<AsyncResult<unknown>> {
    const options = { ...signature.options, ...more.options };
    const steps = await this.#freezeChain(groupTasks(signature), options);
    const [first, ...rest] = steps;
    if (first === undefined) throw new CeleryError("Cannot send a chain without tasks", { code: "bad-option" });
    const inherited = pick(options, ["root_id", "parent_id", "priority"]);
    // What follows this chain in an outer one comes after its own steps; all of it reversed.
    const outer = Array.isArray(options.chain) ? (options.chain as SignatureDict[]) : [];
    const chain = [...outer, ...rest.reverse()];
    if (this.#options.protocol === 1 && chain.length > 0) {
      await this.apply(nestAsLinks(first, chain), { args: more.args, kwargs: more.kwargs, options: inherited });
    } else {
      const firstOptions = chain.length === 0 ? inherited : { ...inherited, chain };
      const sent = await this.apply(first, { args: more.args, kwargs: more.kwargs, options: firstOptions });
      if (rest.length === 0) return sent;
    }
    let result: AsyncResult<unknown> | undefined;
    for (const step of steps) {
      result = new TaskAsyncResult(step.options.task_id as string, this.#options.context, result);
    }
    return result!;
  }

  /** Gives every step its id; the last takes over what the chain as a whole is part of. */
  async #freezeChain(tasks: readonly SignatureDict[], options: Options): Promise<SignatureDict[]> {
    const steps = foldSteps(tasks);
    const replyTo = options.reply_to ?? (await this.#options.backend.replyTo());
    return steps.map((step, index) => {
      const isLast = index === steps.length - 1;
      const frozen: Options = { ...step.options };
      frozen.task_id ??= (isLast ? options.task_id : undefined) ?? randomUUID();
      frozen.reply_to ??= replyTo;
      if (options.replaced_task_nesting !== undefined) frozen.replaced_task_nesting = options.replaced_task_nesting;
      if (options.link_error !== undefined) frozen.link_error = listOf(frozen.link_error, options.link_error);
      if (isLast) {
        Object.assign(frozen, pick(options, MEMBERSHIP));
        if (options.link !== undefined) frozen.link = listOf(frozen.link, options.link);
      }
      return { ...step, options: frozen };
    });
  }

  async #applyGroup(tasks: readonly SignatureDict[], own: Options, more: More): Promise<GroupResult> {
    const options = { ...own, ...more.options };
    const groupId = (options.task_id ?? randomUUID()) as string;
    const results = await this.#sendParts(tasks.flatMap(unrollGroup), groupId, {
      ...more,
      options: pick(options, ["root_id", "parent_id", "priority", "link_error"]),
    });
    return new GroupResult(groupId, results, this.#options.context);
  }

  async #sendParts(parts: readonly SignatureDict[], groupId: string, more: More): Promise<AsyncResult<unknown>[]> {
    const results: AsyncResult<unknown>[] = [];
    for (const [index, part] of parts.entries()) {
      const options = { ...more.options, group_id: groupId, group_index: index };
      results.push(await this.apply(part, { args: more.args, kwargs: more.kwargs, options }));
    }
    return results;
  }

  async #applyChord(signature: SignatureDict, more: More): Promise<AsyncResult<unknown>> {
    const { backend, context } = this.#options;
    if (!backend.hasChords) {
      throw new CeleryError(`Cannot send a chord: ${backend.description} cannot count its parts, use a result store`, {
        code: "no-backend",
      });
    }
    const { header, body } = chordParts(signature);
    const options = { ...signature.options, ...more.options };
    const groupId = randomUUID();
    const frozen = await this.#freezeBody(body, options, groupId);
    const inherited = pick(options, ["root_id", "parent_id", "priority"]);
    if (header.length === 0) return this.apply(frozen, { args: [[]], options: inherited });
    // Counted before any part is sent: the last one to end must find the size.
    await backend.setChordSize(groupId, header.length);
    const results = await this.#sendParts(header.map(nestedGroupAsChord), groupId, {
      args: more.args,
      kwargs: more.kwargs,
      options: { ...inherited, chord: frozen },
    });
    const parent = new GroupResult(groupId, results, context);
    return new TaskAsyncResult(frozen.options.task_id as string, context, parent);
  }

  async #freezeBody(body: SignatureDict, options: Options, groupId: string): Promise<SignatureDict> {
    const taskId = (options.task_id ?? body.options.task_id ?? randomUUID()) as string;
    const replyTo = options.reply_to ?? body.options.reply_to ?? (await this.#options.backend.replyTo());
    const membership = { group_id: groupId, ...pick(options, [...MEMBERSHIP, "replaced_task_nesting"]) };
    const links: Options = {};
    if (options.link !== undefined) links.link = listOf(body.options.link, options.link);
    if (options.link_error !== undefined) links.link_error = listOf(body.options.link_error, options.link_error);
    const after = Array.isArray(options.chain) && options.chain.length > 0 ? { chain: options.chain } : {};
    const steps = foldSteps([body]);
    if (steps.length === 1 && body.subtask_type !== "chain") {
      return {
        ...body,
        options: { ...body.options, task_id: taskId, reply_to: replyTo, ...membership, ...links, ...after },
      };
    }
    const frozen = await this.#freezeChain(steps, { task_id: taskId, reply_to: replyTo, ...membership, ...links });
    return { ...chainDict(frozen, { task_id: taskId, ...after }), immutable: body.immutable };
  }
}

function definedOnly(more: More): { args?: readonly unknown[]; kwargs?: Record<string, unknown>; options?: Options } {
  return {
    ...(more.args === undefined ? {} : { args: Tuple.from(more.args) }),
    ...(more.kwargs === undefined ? {} : { kwargs: more.kwargs }),
    ...(more.options === undefined ? {} : { options: more.options }),
  };
}

function pick(options: Options, names: readonly string[]): Options {
  const picked: Options = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined && value !== null) picked[name] = value;
  }
  return picked;
}

function listOf(first: unknown, second: unknown): unknown[] {
  const list = (value: unknown): unknown[] =>
    value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return [...list(first), ...list(second)];
}

/** Protocol 1 has no chain: each task calls back the next. */
function nestAsLinks(first: SignatureDict, chain: readonly SignatureDict[]): SignatureDict {
  let next: SignatureDict | undefined;
  for (const step of [...chain, first]) {
    const previous: SignatureDict | undefined = next;
    next =
      previous === undefined
        ? step
        : { ...step, options: { ...step.options, link: listOf(step.options.link, previous) } };
  }
  return next!;
}

/** A group in a group is one group, as in Celery. */
function unrollGroup(part: SignatureDict): SignatureDict[] {
  return part.subtask_type === "group" ? groupTasks(part).flatMap(unrollGroup) : [part];
}

/** A group in the header of a chord is one part of it, whose result is the list: a chord that gives back what it got. */
function nestedGroupAsChord(part: SignatureDict): SignatureDict {
  return part.subtask_type === "group" ? groupAsChord(part) : part;
}

function groupAsChord(part: SignatureDict): SignatureDict {
  return chordDict(groupTasks(part), makeSignature("celery.accumulate", { args: new Tuple(), kwargs: { index: 0 } }));
}

/** `celery.chunks` as Python sends it as a signature: `{task, it, n}`. */
function splitChunks(signature: SignatureDict): SignatureDict[] {
  const { task, it, n } = signature.kwargs;
  const size = Number(n);
  if (!Array.isArray(it) || !Number.isSafeInteger(size) || size < 1) {
    throw new CeleryError("Cannot send chunks: it must be a list and n a positive integer", { code: "bad-option" });
  }
  const parts: SignatureDict[] = [];
  for (let at = 0; at < it.length; at += size) {
    const kwargs = { task: readSignature(task, "kwargs.task"), it: it.slice(at, at + size) };
    parts.push(makeSignature("celery.starmap", { kwargs, subtask_type: "xstarmap", immutable: true }));
  }
  return parts;
}
