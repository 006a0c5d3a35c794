import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { Deque } from "./collections.js";

/** The same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe("a deque", () => {
  // One that moves all of its items each time takes a hundred times as long as these tests may.
  it.each<[string, (deque: Deque<number>) => void]>([
    ["taken from its left", (deque) => deque.popLeft()],
    ["put at its right", (deque) => deque.append(0)],
    ["put at its left", (deque) => deque.appendLeft(0)],
    ["put at its right, several at once", (deque) => deque.extend([1, 2, 3])],
  ])("that is full and large does not move all of its items for one %s", (_what, step) => {
    const deque = new Deque(range(500_000), 500_000);
    for (let i = 0; i < 500_000; i++) step(deque);
    expect(deque.length % 500_000).toBe(0);
  });

  it("does not move all of its items where it is a queue that goes either way", () => {
    const deque = new Deque(range(500_000));
    for (let i = 0; i < 500_000; i++) deque.append(deque.popLeft()!);
    expect(deque.toArray()).toEqual(range(500_000));
    for (let i = 0; i < 500_000; i++) deque.appendLeft(deque.pop()!);
    expect(deque.toArray()).toEqual(range(500_000));
  });

  it.each([[0], [1], [8190], [8192], [20_000]])("of %i items is what an array would be, whatever was done", (count) => {
    const next = numbers(count);
    for (const maxlen of [null, count, count + 5]) {
      let model = range(count);
      const deque = new Deque(model, maxlen);
      for (let i = 0; i < 3000; i++) {
        const many = range(next(4) === 0 ? next(40) : 2);
        // Now one end is in favour, now the other.
        switch ((next(6) + 2 * (i >> 9)) % 6) {
          case 0:
          case 1:
            expect(deque.popLeft()).toBe(model.shift());
            break;
          case 2:
            expect(deque.pop()).toBe(model.pop());
            break;
          case 3:
            deque.append(i);
            model.push(i);
            break;
          case 4:
            deque.appendLeft(i);
            model.unshift(i);
            if (maxlen !== null) model = model.slice(0, maxlen);
            break;
          default:
            deque.extend(many);
            model.push(...many);
        }
        if (maxlen !== null && model.length > maxlen) model.splice(0, model.length - maxlen);
        for (const index of [0, -1, 1.5, model.length, -model.length - 1, Number.NaN, next(count + 9)])
          if (deque.at(index) !== model.at(index)) expect([index, deque.at(index)]).toEqual([index, model.at(index)]);
        if (deque.length !== model.length) expect(deque.length).toBe(model.length);
      }
      expect([...deque]).toEqual(model);
      expect(loads(dumps(deque))).toEqual(new Deque(model, maxlen));
      expect(isDeepStrictEqual(deque, new Deque(model, maxlen))).toBe(true);
      expect(isDeepStrictEqual(deque, new Deque([...model, 0], maxlen === null ? null : maxlen + 1))).toBe(false);
      expect(deque.toArray()).toEqual(model);
    }
  });
});
