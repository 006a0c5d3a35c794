/** Those who may write a value in another way: persistentId, reducerOverride, dispatchTable, bufferCallback. */
import { describe, expect, it } from "vitest";
import { ClassRegistry } from "../../globals/default-registry.js";
import type { Reduction } from "../../globals/registry.js";
import { Range } from "../../python/builtins.js";
import { PickleBuffer } from "../../python/containers/buffers.js";
import { Counter, Deque } from "../../python/containers/collections.js";
import { Tuple } from "../../python/containers/sequences.js";
import { FrozenSet } from "../../python/containers/sets.js";
import { PyDate, PyDateTime, PyTime, TimeDelta, TimeZone } from "../../python/datetime/datetime.js";
import { UUID } from "../../python/library/uuid.js";
import { Decimal } from "../../python/numbers/decimal.js";
import { Complex } from "../../python/numbers/numbers.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { dumps, Pickler } from "../api-dump.js";
import { loads } from "../api-load.js";
import type { Protocol } from "../opcodes.js";
import type { PicklerOptions } from "../options.js";

const PROTOCOLS: readonly Protocol[] = [0, 1, 2, 3, 4, 5];
const OUTER = new PyGlobal("app.models", "Outer");
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x78);
const hex = (value: unknown, options?: PicklerOptions): string => Buffer.from(dumps(value, options)).toString("hex");

/** As a reduction of the registry's would be written: a call of `Outer` without arguments. */
class Call {
  __reduce__(): readonly unknown[] {
    return [OUTER, []];
  }
}

describe("hooks", () => {
  it("hands PickleBuffers to bufferCallback", () => {
    const buffers: PickleBuffer[] = [];
    const buffer = new PickleBuffer(bytes(10), { readonly: true });
    const pickle = dumps(buffer, { protocol: 5, bufferCallback: (b) => void buffers.push(b) });
    expect(buffers).toEqual([buffer]);
    expect(Buffer.from(pickle).toString("hex")).toBe("80059798" + "2e");
    expect(hex(buffer, { protocol: 5 })).toBe(hex(bytes(10), { protocol: 5 }));
    expect(() => dumps(buffer)).toThrow(expect.objectContaining({ code: "protocol-too-low" }));
  });

  it("asks reducerOverride and dispatchTable before the registry", () => {
    class Point {}
    const reduction: Reduction = { kind: "reduce", callable: OUTER, args: [] };
    const expected = hex(new Call());
    expect(hex(new Point(), { reducerOverride: (value) => (value instanceof Point ? reduction : undefined) })).toBe(
      expected,
    );
    expect(hex(new Point(), { dispatchTable: new Map([[Point, () => [OUTER, []]]]) })).toBe(expected);
  });

  it.each(PROTOCOLS)("writes the same at protocol %i when hooks have nothing to say", (protocol) => {
    const zone = new TimeZone(new TimeDelta(0, 3600));
    const make = (): readonly unknown[] => [
      new PyDateTime(2026, 8, 1, 10, 11, 12, 345678),
      new PyDateTime(1, 1, 1, 0, 0, 0, 0, zone, 1),
      new PyDateTime(9999, 12, 31, 23, 59, 59, 999_999, TimeZone.utc),
      new PyDate(2026, 8, 1),
      new PyTime(23, 59, 59, 999_999, zone, 1),
      new PyTime(),
      new TimeDelta(1, 2, 3),
      new Decimal("1.50"),
      new UUID(1n << 127n),
      new UUID((1n << 127n) - 1n),
      new Counter([["a", 2]]),
      new Set([1, "a"]),
      new FrozenSet([1, "a"]),
      new Deque([1, 2], 5),
      new Complex(1, 2),
      new Range(1, 3),
      new Date(0),
    ];
    // Of each class two, since how the first is written is remembered.
    const values = [...make(), ...make()];
    const expected = hex(values, { protocol, reducerOverride: () => undefined });
    expect(hex(values, { protocol })).toBe(expected);
    expect(hex(values, { protocol })).toBe(expected);
    expect(hex(values, { protocol, persistentId: () => undefined })).toBe(expected);
  });

  it("asks persistentId for every value", () => {
    class Table {}
    class TablePickler extends Pickler {
      override persistentId(value: unknown): unknown {
        return value instanceof Table ? "t1" : null;
      }
    }
    expect(Buffer.from(new TablePickler({ protocol: 0 }).dump([new Table()])).toString()).toBe("(lp0\nPt1\na.");
    expect(Buffer.from(new TablePickler({ protocol: 2 }).dump(Tuple.of(new Table()))).toString("hex")).toBe(
      `8002580200000074317100${"51"}857101${"2e"}`,
    );
  });

  it("asks persistentId for keys, of objects and of wide ones, as of a dict", () => {
    const persistentId = (value: unknown) => (value === "k7" || value === "k200" ? `id of ${value}` : null);
    for (const size of [8, 201]) {
      const pairs = Array.from({ length: size }, (_, i): [string, number] => [`k${i}`, i]);
      for (const protocol of [0, 2, 5] as const) {
        const ofObject = hex(Object.fromEntries(pairs), { protocol, persistentId });
        expect(ofObject).toBe(hex(new Map(pairs), { protocol, persistentId }));
        const back = loads(Buffer.from(ofObject, "hex"), { persistentLoad: (id) => id });
        expect(back).toHaveProperty("id of k7", 7);
      }
    }
  });

  it("asks the dispatch table that it has at the time", () => {
    const registry = new ClassRegistry();
    class Point {}
    registry.register("app.Point", Point);
    const pickler = new Pickler({ protocol: 2, registry });
    const plain = Buffer.from(pickler.dump(new Point())).toString("latin1");
    pickler.clearMemo();
    pickler.dispatchTable = new Map([[Point, () => [OUTER, []]]]);
    const reduced = Buffer.from(pickler.dump(new Point())).toString("latin1");
    expect([plain, reduced]).toEqual([expect.stringContaining("Point"), expect.not.stringContaining("Point")]);
  });
});
