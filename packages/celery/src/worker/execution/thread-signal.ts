/** A run's signal on its way into a worker thread, and what ends the thread when the task does not heed it. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { TimeLimitExceeded } from "../../protocol/python-exceptions.js";
import type { RunStop } from "./run-stop.js";

/** What a task that was told to stop may still take to do so. */
const GRACE_MS = 5000;

/** What a task with a `module` has as `this`. */
export interface ThreadContext {
  /** The task's id. */
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** How often it was retried: 0 the first time. */
  readonly retries: number;
  /**
   * As a handler's `context.signal`; `aborted` and `throwIfAborted()` also tell what happened during a loop that waits for
   * nothing. A task that has looked at it is told of its soft limit and goes on, and is given five seconds when it is
   * terminated; any other is ended with its thread at once.
   */
  readonly signal: AbortSignal;
}

/** What the thread makes the reason of its signal from. */
export interface ThreadReason {
  readonly name: string;
  readonly message: string;
  readonly pythonClass?: string | undefined;
  readonly args?: readonly unknown[] | undefined;
}

export class ThreadSignal {
  /** For the thread. */
  readonly port: MessagePort;
  readonly #ownPort: MessagePort;
  readonly #killer = new AbortController();
  readonly #stop: RunStop;
  readonly #onAbort = (): void => this.#tell();
  #isHeeded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stop: RunStop) {
    const { port1, port2 } = new MessageChannel();
    this.#ownPort = port1;
    this.port = port2;
    this.#stop = stop;
    // The thread sends one message: that somebody there looks at the signal.
    port1.once("message", () => {
      this.#isHeeded = true;
    });
    port1.unref();
    stop.signal.addEventListener("abort", this.#onAbort, { once: true });
    stop.onEnd((reason) => this.#end(reason));
  }

  /** Ends the thread. */
  get kill(): AbortSignal {
    return this.#killer.signal;
  }

  #tell(): void {
    const reason = this.#stop.reason as Error & {
      readonly pythonClass?: string;
      readonly args?: unknown[];
    };
    const { name, message, pythonClass, args } = reason;
    this.#ownPort.postMessage({ name, message, pythonClass, args: args && [...args] } satisfies ThreadReason);
    if (!this.#isHeeded) this.#killer.abort();
  }

  #end(reason: Error): void {
    const graceMs = this.#isHeeded && !(reason instanceof TimeLimitExceeded) ? GRACE_MS : 0;
    if (graceMs === 0) this.#killer.abort();
    else this.#timer = setTimeout(() => this.#killer.abort(), graceMs).unref();
  }

  /** The task has ended. */
  close(): void {
    clearTimeout(this.#timer);
    this.#stop.signal.removeEventListener("abort", this.#onAbort);
    this.#ownPort.close();
  }
}
