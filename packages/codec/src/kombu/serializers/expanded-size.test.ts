import { expect, test } from "vitest";
import { createSerializers } from "../create-serializers.js";
import { expandedSize } from "./expanded-size.js";

const shared = ["a", 1];
const VALUES: readonly unknown[] = [
  null,
  7,
  "",
  "abc",
  [],
  [[], [[]]],
  [1, 2, 3],
  { a: 1, b: "c" },
  new Map<unknown, unknown>([["k", [1, "two"]]]),
  [shared, shared, { a: shared, b: shared }],
];

// What is refused for its size must be as large.
test.each(VALUES.map((value) => [value]))("never says that there is more than is written: %j", (value) => {
  const serializers = createSerializers();
  for (const serializer of ["json", "msgpack", "yaml"]) {
    expect(serializers.dumps(value, { serializer }).body.length).toBeGreaterThanOrEqual(expandedSize(value));
  }
  // The shortest of them has a byte for what it counts one for.
  expect(expandedSize(value)).toBe(serializers.dumps(value, { serializer: "msgpack" }).body.length);
});

test("counts what is shared each time that it is there", () => {
  const twice = (inner: unknown) => [inner, inner];
  expect(expandedSize(twice(twice(twice("x"))))).toBe(1 + 2 * (1 + 2 * (1 + 2 * 2)));
  expect(expandedSize(new Set([shared]))).toBe(1 + expandedSize(shared));
});

test("comes to an end for what contains itself", () => {
  const value: unknown[] = [1];
  value.push(value);
  expect(expandedSize(value)).toBeLessThan(10);
});
