import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readFieldTable } from "./field-table.js";
import { readHeaders, typedHeaders } from "./headers.js";

interface Vector {
  readonly value: unknown;
  readonly b64: string;
}

const vectors = JSON.parse(readFileSync(new URL("./vectors/field-tables.json", import.meta.url), "utf8")) as Record<
  "from_py_amqp" | "from_amqplib",
  readonly Vector[]
>;

// amqplib's own encoder, which its `exports` hide: what counts is the bytes it makes of our notation.
const require = createRequire(import.meta.url);
const codec = require(path.join(path.dirname(require.resolve("amqplib")), "lib/codec.js")) as {
  encodeTable(buffer: Buffer, table: object, offset: number): number;
  decodeFields(bytes: Buffer): Record<string, unknown>;
};

/** The bytes of the table, without its length, through `Object.create` as amqplib's publish does it. */
function encode(headers: Record<string, unknown>): Buffer {
  const buffer = Buffer.alloc(65536);
  const size = codec.encodeTable(buffer, Object.create(typedHeaders(headers)), 0);
  return Buffer.from(buffer.subarray(4, size));
}

const roundTrip = (headers: Record<string, unknown>) => readHeaders(readFieldTable(encode(headers)));
const tagOf = (value: unknown) => String.fromCharCode(encode({ x: value })[2] ?? 0);
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe("typedHeaders()", () => {
  it("takes objects without a prototype, as headers from the wire are", () => {
    const nested = Object.assign(Object.create(null), { n: 300 });
    expect(roundTrip({ x: nested })).toEqual({ x: { n: 300 } });
  });

  it.each(vectors.from_py_amqp)("writes $value as py-amqp does", ({ value, b64 }) => {
    const python = Buffer.from(b64, "base64").subarray(4);
    const ours = encode({ x: value });
    if (typeof value === "number" && Math.abs(value) > 0x7fffffff) {
      // py-amqp's tag L is its own; `l` is what everybody reads, but not below zero.
      expect(tagOf(value)).toBe(value > 0 ? "l" : "d");
      if (value > 0) expect(ours.subarray(3)).toEqual(python.subarray(3));
    } else {
      expect(ours).toEqual(Buffer.from(python));
    }
  });

  it.each(vectors.from_amqplib)("round-trips $value through amqplib's encoder", ({ value }) => {
    expect(plain(roundTrip({ x: value }))).toEqual({ x: value });
  });

  it("types integers at any depth", () => {
    const bytes = encode({ timelimit: [3600, 300], deep: { a: [{ b: [-1, 128] }] } });
    const text = bytes.toString("latin1");
    expect(text.match(/I/g)).toHaveLength(4);
    expect(roundTrip({ a: [{ b: [-1, 128] }] }).a).toEqual([{ b: [-1, 128] }]);
  });

  it.each([
    [2 ** 31 - 1, "I"],
    [-(2 ** 31), "I"],
    [2 ** 31, "l"],
    [-(2 ** 31) - 1, "d"],
    [2 ** 53 + 2, "l"],
    [2n ** 63n - 1n, "l"],
    [5n, "I"],
    [-5n, "I"],
    [2 ** 63, "d"],
    [-(2 ** 63), "d"],
    [-0, "d"],
    [0.5, "d"],
    [Number.NaN, "d"],
    [Number.POSITIVE_INFINITY, "d"],
    [Number.NEGATIVE_INFINITY, "d"],
    [new Date(0), "T"],
    [new Uint8Array([1]), "x"],
    [new ArrayBuffer(1), "x"],
    [new Map([["a", 1]]), "F"],
    ["text", "S"],
    [null, "V"],
    [{ "!": "int8", value: -3 }, "I"],
    [{ "!": "int64", value: 3 }, "I"],
    [{ "!": "float", value: 3 }, "d"],
    [{ "!": "timestamp", value: 3 }, "T"],
    [{ "!": "decimal", value: { places: 2, digits: 110 } }, "D"],
    [{ "!": "nonsense", value: 3 }, "F"],
  ])("writes %s with tag %s", (value, tag) => {
    expect(tagOf(value)).toBe(tag);
  });

  it("keeps 64-bit integers, bytes, dates and awkward keys exact", () => {
    const headers = {
      ns: 1_790_000_000_123_456_789n,
      bytes: new Uint8Array([0, 255, 10]),
      at: new Date("2026-11-24T00:00:00Z"),
      nested: { "!": "timestamp", value: 1, more: 2 },
      bang: { "!": 1 },
    };
    const result = roundTrip(headers);
    expect(result.ns).toBe(headers.ns);
    expect(Buffer.from(result.bytes as Uint8Array)).toEqual(Buffer.from(headers.bytes));
    expect(result.at).toEqual(headers.at);
    expect({ ...(result.nested as object) }).toEqual(headers.nested);
    expect({ ...(result.bang as object) }).toEqual(headers.bang);
  });

  it("keeps a key named __proto__ an own property on both sides", () => {
    const hostile = JSON.parse('{"__proto__": {"compression": "evil"}, "constructor": 1}') as Record<string, unknown>;
    const result = roundTrip(hostile);
    expect(Object.keys(result)).toEqual(["__proto__", "constructor"]);
    expect(result.compression).toBeUndefined();
    expect(Object.getPrototypeOf(result)).toBeNull();
  });

  it("leaves the input as it was and drops undefined", () => {
    const headers = Object.freeze({ a: undefined, b: Object.freeze([undefined, 1]) });
    expect(plain(roundTrip(headers))).toEqual({ b: [null, 1] });
  });

  it.each([
    ["a bigint beyond 64 bits", { n: 2n ** 63n }, ".n"],
    ["a negative bigint that a double rounds", { n: -(2n ** 60n) - 1n }, ".n"],
    ["a function", { a: [{ f: () => 1 }] }, ".a[0].f"],
    ["a symbol", { s: Symbol("x") }, ".s"],
    ["a date before 1970", { at: new Date(-1000) }, ".at"],
    ["an invalid date", { at: new Date(Number.NaN) }, ".at"],
    ["a long key", { ["k".repeat(256)]: 1 }, `.${"k".repeat(256)}`],
    ["a key that is no string", { m: new Map([[1, 2]]) }, ".m.1"],
    ["a set", { s: new Set([1]) }, ".s"],
  ])("refuses %s", (_, headers, path) => {
    expect(() => typedHeaders(headers as Record<string, unknown>)).toThrow(
      expect.objectContaining({ name: "AmqpError", code: "bad-header", path }),
    );
  });

  it("refuses headers that contain themselves", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => typedHeaders(loop)).toThrow(expect.objectContaining({ code: "bad-header" }));
  });
});

