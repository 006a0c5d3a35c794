/** What only pickles of Python 2 hold: `str` of bytes, numbers as text, names of its own. */
import { describe, expect, test } from "vitest";
import { PyDict } from "../../python/containers/dict.js";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("Python 2 pickles", () => {
  // python2.7 -c "import pickle; pickle.dumps({'k': 'caf\\xe9', u'u': 1L})" and the like
  test("a str is ASCII unless told otherwise", () => {
    const pickle = raw("U\x04caf\xe9.");
    expect(failure(() => loads(pickle)).code).toBe("bad-argument");
    expect(loads(pickle, { encoding: "latin1" })).toBe("café");
    expect(loads(pickle, { encoding: "bytes" })).toStrictEqual(raw("caf\xe9"));
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
});
