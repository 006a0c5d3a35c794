/**
 * When to make a value anew before it expires, so that not all its users find it gone at once. "Optimal Probabilistic Cache
 * Stampede Prevention", Vattani, Chierichetti, Lowenstein, VLDB 2015: the closer the end and the dearer the value, the
 * likelier. Nothing is added to the stored value: the time left is Redis', the cost is what it took us last.
 */

/** Keys whose cost is remembered; forgetting one means only that it is not made anew early. */
const MAX_KEYS = 10_000;
/** Weight of the newest cost in the mean. */
const WEIGHT = 0.3;

export class Costs {
  readonly #costs = new Map<string, number>();

  record(key: string, milliseconds: number): void {
    const before = this.#costs.get(key);
    this.#costs.delete(key);
    this.#costs.set(key, before === undefined ? milliseconds : before + WEIGHT * (milliseconds - before));
    if (this.#costs.size > MAX_KEYS) this.#costs.delete(this.#costs.keys().next().value!);
  }

  /** Whether to make the value anew now, with `remaining` milliseconds left. */
  isDue(key: string, remaining: number, beta: number): boolean {
    const cost = this.#costs.get(key);
    if (cost === undefined || beta <= 0) return false;
    return cost * beta * -Math.log(1 - Math.random()) >= remaining;
  }
}
