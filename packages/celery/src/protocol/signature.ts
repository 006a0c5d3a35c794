/** A signature as it travels: the dict that Python's `celery.canvas.Signature` is. Field names are the wire's. */
import { InvalidMessageError } from "../errors.js";

/** The kinds of signature that hold others, as `subtask_type` of the message names them. */
export type SubtaskType = "chain" | "group" | "chord" | "xmap" | "xstarmap" | "chunks";

/** `args` may be any array, a `Tuple` included. Options keep Celery's snake_case names: `task_id`, `link_error`, `soft_time_limit`. */
export interface SignatureDict {
  /** The task's name; of a work-flow `celery.chain`, `celery.group`, `celery.chord`. */
  task: string;
  /** Positional; a call puts its own in front. */
  args: readonly unknown[];
  /** By name; of a work-flow its parts, as `tasks` or `header` and `body`. */
  kwargs: Record<string, unknown>;
  /** Those of the call, in Python's spelling. */
  options: Record<string, unknown>;
  /** `"chain"`, `"group"`, `"chord"`, ...; `null` for a task. */
  subtask_type: SubtaskType | null;
  /** Whether it ignores the results of what went before. */
  immutable: boolean;
}

/** Anything that can give its wire form, such as the client's `Signature`. */
export interface SignatureLike {
  /** Its form in a message; what it gives is not written to. */
  toDict(): SignatureDict;
}

/** A signature dict with all six keys; Celery fails on one without `options`. */
export function makeSignature(task: string, fields: Partial<Omit<SignatureDict, "task">> = {}): SignatureDict {
  return {
    task,
    args: fields.args ?? [],
    kwargs: fields.kwargs ?? {},
    options: fields.options ?? {},
    subtask_type: fields.subtask_type ?? null,
    immutable: fields.immutable ?? false,
  };
}

/** Whether `value` looks like a signature: an object with its own `task` string. Says nothing of the other fields. */
export function isSignatureDict(value: unknown): value is SignatureDict {
  return isPlainRecord(value) && Object.hasOwn(value, "task") && typeof value.task === "string";
}

/**
 * A copy of a signature read from the wire with all keys present, or an error that names the field at fault.
 *
 * @throws {@link InvalidMessageError}
 */
export function readSignature(value: unknown, path: string): SignatureDict {
  if (isSignatureLike(value)) return value.toDict();
  if (!isSignatureDict(value))
    throw new InvalidMessageError(`Cannot read signature at ${path}: no "task" string`, path);
  const { task, args, kwargs, options, subtask_type, immutable } = value as Partial<SignatureDict> & { task: string };
  if (args !== undefined && args !== null && !Array.isArray(args)) {
    throw new InvalidMessageError(`Cannot read signature at ${path}: "args" is not a sequence`, `${path}.args`);
  }
  for (const [key, field] of [
    ["kwargs", kwargs],
    ["options", options],
  ] as const) {
    if (field !== undefined && field !== null && !isPlainRecord(field)) {
      throw new InvalidMessageError(
        `Cannot read signature at ${path}: "${key}" is not a mapping of str keys`,
        `${path}.${key}`,
      );
    }
  }
  return {
    task,
    args: args ?? [],
    kwargs: kwargs ?? {},
    options: options ?? {},
    subtask_type: subtask_type ?? null,
    immutable: immutable === true,
  };
}

export function isSignatureLike(value: unknown): value is SignatureLike {
  return typeof value === "object" && value !== null && "toDict" in value && typeof value.toDict === "function";
}

/** A dict as the codec decodes one whose keys are all str. */
export function isPlainRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Calls a signature with more: `args` are put in front of its own, `kwargs` and `options` override, as Python's
 * `Signature._merge`. An immutable signature takes options only. `link`s are never merged: they belong to the signature.
 */
export function mergeSignature(
  signature: SignatureDict,
  more: { args?: readonly unknown[]; kwargs?: Record<string, unknown>; options?: Record<string, unknown> },
): SignatureDict {
  const options = { ...signature.options, ...more.options };
  if (signature.immutable) return { ...signature, options };
  return {
    ...signature,
    args: more.args === undefined ? signature.args : [...more.args, ...signature.args],
    kwargs: more.kwargs === undefined ? signature.kwargs : { ...signature.kwargs, ...more.kwargs },
    options,
  };
}
