import { readFileSync } from "node:fs";
import {
  Complex,
  Decimal,
  DjangoModel,
  dumps,
  loads,
  type Protocol,
  type PyException,
  pyExceptions,
  repr,
  Tuple,
} from "@brine/codec";
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
const DECODING = { registry, float: "exact", dict: "map", encoding: "latin1" } as const;
const decode = (data: string) => loads(Buffer.from(data, "base64"), DECODING);

/**
 * What is not written byte for byte (it loads alike everywhere), and why it cannot be. What is equal after all must leave
 * this list. CPython's memo goes by the identity of strings; JavaScript's strings have none, so Brine cannot know that two
 * equal strings were two objects to the code that made them.
 */
const CONTIGUOUS = "numpy too writes it as contiguous once it has been read";
const TWO_STRINGS = "two equal strings were two objects in Python";
interface Gap {
  readonly protocols: readonly number[];
  readonly why: string;
  /** The row whose bytes are written instead. */
  readonly as?: string;
}
const KNOWN_GAPS: ReadonlyMap<string, Gap> = new Map(
  Object.entries({
    "dateutil tzlocal": { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    Element: { protocols: [2, 3, 4, 5], why: TWO_STRINGS },
    MIMEText: { protocols: [0, 1, 2, 3, 4, 5], why: TWO_STRINGS },
    "numpy masked structured": { protocols: [0, 1, 2], why: TWO_STRINGS },
    "numpy masked record": { protocols: [0, 1, 2], why: TWO_STRINGS },
    "numpy non-contiguous": { protocols: [5], why: CONTIGUOUS, as: "numpy non-contiguous, read" },
    "numpy reversed": { protocols: [5], why: CONTIGUOUS, as: "numpy reversed, read" },
    "numpy broadcast": { protocols: [5], why: CONTIGUOUS, as: "numpy broadcast, read" },
    "numpy axes exchanged": { protocols: [5], why: CONTIGUOUS, as: "numpy axes exchanged, read" },
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
  /^(dateutil|Django model|itertools|Logger|root Logger|LogRecord|Signature|Parameter|partialmethod|functools|int subclass|float subclass|str subclass|bytearray subclass|datetime subclass|CompletedProcess|socket.timeout|re.error|ConfigParser error|SimpleCookie|SocketKind|RegexFlag|HTTPMethod|calendar |relativedelta|ImmutableMultiDict|MultiDict|CombinedMultiDict|ImmutableDict|ImmutableList|Headers|werkzeug Response|Flask Response|HttpResponse|IPv6Address scope|Enum class|exception in its args|dataclass slots inherited|strings of|numpy |2\.7 )/;

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
        const gap = KNOWN_GAPS.get(row.name);
        const isGap = gap?.protocols.includes(protocol) ?? false;
        if (isGap && gap?.as !== undefined) {
          const other = rows.find(({ name }) => name === gap.as)!;
          expect(written.toString("base64"), label).toBe(other.pickles[other.written[version]![protocol]!]!.data);
        }
        expect(isEqual, isGap ? `${label} is no gap any more` : label).toBe(!isGap);
        expect(() => loads(written, { registry })).not.toThrow();
      }
    }
  });

  // None of the rows is a plain tuple, or holds one that is nobody's but the user's.
  it("is written alike when plain tuples are read as arrays", () => {
    for (const { data, from } of row.pickles) {
      const value = loads(Buffer.from(data, "base64"), { ...DECODING, tuple: "array" });
      for (const protocol of [2, 5] as const) {
        const written = Buffer.from(dumps(value, { registry, protocol }));
        expect(written.equals(dumps(decode(data), { registry, protocol })), from.join(" ")).toBe(true);
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

/** A row of numpy's, from the interpreter and the protocol named. */
const numpyValue = (name: string, origin: string) =>
  decode(rows.find((row) => row.name === `numpy ${name}`)!.pickles.find(({ from }) => from.includes(origin))!.data);

it("reads arrays whose axes were exchanged, which numpy 2 hands out as they lie in memory", () => {
  const [newer, older] = ["numpy 2:5", "3.11:5"].map((origin) => numpyValue("axes exchanged", origin) as NDArray);
  expect(newer!.order).toBe("K");
  expect(newer!.shape).toEqual([3, 2, 4]);
  expect(newer!.toArray()).toEqual(older!.toArray());
  expect(newer!.at(2, 1, 3)).toBe(23);
  expect([...(newer!.data as Int16Array)]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  // No older numpy knows the order, so it is written rows first.
  for (const protocol of [4, 5] as const) {
    expect(dumps(newer, { registry, protocol })).toEqual(dumps(older, { registry, protocol }));
  }
});

it("reads the fields of numpy's records", () => {
  for (const origin of ["3.11:0", "3.11:5", "numpy 2:4"]) {
    const nested = numpyValue("records nested", origin) as NDArray;
    expect(nested.dtype.names).toEqual(["p", "t", "c"]);
    const [pair, text, pairs] = nested.at(0) as [Tuple, string, NDArray];
    expect([pair[0], (pair[1] as NDArray).toArray()]).toEqual([1n, [true, false]]);
    expect(text).toBe("x");
    expect(pairs.toArray()).toEqual([[new Complex(1, 2)], [new Complex(3, 0)]]);
    expect(nested.field("p").field("flags").toArray()).toEqual([[true, false]]);
    expect(JSON.stringify(nested.field("p"))).toBe("[[1,[true,false]]]");
    const table = numpyValue("records in F order", origin) as NDArray;
    expect(table.order).toBe("F");
    expect(table.field("n").toArray()).toEqual([
      [1, 4],
      [7, 10],
    ]);
    expect(table.field("m").shape).toEqual([2, 2, 2]);
    expect(table.field("m").at(1, 0, 1)).toBe(9);
    expect((table.at(1, 0) as Tuple)[0]).toBe(7);
    expect(numpyValue("records without fields", origin)).toMatchObject({ size: 2 });
    expect((numpyValue("records without fields", origin) as NDArray).toArray()).toEqual([Tuple.of(), Tuple.of()]);
  }
  const objects = numpyValue("object structured", "3.11:5") as NDArray;
  expect(objects.field("o").toArray()).toEqual(["x"]);
});

it("reads numpy's items of sizes and kinds that JavaScript has no array for", () => {
  expect((numpyValue("bool of other bytes", "3.11:5") as NDArray).toArray()).toEqual([false, true, true, true]);
  expect((numpyValue("clongdouble array", "3.11:5") as NDArray).at(0)).toEqual(new Uint8Array(32));
  expect((numpyValue("void size 0", "3.11:5") as NDArray).toArray()).toEqual([new Uint8Array(), new Uint8Array()]);
  const halves = numpyValue("float16 all kinds", "3.11:5") as NDArray;
  for (const [i, half] of (halves.toArray() as number[]).entries()) {
    expect(NumpyScalar.of(half, "float16").bytes, String(half)).toEqual(
      new Uint8Array(halves.bytes!.subarray(2 * i, 2 * i + 2)),
    );
  }
});

it("reads numpy's exceptions as what they extend", () => {
  for (const origin of ["3.11:4", "numpy 2:4"]) {
    const [singular, axis, warning] = numpyValue("exceptions", origin) as PyException[];
    expect([singular!.message, axis!.args, warning!.message]).toEqual(["singular", [3, 2], "w"]);
    expect(singular).toBeInstanceOf(pyExceptions.ValueError);
    expect(numpyValue("exception of a ufunc", origin)).toBeInstanceOf(pyExceptions.TypeError);
  }
});

it("reads numpy's records that hold objects, and which arrays may not be written to", () => {
  for (const origin of ["3.11:0", "3.11:5", "numpy 2:4"]) {
    expect((numpyValue("object structured", origin) as NDArray).toArray()).toEqual([Tuple.of<unknown>(1, "x")]);
    expect((numpyValue("scalar void structured object", origin) as NumpyScalar).value).toEqual(
      Tuple.of<unknown>(1, [2]),
    );
  }
  expect(numpyValue("read-only", "3.11:5")).toMatchObject({ readonly: true });
  expect(numpyValue("read-only", "3.11:4")).toMatchObject({ readonly: false });
  expect(numpyValue("int32 2x2", "3.11:5")).toMatchObject({ readonly: false });
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
