import { expect, expectTypeOf, test } from "vitest";
import { dumps, Pickler } from "./api-dump.js";

test("pickles are Buffers where there are, for TypeScript too", () => {
  expectTypeOf(dumps(1)).toExtend<Buffer>();
  expectTypeOf(new Pickler().dump(1)).toExtend<Buffer>();
  expect(Object.getPrototypeOf(dumps(1))).toBe(globalThis.Buffer?.prototype ?? Uint8Array.prototype);
});
