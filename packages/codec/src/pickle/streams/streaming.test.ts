/** What cutting a stream into pickles costs. */
import { afterEach, expect, it, vi } from "vitest";
import { PickleCutter } from "./streaming.js";

afterEach(() => void vi.restoreAllMocks());

it.each([
  ["one line", `V${"a".repeat(100_000)}\n.`],
  ["the first of two lines", `c${"a".repeat(100_000)}\nb\n0N.`],
  ["the second of two lines", `ca\n${"b".repeat(100_000)}\n0N.`],
  ["both lines", `c${"a".repeat(50_000)}\n${"b".repeat(50_000)}\n0N.`],
])("looks at each byte of a long opcode once, in however many chunks: %s", (_name, pickle) => {
  let looked = 0;
  const indexOf = Uint8Array.prototype.indexOf;
  vi.spyOn(Uint8Array.prototype, "indexOf").mockImplementation(function (this: Uint8Array, byte, from = 0) {
    const found = indexOf.call(this, byte, from);
    looked += (found < 0 ? this.length : found + 1) - from;
    return found;
  });
  const bytes = new TextEncoder().encode(pickle);
  const cutter = new PickleCutter();
  for (let i = 0; i < bytes.length; i += 1000) {
    cutter.push(bytes.subarray(i, i + 1000));
    const cut = cutter.next(bytes.length);
    expect(cut?.length).toBe(i + 1000 < bytes.length ? undefined : bytes.length);
  }
  expect(looked).toBeLessThanOrEqual(bytes.length);
});
