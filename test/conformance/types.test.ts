import { readFileSync } from "node:fs";
import { Decimal, DjangoModel, dumps, loads, type Protocol, repr, Tuple } from "@brine/codec";
import { NDArray, NumpyScalar, registerNumpy, StringDType } from "@brine/codec/numpy";
import { describe, expect, it } from "vitest";
import { appRegistry } from "./app-registry.js";

interface Row {
  readonly name: string;
  readonly python: string;
  readonly repr: string | null;
  readonly written: Readonly<Record<string, readonly (number | null)[]>>;
  readonly pickles: readonly { readonly data: string; readonly from: readonly string[] }[];
}

const rows = JSON.parse(readFileSync(new URL("../vectors/types.json", import.meta.url), "utf8")) as readonly Row[];

const registry = registerNumpy(appRegistry());
const decode = (data: string) =>
  loads(Buffer.from(data, "base64"), { registry, float: "exact", dict: "map", encoding: "latin1" });

/**
 * What is not written byte for byte (it loads alike everywhere), and why it cannot be. What is equal after all must leave
 * this list. CPython's memo goes by the identity of strings; JavaScript's strings have none, so Brine cannot know that two
 * equal strings were two objects to the code that made them.
 */
const CONTIGUOUS = "numpy too writes it as contiguous once it has been read";
const TWO_STRINGS = "two equal strings were two objects in Python";
const KNOWN_GAPS: ReadonlyMap<string, { readonly protocols: readonly number[]; readonly why: string }> = new Map(
  Object.entries({
    "dateutil tzlocal": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    Element: { protocols: [2, 3, 4, 5], why: TWO_STRINGS },
    "numpy Generator": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    "numpy RandomState": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    "numpy MT19937": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    "numpy Philox": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    "numpy masked structured": { protocols: [0, 1, 2], why: TWO_STRINGS },
    "numpy non-contiguous": { protocols: [5], why: CONTIGUOUS },
    "numpy reversed": { protocols: [5], why: CONTIGUOUS },
    "numpy broadcast": { protocols: [5], why: CONTIGUOUS },
  }),
);

/** Methods: nothing that a pickle could call resolves, so they are kept only as opaque data. */
const REFUSED: ReadonlySet<string> = new Set([
  "class method",
  "builtin bound method",
  "bytes maketrans",
  "bound method",
]);

/** Kept as data, or an enum that prints itself, with a repr of Brine's own; or, of IPv6Address, an older Python that lost part of the value. */
const OTHER_REPR =
  /^(dateutil|Django model|itertools|Logger|root Logger|LogRecord|Signature|Parameter|partialmethod|functools|int subclass|float subclass|str subclass|bytearray subclass|datetime subclass|CompletedProcess|socket.timeout|re.error|ConfigParser error|SimpleCookie|SocketKind|RegexFlag|HTTPMethod|calendar |relativedelta|ImmutableMultiDict|Headers|HttpResponse|IPv6Address scope|Enum class|exception in its args|dataclass slots inherited|strings of|numpy |2\.7 )/;

/** The newest pickle of a row that keeps everything, to write again from. */
function best(row: Row, version: string): string {
  const indexes = row.written[version]!;
  return row.pickles[indexes.findLast((index) => index !== null)!]!.data;
}

describe.each(rows.filter(({ name }) => REFUSED.has(name)))("$name", (row) => {
  it("is refused, and kept byte for byte as opaque data", () => {
    for (const { data, from } of row.pickles) {
      const bytes = Buffer.from(data, "base64");
      expect(() => loads(bytes, { registry })).toThrow(/not allowed/);
      const version = from[0]!.split(":")[0]!;
      if (!(version in row.written)) continue;
      const protocol = Number(from[0]!.split(":")[1]) as Protocol;
      const kept = loads(bytes, { registry, unregistered: "opaque" });
      expect(Buffer.from(dumps(kept, { registry, protocol, opaque: "allow" })).equals(bytes), from[0]).toBe(true);
    }
  });
});

