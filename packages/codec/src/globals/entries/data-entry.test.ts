/** Instances that are kept as data: arguments, state and items come back as they came. */
import { expect, test } from "vitest";
import { dumps, loads, type PyInstance } from "../../index.js";
import { ClassRegistry } from "../default-registry.js";
import { dataEntry } from "./data-entry.js";

test("what a pickle does with a class is kept, and written again", () => {
  const registry = new ClassRegistry().registerEntry(dataEntry("app", "Rows"));
  for (const pickle of [
    "\x80\x02capp\nRows\nq\0K\x05\x85q\x01\x81q\x02(K\x01K\x02K\x03e}q\x03X\x01\0\0\0aq\x04K\x01sb.",
    "\x80\x02capp\nRows\nq\0K\x05\x85q\x01Rq\x02(K\x01K\x02K\x03e}q\x03X\x01\0\0\0aq\x04K\x01sb.",
  ]) {
    const rows = loads(Buffer.from(pickle, "latin1"), { registry }) as PyInstance;
    expect([rows.args, rows.items, rows.state]).toEqual([[5], [1, 2, 3], { a: 1 }]);
    expect(Buffer.from(dumps(rows, { registry, protocol: 2 })).toString("latin1")).toBe(pickle);
  }
});

test("items of a subclass of dict, which its state has too, are given again by the class", () => {
  const lists = ({ state }: PyInstance) =>
    Object.entries(state as Record<string, unknown[]>).map(([key, values]) => [key, values[0]] as const);
  const registry = new ClassRegistry().registerEntry(dataEntry("app", "Lists", { dictItems: lists }));
  const pickle = "\x80\x02capp\nLists\nq\0)\x81q\x01X\x01\0\0\0aq\x02K\x01s}q\x03h\x02]q\x04(K\x01K\x02esb.";
  const value = loads(Buffer.from(pickle, "latin1"), { registry }) as PyInstance;
  expect(value.state).toEqual({ a: [1, 2] });
  expect(Buffer.from(dumps(value, { registry, protocol: 2 })).toString("latin1")).toBe(pickle);
});
