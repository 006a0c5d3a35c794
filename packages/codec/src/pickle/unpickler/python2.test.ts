/** What only pickles of Python 2 hold: `str` of bytes, numbers as text, names of its own. */
import { describe, expect, test } from "vitest";
import { PyDict } from "../../python/containers/dict.js";
import { PyGlobal, PyObject } from "../../python/objects/objects.js";
import { dumps } from "../api-dump.js";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("Python 2 pickles", () => {
  // python2.7 -c "import pickle; pickle.dumps({'k': 'caf\\xe9', u'u': 1L})" and the like
  test("a str is ASCII unless told otherwise", () => {
    const pickle = raw("U\x04caf\xe9.");
    const error = failure(() => loads(pickle));
    expect(error.code).toBe("bad-argument");
    expect(error.message).toBe(
      'Cannot decode SHORT_BINSTRING: byte 0xe9 at 3 of a Python 2 str is no ASCII; set the option encoding: "latin1" reads all, also dates and arrays, "utf-8" text that is UTF-8, "bytes" keeps bytes',
    );
    expect(failure(() => loads(pickle, { encoding: "utf-8" })).message).toMatch(
      /is no utf-8; set the option encoding: "latin1" reads all, also dates and arrays, "bytes" keeps bytes$/,
    );
    expect(loads(pickle, { encoding: "latin1" })).toBe("café");
    const copy = loads(pickle, { encoding: "bytes" }) as Uint8Array;
    expect(copy).toStrictEqual(raw("caf\xe9"));
    expect(copy.buffer).not.toBe(pickle.buffer);
    expect(loads(pickle, { errors: "replace" })).toBe("caf\ufffd");
    expect(loads(pickle, { errors: "ignore" })).toBe("caf");
    expect(loads(pickle, { errors: "surrogateescape" })).toBe("caf\udce9");
    expect(loads(pickle, { errors: "backslashreplace" })).toBe("caf\\xe9");
    expect(loads(raw("U\x05caf\xc3\xa9."), { encoding: "utf-8" })).toBe("café");
  });

  test("STRING resolves escapes", () => {
    expect(loads(raw("S'a\\x41\\n\\101\\'\\q'\n."))).toBe("aA\nA'\\q");
    expect(loads(raw('S"it\'s"\n.'))).toBe("it's");
  });

  test("with bytes for str, the keys of a dict are bytes", () => {
    const dict = loads(raw("}U\x01kK\x01s."), { encoding: "bytes" });
    expect(dict).toStrictEqual(new PyDict([[raw("k"), 1]]));
  });

  // Python 2.7's Decimal("1.10"), whose text is a str: neither does Python 3 read it with encoding="bytes".
  test("a class that wants text says that encoding gave it bytes", () => {
    const pickle = raw("\x80\x02cdecimal\nDecimal\nq\x00U\x041.10q\x01\x85q\x02Rq\x03.");
    expect(String(loads(pickle))).toBe("1.10");
    const { code, message } = failure(() => loads(pickle, { encoding: "bytes" }));
    expect(code).toBe("construct-failed");
    expect(message).toBe(
      'Cannot make a Decimal: needs its text; where it got bytes for a str of Python 2, pass encoding: "latin1"',
    );
    expect(failure(() => loads(raw("cdecimal\nDecimal\n(NtR."))).message).not.toContain("Python 2");
  });

  test("numbers follow CPython's C reader", () => {
    const cases: [string, unknown][] = [
      ["I010", 8],
      ["I0x10", 16],
      ["I1_000", 1000],
      ["I00", false],
      ["I01", true],
      ["I-0", false],
      ["I000", 0],
      ["L0x1fL", 31],
      ["L5", 5],
      ["I99999999999999999999", 99999999999999999999n],
      ["Finf", Number.POSITIVE_INFINITY],
    ];
    for (const [text, value] of cases) expect(loads(raw(`${text}\n.`))).toBe(value);
  });

  test("names are mapped to Python 3's below protocol 3 only", () => {
    expect(loads(raw("c__builtin__\nset\n(]K\x01atR."))).toStrictEqual(new Set([1]));
    expect(failure(() => loads(raw("c__builtin__\nset\n."), { fixImports: false })).code).toBe("unregistered-global");
    expect(failure(() => loads(raw("\x80\x03c__builtin__\nset\n."))).code).toBe("unregistered-global");
  });

  // As Python 2.7's pickle writes instances of classes without `object` as a base, the second with `__getinitargs__`.
  test.each([
    [1, "]q\x00((capp\nOld\nq\x01oq\x02K\x04b(capp\nArgs\nq\x04K\x01K\x02oq\x05K\x04bh\x02e."],
    [2, "\x80\x02]q\x00((capp\nOld\nq\x01oq\x02K\x04b(capp\nArgs\nq\x04K\x01K\x02oq\x05K\x04bh\x02e."],
  ] as const)(
    "an old-style instance that is opaque is no call, which would run __init__: protocol %i",
    (protocol, text) => {
      const value = loads(raw(text), { unregistered: "opaque" }) as PyObject[];
      expect(value.map(({ kind, args, state }) => [kind, [...args], state])).toEqual([
        ["obj", [], 4],
        ["obj", [1, 2], 4],
        ["obj", [], 4],
      ]);
      expect(value[2]).toBe(value[0]);
      // Its memo skips a number where Brine's does not.
      const counted = text.replace("Args\nq\x04", "Args\nq\x03").replace("oq\x05", "oq\x04");
      expect(Buffer.from(dumps(value, { protocol, opaque: "allow" })).toString("latin1")).toBe(counted);
    },
  );

  test("INST is written back as OBJ, also where the instance is within its own state", () => {
    const text = "(iapp\nOld\np0\n(lp1\ng0\nab.";
    const value = loads(raw(text), { unregistered: "opaque" }) as PyObject;
    expect((value.state as unknown[])[0]).toBe(value);
    const written = dumps(value, { protocol: 0, opaque: "allow" });
    expect(Buffer.from(written).toString("latin1")).toBe("(capp\nOld\np0\nop1\n(lp2\ng1\nab.");
  });

  test("an instance among its own arguments is one again, unless no reader could make it", () => {
    const list: unknown[] = [];
    const object = new PyObject("obj", new PyGlobal("app", "Old"), [list]);
    list.push(object);
    for (const protocol of [0, 2, 4] as const) {
      const pickle = dumps(object, { opaque: "allow", protocol });
      const back = loads(pickle, { unregistered: "opaque" }) as PyObject;
      expect((back.args[0] as unknown[])[0]).toBe(back);
    }
    const args: unknown[] = [];
    const endless = new PyObject("obj", new PyGlobal("app", "Old"), args);
    args.push(endless);
    expect(() => dumps(endless, { opaque: "allow" })).toThrow(/among the arguments/);
  });
});
