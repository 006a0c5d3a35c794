/**
 * Gives every task of a signature its id before any is sent, so that others can name it and somebody can wait for it.
 * Celery 5.2 `canvas.py` `freeze`.
 */
import { randomUUID } from "node:crypto";
import type { ResultBackend } from "../../backends/backend.js";
import { CeleryError } from "../../errors.js";
import type { SignatureDict } from "../../protocol/signature.js";
import { AsyncResult, type ResultContext } from "../results/async-result.js";
import { GroupResult } from "../results/group-result.js";
import { chainDict, chordParts, groupDict, groupTasks, listOf, splitChunks, unrollGroup } from "./canvas-dicts.js";
import { endInOneTask, foldSteps } from "./fold.js";
import { addLinks, asImmutable, type LinkRules } from "./links.js";

type Options = Record<string, unknown>;

/** What makes a task part of a group or chord. */
export const MEMBERSHIP = ["group_id", "group_index", "chord"] as const;

/** What a signature hands down to the tasks in it, and not only to the first that runs. */
export const HANDED_DOWN = [
  ...MEMBERSHIP,
  "task_id",
  "reply_to",
  "replaced_task_nesting",
  "link",
  "link_error",
] as const;

export interface Frozen {
  /** Chains folded, groups unrolled, an id on every task. Freezing it again gives the same ids. */
  readonly signature: SignatureDict;
  readonly result: AsyncResult<unknown>;
}

export class Freezer {
  readonly #backend: ResultBackend;
  readonly #context: ResultContext;
  readonly #rules: LinkRules;

  constructor(backend: ResultBackend, context: ResultContext, rules: LinkRules) {
    this.#backend = backend;
    this.#context = context;
    this.#rules = rules;
  }

  /**
   * @param inherited - options of what the signature is a part of or is sent with; others than those handed down are left
   * @param parent - the result before it
   * @throws CeleryError `bad-option` for a chain without tasks, `no-backend` for a chord where nothing counts its parts
   */
  async freeze(signature: SignatureDict, inherited: Options = {}, parent?: AsyncResult<unknown>): Promise<Frozen> {
    const given = pick(inherited, HANDED_DOWN);
    switch (signature.subtask_type) {
      case "chain":
        return this.#freezeChain(signature, given, parent);
      case "group":
        return this.#freezeGroup(signature, given, parent);
      case "chunks":
        return this.#freezeGroup(splitChunks(signature), given, parent);
      case "chord":
        return this.#freezeChord(signature, given, parent);
      default:
        return this.#freezeTask(signature, given, parent);
    }
  }

