/**
 * Worker threads for tasks with a `module`: CPU work off the event loop, and limits that really end it.
 *
 * The pool is piscina's, an optional peer. Not tinypool's, its smaller fork: that one does not notice a thread that exits by
 * itself (2.2.0), so that a task which calls `process.exit()` would hold its slot and its message for ever.
 */
import { deserialize } from "node:v8";
import { type ClassRegistryView, pyExceptions } from "@brine/codec";
import type { Piscina } from "piscina";
import type { Task } from "../../client/task.js";
import { CeleryError } from "../../errors.js";
import { exceptionOf } from "../../protocol/exceptions.js";
import { WorkerLostError } from "../../protocol/python-exceptions.js";
import type { TaskMessage } from "../../protocol/task-message.js";
import { bindArguments } from "./invoke.js";
import type { RunStop } from "./run-stop.js";
import { ThreadSignal } from "./thread-signal.js";

/** More than any worker's concurrency, which is what bounds the threads: `pool_grow` must not meet another limit here. */
const MAX_THREADS = 1024;

/** What `thread-entry.js` returns. */
interface Reply {
  readonly result?: Uint8Array;
  readonly failure?: ThreadFailure;
}

interface ThreadFailure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly pythonClass?: string;
  readonly args?: readonly unknown[];
  readonly cause?: ThreadFailure;
}

const JS_ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>([
  ["TypeError", TypeError],
  ["RangeError", RangeError],
  ["SyntaxError", SyntaxError],
  ["ReferenceError", ReferenceError],
]);

/** Threads are kept for the next task; one whose task was aborted is ended with it. */
export class ThreadPool {
  readonly #registry: ClassRegistryView;
  #pool: Promise<Piscina> | undefined;

  constructor(registry: ClassRegistryView) {
    this.#registry = registry;
  }

  /**
   * Runs the default export of `module` as `fn(...args)`, with a {@link ThreadContext} as `this`.
   *
   * @throws what the function threw, as an error of the same class where that is Python's or JavaScript's own
   * @throws WorkerLostError when the thread ended under the task; why it was interrupted, if that ended it
   * @throws CeleryError `bad-option` when piscina is not installed
   */
  async run(module: string | URL, task: Task, message: TaskMessage, stop: RunStop): Promise<unknown> {
    stop.signal.throwIfAborted();
    const { parameters } = task.options;
    const args =
      parameters === undefined ? [...message.args] : bindArguments(task.name, parameters, message.args, message.kwargs);
    this.#pool ??= openPool();
    const pool = await this.#pool;
    const context = { id: message.id, name: message.task, retries: message.retries };
    const reply = await this.#post(pool, { module: String(module), args, context }, task, stop);
    if (reply.failure !== undefined) throw this.#rebuild(reply.failure);
    return deserialize(reply.result!);
  }

  async #post(pool: Piscina, call: object, task: Task, stop: RunStop): Promise<Reply> {
    const signal = new ThreadSignal(stop);
    const { port, kill } = signal;
    try {
      return await pool.run({ ...call, port }, { signal: kill, transferList: [port] });
    } catch (cause) {
      if (kill.aborted) throw stop.reason;
      const { name, message } = cause as Error;
      if (name === "DataCloneError") {
        throw new pyExceptions.TypeError(`Cannot send the arguments of ${task.name} to a thread: ${message}`);
      }
      throw Object.assign(new WorkerLostError(`Worker thread was lost: ${message}`), { cause });
    } finally {
      signal.close();
    }
  }

  #rebuild(failure: ThreadFailure): Error {
    const { name, message, stack, pythonClass, args = [], cause } = failure;
    const error =
      pythonClass === undefined
        ? new (JS_ERRORS.get(name) ?? Error)(message)
        : exceptionOf(pythonClass, args, this.#registry);
    if (pythonClass === undefined && !JS_ERRORS.has(name)) error.name = name;
    if (stack !== undefined) error.stack = stack;
    if (cause !== undefined) error.cause = this.#rebuild(cause);
    return error;
  }

  /** Ends all threads, whatever they do. The next task gets a new one, which loads its module again. */
  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    this.#pool = undefined;
    await pool?.destroy();
  }
}

async function loadPiscina(): Promise<typeof Piscina> {
  try {
    return (await import("piscina")).Piscina;
  } catch (cause) {
    throw new CeleryError("Cannot run a task in a thread: install piscina 5", { code: "bad-option", cause });
  }
}

async function openPool(): Promise<Piscina> {
  const PoolClass = await loadPiscina();
  const pool = new PoolClass({
    filename: new URL("./thread-entry.js", import.meta.url).href,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: Number.POSITIVE_INFINITY,
    // With atomics an idle thread is blocked: timers and sockets that a module keeps would stand still between tasks.
    atomics: "disabled",
    recordTiming: false,
  });
  // A thread that is lost without a task harms nobody; without a listener it would end the process.
  pool.on("error", () => {});
  return pool;
}
