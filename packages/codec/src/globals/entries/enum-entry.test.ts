/** Enums: which member a value names, and how one is registered. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { memberOf } from "../../python/objects/enum.js";
import { ClassRegistry } from "../default-registry.js";

describe("an enum", () => {
  it("says that a name which Python's enum has is none of its own", () => {
    const registry = new ClassRegistry();
    registry.registerEnum("app.Color", { RED: "red" }, { kind: "str" });
    const read = () => loads(Buffer.from("cbuiltins\ngetattr\n(capp\nColor\nVBLUE\ntR."), { registry });
    expect(read).toThrow('"BLUE" is no name in enum app.Color');
    expect(() => loads(Buffer.from("capp\nColor\n(Vblue\ntR."), { registry })).toThrow(
      '"blue" is no value of enum app.Color',
    );
  });

  it("finds a member of an enum by a value that Python cannot hash", () => {
    const registry = new ClassRegistry();
    const members = { PAIR: [1, [2, "x"]], TABLE: { a: [1] }, ONE: 1 };
    const Odd = registry.registerEnum("app.Odd", members);
    const { PAIR, TABLE } = Odd;
    expect(loads(dumps([PAIR, TABLE], { registry }), { registry })).toEqual([PAIR, TABLE]);
    for (const value of [[1, [2, "y"]], [1], { a: [2] }, { b: [1] }, { a: [1], b: 1 }]) {
      expect(memberOf(Odd, value)).toBeUndefined();
    }
  });

  it.each<[object, RegExp]>([
    [{ kind: "string" }, /kind "string": must be "enum" or "int" or "str" or "flag" or "intflag"/],
    [{ kind: "flag", boundary: "drop" }, /boundary "drop": must be "strict" or /],
    [{ pickleBy: "name" }, /pickleBy "name": must be "value" or "enumName" or "globalName"/],
  ])("refuses an enum with the options %j", (options, message) => {
    const refused = expect(() => new ClassRegistry().registerEnum("app.Color", { RED: 1 }, options));
    refused.toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringMatching(message) as string }));
  });

  it("knows combinations of flags of as many digits as CPython would show", () => {
    const option = (value: bigint) => {
      const int = dumps(value, { protocol: 2 }).subarray(2, -1);
      const call = [Buffer.from("\x80\x02cssl\nOptions\n", "latin1"), int, Buffer.from("\x85R.", "latin1")];
      return loads(Buffer.concat(call));
    };
    expect(option(0x2_8000_0050n)).toMatchObject({ value: 0x2_8000_0050 });
    for (const value of [2n ** 64n - 1n, 2n ** 64n, 10n ** 400n]) expect(option(value)).toMatchObject({ value });
    for (const value of [10n ** 4300n, -(10n ** 4300n)]) expect(() => option(value)).toThrow(/no value of enum/);
  });

  it.each(["enumName", "globalName"] as const)(
    "writes no combination of flags by %s, which nobody could read",
    (pickleBy) => {
      // CPython 3.12 refuses it by global name, and writes `getattr(Perm, 'R|W')` by enum name, which fails when it is read.
      const registry = new ClassRegistry();
      const Perm = registry.registerEnum("app.Perm", { R: 1, W: 2, RX: 5 }, { kind: "flag", pickleBy });
      for (const member of [Perm.R, Perm.RX]) expect(loads(dumps(member, { registry }), { registry })).toBe(member);
      expect(() => dumps(memberOf(Perm, 3), { registry })).toThrow(/Cannot pickle app.Perm\(3\) by a name/);
    },
  );
});
