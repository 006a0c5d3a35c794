/** Where the command reads and writes. */
import type { Readable, Writable } from "node:stream";
import { printable } from "./printable.js";

/** Streams that may be a terminal. */
type Input = Readable & { readonly isTTY?: boolean | undefined };
export type Output = Writable & { readonly isTTY?: boolean | undefined };

export interface Streams {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
/** Text collected before it is written. */
const CHUNK = 64 * 1024;
/** A shorter piece of work shows no progress. */
const PROGRESS_AFTER_MS = 1000;
const PROGRESS_EVERY_MS = 200;

/** How far a piece of work is, in bytes. */
export interface Progress {
  step(done: number): void;
  done(): void;
}

const NO_PROGRESS: Progress = { step: () => undefined, done: () => undefined };

/** Writes with colours and progress where there is a terminal to show them. */
export class Terminal {
  readonly #streams: Streams;
  readonly #isColoured: boolean;
  #pending = "";
  #isClosed = false;
  #failure: Error | undefined;

  constructor(streams: Streams) {
    this.#streams = streams;
    const { NO_COLOR, TERM } = streams.env;
    this.#isColoured = streams.stdout.isTTY === true && !NO_COLOR && TERM !== "dumb";
    // `brine dis big.pkl | head` closes the pipe: that is no error, there is just nobody left to write for.
    streams.stdout.on("error", (error: NodeJS.ErrnoException) => {
      this.#isClosed = true;
      if (error.code !== "EPIPE") this.#failure ??= error;
    });
  }

  get stdin(): Input {
    return this.#streams.stdin;
  }

  /** Whether what is written still goes anywhere. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isColoured(): boolean {
    return this.#isColoured;
  }

  get isInteractive(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  paint(colour: keyof typeof COLOURS, text: string): string {
    return this.#isColoured ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
  }

  /** A line, or any text, to standard output. */
  async write(text: string): Promise<void> {
    await this.writeAll([text]);
  }

  /**
   * Texts one after another, each made when the reader has taken those before, until nobody reads any more.
   *
   * @param onChunk - is told from time to time how many characters were written
   */
  async writeAll(texts: Iterable<string>, onChunk?: (written: number) => void): Promise<void> {
    let written = 0;
    for (const text of texts) {
      this.#pending += text;
      written += text.length;
      // Not for each text, of which there may be many millions.
      if (this.#pending.length < CHUNK) continue;
      await this.flush();
      if (this.#isClosed) return;
      onChunk?.(written);
    }
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") await this.writeBytes(text);
  }

  /** Waits until all of it is written; gives what kept some of it from being so, a full disk for example. */
  async finish(): Promise<Error | undefined> {
    await this.flush();
    if (!this.#isClosed) await new Promise<void>((resolve) => void this.#streams.stdout.write("", () => resolve()));
    return this.#failure;
  }

  async writeBytes(data: string | Uint8Array): Promise<void> {
    const { stdout } = this.#streams;
    if (!this.#isClosed && !stdout.write(data)) await drained(stdout);
  }

  /** Something to standard error, with the command's name. */
  complain(message: string): void {
    this.#streams.stderr.write(`brine: ${printable(message)}\n`);
  }

  /** As {@link progress}, of work that prints meanwhile. Who sees that on the terminal needs no other sign, least of all in between. */
  progressOfPrinting(what: string, total: number | undefined): Progress {
    return this.isInteractive ? NO_PROGRESS : this.progress(what, total);
  }

  /** Shows how far a piece of work is, on a terminal and only if it takes long. Call `step` often, and `done` at the end. */
  progress(what: string, total: number | undefined): Progress {
    const { stderr } = this.#streams;
    if (stderr.isTTY !== true) return NO_PROGRESS;
    let due = Date.now() + PROGRESS_AFTER_MS;
    let isShown = false;
    return {
      step: (done) => {
        const now = Date.now();
        if (now < due) return;
        due = now + PROGRESS_EVERY_MS;
        isShown = true;
        const share = total === undefined || total === 0 ? "" : ` (${Math.floor((100 * done) / total)}%)`;
        stderr.write(`\r\x1b[K${printable(what)}: ${mebibytes(done)}${share}`);
      },
      done: () => {
        if (isShown) stderr.write("\r\x1b[K");
        isShown = false;
      },
    };
  }
}

/** Waits until a stream takes more, or never will. */
function drained(stream: Output): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"];
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}
