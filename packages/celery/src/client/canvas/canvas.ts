/** `chain`, `group`, `chord`, `map`, `starmap`, `chunks`: signatures made of signatures, as `celery.canvas` makes them. */
import { makeSignature, readSignature, type SignatureDict, type SignatureLike } from "../../protocol/signature.js";
import type { GroupResult } from "../results/group-result.js";
import { chainDict, chordDict, groupDict, groupTasks, starmapDict } from "./canvas-dicts.js";
import { foldSteps } from "./fold.js";
import { linkRules } from "./links.js";
import { Signature, type SignatureSender } from "./signature.js";

type Part = SignatureLike | SignatureDict;

/** What a signature's task returns; `unknown` for a dict, which does not say. */
export type ResultOf<P> = P extends Signature<infer Result, infer _> ? Result : unknown;

/** The results of several, in their places. */
export type ResultsOf<Parts extends readonly unknown[]> = { -readonly [Index in keyof Parts]: ResultOf<Parts[Index]> };

/** The result of a chain is that of its last step. */
export type LastResultOf<Parts extends readonly unknown[]> = Parts extends readonly [...unknown[], infer Last]
  ? ResultOf<Last>
  : ResultOf<Parts[number]>;

/** A signature whose result, once it is sent, knows each of its tasks. */
export type GroupSignature<Results extends readonly unknown[]> = Signature<
  Results,
  GroupResult<Results[number], Results>
>;

/**
 * Celery's `chain`: runs one after another; each gets the result of the one before in front of its arguments, unless it is
 * immutable. A group followed by a task becomes a chord. Nothing is sent before `delay` or `applyAsync`, whose result is that of
 * the last step.
 *
 * @throws InvalidMessageError for what is no signature
 * @example
 * await chain(add.s(2, 3), mul.s(10)).delay(); // 50
 */
export function chain<const Parts extends readonly Part[]>(parts: Parts): Signature<LastResultOf<Parts>>;
export function chain<const Parts extends readonly Part[]>(...parts: Parts): Signature<LastResultOf<Parts>>;
/** With a result that the parts do not tell. */
export function chain<Result>(...parts: readonly (Part | readonly Part[])[]): Signature<Result>;
export function chain(...parts: readonly (Part | readonly Part[])[]): Signature {
  const all = parts.flat() as Part[];
  const sender = senderOf(all);
  return new Signature(chainDict(foldSteps(all.map(dictOf), linkRules(sender?.settings))), sender);
}

/**
 * Celery's `group`: runs all at the same time. `get` of its result gives all results in order.
 *
 * @throws InvalidMessageError for what is no signature
 */
export function group<const Parts extends readonly Part[]>(parts: Parts): GroupSignature<ResultsOf<Parts>>;
export function group<const Parts extends readonly Part[]>(...parts: Parts): GroupSignature<ResultsOf<Parts>>;
/** With a result that the parts do not tell. */
export function group<Result>(...parts: readonly (Part | readonly Part[])[]): GroupSignature<Result[]>;
export function group(...parts: readonly (Part | readonly Part[])[]): GroupSignature<unknown[]> {
  const tasks = (parts.flat() as Part[]).map((part) => dictOf(part));
  return new Signature(groupDict(tasks), senderOf(parts.flat() as Part[]));
}

/**
 * Celery's `chord`: runs `header` at the same time, then `body` with the list of all results in front of its arguments. Needs a
 * result store on both sides; sending one with `rpc://` or without a backend is an error `no-backend`.
 *
 * @throws InvalidMessageError for what is no signature
 */
export function chord<Body extends Part>(header: readonly Part[] | Part, body: Body): Signature<ResultOf<Body>>;
/** With a result that the body does not tell. */
export function chord<Result>(header: readonly Part[] | Part, body: Part): Signature<Result>;
export function chord(header: readonly Part[] | Part, body: Part): Signature {
  const isList = Array.isArray(header);
  const parts = isList ? (header as readonly Part[]) : [header as Part];
  const dicts = parts.map((part) => dictOf(part));
  const tasks = !isList && dicts[0]!.subtask_type === "group" ? groupTasks(dicts[0]!) : dicts;
  return new Signature(chordDict(tasks, dictOf(body)), senderOf([...parts, body]));
}

/** Celery's `task.map`: one message, whose worker calls `task` with each item: `[task(item) for item in it]`. */
export function map<Task extends Part>(task: Task, it: readonly unknown[]): Signature<ResultOf<Task>[]> {
  const dict = makeSignature("celery.map", {
    kwargs: { task: dictOf(task), it: [...it] },
    subtask_type: "xmap",
    immutable: true,
  });
  return new Signature(dict, senderOf([task]));
}

/** Celery's `task.starmap`: one message, whose worker calls `task` with each list of arguments: `[task(*args) for args in it]`. */
export function starmap<Task extends Part>(
  task: Task,
  it: readonly (readonly unknown[])[],
): Signature<ResultOf<Task>[]> {
  return new Signature(starmapDict(dictOf(task), it), senderOf([task]));
}

/**
 * Celery's `task.chunks`: splits a long list of arguments into a group of starmaps of `n` calls each.
 *
 * @throws `RangeError` when `n` is no positive integer
 */
export function chunks<Task extends Part>(
  task: Task,
  it: readonly (readonly unknown[])[],
  n: number,
): GroupSignature<ResultOf<Task>[][]> {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new RangeError(`Cannot make chunks of ${n}: a positive integer is needed`);
  const tasks: SignatureDict[] = [];
  for (let at = 0; at < it.length; at += n) tasks.push(starmapDict(dictOf(task), it.slice(at, at + n)));
  return new Signature(groupDict(tasks), senderOf([task]));
}

function dictOf(part: Part): SignatureDict {
  return readSignature(part, "signature");
}

function senderOf(parts: readonly Part[]): SignatureSender | undefined {
  for (const part of parts) if (part instanceof Signature && part.sender !== undefined) return part.sender;
  return undefined;
}
