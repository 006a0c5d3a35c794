import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatBinding, matchesTopic, parseBinding, route, topicPattern } from "./exchange.js";
import { clampPriority, PRIORITY_STEPS, priorityStep, queueKey, SEPARATOR } from "./priority.js";

describe("matchesTopic()", () => {
  test("agrees with the regular expression that kombu stores", () => {
    const word = fc.constantFrom("a", "b", "cap", "*", "#");
    const keyWord = fc.constantFrom("a", "b", "cap", "", "x.y");
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), fc.array(keyWord, { maxLength: 5 }), (words, keyWords) => {
        const [binding, key] = [words.join("."), keyWords.join(".")];
        expect([binding, key, matchesTopic(binding, key)]).toEqual([
          binding,
          key,
          new RegExp(topicPattern(binding)).test(key),
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  test("takes no exponential time", () => {
    // Nor would the test end within its limit.
    expect(matchesTopic("#.".repeat(200), `${"a.".repeat(2000)}b`)).toBe(false);
  });

  test("writes the pattern that kombu wrote", () => {
    expect(topicPattern("cap.#")).toBe("^cap\\..*?$");
  });
});

test("route() finds each queue once", () => {
  const bindings = [
    { routingKey: "a", pattern: "", queue: "one" },
    { routingKey: "a", pattern: "", queue: "two" },
    { routingKey: "a", pattern: "", queue: "one" },
    { routingKey: "b", pattern: "", queue: "three" },
  ];
  expect(route("direct", bindings, "a")).toEqual(["one", "two"]);
  expect(route("fanout", bindings, "x")).toEqual(["one", "two", "three"]);
});

test("a binding survives its form in Redis", () => {
  const binding = { routingKey: "k", pattern: "", queue: "q" };
  expect(formatBinding(binding, SEPARATOR)).toBe("k\x06\x16\x06\x16q");
  expect(parseBinding(formatBinding(binding, SEPARATOR), SEPARATOR)).toEqual(binding);
  expect(parseBinding("nonsense", SEPARATOR)).toBeUndefined();
});

test.each([
  [0, "q"],
  [2, "q"],
  [3, "q\x06\x163"],
  [4, "q\x06\x163"],
  [9, "q\x06\x169"],
  [255, "q\x06\x169"],
  [-1, "q"],
  ["high", "q"],
  [undefined, "q"],
])("priority %s goes to list %j", (priority, key) => {
  expect(queueKey("q", priorityStep(clampPriority(priority), PRIORITY_STEPS), SEPARATOR)).toBe(key);
});
