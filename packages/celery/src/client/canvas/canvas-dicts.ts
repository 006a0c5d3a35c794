/** Signatures made of signatures, as the dicts that travel: how they are built, taken apart, and made into what can be sent. */
import { Tuple } from "@brine/codec";
import { CeleryError } from "../../errors.js";
import { makeSignature, readSignature, type SignatureDict } from "../../protocol/signature.js";

export function starmapDict(task: SignatureDict, it: readonly (readonly unknown[])[]): SignatureDict {
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

/**
 * Header, as a group, and body of a chord signature. The header of one from Python may be a list, and that of one written by hand
 * a task or chain alone. Celery `_maybe_group`.
 */
export function chordParts(dict: SignatureDict): { header: SignatureDict; body: SignatureDict } {
  const { header, body } = dict.kwargs;
  return { header: headerGroup(header), body: readSignature(body, "kwargs.body") };
}

function headerGroup(header: unknown): SignatureDict {
  if (Array.isArray(header)) return groupDict(header.map((task, i) => readSignature(task, `kwargs.header[${i}]`)));
  const one = readSignature(header, "kwargs.header");
  return one.subtask_type === "group" ? one : groupDict([one]);
}

/** A group in a group is one group, as in Celery. */
export function unrollGroup(part: SignatureDict): SignatureDict[] {
  return part.subtask_type === "group" ? groupTasks(part).flatMap(unrollGroup) : [part];
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