  async #freezeTask(signature: SignatureDict, given: Options, parent: AsyncResult<unknown> | undefined) {
    const { link, link_error: linkError, reply_to: replyTo, ...rest } = given;
    const options: Options = { ...signature.options, ...rest };
    // Frozen in Python as a part of a chord, it counts there, whatever else it is in here.
    if (given.chord === undefined) Object.assign(options, pick(signature.options, MEMBERSHIP));
    // An id that it has already stays, as in Celery: somebody waits for it. A body of Celery 5.5 is a chain with an id of its own.
    options.task_id = signature.options.task_id ?? options.task_id ?? randomUUID();
    options.reply_to ??= replyTo ?? (await this.#backend.replyTo());
    if (link !== undefined) options.link = addLinks(options.link, link);
    if (linkError !== undefined) options.link_error = addLinks(options.link_error, linkError);
    const result = new AsyncResult<unknown>(options.task_id as string, this.#context, parent);
    return { signature: { ...signature, options }, result };
  }

  /** The last step takes over what the chain as a whole is part of. */
  async #freezeChain(signature: SignatureDict, given: Options, parent: AsyncResult<unknown> | undefined) {
    const { options, handed } = handDown(signature, given);
    const steps = foldSteps(groupTasks(signature), this.#rules);
    if (steps.length === 0) throw new CeleryError("Cannot send a chain without tasks", { code: "bad-option" });
    const forAll = pick(handed, ["reply_to", "replaced_task_nesting", "link_error"]);
    const frozen: SignatureDict[] = [];
    let result = parent;
    for (const [index, step] of steps.entries()) {
      const isLast = index === steps.length - 1;
      const one = await this.freeze(step, isLast ? handed : forAll, result);
      frozen.push(one.signature);
      result = one.result;
    }
    const whole = { ...signature, ...chainDict(frozen, { ...options, task_id: result!.id }) };
    return { signature: { ...whole, immutable: signature.immutable }, result: result! };
  }

  async #freezeGroup(signature: SignatureDict, given: Options, parent: AsyncResult<unknown> | undefined) {
    const { options, handed } = handDown(signature, given);
    const groupId = (handed.task_id ?? randomUUID()) as string;
    const { link } = handed;
    const forAll = pick(handed, ["reply_to", "replaced_task_nesting", "link_error"]);
    const frozen: Frozen[] = [];
    for (const [index, part] of groupTasks(signature).flatMap(unrollGroup).entries()) {
      // As Celery's `group.link`: the first part stands for all.
      const callbacks = index === 0 && link !== undefined ? { link: listOf(link).map(asImmutable) } : {};
      frozen.push(await this.freeze(part, { ...forAll, ...callbacks, group_id: groupId, group_index: index }));
    }
    const results = frozen.map((part) => part.result);
    const tasks = frozen.map((part) => part.signature);
    return {
      signature: { ...signature, kwargs: { ...signature.kwargs, tasks }, options: { ...options, task_id: groupId } },
      result: new GroupResult(groupId, results, this.#context, parent),
    };
  }

  /**
   * Its parts become so when they are sent: each would carry a copy of the body, and a Python worker that sends the chord
   * chooses another id for the group, which the parts must not have one of already.
   */
  async #freezeChord(signature: SignatureDict, given: Options, parent: AsyncResult<unknown> | undefined) {
    if (!this.#backend.hasChords) {
      const reason = `${this.#backend.description} cannot count its parts, use a result store`;
      throw new CeleryError(`Cannot send a chord: ${reason}`, { code: "no-backend" });
    }
    const { options, handed } = handDown(signature, given);
    const { header, body } = chordParts(signature);
    const groupId = (header.options.task_id ?? randomUUID()) as string;
    const forParts = pick(handed, ["reply_to", "replaced_task_nesting"]);
    const errbacks = this.#rules.taskAllowErrorCbOnChordHeader ? listOf(handed.link_error) : [];
    if (errbacks.length > 0) forParts.link_error = errbacks;
    const parts: Frozen[] = [];
    for (const part of groupTasks(header).flatMap(unrollGroup)) {
      parts.push(await this.freeze(endInOneTask(part, this.#rules), forParts));
    }
    const results = parts.map((part) => part.result);
    const headerResult = new GroupResult(groupId, results, this.#context, parent);
    // A chord that Python froze has the id of its header for its own.
    const task_id = given.task_id ?? idOf(body) ?? handed.task_id;
    const last = await this.#freezeBody(body, { group_id: groupId, ...handed, task_id }, headerResult);
    const frozenHeader = groupDict(
      parts.map((part) => part.signature),
      { ...header.options, task_id: groupId },
    );
    const kwargs = { ...signature.kwargs, header: frozenHeader, body: last.signature };
    return {
      signature: { ...signature, kwargs, options: { ...options, task_id: last.result.id } },
      result: last.result,
    };
  }

  /**
   * A chain keeps its links until it is sent, as in Celery: a Python worker that fails the chord looks for errbacks in the
   * options of the body, and not in those of its tasks.
   */
  async #freezeBody(body: SignatureDict, given: Options, parent: AsyncResult<unknown>): Promise<Frozen> {
    if (body.subtask_type !== "chain") return this.freeze(body, given, parent);
    const [own, handed] = [withoutLinks(body.options), withoutLinks(given)];
    const { signature, result } = await this.freeze({ ...body, options: own }, handed, parent);
    const options = { ...signature.options };
    for (const name of ["link", "link_error"] as const) {
      const targets = addLinks(body.options[name], given[name]);
      if (targets.length > 0) options[name] = targets;
    }
    return { signature: { ...signature, options }, result };
  }
}

function withoutLinks({ link: _, link_error: __, ...options }: Options): Options {
  return options;
}

/** What a signature of several tasks keeps of its options, and what goes to its tasks: links once, or they would add up. */
function handDown(signature: SignatureDict, given: Options): { options: Options; handed: Options } {
  const { link, link_error: linkError, ...options } = signature.options;
  const handed = { ...pick(options, HANDED_DOWN), ...given };
  const links = pick({ link, link_error: linkError }, ["link", "link_error"]);
  for (const [name, targets] of Object.entries(links)) handed[name] = addLinks(targets, given[name]);
  return { options, handed };
}

/** The id that a signature's result has, if it was frozen or given one. */
function idOf(signature: SignatureDict): unknown {
  switch (signature.subtask_type) {
    case "chain": {
      const last = groupTasks(signature).at(-1);
      return last === undefined ? undefined : idOf(last);
    }
    case "chord":
      return idOf(chordParts(signature).body);
    default:
      return signature.options.task_id;
  }
}

/** Those of the options that are given; Python also writes None for what is not. */
export function pick(options: Options, names: readonly string[]): Options {
  const picked: Options = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined && value !== null) picked[name] = value;
  }
  return picked;
}
