/** What people compare and look at: `assert.deepStrictEqual`, `expect().toEqual`, `console.log`. */
import { inspect, isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import {
  ChainMap,
  ClassRegistry,
  Complex,
  Counter,
  Decimal,
  DefaultDict,
  Deque,
  dumps,
  Fraction,
  FrozenSet,
  IPv4Address,
  IPv4Network,
  loads,
  OrderedDict,
  PurePosixPath,
  PyDate,
  PyDateTime,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PySet,
  PyTime,
  pyExceptions,
  TimeDelta,
  TimeZone,
  tuple,
  UserDict,
  UUID,
  ZoneInfo,
} from "../index.js";

function opaque(state: unknown): PyObject {
  const object = new PyObject("newobj", new PyGlobal("app", "Thing"), []);
  PyObject.record(object, { kind: "state", state });
  return object;
}

describe("deep comparison tells values apart, and takes equal ones for equal", () => {
  it.each<[string, () => unknown, () => unknown]>([
    ["Decimal", () => new Decimal("1.10"), () => new Decimal("1.11")],
    ["places of a Decimal", () => new Decimal("1.1"), () => new Decimal("1.10")],
    ["Deque", () => new Deque([1]), () => new Deque([2])],
    ["DefaultDict", () => new DefaultDict(null, [["a", 1]]), () => new DefaultDict(null, [["a", 2]])],
    ["state of a PyObject", () => opaque({ a: 1 }), () => opaque({ a: 2 })],
    ["ChainMap", () => new ChainMap({ a: 1 }), () => new ChainMap({ a: 2 })],
    ["Complex", () => new Complex(1, 2), () => new Complex(1, 3)],
    ["Counter", () => new Counter({ a: 1 }), () => new Counter({ a: 2 })],
    ["Fraction", () => new Fraction(1, 2), () => new Fraction(1, 3)],
    ["FrozenSet", () => new FrozenSet([1]), () => new FrozenSet([2])],
    ["IPv4Address", () => new IPv4Address("192.0.2.1"), () => new IPv4Address("192.0.2.2")],
    ["IPv4Network", () => new IPv4Network("10.0.0.0/8"), () => new IPv4Network("10.0.0.0/9")],
    ["OrderedDict", () => new OrderedDict([["a", 1]]), () => new OrderedDict([["a", 2]])],
    ["path", () => new PurePosixPath("/a"), () => new PurePosixPath("/b")],
    ["PyDate", () => new PyDate(2026, 8, 1), () => new PyDate(2026, 8, 2)],
    ["PyTime", () => new PyTime(1, 2), () => new PyTime(1, 3)],
    ["PyDateTime", () => new PyDateTime(2026, 8, 1), () => new PyDateTime(2026, 8, 1, 0, 0, 0, 1)],
    [
      "zone of a PyDateTime",
      () => new PyDateTime(2026, 8, 1, 0, 0, 0, 0, TimeZone.utc),
      () => new PyDateTime(2026, 8, 1, 0, 0, 0, 0, TimeZone.from("+01:00")),
    ],
    ["PyDict with tuples as keys", () => new PyDict([[tuple(1), 1]]), () => new PyDict([[tuple(2), 1]])],
    ["PyFloat", () => new PyFloat(1), () => new PyFloat(2)],
    ["PySet of tuples", () => new PySet([tuple(1)]), () => new PySet([tuple(2)])],
    ["arguments of an exception", () => new pyExceptions.OSError(2, "a"), () => new pyExceptions.OSError(2, "b")],
    ["TimeDelta", () => new TimeDelta(1), () => new TimeDelta(0, 0, 1)],
    ["Tuple", () => tuple(1), () => tuple(2)],
    ["UserDict", () => new UserDict({ a: 1 }), () => new UserDict({ a: 2 })],
    ["UUID", () => new UUID(1n), () => new UUID(2n)],
    ["ZoneInfo", () => new ZoneInfo("Europe/Berlin"), () => new ZoneInfo("Asia/Tokyo")],
  ])("%s", (_what, make, other) => {
    expect(isDeepStrictEqual(make(), make())).toBe(true);
    expect(isDeepStrictEqual(make(), other())).toBe(false);
    expect(make()).toStrictEqual(make());
    expect(make()).not.toEqual(other());
  });

  it("the factory of a DefaultDict, the bound of a Deque", () => {
    // Not by Vitest's toEqual, which looks at the items of what can be iterated alone.
    expect(isDeepStrictEqual(new Deque([1], 3), new Deque([1], 4))).toBe(false);
    expect(isDeepStrictEqual(new DefaultDict(null), new DefaultDict(new PyGlobal("builtins", "list")))).toBe(false);
  });
});

it("a path equals one that was put together otherwise, as in Python", () => {
  const path = new PurePosixPath("/srv//data");
  // Python before 3.13 writes the parts, newer ones what the path was made of.
  const decoded = loads(dumps(path));
  expect(isDeepStrictEqual(decoded, path)).toBe(true);
  expect(decoded).toStrictEqual(path);
  expect(decoded).toStrictEqual(new PurePosixPath("/", "srv", new PurePosixPath("data")));
  expect(decoded).not.toEqual(new PurePosixPath("srv", "data"));
});

describe("what they compare by is not in the state of a class that extends them", () => {
  class Line extends Deque {
    note = "mine";
  }
  class Money extends Decimal {}
  const registry = new ClassRegistry().register("shop.Line", Line).register("shop.Money", Money);

  it("which holds the attributes of the class alone", () => {
    const { state } = loads(dumps(new Line([1, 2], 3), { registry }), { unregistered: "opaque" }) as PyObject;
    expect(state).toEqual({ note: "mine" });
  });

  it("and does not reach them", () => {
    const line = Buffer.from("\x80\x04cshop\nLine\n)R(K\x01K\x02e}(\x8c\x05itemsK\x05\x8c\x06lengthK\x09ub.", "latin1");
    const money = Buffer.from("\x80\x04cshop\nMoney\n\x8c\x031.5\x85R}\x8c\x04textK\x05sb.", "latin1");
    expect([...(loads(line, { registry }) as Line)]).toEqual([1, 2]);
    expect(String(loads(money, { registry }))).toBe("1.5");
  });
});

describe("console.log shows what is inside", () => {
  it.each<[unknown, string]>([
    [new Deque([1, 2]), "Deque(2) [ 1, 2 ]"],
    [new Deque([1, 2], 5), "Deque(2, maxlen 5) [ 1, 2 ]"],
    [new DefaultDict(null, [["a", 1]]), "DefaultDict(1) [Map] { 'a' => 1, Symbol(factory): null }"],
    [new Decimal("1.10"), "Decimal('1.10')"],
  ])("%#", (value, shown) => {
    // Older versions of Node put symbols in brackets.
    expect(inspect(value).replace(/\[(Symbol\(\w+\))\]/, "$1")).toBe(shown);
  });

  it("of an object whose class nobody registered", () => {
    const thing = loads(
      Buffer.from("\x80\x02capp\nThing\n)\x81}X\x04\x00\x00\x00nameX\x03\x00\x00\x00adasb.", "latin1"),
      {
        unregistered: "opaque",
      },
    );
    expect(inspect(thing, { depth: 5 })).toContain("{ kind: 'state', state: { name: 'ada' } }");
    expect(JSON.parse(JSON.stringify(thing))).toMatchObject({
      callable: "app.Thing",
      steps: [{ kind: "state", state: { name: "ada" } }],
    });
  });
});
