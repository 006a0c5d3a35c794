/** What the callables that belong to pickle itself make of classes, known and unknown. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../../globals/default-registry.js";
import type { Subscript } from "../../../python/library/values.js";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import { failure, raw } from "../written-by-hand.js";

describe("the callables of pickle itself", () => {
  // As CPython 3.11.2 writes an instance of `Outer.Inner` and the class, `Perm.R | Perm.X` and `Box[int]`, at protocols 0 and 2.
  const OF_UNKNOWN = [
    "(lp0\nccopy_reg\n_reconstructor\np1\n(c__builtin__\ngetattr\np2\n(capp\nOuter\np3\nVInner\np4\ntp5\nRp6\nc__builtin__\nobject\np7\nNtp8\nRp9\n(dp10\nVa\np11\nI1\nsbag6\na.",
    "\x80\x02]q\x00(c__builtin__\ngetattr\nq\x01capp\nOuter\nq\x02X\x05\x00\x00\x00Innerq\x03\x86q\x04Rq\x05)\x81q\x06}q\x07X\x01\x00\x00\x00aq\x08K\x01sbh\x05e.",
    "c_operator\nor_\np0\n(c__builtin__\ngetattr\np1\n(capp\nPerm\np2\nVR\np3\ntp4\nRp5\ng1\n(g2\nVX\np6\ntp7\nRp8\ntp9\nRp10\n.",
    "\x80\x02c_operator\nor_\nq\x00c__builtin__\ngetattr\nq\x01capp\nPerm\nq\x02X\x01\x00\x00\x00Rq\x03\x86q\x04Rq\x05h\x01h\x02X\x01\x00\x00\x00Xq\x06\x86q\x07Rq\x08\x86q\tRq\n.",
    "c_operator\ngetitem\np0\n(capp\nBox\np1\nc__builtin__\nlong\np2\ntp3\nRp4\n.",
    "\x80\x02c_operator\ngetitem\nq\x00capp\nBox\nq\x01c__builtin__\nlong\nq\x02\x86q\x03Rq\x04.",
  ];
  test.each(OF_UNKNOWN)("what is made of an unregistered class is kept, and written as it was: %#", (text) => {
    const pickle = raw(text);
    expect(failure(() => loads(pickle)).code).toBe("unregistered-global");
    const value = loads(pickle, { unregistered: "opaque" });
    const protocol = text.startsWith("\x80") ? 2 : 0;
    expect(Buffer.from(dumps(value, { protocol, opaque: "allow" })).toString("latin1")).toBe(text);
    if (Array.isArray(value)) expect(value[0]).toMatchObject({ callable: expect.anything(), state: { a: 1 } });
  });

  test("a generic class that is registered has parameters; the type of None is called", () => {
    class Box {}
    const registry = new ClassRegistry();
    registry.register("app.Box", Box);
    const generic = loads(raw(OF_UNKNOWN[5]!), { registry }) as Subscript;
    expect([String(generic.origin), String(generic.parameters)]).toEqual(["app.Box", "builtins.int"]);
    expect(loads(raw("\x80\x02c__builtin__\ntype\nq\x00N\x85q\x01Rq\x02)Rq\x03."))).toBeNull();
    expect(failure(() => loads(raw("c__builtin__\ntype\n(NtR(NtR."))).code).toBe("bad-operand");
    registry.register("app.Perm", class Perm {});
    expect(failure(() => loads(raw(OF_UNKNOWN[2]!), { registry })).message).toContain("an Enum is for registerEnum");
  });

  test("a bound method says how it is read", () => {
    for (const text of [
      "c__builtin__\ngetattr\n(Vabc\nVupper\ntR.",
      "c__builtin__\ngetattr\n(cdatetime\ndatetime\nVnow\ntR.",
    ]) {
      const { code, message } = failure(() => loads(raw(text)));
      expect(code).toBe("bad-operand");
      expect(message).toMatch(/getattr.* is not allowed; unregistered: "opaque" keeps it as data$/);
      const kept = loads(raw(text), { unregistered: "opaque" });
      expect(kept).toMatchObject({ kind: "reduce" });
    }
  });

  // `int | None` as CPython 3.10 to 3.13 write it at protocol 2.
  const UNION =
    "\x80\x02c__builtin__\nreduce\nq\x00c_operator\nor_\nq\x01c__builtin__\nlong\nq\x02c__builtin__\ntype\nq\x03N\x85q\x04Rq\x05\x86q\x06\x86q\x07Rq\x08.";
  test("a name that is registered alone cannot be called; the error says what can be done, and opaque keeps the call", () => {
    const { code, message } = failure(() =>
      loads(raw("capp\nf\n)R."), { registry: new ClassRegistry().registerFunction("app.f") }),
    );
    expect(code).toBe("bad-operand");
    expect(message).toBe(
      'Cannot decode REDUCE: app.f cannot be called: only its name is registered; registerFunction("app.f", f) says what makes the result, unregistered: "opaque" keeps the call as data',
    );
    const value = loads(raw(UNION), { unregistered: "opaque" });
    expect(value).toMatchObject({ kind: "reduce" });
    expect(Buffer.from(dumps(value, { protocol: 2, opaque: "allow" })).toString("latin1")).toBe(UNION);
    expect(failure(() => loads(raw("cbuiltins\nlen\n(Vabcdef\ntR."))).message).toContain(
      "builtins.len cannot be called",
    );
  });
});
