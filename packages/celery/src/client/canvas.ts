/** `chain`, `group`, `chord`, `map`, `starmap`, `chunks`: signatures made of signatures, as `celery.canvas` makes them. */
import { Tuple } from "@brine/codec";
import { CeleryError } from "../errors.js";
import { makeSignature, readSignature, type SignatureDict, type SignatureLike } from "../protocol/signature.js";
import { Signature, type SignatureSender } from "./signature.js";

type Part = SignatureLike | SignatureDict;

/** What a signature's task returns; `unknown` for a dict, which does not say. */
export type ResultOf<P> = P extends Signature<infer Result> ? Result : unknown;

/** The results of several, in their places. */
export type ResultsOf<Parts extends readonly unknown[]> = { -readonly [Index in keyof Parts]: ResultOf<Parts[Index]> };

/** The result of a chain is that of its last step. */
export type LastResultOf<Parts extends readonly unknown[]> = Parts extends readonly [...unknown[], infer Last]
  ? ResultOf<Last>
  : ResultOf<Parts[number]>;

/**
 * Runs one after another; each gets the result of the one before in front of its arguments, unless it is immutable. A group
 * followed by a task becomes a chord.
 *
 * @example
 * await chain(add.s(2, 3), mul.s(10)).delay(); // 50
 */
export function chain<const Parts extends readonly Part[]>(parts: Parts): Signature<LastResultOf<Parts>>;
export function chain<const Parts extends readonly Part[]>(...parts: Parts): Signature<LastResultOf<Parts>>;
/** With a result that the parts do not tell. */
export function chain<Result>(...parts: readonly (Part | readonly Part[])[]): Signature<Result>;
export function chain(...parts: readonly (Part | readonly Part[])[]): Signature {
  const all = parts.flat() as Part[];
  return new Signature(chainDict(foldSteps(all.map((part) => dictOf(part)))), senderOf(all));
}

/** Runs all at the same time. `get` of its result gives all results in order. */
export function group<const Parts extends readonly Part[]>(parts: Parts): Signature<ResultsOf<Parts>>;
export function group<const Parts extends readonly Part[]>(...parts: Parts): Signature<ResultsOf<Parts>>;
/** With a result that the parts do not tell. */
export function group<Result>(...parts: readonly (Part | readonly Part[])[]): Signature<Result[]>;
export function group(...parts: readonly (Part | readonly Part[])[]): Signature {
  const tasks = (parts.flat() as Part[]).map((part) => dictOf(part));
  return new Signature(groupDict(tasks), senderOf(parts.flat() as Part[]));
}

/** Runs `header` at the same time, then `body` with the list of all results. Needs a result store on both sides. */
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

/** One task that calls `task` with each item: `[task(item) for item in it]`. */
export function map<Task extends Part>(task: Task, it: readonly unknown[]): Signature<ResultOf<Task>[]> {
  const dict = makeSignature("celery.map", {
    kwargs: { task: dictOf(task), it: [...it] },
    subtask_type: "xmap",
    immutable: true,
  });
  return new Signature(dict, senderOf([task]));
}

/** One task that calls `task` with each list of arguments: `[task(*args) for args in it]`. */
export function starmap<Task extends Part>(
  task: Task,
  it: readonly (readonly unknown[])[],
): Signature<ResultOf<Task>[]> {
  return new Signature(starmapDict(dictOf(task), it), senderOf([task]));
}

/**
 * Splits a long list of arguments into a group of starmaps of `n` calls each.
 *
 * @throws `RangeError` when `n` is no positive integer
 */
export function chunks<Task extends Part>(
  task: Task,
  it: readonly (readonly unknown[])[],
  n: number,
): Signature<ResultOf<Task>[][]> {
  if (!Number.isSafeInteger(n) || n < 1)
    throw new RangeError(`Cannot make chunks of ${n}: a positive integer is needed`);
  const tasks: SignatureDict[] = [];
  for (let at = 0; at < it.length; at += n) tasks.push(starmapDict(dictOf(task), it.slice(at, at + n)));
  return new Signature(groupDict(tasks), senderOf([task]));
}

function starmapDict(task: SignatureDict, it: readonly (readonly unknown[])[]): SignatureDict {
  const calls = it.map((args) => Tuple.from(args));
  return makeSignature("celery.starmap", { kwargs: { task, it: calls }, subtask_type: "xstarmap", immutable: true });
}

export function chainDict(tasks: readonly SignatureDict[], options: Record<string, unknown> = {}): SignatureDict {
  return makeSignature("celery.chain", { kwargs: { tasks: [...tasks] }, options, subtask_type: "chain" });
}

export function chordDict(header: readonly SignatureDict[], body: SignatureDict): SignatureDict {
  return makeSignature("celery.chord", { kwargs: { header: groupDict(header), body }, subtask_type: "chord" });
}

