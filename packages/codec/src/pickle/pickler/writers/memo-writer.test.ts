/** Strings and objects that are written once, and referred to by their number from then on. */
import { describe, expect, it } from "vitest";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyDateTime } from "../../../python/datetime/datetime.js";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import type { Protocol } from "../../opcodes.js";

const PROTOCOLS: readonly Protocol[] = [0, 1, 2, 3, 4, 5];
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x78);

describe("dumps() refers to what was written before", () => {
  it.each([
    ["all", 1, 1],
    ["keys", 1, 2],
    ["none", 2, 2],
  ] as const)("shares equal strings as memoizeStrings %s says", (memoizeStrings, keys, values) => {
    const value = [{ someKey: "some value" }, { someKey: "some value" }];
    const pickle = Buffer.from(dumps(value, { memoizeStrings })).toString("latin1");
    expect(pickle.split("someKey").length - 1).toBe(keys);
    expect(pickle.split("some value").length - 1).toBe(values);
  });

  it.each(["x", "é", "字"])("finds a string of any length again, however either is written: %s", (character) => {
    const texts = numbers(100).map((length) => `<${length}${character.repeat(length)}>`);
    const value = [texts, ...texts.map((text) => ({ text })), ...texts.map((text) => ({ [text]: 0 }))];
    for (const protocol of [2, 4] as const) {
      const pickle = dumps(value, { protocol });
      expect(loads(pickle)).toStrictEqual(value);
      const written = Buffer.from(pickle).toString("utf8");
      for (const text of texts) expect(written.split(text).length - 1, text).toBe(1);
    }
  });

  it("shares strings across chunks of a large output", () => {
    const filler = numbers(12).map((i) => bytes(400_000).fill(i));
    const mixed = filler.flatMap((chunk) => [chunk, numbers(70_000), "a shared string"]);
    const pickle = Buffer.from(dumps(mixed));
    expect(pickle.indexOf("a shared string")).toBe(pickle.lastIndexOf("a shared string"));
  });

  it("refers to what was written before, however much that is", () => {
    const makers = [
      () => [0],
      () => ({ a: 0 }),
      () => Tuple.of(0),
      () => new Map([[0, 0]]),
      () => new PyDateTime(2026, 8, 1),
    ];
    const objects = numbers(300).map((i) => makers[i % makers.length]!());
    for (const protocol of PROTOCOLS) {
      const [first, again] = loads(dumps([objects, objects.toReversed()], { protocol })) as unknown[][];
      again!.reverse();
      expect(new Set([...first!, ...again!]).size).toBe(objects.length);
      expect(first!.every((object, i) => object === again![i])).toBe(true);
    }
  });

  it("finds a string again that stood in a frame too small for a header", () => {
    // CPython 3.11: pickle.dumps(("", bytes(70000), ""), 4)
    const bytes = dumps(Tuple.of<unknown>("", new Uint8Array(70_000), ""), { protocol: 4 });
    expect(bytes.length).toBe(70_025);
    expect([...bytes.subarray(-6)]).toEqual([0x94, 0x68, 0x00, 0x87, 0x94, 0x2e]);
  });

  it("refers to the 256 first entries of the memo by a byte, at every protocol that has it", () => {
    const items = Array.from({ length: 257 }, () => [] as unknown[]);
    // The outer list has the first entry.
    const written = (protocol: Protocol, index: number) =>
      Buffer.from(dumps([...items, items[index - 1]], { protocol })).toString("latin1");
    for (const protocol of [1, 2, 3, 4] as const) {
      expect(written(protocol, 255).endsWith("h\xffe.")).toBe(true);
      expect(written(protocol, 256).endsWith("j\0\x01\0\0e.")).toBe(true);
    }
  });
});
