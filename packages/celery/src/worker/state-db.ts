/**
 * What a worker knows across restarts: what was revoked, and the clock. Celery's `--statedb`, in a format of its own: Python
 * keeps a `shelve` there, which no other language can write.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import type { LamportClock } from "../client/clock.js";
import { CeleryError } from "../errors.js";
import { isPlainRecord } from "../protocol/signature.js";
import type { RevokedTasks } from "./intake/revoked.js";

const VERSION = 1;
/** Milliseconds that changes are gathered before they are written. */
const SAVE_DELAY_MS = 500;

export interface StateDbOptions {
  readonly path: string;
  readonly revoked: RevokedTasks;
  readonly clock: LamportClock;
  readonly onWarning: (error: Error) => void;
}

export class StateDb {
  readonly #options: StateDbOptions;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: StateDbOptions) {
    this.#options = options;
  }

  /**
   * Takes over what the file says; none is none.
   *
   * @throws CeleryError `bad-state` for a file that is something else: what was revoked must not run because it is unreadable
   */
  async load(): Promise<void> {
    const { path, revoked, clock } = this.#options;
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw this.#unreadable(error);
    }
    const saved = this.#parse(text);
    revoked.mergeJSON(saved);
    clock.adjust(saved.clock);
  }

  #parse(text: string): { ids: [string, number][]; stamps: [string, number][]; clock: unknown } {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw this.#unreadable(error);
    }
    if (!isPlainRecord(value) || value.version !== VERSION || !isPairs(value.ids) || !isPairs(value.stamps)) {
      throw this.#unreadable(new Error(`not a worker state of version ${VERSION}`));
    }
    return { ids: value.ids, stamps: value.stamps, clock: value.clock };
  }

  #unreadable(cause: unknown): CeleryError {
    const { path } = this.#options;
    return new CeleryError(`Cannot read worker state ${path}: ${(cause as Error).message}`, {
      code: "bad-state",
      path,
      cause,
    });
  }

  /** Writes soon: a worker that is killed has forgotten half a second at most. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.save();
    }, SAVE_DELAY_MS);
  }

  /** Writes now. A failure is a warning. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#saving = this.#saving.then(() => this.#write()).catch((error: Error) => this.#options.onWarning(error));
    return this.#saving;
  }

  async #write(): Promise<void> {
    const { path, revoked, clock } = this.#options;
    const text = JSON.stringify({ version: VERSION, clock: clock.value, ...revoked.toJSON() });
    // Beside it and renamed: a worker killed while it writes leaves the old state.
    const draft = `${path}.${process.pid}.tmp`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  }
}

function isPairs(value: unknown): value is [string, number][] {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) =>
        Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" && Number.isFinite(pair[1] as number),
    )
  );
}
