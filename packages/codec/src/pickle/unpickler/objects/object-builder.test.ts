/** What names in a pickle stand for, and the objects that calls of them make. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../../globals/default-registry.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import { loads } from "../../api-load.js";
import { failure, raw } from "../written-by-hand.js";

function bytes(...values: number[]): Uint8Array {
  return Buffer.from(values);
}

describe("globals and objects", () => {
  class A {
    x: unknown;
  }
  const registry = new ClassRegistry().register("app.A", A).registerExtension("app", "A", 5);

  test("an instance is made without its constructor at every protocol", () => {
    // class A in module app, a = A(); a.x = 1
    const pickles = [
      "ccopy_reg\n_reconstructor\np0\n(capp\nA\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\nVx\np6\nI1\nsb.",
      "\x80\x02capp\nA\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00xq\x03K\x01sb.",
      "\x80\x04\x8c\x03app\x94\x8c\x01A\x94\x93\x94)\x81\x94}\x94\x8c\x01x\x94K\x01sb.",
      "\x80\x04\x82\x05)\x81}\x8c\x01xK\x01sb.",
      "(iapp\nA\nN}\x8c\x01xK\x01s\x86b.",
      "(capp\nA\no}\x8c\x01xK\x01sb.",
    ];
    for (const pickle of pickles) {
      const a = loads(raw(pickle), { registry }) as A;
      expect(a).toBeInstanceOf(A);
      expect(a.x).toBe(1);
    }
  });

  test.each(["copyreg\n_reconstructor", "builtins\ngetattr", "_codecs\nencode"])(
    "no function is the base of an instance: %j",
    (base) => {
      // CPython 3.11: "function.__new__(UUID): UUID is not a subtype of function" and the like.
      for (const cls of ["capp\nA\n", "cuuid\nUUID\n"]) {
        const { code, message } = failure(() =>
          loads(raw(`ccopyreg\n_reconstructor\n(${cls}c${base}\nNtR.`), { registry }),
        );
        expect(code).toBe("bad-operand");
        expect(message).toContain(`${base.replace("\n", ".")} is no class`);
      }
    },
  );

  test("the global itself is a PyGlobal, one for equal names", () => {
    const [a, b] = loads(raw("capp\nA\ncapp\nA\n\x86."), { registry }) as [PyGlobal, PyGlobal];
    expect(a).toBeInstanceOf(PyGlobal);
    expect(a).toBe(b);
    expect(String(a)).toBe("app.A");
  });

  test("bytes of protocol 2 are bytes", () => {
    const pickle = "\x80\x02c_codecs\nencode\nq\x00X\x02\x00\x00\x00a\xc3\xbfX\x06\x00\x00\x00latin1\x86R.";
    expect(loads(raw(pickle.replace("\x02\x00\x00\x00a", "\x03\x00\x00\x00a")))).toStrictEqual(bytes(0x61, 0xff));
  });

  test("many bytes of protocol 2 are bytes", () => {
    const content = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff));
    const text = Buffer.from(content.toString("latin1"));
    const size = String.fromCharCode(text.length & 0xff, text.length >> 8, 0, 0);
    const pickle = (codec: string) =>
      raw(
        `\x80\x02c_codecs\nencode\nX${size}${text.toString("latin1")}U${String.fromCharCode(codec.length)}${codec}\x86R.`,
      );
    expect(loads(pickle("latin1"))).toStrictEqual(content);
    expect(loads(pickle("utf-8"))).toEqual(new Uint8Array(text));
    expect(failure(() => loads(pickle("ascii"))).code).toBe("bad-operand");
    const wide = Buffer.from(`${"x".repeat(300)}\u0100`);
    const tooWide = `\x80\x02c_codecs\nencode\nX\x2e\x01\x00\x00${wide.toString("latin1")}U\x06latin1\x86R.`;
    expect(failure(() => loads(raw(tooWide))).message).toContain("U+0100");
  });

  test("a class that is registered as what it is not says what else there is", () => {
    const registry = new ClassRegistry();
    registry.register("app.Status", class Status {});
    registry.register("app.Point", class Point {});
    registry.register("app.Frozen", class Frozen {});
    const reason = (pickle: string) => failure(() => loads(raw(pickle), { registry })).message;
    expect(reason("capp\nStatus\n(S'new'\ntR.")).toContain("an Enum is for registerEnum");
    expect(reason("capp\nPoint\n(K\x01K\x02t\x81.")).toContain("a namedtuple is for registerNamedTuple");
    // As subclasses of set, of tuple and of bytes are written, and a namedtuple of one field.
    expect(reason("capp\nStatus\n((lK\x01atR.")).toContain(
      "if it extends one of Python's, as set, deque or OrderedDict, let Status extend PySet, Deque or OrderedDict;",
    );
    expect(reason("capp\nPoint\n((K\x01tt\x81.")).toContain("if it extends tuple, let Point extend Tuple");
    expect(reason("\x80\x03capp\nPoint\nC\x01x\x85\x81.")).toContain(
      "if it extends bytes, let Point extend Uint8Array",
    );
    expect(reason("capp\nPoint\n(K\x01t\x81.")).toContain("a namedtuple is for registerNamedTuple");
    // As subclasses of datetime, of date and of str are written.
    expect(reason("\x80\x03capp\nStatus\nC\x0a\x07\xe8\x05\x06\x07\x08\x09\0\0\0\x85R.")).toBe(
      "Cannot call class app.Status: it is made of bytes; if it extends one of Python's dates, let Status extend PyDateTime, else have an adapter that has call",
    );
    expect(reason("\x80\x03capp\nStatus\nC\x04\x07\xe8\x05\x06\x85R.")).toContain("let Status extend PyDate, else");
    expect(reason("capp\nStatus\n(Vtext\nt\x81.")).toContain(
      "a class that extends str, int or float is for an adapter that has create",
    );
    expect(reason("capp\nFrozen\n)\x81(K\x01lb.")).toContain(
      "the state is no dict but a sequence; give the class __setstate__ and __getstate__",
    );
  });

  test("no dotted name, prototype or constructor is reached", () => {
    for (const name of ["A.constructor", "__proto__", "constructor", "hasOwnProperty", "A.prototype"]) {
      expect(failure(() => loads(raw(`capp\n${name}\n.`), { registry })).code).toBe("unregistered-global");
    }
    expect(failure(() => loads(raw("cbuiltins\ngetattr\n(capp\nA\n\x8c\x0bconstructortR."), { registry })).code).toBe(
      "bad-operand",
    );
    expect(failure(() => loads(raw("capp\nA\n}\x8c\x01xK\x01sb."), { registry })).code).toBe("bad-operand");
  });

  test("what a class throws is the cause of construct-failed", () => {
    const reason = new RangeError("no");
    class B {
      __setstate__(): void {
        throw reason;
      }
    }
    const error = failure(() =>
      loads(raw("\x80\x02capp\nB\n)\x81K\x01b."), { registry: new ClassRegistry().register("app.B", B) }),
    );
    expect([error.code, error.offset, error.cause]).toEqual(["construct-failed", 13, reason]);
  });

  test("a state of slots is set as attributes", () => {
    const a = loads(raw("\x80\x02capp\nA\n)\x81N}X\x01\x00\x00\x00xK\x07s\x86b."), { registry }) as A;
    expect(a.x).toBe(7);
  });

  test("NEWOBJ_EX of protocols 2 and 3 is a partial of __new__", () => {
    class K {
      given: unknown;
      static __new__(...args: unknown[]): K {
        const k = Object.create(K.prototype) as K;
        k.given = args;
        return k;
      }
    }
    // class K: __getnewargs_ex__ = lambda self: ((1,), {'b': 2}), by CPython 3.11 at protocol 2, without memo
    const pickle =
      "\x80\x02cfunctools\npartial\nc__builtin__\ngetattr\ncapp\nK\nX\x07\x00\x00\x00__new__\x86R\x85R" +
      "(c__builtin__\ngetattr\ncapp\nK\nX\x07\x00\x00\x00__new__\x86Rcapp\nK\nK\x01\x86}X\x01\x00\x00\x00bK\x02sNtb)R.";
    const k = loads(raw(pickle), { registry: new ClassRegistry().register("app.K", K) }) as K;
    expect(k.given).toStrictEqual([1, { b: 2 }]);
  });
});
