/** The table of the wire format against CPython's, and every opcode in a pickle that CPython decodes to the same value. */
import { readFileSync } from "node:fs";
import { ClassRegistry, loads, repr, Tuple } from "@brine/codec";
import { dis, genops, OPCODES, optimize } from "@brine/codec/tools";
import { describe, expect, it } from "vitest";

interface OpcodeVectors {
  readonly python: string;
  readonly opcodes: readonly {
    readonly name: string;
    readonly code: number;
    readonly arg: string | null;
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly proto: number;
  }[];
  readonly pickles: readonly { readonly data: string; readonly repr: string; readonly opcodes: readonly string[] }[];
}

const vectors = JSON.parse(readFileSync(new URL("../vectors/opcodes.json", import.meta.url), "utf8")) as OpcodeVectors;

const registry = new ClassRegistry();
registry.registerExtension("builtins", "complex", 1);
registry.registerExtension("collections", "OrderedDict", 300);
registry.registerExtension("decimal", "Decimal", 70000);

function decode(pickle: Uint8Array): unknown {
  return loads(pickle, {
    registry,
    encoding: "latin1",
    float: "exact",
    dict: "map",
    persistentLoad: (id) => Tuple.of<unknown>("persistent", id),
    buffers: [Buffer.from("out of band"), Buffer.from("writable")],
  });
}

describe("the table of opcodes", () => {
  it("is CPython's, in its order", () => {
    expect(
      OPCODES.map(({ name, code, arg, proto, stackBefore, stackAfter }) => ({
        name,
        code,
        arg,
        before: [...stackBefore],
        after: [...stackAfter],
        proto,
      })),
    ).toEqual(vectors.opcodes);
    expect(OPCODES.length).toBe(68);
  });
});

describe("pickles of CPython", () => {
  const decoded = new Set<string>();

  it.each(vectors.pickles)("$repr with $opcodes is decoded to CPython's value", (row) => {
    const pickle = Buffer.from(row.data, "base64");
    // What is out of band here is bytes, whether it can be written to or not.
    const wanted = row.repr.replace("bytearray(b'writable')", "b'writable'");
    expect(repr(decode(pickle))).toBe(wanted);
    expect([...new Set(Array.from(genops(pickle), ({ opcode }) => opcode.name))].sort()).toEqual(row.opcodes);
    expect(repr(decode(optimize(pickle)))).toBe(wanted);
    expect(dis(pickle)).toContain("STOP");
    for (const name of row.opcodes) decoded.add(name);
  });

  it("use every opcode", () => {
    expect(OPCODES.map(({ name }) => name).filter((name) => !decoded.has(name))).toEqual([]);
  });
});
