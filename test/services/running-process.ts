import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { PROCESS_MS } from "./patience.js";
import type { PythonProcess } from "./types.js";

const LOG_BYTES = 1 << 20;

/** A process started somewhere: on this machine, or in a container. */
export interface Launched {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves after both output streams have ended. */
  readonly exited: Promise<number | null>;
  /** To the process itself, not to its children. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** SIGKILL to the process and all its children. */
  killGroup(): Promise<void>;
}

export interface LaunchOptions {
  /** Added to the environment of the place it runs in. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** How to start `argv` where a Python side lives. */
export type Launch = (argv: readonly string[], options?: LaunchOptions) => Promise<Launched>;

/** Collects what a process writes, and waits for it to say something. */
export class RunningProcess implements PythonProcess {
  readonly exited: Promise<number | null>;
  readonly #launched: Launched;
  readonly #name: string;
  #log = "";
  #hasExited = false;
  readonly #watchers = new Set<() => void>();

  /** @param collect - streams that go to the log; default both */
  constructor(name: string, launched: Launched, collect: readonly ("stdout" | "stderr")[] = ["stdout", "stderr"]) {
    this.#name = name;
    this.#launched = launched;
    for (const stream of collect) {
      launched[stream].setEncoding("utf8");
      launched[stream].on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_BYTES);
        this.#notify();
      });
    }
    this.exited = launched.exited.then((code) => {
      this.#hasExited = true;
      this.#notify();
      return code;
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  log(): string {
    return this.#log;
  }

  waitForLog(pattern: RegExp, timeoutMs = PROCESS_MS): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        settle();
      };
      const fail = (what: string) =>
        finish(() =>
          reject(new Error(`${this.#name} ${what} ${pattern}; its log ends with:\n${this.#log.slice(-3000)}`)),
        );
      const check = () => {
        const match = pattern.exec(this.#log);
        if (match !== null) finish(() => resolve(match));
        else if (this.#hasExited) fail("ended without writing");
      };
      const timer = setTimeout(() => fail(`did not write within ${timeoutMs} ms`), timeoutMs);
      this.#watchers.add(check);
      check();
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#hasExited) return;
    await this.#launched.signal(signal);
    const timer = setTimeout(() => void this.#launched.killGroup(), PROCESS_MS);
    await this.exited;
    clearTimeout(timer);
  }

  signal(signal: NodeJS.Signals): Promise<void> {
    return this.#launched.signal(signal);
  }

  async kill(): Promise<void> {
    if (this.#hasExited) return;
    await this.#launched.killGroup();
    await this.exited;
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** What a process writes until its end. @throws `Error` with it, when it fails */
export async function outputOf(name: string, launched: Launched): Promise<string> {
  launched.stdin.end();
  const running = new RunningProcess(name, launched);
  const code = await running.exited;
  if (code !== 0) throw new Error(`${name} failed with exit code ${code}:\n${running.log()}`);
  return running.log();
}

/** Resolves when a stream has no more to say, also when it was cut off. */
export async function streamEnd(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return;
  await Promise.race([once(stream, "end"), once(stream, "close")]);
}
