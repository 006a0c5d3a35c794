// @ts-check
/**
 * What a worker thread runs for a task with a `module`. Plain JavaScript and a file of its own: a thread is started from a
 * file, also where the rest of the package is run from its TypeScript sources.
 */
import { serialize } from "node:v8";

const MAX_CAUSES = 10;

/**
 * Calls the module's default export. Never rejects: what the pool reports as an error is then always a lost thread.
 *
 * @param {{ module: string, args: unknown[] }} call
 */
export default async function run({ module, args }) {
  try {
    const { default: task } = await import(module);
    if (typeof task !== "function") throw new TypeError(`${module} has no function as its default export`);
    // Serialized here, where a value that cannot be is an error of the task; on its way it would cost the thread.
    return { result: serialize(await task(...args)) };
  } catch (error) {
    return { failure: describe(error, 0) };
  }
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
