/** Calls a handler with what a message says, by Python's rules for parameters where their names are known. */
import { pyExceptions } from "@brine/codec";
import type { Task } from "../../client/task.js";
import type { TaskContext } from "./context.js";

/**
 * The positional arguments for a handler with named `parameters`: keyword arguments put in their places.
 *
 * @throws Python's TypeError, in Python's words, for arguments that do not fit
 */
export function bindArguments(
  name: string,
  parameters: readonly string[],
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown[] {
  if (args.length > parameters.length) {
    throw new pyExceptions.TypeError(
      `${name}() takes ${parameters.length} positional argument${parameters.length === 1 ? "" : "s"} but ${args.length} were given`,
    );
  }
  const bound: unknown[] = [...args];
  for (const [key, value] of Object.entries(kwargs)) {
    const index = parameters.indexOf(key);
    if (index < 0) throw new pyExceptions.TypeError(`${name}() got an unexpected keyword argument '${key}'`);
    if (index < args.length) throw new pyExceptions.TypeError(`${name}() got multiple values for argument '${key}'`);
    bound[index] = value;
  }
  return bound;
}

/** Runs the handler in this thread. */
export function invokeHandler(
  task: Task,
  context: TaskContext,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown {
  const { handler, name } = task;
  if (handler === undefined) throw new pyExceptions.NotImplementedError(`${name} has no handler`);
  const { parameters } = task.options;
  return handler(context, ...(parameters === undefined ? args : bindArguments(name, parameters, args, kwargs)));
}
