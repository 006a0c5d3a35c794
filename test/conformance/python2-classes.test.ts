/** Instances of an old-style class of Python 2, which an adapter calls: written for its two pickle modules, and read back from them. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { ClassRegistry, dumps, loads, PyGlobal } from "@brine/codec";
import { expect, it } from "vitest";
import { findPython2 } from "../cpython/find.js";
import { ROOT } from "../package/sources.js";

class Node {
  name = "";
  depth = 0;
  itself: unknown[] = [];
}

const registry = new ClassRegistry().register("app.Node", Node, {
  reduce: (node) => [new PyGlobal("app", "Node"), [], { ...node }],
  call: () => new Node(),
});

const PICKLES = {
  0: "capp\nNode\np0\n(tRp1\n(dp2\nVname\np3\nVroot\np4\nsVdepth\np5\nI2\nsVitself\np6\n(lp7\ng1\nasb.",
  1: "capp\nNode\nq\0)Rq\x01}q\x02(X\x04\0\0\0nameq\x03X\x04\0\0\0rootq\x04X\x05\0\0\0depthq\x05K\x02X\x06\0\0\0itselfq\x06]q\x07h\x01aub.",
} as const;

function root(): Node {
  const node = Object.assign(new Node(), { name: "root", depth: 2 });
  node.itself.push(node);
  return node;
}

const write = (protocol: 0 | 1 | 2) => dumps(root(), { registry, protocol });

it("is a call without arguments, and its state", () => {
  expect(Buffer.from(write(0)).toString("latin1")).toBe(PICKLES[0]);
  expect(Buffer.from(write(1)).toString("latin1")).toBe(PICKLES[1]);
  expect(Buffer.from(write(2)).toString("latin1")).toBe(`\x80\x02${PICKLES[1]}`);
});

it("is read and written by pickle and cPickle of Python 2.7", (context) => {
  const python = findPython2();
  if (python === undefined) return context.skip("no python2.7 on PATH, nor named by BRINE_PYTHON2");
  const { status, stdout, stderr } = spawnSync(python, [path.join(ROOT, "test/cpython/old_style.py")], {
    input: JSON.stringify(([0, 1, 2] as const).map((protocol) => Buffer.from(write(protocol)).toString("base64"))),
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(6);
  for (const text of lines.flatMap((line) => JSON.parse(line) as string[])) {
    expect(loads(Buffer.from(text, "base64"), { registry })).toStrictEqual(root());
  }
});
