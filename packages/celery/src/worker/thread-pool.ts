/** Worker threads for tasks with a `module`: CPU work off the event loop, and limits that really end it. */
import { Worker as Thread } from "node:worker_threads";
import { pyExceptions } from "@brine/codec";
import type { Task } from "../client/task.js";
import { WorkerLostError } from "../protocol/python-exceptions.js";
import type { TaskMessage } from "../protocol/task-message.js";
import { bindArguments } from "./invoke.js";

/** What runs in the thread. Text, so that a bundle of this package needs no second file. */
const BOOTSTRAP = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", async ({ module, args }) => {
  try {
    const loaded = await import(module);
    parentPort.postMessage({ result: await loaded.default(...args) });
  } catch (error) {
    const isError = error instanceof Error;
    const failure = isError ? { name: error.name, message: error.message, stack: error.stack } : { name: "Error", message: String(error) };
    try {
      parentPort.postMessage({ failure });
    } catch {
      parentPort.postMessage({ failure: { name: "Error", message: "unclonable error" } });
    }
  }
});
`;

interface Reply {
  readonly result?: unknown;
  readonly failure?: { readonly name: string; readonly message: string; readonly stack?: string };
}

const JS_ERRORS: ReadonlyMap<string, ErrorConstructor> = new Map<string, ErrorConstructor>([
  ["TypeError", TypeError],
  ["RangeError", RangeError],
  ["SyntaxError", SyntaxError],
  ["ReferenceError", ReferenceError],
]);

/** Threads are kept for the next task; one whose task was aborted is ended with it. */
export class ThreadPool {
  readonly #idle: Thread[] = [];
  readonly #all = new Set<Thread>();

  /** Runs the default export of `module` as `fn(...args)`. */
  async run(module: string | URL, task: Task, message: TaskMessage, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const { parameters } = task.options;
    const args =
      parameters === undefined ? [...message.args] : bindArguments(task.name, parameters, message.args, message.kwargs);
    const thread = this.#idle.pop() ?? this.#start();
    thread.ref();
    return new Promise((resolve, reject) => {
      const onMessage = (reply: Reply): void => {
        finish();
        thread.unref();
        this.#idle.push(thread);
        if (reply.failure === undefined) resolve(reply.result);
        else reject(rebuild(reply.failure));
      };
      const onExit = (code: number): void => {
        finish();
        reject(new WorkerLostError(`Worker thread exited with code ${code}`));
      };
      const onError = (error: Error): void => {
        finish();
        reject(error);
      };
      const onAbort = (): void => {
        finish();
        this.#all.delete(thread);
        void thread.terminate();
        reject(signal.reason);
      };
      const finish = (): void => {
        thread.off("message", onMessage).off("exit", onExit).off("error", onError);
        signal.removeEventListener("abort", onAbort);
      };
      thread.on("message", onMessage).on("exit", onExit).on("error", onError);
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        thread.postMessage({ module: String(module), args });
      } catch (error) {
        finish();
        this.#idle.push(thread);
        reject(
          new pyExceptions.TypeError(
            `Cannot send the arguments of ${task.name} to a thread: ${(error as Error).message}`,
          ),
        );
      }
    });
  }

  #start(): Thread {
    const thread = new Thread(BOOTSTRAP, { eval: true });
    this.#all.add(thread);
    thread.once("exit", () => {
      this.#all.delete(thread);
      const index = this.#idle.indexOf(thread);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return thread;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((thread) => thread.terminate()));
  }
}

function rebuild(failure: NonNullable<Reply["failure"]>): Error {
  const error = new (JS_ERRORS.get(failure.name) ?? Error)(failure.message);
  if (!JS_ERRORS.has(failure.name)) error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}
