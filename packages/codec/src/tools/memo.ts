/** What a memo holds, by index. Nearly all are put in turn: an array takes a fifth of a `Map`'s memory. */
import { sparseKey } from "../pickle/text.js";
import { LargeMap } from "./large-map.js";

export class Memo<T extends {}> {
  readonly #inTurn: T[] = [];
  readonly #others = new LargeMap<string, T>();

  get size(): number {
    return this.#inTurn.length + this.#others.size;
  }

  has(index: number): boolean {
    return this.get(index) !== undefined;
  }

  get(index: number): T | undefined {
    return this.#inTurn[index] ?? (this.#others.size === 0 ? undefined : this.#others.get(sparseKey(index)));
  }

  set(index: number, value: T): void {
    const { length } = this.#inTurn;
    if (index < 0 || index > length) {
      this.#others.set(sparseKey(index), value);
      return;
    }
    this.#inTurn[index] = value;
    if (index === length && this.#others.size > 0) this.#others.delete(sparseKey(index));
  }

  *values(): Generator<T, void, undefined> {
    yield* this.#inTurn;
    yield* this.#others.values();
  }
}