describe.each(rows.filter(({ name }) => !REFUSED.has(name)))("$name", (row) => {
  it("decodes from every Python at every protocol", () => {
    for (const { data, from } of row.pickles) {
      const value = decode(data);
      // Protocols below 4 lose `fold`, and those below 3 the class of an OSError.
      const isComplete = from.some((origin) => /:[45]$/.test(origin));
      if (row.repr !== null && isComplete && !OTHER_REPR.test(row.name)) {
        expect(repr(value), from.join(" ")).toBe(row.repr);
      }
    }
  });

  it("is written as CPython writes it", () => {
    for (const version of Object.keys(row.written)) {
      const value = decode(best(row, version));
      for (const [protocol, index] of row.written[version]!.entries()) {
        if (index === null) continue;
        const python = version === "3.13" ? "3.13" : "3.12";
        const written = Buffer.from(dumps(value, { registry, protocol: protocol as Protocol, python }));
        const isEqual = written.equals(Buffer.from(row.pickles[index]!.data, "base64"));
        const label = `${row.name}, ${version}, ${protocol}`;
        const isGap = KNOWN_GAPS.get(row.name)?.protocols.includes(protocol) ?? false;
        expect(isEqual, isGap ? `${label} is no gap any more` : label).toBe(!isGap);
        expect(() => loads(written, { registry })).not.toThrow();
      }
    }
  });
});

it("shows what a row of a Django model has", () => {
  const row = rows.find(({ name }) => name === "Django model")!;
  const order = loads(Buffer.from(row.pickles.at(-1)!.data, "base64")) as DjangoModel;
  expect(order).toBeInstanceOf(DjangoModel);
  expect([order.app, order.model]).toEqual(["shop", "Order"]);
  expect(order.state).toMatchObject({ id: 3, number: 7, price: new Decimal("1.10") });
});

it("reads a member that is written by its name as the one written by value", () => {
  for (const name of ["Signals", "AddressFamily", "MsgFlag", "VerifyMode", "ssl Options"]) {
    const { pickles } = rows.find((row) => row.name === name)!;
    const [older, newer] = ["3.8:4", "3.13:4"].map((origin) => pickles.find(({ from }) => from.includes(origin))!.data);
    expect(older, name).not.toBe(newer);
    expect(decode(older!), name).toBe(decode(newer!));
  }
});

it("reads numpy 2's strings of any length", () => {
  const array = (name: string) =>
    decode(rows.find((row) => row.name === `numpy ${name}`)!.pickles.at(-1)!.data) as NDArray;
  expect(array("StringDType array").toArray()).toEqual(["a", "b\u20ac", ""]);
  const missing = array("StringDType missing");
  expect(missing.toArray()).toEqual([
    ["a", null],
    ["b".repeat(20), "c"],
  ]);
  expect(missing.dtype).toEqual(new StringDType({ naObject: null }));
  expect(array("StringDType F order").toArray()).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
  expect(array("StringDType 0-d").toArray()).toBe("a");
});

it("reads numpy's records that hold objects, and which arrays may not be written to", () => {
  const value = (name: string, origin: string) =>
    decode(rows.find((row) => row.name === `numpy ${name}`)!.pickles.find(({ from }) => from.includes(origin))!.data);
  for (const origin of ["3.11:0", "3.11:5", "numpy 2:4"]) {
    expect((value("object structured", origin) as NDArray).toArray()).toEqual([Tuple.of<unknown>(1, "x")]);
    expect((value("scalar void structured object", origin) as NumpyScalar).value).toEqual(Tuple.of<unknown>(1, [2]));
  }
  expect(value("read-only", "3.11:5")).toMatchObject({ readonly: true });
  expect(value("read-only", "3.11:4")).toMatchObject({ readonly: false });
  expect(value("int32 2x2", "3.11:5")).toMatchObject({ readonly: false });
});

it("reads the same arrays and scalars from numpy 2 as from numpy 1", () => {
  const contents = (value: unknown) => {
    if (value instanceof NumpyScalar) return { bytes: value.bytes, type: String(value.dtype) };
    if (!(value instanceof NDArray)) return undefined;
    const { shape, order, data, dtype } = value;
    return { shape, order, data, type: String(dtype) };
  };
  let count = 0;
  for (const { name, pickles } of rows) {
    const ofVersion = (version: string) => pickles.find(({ from }) => from.includes(`${version}:4`));
    const [newer, older] = [ofVersion("numpy 2"), ofVersion("3.11")];
    if (!name.startsWith("numpy ") || newer === undefined || older === undefined) continue;
    // Six of its sixteen bytes are padding, with whatever was there.
    if (name === "numpy longdouble") continue;
    const wanted = contents(decode(older.data));
    if (wanted === undefined) continue;
    expect(contents(decode(newer.data)), name).toEqual(wanted);
    count++;
  }
  expect(count).toBeGreaterThan(25);
});
