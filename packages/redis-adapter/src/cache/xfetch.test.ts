import { afterEach, expect, test, vi } from "vitest";
import { Costs } from "./xfetch.js";

afterEach(() => vi.restoreAllMocks());

const withRandom = (value: number) => vi.spyOn(Math, "random").mockReturnValue(value);

test("a value is made anew early with the probability exp(-remaining / (cost * beta))", () => {
  const costs = new Costs();
  costs.record("k", 100);
  for (const [remaining, beta] of [
    [100, 1],
    [250, 1],
    [250, 2],
    [10, 0.5],
  ] as const) {
    const probability = Math.exp(-remaining / (100 * beta));
    withRandom(1 - probability + 1e-9);
    expect(costs.isDue("k", remaining, beta)).toBe(true);
    withRandom(1 - probability - 1e-9);
    expect(costs.isDue("k", remaining, beta)).toBe(false);
  }
});

test("what has no lifetime is never due, what has no time left always", () => {
  const costs = new Costs();
  costs.record("k", 1);
  withRandom(1 - Number.EPSILON);
  expect(costs.isDue("k", Number.POSITIVE_INFINITY, 1)).toBe(false);
  withRandom(0);
  expect(costs.isDue("k", 0, 1)).toBe(true);
});

test("without a beta, or a cost, nothing is due", () => {
  const costs = new Costs();
  withRandom(1 - Number.EPSILON);
  expect(costs.isDue("k", 1, 1)).toBe(false);
  costs.record("k", 100);
  expect(costs.isDue("k", 1, 0)).toBe(false);
  expect(costs.isDue("k", 1, 1)).toBe(true);
});

test("the cost is a moving mean: one slow load does not make a value dear for good", () => {
  const costs = new Costs();
  /** The cost, from the greatest time left at which the value is due when ln is -1. */
  const cost = () => {
    withRandom(1 - Math.exp(-1));
    let [low, high] = [0, 1e6];
    while (high - low > 1e-3) {
      const middle = (low + high) / 2;
      if (costs.isDue("k", middle, 1)) low = middle;
      else high = middle;
    }
    return low;
  };
  costs.record("k", 1000);
  expect(cost()).toBeCloseTo(1000, 1);
  costs.record("k", 0);
  expect(cost()).toBeCloseTo(700, 1);
  for (let i = 0; i < 20; i++) costs.record("k", 0);
  expect(cost()).toBeLessThan(1);
});

test("costs are remembered for ten thousand keys, those recorded last", () => {
  const costs = new Costs();
  withRandom(1 - Number.EPSILON);
  for (let i = 0; i <= 10_000; i++) {
    costs.record(`k${i}`, 100);
    costs.record("often", 100);
  }
  expect(costs.isDue("k0", 1, 1)).toBe(false);
  expect(costs.isDue("k10000", 1, 1)).toBe(true);
  expect(costs.isDue("often", 1, 1)).toBe(true);
});
