/**
 * Who may use the services at the same time. Most test files keep to virtual hosts and databases of their own and run
 * side by side, each in a lane; one that stops, blocks or reconfigures a service of all says so in its name and runs alone.
 */

/** What the name of a test file that needs the services for itself ends with. */
const ALONE = ".alone.test.ts";

export function runsAlone(file: string): boolean {
  return file.endsWith(ALONE);
}

/** A place to run in, until `end`. */
export interface Turn {
  /** Nobody else has this number at the same time. */
  readonly lane: number;
  end(): void;
}

interface Waiting {
  readonly isAlone: boolean;
  readonly start: (turn: Turn) => void;
}

/** Turns in the order in which they were asked for, so that one alone is not passed over for ever. */
export class Turns {
  readonly #free: Set<number>;
  readonly #lanes: number;
  readonly #waiting: Waiting[] = [];
  #isAlone = false;

  /** @param lanes - how many may run side by side */
  constructor(lanes: number) {
    this.#lanes = lanes;
    this.#free = new Set(Array(lanes).keys());
  }

  take(isAlone: boolean): Promise<Turn> {
    return new Promise((start) => {
      this.#waiting.push({ isAlone, start });
      this.#startNext();
    });
  }

  /** @throws `Error` while a turn is under way that is not alone: what `action` does would disturb others */
  requireAlone(action: string): void {
    if (this.#isAlone || this.#free.size === this.#lanes) return;
    throw new Error(`Cannot ${action} while other test files use it: let the name of this file end with ${ALONE}`);
  }

  #startNext(): void {
    for (;;) {
      const next = this.#waiting[0];
      const [lane] = this.#free;
      if (next === undefined || lane === undefined || this.#isAlone) return;
      if (next.isAlone && this.#free.size < this.#lanes) return;
      this.#waiting.shift();
      this.#free.delete(lane);
      this.#isAlone = next.isAlone;
      next.start({ lane, end: () => this.#end(lane) });
    }
  }

  #end(lane: number): void {
    if (this.#free.has(lane)) return;
    this.#free.add(lane);
    this.#isAlone = false;
    this.#startNext();
  }
}