describe("readFieldTable()", () => {
  it.each(vectors.from_py_amqp)("reads $value as py-amqp wrote it", ({ value, b64 }) => {
    expect(plain(readFieldTable(Buffer.from(b64, "base64").subarray(4)))).toEqual({ x: value });
  });

  it.each(vectors.from_amqplib)("reads $value as amqplib wrote it", ({ value, b64 }) => {
    expect(plain(readFieldTable(Buffer.from(b64, "base64").subarray(4)))).toEqual({ x: value });
  });

  it("gives bytes where Python wrote bytes that are no UTF-8", () => {
    const table = Buffer.concat([Buffer.from([1, 0x78, 0x53, 0, 0, 0, 2]), Buffer.from([0xff, 0xfe])]);
    expect(readFieldTable(table).x).toEqual(Buffer.from([0xff, 0xfe]));
  });

  it.each([
    ["an unknown tag", Buffer.from([1, 0x78, 0x5a, 1])],
    ["a string longer than the table", Buffer.from([1, 0x78, 0x53, 0xff, 0xff, 0xff, 0xff])],
    ["an array longer than the table", Buffer.from([1, 0x78, 0x41, 0, 0, 0, 9, 0x56])],
    ["a key longer than the table", Buffer.from([9, 0x78])],
    ["an integer cut short", Buffer.from([1, 0x78, 0x49, 0, 0])],
  ])("refuses %s", (_, table) => {
    expect(() => readFieldTable(table)).toThrow(expect.objectContaining({ code: "bad-header" }));
  });

  it("refuses 20,000 arrays inside one another, on which amqplib overflows the stack", () => {
    let table = Buffer.alloc(0);
    const parts: Buffer[] = [];
    for (let depth = 0; depth < 20_000; depth++) {
      const head = Buffer.from([0x41, 0, 0, 0, 0]);
      head.writeUInt32BE((20_000 - 1 - depth) * 5, 1);
      parts.push(head);
    }
    table = Buffer.concat([Buffer.from([1, 0x78]), ...parts]);
    expect(() => codec.decodeFields(table)).toThrow(RangeError);
    expect(() => readFieldTable(table)).toThrow(expect.objectContaining({ code: "bad-header" }));
  });
});
