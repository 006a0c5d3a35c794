/** Sends signatures of every kind: freezes ids, hands each task what must run after it. Celery 5.2 `canvas.py`. */
import { Tuple } from "@brine/codec";
import type { ResultBackend } from "../../backends/backend.js";
import { CeleryError } from "../../errors.js";
import { isSignatureDict, mergeSignature, type SignatureDict } from "../../protocol/signature.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { optionsFromWire } from "../apply-options.js";
import type { AsyncResult, ResultContext } from "../results/async-result.js";
import type { TaskCall } from "../task.js";
import { chordParts, groupTasks, listOf } from "./canvas-dicts.js";
import { endInOneTask } from "./fold.js";
import { Freezer, HANDED_DOWN, MEMBERSHIP, pick } from "./freeze.js";
import { addLinks, type LinkRules } from "./links.js";
import { stampSignature } from "./stamps.js";

type Options = Record<string, unknown>;

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
  readonly linkRules: LinkRules;
  sendTask(name: string, call: TaskCall<readonly unknown[]>, routeName: string): Promise<AsyncResult<unknown>>;
}

export class WorkFlow {
  readonly #options: WorkFlowOptions;
  readonly #freezer: Freezer;

  constructor(options: WorkFlowOptions) {
    this.#options = options;
    this.#freezer = new Freezer(options.backend, options.context, options.linkRules);
  }

  async apply(signature: SignatureDict, more: More = {}): Promise<AsyncResult<unknown>> {
    if (!isComposed(signature)) return this.#sendTask(signature, more);
    const { signature: frozen, result } = await this.#freezer.freeze(signature, more.options);
    await this.#send(frozen, more);
    return result;
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
    // What follows the task, or counts it, follows one task.
    const dict = endInOneTask(stampSignature(signature, message.stamps), this.#options.linkRules);
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
    const callbacks = addLinks(link, message.callbacks);
    const errbacks = addLinks(link_error, message.errbacks);
    if (callbacks.length > 0) options.link = callbacks;
    if (errbacks.length > 0) options.link_error = errbacks;
    await this.apply({ ...dict, options: {} }, { options });
  }

  /**
   * Celery 5.2 `app/task.py` `Task.add_to_chord`.
   *
   * @throws CeleryError `bad-state` when the message's task is no part of a chord
   */
  async addToChord(signature: SignatureDict, message: TaskMessage): Promise<AsyncResult<unknown>> {
    const { id, group, groupIndex, chord, rootId } = message;
    if (group === null || chord === null) {
      throw new CeleryError(`Cannot add to a chord: task ${id} is no part of one`, { code: "bad-state", taskId: id });
    }
    // Counted before it is sent, and before the task that runs ends.
    await this.#options.backend.growChord(group);
    const options = pick({ group_id: group, group_index: groupIndex, chord, root_id: rootId }, [
      ...MEMBERSHIP,
      "root_id",
    ]);
    return this.apply(endInOneTask(signature, this.#options.linkRules), { options });
  }

  /** Sends what was frozen, which has taken the options that are handed down; the others go to what runs first. */
  async #send(signature: SignatureDict, more: More): Promise<void> {
    switch (signature.subtask_type) {
      case "chain":
        return this.#sendChain(signature, more);
      case "group":
        for (const part of groupTasks(signature)) await this.#send(part, moreForFirst(signature, more));
        return;
      case "chord":
        return this.#sendChord(signature, more);
      default:
        await this.#sendTask(signature, more);
    }
  }

  async #sendTask(signature: SignatureDict, more: More): Promise<AsyncResult<unknown>> {
    const { task, args, kwargs, options } = mergeSignature(signature, definedOnly(more));
    const { task: called } = kwargs;
    // `map` and `starmap` go where the task goes that they call.
    const routeName = isMap(signature) && isSignatureDict(called) ? called.task : task;
    return this.#options.sendTask(task, { args, kwargs, ...optionsFromWire(options) }, routeName);
  }

  async #sendChain(signature: SignatureDict, more: More): Promise<void> {
    const [first, ...rest] = groupTasks(signature);
    const forFirst = moreForFirst(signature, more);
    // What follows this chain in an outer one comes after its own steps; all of it reversed.
    const chain = [...outerChain(signature, more), ...rest.reverse()];
    if (this.#options.protocol === 1 && chain.length > 0) {
      await this.#send(nestAsLinks(first!, chain), forFirst);
    } else {
      const options = chain.length === 0 ? forFirst.options : { ...forFirst.options, chain };
      await this.#send(first!, { ...forFirst, options });
    }
  }

  async #sendChord(signature: SignatureDict, more: More): Promise<void> {
    const { header, body: ownBody } = chordParts(signature);
    const forFirst = moreForFirst(signature, more);
    const { parent_id: _, ...forBody } = forFirst.options;
    const chain = outerChain(signature, more);
    const after = chain.length === 0 ? {} : { chain };
    const body = { ...ownBody, options: { ...ownBody.options, ...forBody, ...after } };
    const parts = groupTasks(header);
    if (parts.length === 0) return this.#send(body, { args: [[]] });
    const groupId = header.options.task_id as string;
    // Counted before any part is sent: the last one to end must find the size.
    await this.#options.backend.setChordSize(groupId, parts.length);
    for (const [index, part] of parts.entries()) {
      const membership = { group_id: groupId, group_index: index, chord: body };
      const { signature: frozen } = await this.#freezer.freeze(part, membership);
      await this.#send(frozen, forFirst);
    }
  }
}

/** By name: Celery 5.2 loses the type of one that it copies. */
function isMap({ task }: SignatureDict): boolean {
  return task === "celery.map" || task === "celery.starmap";
}

function isComposed({ subtask_type: type }: SignatureDict): boolean {
  return type === "chain" || type === "group" || type === "chord" || type === "chunks";
}

/** What a signature of several tasks is sent with, as its first ones get it: arguments, and options such as `countdown`. */
function moreForFirst(signature: SignatureDict, more: More): More & { readonly options: Options } {
  const options: Options = { ...signature.options, ...more.options };
  for (const name of [...HANDED_DOWN, "chain"]) delete options[name];
  const { args, immutable } = signature;
  return { args: immutable ? args : [...(more.args ?? []), ...args], kwargs: more.kwargs, options };
}

function outerChain(signature: SignatureDict, more: More): SignatureDict[] {
  const chain = more.options?.chain ?? signature.options.chain;
  return Array.isArray(chain) ? (chain as SignatureDict[]) : [];
}

function definedOnly(more: More): { args?: readonly unknown[]; kwargs?: Record<string, unknown>; options?: Options } {
  return {
    ...(more.args === undefined ? {} : { args: Tuple.from(more.args) }),
    ...(more.kwargs === undefined ? {} : { kwargs: more.kwargs }),
    ...(more.options === undefined ? {} : { options: more.options }),
  };
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
