/** The decoder's errors: what went wrong, said where it is found, and where it was, added once on the way out. */
import { reasonOf } from "../../coded-error.js";
import { type PickleErrorCode, UnpicklingError } from "../../errors.js";
import type { GlobalEntry } from "../../globals/registry.js";
import type { Limits } from "../../limits.js";
import * as op from "../opcodes.js";
import { lookAlike } from "./not-a-pickle.js";

export function fault(code: PickleErrorCode, message: string): UnpicklingError {
  return new UnpicklingError(message, { code });
}

export function overLimit(name: keyof Limits, max: number): UnpicklingError {
  return new UnpicklingError(`limit ${name} of ${max} reached`, { code: "limit-exceeded", limit: { name, max } });
}

export function badOperand(message: string): UnpicklingError {
  return fault("bad-operand", message);
}

/** `hasMark` says whether a mark is what the items should be above. */
export function underflow(hasMark: boolean): UnpicklingError {
  return fault("stack-underflow", `too few items ${hasMark ? "above the mark" : "on the stack"}`);
}

export function noMark(): UnpicklingError {
  return fault("missing-mark", "there is no mark");
}

/** Bytes or a source of which nothing is left. CPython's "Ran out of input", with what it usually means. */
export function noPickle(offset: number): UnpicklingError {
  return new UnpicklingError(
    "Cannot unpickle: the input is empty; nothing was stored there, or was not written yet, or it has been read to its end",
    { code: "truncated", offset },
  );
}

/** What a hook threw, unless that says already what is wrong. */
export function hookFailed(hook: string, error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError && error.offset === undefined) return error;
  const reason = reasonOf(error);
  return new UnpicklingError(`${hook} failed: ${reason}`, { code: "hook-failed", cause: error });
}

/** What an entry threw when it was given `what`, unless that says already what is wrong. */
export function refused(entry: GlobalEntry, what: string, error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError && error.offset === undefined) return error;
  return new UnpicklingError(`${entry.module}.${entry.name} refused its ${what}: ${reasonOf(error)}`, {
    code: "construct-failed",
    cause: error,
  });
}

/** The error with the place where it happened, in a pickle that begins at `start`. */
export function located(error: unknown, offset: number, bytes: Uint8Array, start: number): UnpicklingError {
  const byte = bytes[offset];
  const opcode = byte === undefined ? undefined : (op.opcodeOf(byte)?.name as op.OpcodeName | undefined);
  if (start === bytes.length) return noPickle(offset);
  const doing = opcode === undefined ? "Cannot unpickle" : `Cannot decode ${opcode}`;
  if (error instanceof UnpicklingError && error.offset === undefined) {
    const message = error.message.startsWith("Cannot ") ? error.message : `${doing}: ${error.message}`;
    return new UnpicklingError(message + lookAlike(error.code, bytes, start), {
      code: error.code,
      offset,
      opcode,
      limit: error.limit,
      cause: error.cause,
    });
  }
  const reason = reasonOf(error);
  return new UnpicklingError(`${doing}: ${reason}`, { code: "construct-failed", offset, opcode, cause: error });
}