export function groupDict(tasks: readonly SignatureDict[], options: Record<string, unknown> = {}): SignatureDict {
  return makeSignature("celery.group", { kwargs: { tasks: [...tasks] }, options, subtask_type: "group" });
}

/** The tasks of a chain or group signature, each with all its keys. */
export function groupTasks(dict: SignatureDict): SignatureDict[] {
  const { tasks } = dict.kwargs;
  if (!Array.isArray(tasks)) return [];
  return tasks.map((task, index) => readSignature(task, `kwargs.tasks[${index}]`));
}

/** Header, as a group, and body of a chord signature. The header of one from Python may be a list. */
export function chordParts(dict: SignatureDict): { header: SignatureDict; body: SignatureDict } {
  const { header, body } = dict.kwargs;
  const group = Array.isArray(header)
    ? groupDict(header.map((task, index) => readSignature(task, `kwargs.header[${index}]`)))
    : readSignature(header, "kwargs.header");
  return { header: group, body: readSignature(body, "kwargs.body") };
}

/** A group in a group is one group, as in Celery. */
export function unrollGroup(part: SignatureDict): SignatureDict[] {
  return part.subtask_type === "group" ? groupTasks(part).flatMap(unrollGroup) : [part];
}

/**
 * A part of a chord counts as one. Where it ends in a group, a task after that gives back the list, which is what the body
 * gets of such a part in Celery too.
 */
export function endInOneTask(part: SignatureDict): SignatureDict {
  switch (part.subtask_type) {
    case "group":
      return groupAsChord(part);
    case "chunks":
      return groupAsChord(splitChunks(part));
    case "chain": {
      const steps = foldSteps(groupTasks(part));
      const last = steps.pop();
      return last === undefined ? part : { ...part, kwargs: { tasks: [...steps, endInOneTask(last)] } };
    }
    case "chord": {
      const { body } = chordParts(part);
      return { ...part, kwargs: { ...part.kwargs, body: endInOneTask(body) } };
    }
    default:
      return part;
  }
}

/** A group has no task of its own to carry on with: a chord that gives back what it got. */
export function groupAsChord(part: SignatureDict): SignatureDict {
  return chordDict(groupTasks(part), makeSignature("celery.accumulate", { args: new Tuple(), kwargs: { index: 0 } }));
}

/** `celery.chunks` as Python sends it as a signature, `{task, it, n}`: a group of starmaps. */
export function splitChunks(signature: SignatureDict): SignatureDict {
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
  return groupDict(parts, signature.options);
}

/** Every task in a signature: what has an id once it is frozen. */
export function tasksIn(dict: SignatureDict): SignatureDict[] {
  switch (dict.subtask_type) {
    case "chain":
    case "group":
      return groupTasks(dict).flatMap(tasksIn);
    case "chord": {
      const { header, body } = chordParts(dict);
      return [...tasksIn(header), ...tasksIn(body)];
    }
    default:
      return [dict];
  }
}

/** The tasks that a signature ends in, whose results are its own. */
export function lastTasksIn(dict: SignatureDict): SignatureDict[] {
  switch (dict.subtask_type) {
    case "chain":
      return groupTasks(dict).slice(-1).flatMap(lastTasksIn);
    case "group":
      return groupTasks(dict).flatMap(lastTasksIn);
    case "chord":
      return lastTasksIn(chordParts(dict).body);
    default:
      return [dict];
  }
}

/** One option's values, several or one, and more of them. */
export function listOf(...values: readonly unknown[]): unknown[] {
  return values.flatMap((value) => (value === undefined || value === null ? [] : value));
}

/**
 * The steps of a chain without chains in it; a group before another step has become the header of a chord, and what
 * follows a chord its body. Celery 5.2 `canvas.py` `_chain.__or__`.
 */
export function foldSteps(parts: readonly SignatureDict[]): SignatureDict[] {
  const steps: SignatureDict[] = [];
  const pending = [...parts].reverse();
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    if (step.subtask_type === "chain") {
      const tasks = groupTasks(step);
      for (let i = tasks.length - 1; i >= 0; i--) pending.push(tasks[i]!);
      continue;
    }
    const last = steps.at(-1);
    if (last?.subtask_type === "group") steps[steps.length - 1] = chordDict(groupTasks(last), step);
    else if (last?.subtask_type === "chord") steps[steps.length - 1] = extendChord(last, step);
    else steps.push(step);
  }
  return steps;
}

function extendChord(dict: SignatureDict, step: SignatureDict): SignatureDict {
  const { header, body } = chordParts(dict);
  const steps = foldSteps([body, step]);
  const kwargs = { ...dict.kwargs, header, body: steps.length === 1 ? steps[0]! : chainDict(steps) };
  return { ...dict, kwargs };
}

function dictOf(part: Part): SignatureDict {
  return readSignature(part, "signature");
}

function senderOf(parts: readonly Part[]): SignatureSender | undefined {
  for (const part of parts) if (part instanceof Signature && part.sender !== undefined) return part.sender;
  return undefined;
}
