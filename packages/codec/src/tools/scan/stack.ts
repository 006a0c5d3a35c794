/** The stack, the marks and the memo of a pickle machine. */
import { Memo } from "../memo.js";
import { addItem, type Fail, type ScanValue } from "./values.js";

export class ScanStack {
  readonly #fail: Fail;
  readonly #items: ScanValue[] = [];
  /** How many items there were at each mark that is open. */
  readonly #marks: number[] = [];
  readonly #memo = new Memo<ScanValue>();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  mark(): void {
    this.#marks.push(this.#items.length);
  }

  /** POP: on an empty slice it takes the mark. */
  drop(): void {
    if (this.#count === 0 && this.#marks.length > 0) this.popMark();
    else this.pop();
  }

  push(value: ScanValue): void {
    this.#items.push(value);
  }

  pop(): ScanValue {
    const value = this.top();
    this.#items.pop();
    return value;
  }

  top(): ScanValue {
    if (this.#count === 0) throw this.#fail("the stack is empty", "stack-underflow");
    return this.#items.at(-1)!;
  }

  take(count: number): ScanValue[] {
    if (this.#count < count) {
      throw this.#fail(`needs ${count} items on the stack, finds ${this.#count}`, "stack-underflow");
    }
    return this.#cut(this.#items.length - count);
  }

  /** The items above the topmost mark. */
  popMark(): ScanValue[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.#fail("there is no mark", "missing-mark");
    return this.#cut(start);
  }

  /** Items above the topmost mark. */
  get #count(): number {
    return this.#items.length - (this.#marks.at(-1) ?? 0);
  }

  #cut(start: number): ScanValue[] {
    const items = this.#items.slice(start);
    // Cheaper than splice, which counts here: most opcodes take one or two items.
    this.#items.length = start;
    return items;
  }

  /** Adds to the container on top; what is none takes nothing. */
  add(items: readonly ScanValue[]): void {
    const target = this.top();
    for (const item of items) addItem(target, item);
  }

  /** Pushes what the memo holds. */
  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#fail(`memo index ${index} was never put`, "bad-memo");
    this.push(value);
  }

  /** Lets the memo hold the topmost value. */
  put(index: number): void {
    if (index < 0) throw this.#fail("a memo index is negative", "bad-memo");
    this.#memo.set(index, this.top());
  }

  /** MEMOIZE: the next index that nothing was put at, as CPython counts. */
  memoize(): void {
    this.put(this.#memo.size);
  }

  /** What the pickle could still refer to, and `result`. */
  *memoizedAnd(result: ScanValue): Generator<ScanValue, void, undefined> {
    yield result;
    yield* this.#memo.values();
  }
}
