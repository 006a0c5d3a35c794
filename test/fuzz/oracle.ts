/** The other side of `oracle.py`: a CPython that stays, and is replaced when a pickle ends it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findPython } from "../cpython/find.js";

/** What CPython makes of a pickle: its value's canonical text, its error, or why there is nothing to compare. */
export type Verdict = { readonly value: string } | { readonly error: string } | { readonly skip: string };

/** `C` is `_pickle.Unpickler`; `pure` is `pickle._Unpickler`, whose frames are as strict as those of newer C readers. */
export type Reader = "C" | "pure";

/** How `pickletools.dis` prints. */
export interface ToolsOptions {
  readonly indentLevel: number;
  readonly annotate: number;
}

type Outcome<T> = { readonly result: T } | { readonly error: string } | { readonly skip: string };

/** What pickletools makes of a pickle. */
export interface ToolsAnswer {
  /** The disassembly, up to an error. */
  readonly text: string;
  readonly dis: Outcome<null>;
  /** In base64. */
  readonly optimize: Outcome<string>;
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What a batch may take; `oracle.py` gives up on each pickle long before. */
const BATCH_MS = 120_000;

export class Oracle {
  version = "";
  /** Processes that a pickle ended. */
  deaths = 0;
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;
  #waiting: ((line: string | undefined) => void) | undefined;

  async verdicts(pickles: readonly Uint8Array[], reader: Reader = "C"): Promise<Verdict[]> {
    const answer = await this.#ask<Verdict>(pickles, reader);
    if (answer !== undefined) return answer;
    this.deaths++;
    // One of them ended the process: find out which, and what the others are.
    const verdicts: Verdict[] = [];
    for (const pickle of pickles) {
      const alone = pickles.length === 1 ? undefined : await this.#ask<Verdict>([pickle], reader);
      verdicts.push(alone?.[0] ?? { skip: "the process died" });
    }
    return verdicts;
  }

  /** What CPython writes of the values of pickles; `undefined` where it cannot. */
  async rewrite(pickles: readonly Uint8Array[], protocol: number): Promise<(Buffer | undefined)[]> {
    const answers = await this.#ask<{ readonly pickle?: string }>(pickles, "C", { protocol });
    return pickles.map((_, i) => {
      const written = answers?.[i]?.pickle;
      return written === undefined ? undefined : Buffer.from(written, "base64");
    });
  }

  /** What pickletools says of the pickles; `undefined` if one of them ended the process. */
  async tools(pickles: readonly Uint8Array[], tools: ToolsOptions): Promise<ToolsAnswer[] | undefined> {
    return this.#ask<ToolsAnswer>(pickles, "C", { tools });
  }

  close(): void {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  async #start(): Promise<void> {
    const child = spawn(findPython(), [path("./oracle.py"), path("./shared.json")], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    // CPython complains here of what pickles do to its objects; only what it says at the start matters.
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (complaints.length < 4000) complaints += text;
    });
    const end = () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#waiting?.(undefined);
    };
    child.on("exit", end);
    child.stdin.on("error", end);
    this.#lines = createInterface({ input: child.stdout });
    this.#lines.on("line", (line) => {
      if (this.#child === child) this.#waiting?.(line);
    });
    const hello = await this.#line();
    if (hello === undefined) throw new Error(`The Python side did not start: ${complaints}`);
    this.version = (JSON.parse(hello) as { readonly version: string }).version;
  }

  #line(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child?.kill("SIGKILL");
      }, BATCH_MS);
      this.#waiting = (line) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(line);
      };
    });
  }

  async #ask<Answer>(
    pickles: readonly Uint8Array[],
    reader: Reader,
    more: { readonly protocol?: number; readonly tools?: ToolsOptions } = {},
  ): Promise<Answer[] | undefined> {
    if (this.#child === undefined) await this.#start();
    const answer = this.#line();
    const data = pickles.map((pickle) => Buffer.from(pickle).toString("base64"));
    this.#child?.stdin?.write(`${JSON.stringify({ reader, ...more, pickles: data })}\n`);
    const line = await answer;
    return line === undefined ? undefined : (JSON.parse(line) as Answer[]);
  }
}
