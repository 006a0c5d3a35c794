/** What each command of remote control must and may be given, and what Python says of a call that is wrong. */
import { pyExceptions } from "@brine/codec";
import type { CommandArguments } from "./command-host.js";

interface Parameters {
  readonly required?: readonly string[];
  /** These and no others. Absent: others are ignored, as by Python's `**kwargs`. */
  readonly only?: readonly string[];
}

/** Of the functions in Celery's `worker/control.py`; those that are not here take anything. */
const PARAMETERS: Readonly<Record<string, Parameters>> = {
  report: { only: [] },
  active_queues: { only: [] },
  enable_events: { only: [] },
  disable_events: { only: [] },
  heartbeat: { only: [] },
  autoscale: { only: ["max", "min"] },
  objgraph: { only: ["num", "max_depth", "type"] },
  query_task: { required: ["ids"] },
  hello: { required: ["from_node"] },
  revoke: { required: ["task_id"] },
  terminate: { required: ["signal", "task_id"] },
  revoke_by_stamped_headers: { required: ["headers"] },
  rate_limit: { required: ["task_name", "rate_limit"] },
  add_consumer: { required: ["queue"] },
  cancel_consumer: { required: ["queue"] },
  election: { required: ["id", "topic"] },
};

/** @throws PyTypeError in CPython's words */
export function checkArguments(command: string, args: CommandArguments): void {
  const { required = [], only } = (Object.hasOwn(PARAMETERS, command) ? PARAMETERS[command] : undefined) ?? {};
  const unexpected = only === undefined ? undefined : Object.keys(args).find((name) => !only.includes(name));
  if (unexpected !== undefined) {
    throw new pyExceptions.TypeError(`${command}() got an unexpected keyword argument '${unexpected}'`);
  }
  const missing = required.filter((name) => !Object.hasOwn(args, name)).map((name) => `'${name}'`);
  if (missing.length === 0) return;
  const arguments_ = missing.length === 1 ? "argument" : "arguments";
  throw new pyExceptions.TypeError(
    `${command}() missing ${missing.length} required positional ${arguments_}: ${missing.join(" and ")}`,
  );
}
