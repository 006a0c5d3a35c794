import { expect, test, vi } from "vitest";
import { dumps } from "./api-dump.js";
import { loads } from "./api-load.js";
import { resolveOnce } from "./resolve-once.js";

test("looks once at options that cannot change, and each time at those that can", () => {
  const resolve = vi.fn((options: { readonly limits?: { maxBytes: number } }) => options.limits?.maxBytes ?? 0);
  const resolveGiven = resolveOnce(resolve);
  const frozen = Object.freeze({ limits: Object.freeze({ maxBytes: 1 }) });
  const shallow = Object.freeze({ limits: { maxBytes: 2 } });
  for (const options of [frozen, frozen, shallow, shallow, {}, {}]) resolveGiven(options);
  expect(resolve.mock.calls.map(([options]) => options)).toEqual([frozen, shallow, shallow, {}, {}]);
  shallow.limits.maxBytes = 3;
  expect([resolveGiven(frozen), resolveGiven(shallow)]).toEqual([1, 3]);
});

test("frozen options mean the same in every call, and are refused in every call", () => {
  const pickling = Object.freeze({ protocol: 2, undefined: "none" } as const);
  const unpickling = Object.freeze({ tuple: "array", int: "bigint" } as const);
  for (let i = 0; i < 2; i++) {
    expect(dumps([undefined], pickling)[1]).toBe(2);
    expect(loads(dumps([undefined, 1], pickling), unpickling)).toEqual([null, 1n]);
    expect(() => dumps(1, Object.freeze({ protocol: 9 as never }))).toThrow("protocol 9");
    expect(() => loads(dumps(1), Object.freeze({ int: "exact" as never }))).toThrow('int "exact"');
  }
});
