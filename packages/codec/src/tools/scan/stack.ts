/** The stack, the marks and the memo of a pickle machine. */
import { addItem, type Fail, type ScanValue } from "./values.js";

/** By index. Nearly all are put in turn: an array takes a fifth of a Map's memory, and more than the 16 million it is limited to. */
class ScanMemo {
  readonly #inTurn: ScanValue[] = [];
  readonly #others = new Map<number, ScanValue>();

  get size(): number {
    return this.#inTurn.length + this.#others.size;
  }

  get(index: number): ScanValue | undefined {
    return this.#inTurn[index] ?? this.#others.get(index);
  }

  set(index: number, value: ScanValue): void {
    if (index > this.#inTurn.length) {
      this.#others.set(index, value);
      return;
    }
    this.#inTurn[index] = value;
    this.#others.delete(index);
  }

  *values(): Generator<ScanValue, void, undefined> {
    yield* this.#inTurn;
    yield* this.#others.values();
  }
}

export class ScanStack {
  readonly #fail: Fail;
  #items: ScanValue[] = [];
  /** The stacks below the marks. */
  readonly #below: ScanValue[][] = [];
  readonly #memo = new ScanMemo();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  mark(): void {
    this.#below.push(this.#items);
    this.#items = [];
  }

  /** POP: on an empty slice it takes the mark. */
  drop(): void {
    if (this.#items.length === 0 && this.#below.length > 0) this.popMark();
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
    const value = this.#items.at(-1);
    if (value === undefined) throw this.#fail("the stack is empty", "stack-underflow");
    return value;
  }

  take(count: number): ScanValue[] {
    const start = this.#items.length - count;
    if (start < 0)
      throw this.#fail(`needs ${count} items on the stack, finds ${this.#items.length}`, "stack-underflow");
    const items = this.#items.slice(start);
    // Cheaper than splice, which counts here: most opcodes take one or two items.
    this.#items.length = start;
    return items;
  }

  /** The items above the topmost mark. */
  popMark(): ScanValue[] {
    const below = this.#below.pop();
    if (below === undefined) throw this.#fail("there is no mark", "missing-mark");
    const items = this.#items;
    this.#items = below;
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
