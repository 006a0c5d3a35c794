/** Opaque objects that were rewritten, loaded by CPython: what it does with them is what it did with the first pickle. */
import { spawnSync } from "node:child_process";
import { dumps, loads, type Protocol } from "@brine/codec";
import { genops } from "@brine/codec/tools";
import { expect, it } from "vitest";
import { findPython } from "../cpython/find.js";

/** Loads pickles in base64; each answer tells whether `__init__` ran, with what, and the attributes. */
const LOADER = `
import base64, json, pickle, sys, types

app = types.ModuleType("app")
sys.modules["app"] = app
exec('''
class Old:
    def __init__(self, *args):
        self.args = list(args)

class New(object):
    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.made = [list(args), kwargs]
        return self

class Args(Old):
    def __getinitargs__(self):
        return ()
''', app.__dict__)
print(json.dumps([vars(pickle.loads(base64.b64decode(text))) for text in json.load(sys.stdin)]))
`;

function vars(pickles: readonly Uint8Array[]): unknown {
  const { status, stdout, stderr } = spawnSync(findPython(), ["-c", LOADER], {
    input: JSON.stringify(pickles.map((pickle) => Buffer.from(pickle).toString("base64"))),
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

function expectRewritten(texts: readonly string[], expected: readonly unknown[]): void {
  const pickles = texts.map((text) => Buffer.from(text, "latin1"));
  expect(vars(pickles)).toEqual(expected);
  for (const protocol of [0, 1, 2, 3, 4, 5] as Protocol[]) {
    const rewritten = pickles.map((pickle) =>
      dumps(loads(pickle, { unregistered: "opaque" }), { protocol, opaque: "allow" }),
    );
    // OBJ is written at protocol 0 too.
    for (const { opcode } of rewritten.flatMap((pickle) => [...genops(pickle)]))
      expect(opcode.proto, opcode.name).toBeLessThanOrEqual(Math.max(protocol, 1));
    expect(vars(rewritten), `protocol ${protocol}`).toEqual(expected);
  }
}

it("makes an instance of INST or OBJ with __init__ only where the first pickle does", () => {
  const pickles = [
    "(iapp\nOld\n(dVx\nI1\nsb.",
    "(iapp\nOld\n.",
    "(I1\nI2\niapp\nOld\n.",
    "(capp\nOld\no}X\x01\0\0\0xK\x01sb.",
    "(capp\nOld\nK\x01o.",
    "(capp\nArgs\no.",
  ];
  expectRewritten(pickles, [{ x: 1 }, {}, { args: [1, 2] }, { x: 1 }, { args: [1] }, { args: [] }]);
});

it("makes an instance of NEWOBJ or NEWOBJ_EX with what its __new__ got, at protocols that have neither opcode", () => {
  const pickles = [
    "capp\nNew\nK\x01\x85\x81}X\x01\0\0\0xK\x01sb.",
    "capp\nNew\n)}\x92.",
    "capp\nNew\nK\x01\x85}X\x01\0\0\0kK\x02s\x92}X\x01\0\0\0xK\x01sb.",
  ];
  expectRewritten(pickles, [{ made: [[1], {}], x: 1 }, { made: [[], {}] }, { made: [[1], { k: 2 }], x: 1 }]);
});
