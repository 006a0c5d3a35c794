/** Named tuples: their items are as many as their fields. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { ClassRegistry } from "../default-registry.js";

describe("a named tuple", () => {
  const registry = new ClassRegistry();
  const Point = registry.registerNamedTuple("app.Point", ["x", "y"]);
  const read = (pickle: string) => loads(Buffer.from(pickle, "latin1"), { registry });

  it.each([0, 1, 2, 3, 4, 5] as const)("is written and read at protocol %i", (protocol) => {
    const [point, again] = loads(dumps([new Point(1, "two"), new Point([], null)], { registry, protocol }), {
      registry,
    }) as InstanceType<typeof Point>[];
    expect(point).toBeInstanceOf(Point);
    expect([point!.x, point!.y, again!.x, again!.y]).toEqual([1, "two", [], null]);
  });

  it("is refused with more items or fewer, and as anything but a tuple", () => {
    const reconstructed = (base: string, value: string) =>
      `ccopy_reg\n_reconstructor\n(capp\nPoint\nc__builtin__\n${base}\n${value}tR.`;
    expect(read(reconstructed("tuple", "(I1\nI2\nt"))).toEqual(new Point(1, 2));
    for (const items of ["(I1\nt", "(I1\nI2\nI3\nt"]) {
      expect(() => read(`capp\nPoint\n${items}\x81.`)).toThrow("app.Point has 2 fields, the pickle gave");
      expect(() => read(reconstructed("tuple", items))).toThrow("app.Point has 2 fields, the pickle gave");
    }
    expect(() => read(reconstructed("list", "(I1\nI2\nl"))).toThrow("app.Point must be made of a tuple");
  });
});
