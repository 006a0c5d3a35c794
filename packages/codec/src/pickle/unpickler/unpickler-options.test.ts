/** What the value model's options make of a pickle. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../globals/default-registry.js";
import { Deque } from "../../python/containers/collections.js";
import { PyDict } from "../../python/containers/dict.js";
import { tuple } from "../../python/containers/sequences.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { pyExceptions } from "../../python/objects/builtin-exceptions.js";
import type { PyException } from "../../python/objects/exception.js";
import { PyGlobal, PyObject } from "../../python/objects/objects.js";
import { dumps } from "../api-dump.js";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

test("persistentLoad is a function", () => {
  expect(() => loads(raw("N."), { persistentLoad: "load" as never })).toThrow(
    expect.objectContaining({ code: "bad-option", message: expect.stringContaining("persistentLoad") }),
  );
});

describe("the value model's options", () => {
  test("int, float, tuple, dict", () => {
    expect(loads(raw("K\x05."), { int: "bigint" })).toBe(5n);
    expect(loads(raw("](K\x05K\x06e."), { int: "bigint" })).toStrictEqual([5n, 6n]);
    expect(loads(raw("F2.0\n."), { float: "exact" })).toStrictEqual(new PyFloat(2));
    expect(loads(raw("K\x01K\x02\x86\x85."), { tuple: "array" })).toStrictEqual([[1, 2]]);
    expect(loads(raw("}\x8c\x01aK\x01s."), { dict: "map" })).toStrictEqual(new PyDict([["a", 1]]));
    expect(failure(() => loads(raw("}K\x01K\x02s."), { dict: "object" })).code).toBe("bad-operand");
  });

  test("a tuple used as a key is one also where tuples are arrays", () => {
    const dict = loads(raw("}K\x01\x85K\x02\x85s."), { tuple: "array" }) as PyDict;
    expect([...dict.entries()]).toStrictEqual([[tuple(1), [2]]]);
    const called = loads(raw("}cbuiltins\ntuple\n(](K\x01etRK\x02s."), { tuple: "array" }) as PyDict;
    expect([...called.entries()]).toStrictEqual([[tuple(1), 2]]);
  });

  test("tuples as arrays: those of a class of their own stay, and those that Python's code is given again", () => {
    const registry = new ClassRegistry();
    const Point = registry.registerNamedTuple("app.Point", ["x", "y"]);
    const point = loads(dumps(new Point(tuple(1), 2), { registry }), { registry, tuple: "array" });
    expect(point).toStrictEqual(new Point([1], 2));

    const opaque = new PyObject("reduce", new PyGlobal("app", "f"), tuple(tuple(1)));
    PyObject.record(opaque, { kind: "state", state: tuple(null, { a: tuple(2) }) });
    const bytes = dumps([opaque, tuple(3)], { opaque: "allow" });
    expect(loads(bytes, { unregistered: "opaque", tuple: "array" })).toStrictEqual([opaque, [3]]);

    const deque = loads(dumps(new Deque([tuple(1)])), { tuple: "array" });
    expect((deque as Deque).toArray()).toStrictEqual([[1]]);

    const error = loads(dumps(new pyExceptions.KeyError(tuple(1, 2))), { tuple: "array" });
    expect((error as PyException).args).toStrictEqual(tuple(tuple(1, 2)));
  });

  test("bytes are a copy, or a view", () => {
    const input = raw("C\x03abc.");
    const copy = loads(input) as Uint8Array;
    const view = loads(input, { bytes: "view" }) as Uint8Array;
    input[2] = 0x7a;
    expect(Buffer.from(copy).toString()).toBe("abc");
    expect(Buffer.from(view).toString()).toBe("zbc");
  });

  test("an option that does not exist is refused", () => {
    expect(() => loads(raw("N."), { dict: "x" as never })).toThrow(
      /option dict "x": must be "auto" or "map" or "object"/,
    );
  });
});
