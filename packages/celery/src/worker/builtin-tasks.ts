/** The tasks every Celery worker has and that workers send each other. Celery 5.2 `app/builtins.py`. */
import { pyExceptions } from "@brine/codec";
import { isPlainRecord, readSignature } from "../protocol/signature.js";
import type { TaskContext } from "./execution/context.js";

/** Runs a task of this worker in place, as calling one does in Python. */
export type CallTask = (
  context: TaskContext,
  name: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
) => unknown;

export const BUILTIN_NAMES = ["celery.accumulate", "celery.backend_cleanup", "celery.map", "celery.starmap"] as const;

export type Builtin = (context: TaskContext, ...args: unknown[]) => unknown;

export function builtinTasks(call: CallTask): ReadonlyMap<string, Builtin> {
  const each =
    (isStar: boolean): Builtin =>
    async (context) => {
      const { task, it } = context.kwargs;
      const signature = readSignature(task, "kwargs.task");
      if (!Array.isArray(it)) throw new pyExceptions.TypeError("it is not a list");
      const results: unknown[] = [];
      for (const item of it) {
        const args = isStar && Array.isArray(item) ? item : [item];
        results.push(await call(context, signature.task, [...args, ...signature.args], signature.kwargs));
      }
      return results;
    };
  const builtins: Record<(typeof BUILTIN_NAMES)[number], Builtin> = {
    "celery.map": each(false),
    "celery.starmap": each(true),
    "celery.accumulate": (context, ...args) => {
      const index = isPlainRecord(context.kwargs) ? context.kwargs.index : undefined;
      return typeof index === "number" ? args[index] : args;
    },
    "celery.backend_cleanup": () => null,
  };
  return new Map(Object.entries(builtins));
}
