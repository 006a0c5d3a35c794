// @ts-check
/**
 * What a worker thread runs for a task with a `module`. Plain JavaScript and a file of its own: a thread is started from a
 * file, also where the rest of the package is run from its TypeScript sources.
 */
import { serialize } from "node:v8";
import { receiveMessageOnPort } from "node:worker_threads";

const MAX_CAUSES = 10;

/**
 * Calls the module's default export. Never rejects: what the pool reports as an error is then always a lost thread.
 *
 * @param {{ module: string, args: unknown[], context: object, port: import("node:worker_threads").MessagePort }} call
 */
export default async function run({ module, args, context, port }) {
  try {
    const { default: task } = await import(module);
    if (typeof task !== "function") throw new TypeError(`${module} has no function as its default export`);
    // Serialized here, where a value that cannot be is an error of the task; on its way it would cost the thread.
    return { result: serialize(await task.apply(withSignal(context, port), args)) };
  } catch (error) {
    return { failure: describe(error, 0) };
  }
}

/**
 * The task's `this`. The first look at its signal is reported: such a task may end by itself.
 *
 * @param {object} context
 * @param {import("node:worker_threads").MessagePort} port
 */
function withSignal(context, port) {
  /** @type {AbortSignal | undefined} */
  let signal;
  return Object.defineProperty(context, "signal", {
    get() {
      if (signal === undefined) {
        port.postMessage("heeded");
        signal = signalFrom(port);
      }
      return signal;
    },
    enumerable: true,
  });
}

/**
 * A signal that is aborted by a message, which it also looks for itself when it is asked: in a loop that waits for nothing no
 * message arrives.
 *
 * @param {import("node:worker_threads").MessagePort} port
 */
function signalFrom(port) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @param {{ message: string }} reason */
  const abort = ({ message, ...rest }) => controller.abort(Object.assign(new Error(message), rest));
  const look = () => {
    const received = receiveMessageOnPort(port);
    if (received !== undefined) abort(received.message);
  };
  port.on("message", abort);
  port.unref();
  const { get } = /** @type {{ get: () => boolean }} */ (
    Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")
  );
  Object.defineProperty(signal, "aborted", {
    get() {
      look();
      return get.call(signal);
    },
  });
  signal.throwIfAborted = () => {
    look();
    AbortSignal.prototype.throwIfAborted.call(signal);
  };
  return signal;
}

/**
 * An error as plain values: a structured clone keeps neither classes nor causes.
 *
 * @param {unknown} error
 * @param {number} depth
 * @returns {unknown}
 */
function describe(error, depth) {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, cause } = error;
  const python = /** @type {{ pythonClass?: unknown, args?: unknown }} */ (error);
  const isPython = typeof python.pythonClass === "string" && Array.isArray(python.args);
  return {
    name,
    message,
    stack,
    ...(isPython ? { pythonClass: python.pythonClass, args: python.args.map(scalar) } : {}),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describe(cause, depth + 1) }),
  };
}

/** @param {unknown} value */
function scalar(value) {
  return typeof value === "object" && value !== null ? String(value) : value;
}
