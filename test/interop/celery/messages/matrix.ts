/** What both directions of the matrix {broker} x {results} x {serializer} share: its cells, and the values each serializer carries. */
import type { CelerySettings } from "@brine/celery";
import { Decimal, dumps, PyDate, PyDateTime, TimeDelta, tuple, UUID } from "@brine/codec";
import type { ServiceSet } from "../../../services/index.js";
import { type BackendKind, type BrokerKind, COMBINATIONS } from "../setting.js";

export const SERIALIZERS = ["pickle", "json", "msgpack", "yaml"] as const;
export type SerializerName = (typeof SERIALIZERS)[number];
export type Cell = readonly [broker: BrokerKind, backend: BackendKind, serializer: SerializerName];

export const CELLS: readonly Cell[] = COMBINATIONS.flatMap(([broker, backend]) =>
  SERIALIZERS.map((serializer): Cell => [broker, backend, serializer]),
);

/** A value, and what Python shows of it. */
export interface SharedValue {
  readonly name: string;
  readonly js: unknown;
  readonly repr: string;
}

const EVERYWHERE: readonly SharedValue[] = [
  { name: "none", js: null, repr: "None" },
  { name: "flags", js: [true, false], repr: "[True, False]" },
  { name: "small ints", js: [0, -1, 127, 128, 255, 65_536], repr: "[0, -1, 127, 128, 255, 65536]" },
  { name: "an int beyond 2**53", js: 2n ** 60n, repr: String(2n ** 60n) },
  { name: "float", js: 1.5, repr: "1.5" },
  { name: "text", js: "grüße 你好 🥒\n'\"", repr: "'grüße 你好 🥒\\n\\'\"'" },
  { name: "nested", js: { "": {}, a: [1, { b: [] }] }, repr: "{'': {}, 'a': [1, {'b': []}]}" },
  { name: "a key of every object", js: { constructor: 1, toString: 2 }, repr: "{'constructor': 1, 'toString': 2}" },
];

const BYTES: SharedValue = { name: "bytes", js: Uint8Array.of(0, 255), repr: "b'\\x00\\xff'" };
const BIG: SharedValue = { name: "big int", js: 2n ** 80n, repr: String(2n ** 80n) };
const MOMENT: SharedValue = {
  name: "datetime",
  js: PyDateTime.from("2024-02-29T12:30:45.123456"),
  repr: "datetime.datetime(2024, 2, 29, 12, 30, 45, 123456)",
};
const DAY: SharedValue = { name: "date", js: PyDate.from("2024-02-29"), repr: "datetime.date(2024, 2, 29)" };
const DECIMAL: SharedValue = { name: "decimal", js: new Decimal("1.10"), repr: "Decimal('1.10')" };
const ID: SharedValue = {
  name: "uuid",
  js: UUID.from("12345678-1234-5678-1234-567812345678"),
  repr: "UUID('12345678-1234-5678-1234-567812345678')",
};
const PICKLED: readonly SharedValue[] = [
  { name: "tuple", js: tuple(1, tuple(2, tuple())), repr: "(1, (2, ()))" },
  { name: "set", js: new Set([1]), repr: "{1}" },
  { name: "timedelta", js: new TimeDelta(-1, 3), repr: "datetime.timedelta(days=-1, seconds=3)" },
  { name: "keys of any type", js: new Map<unknown, unknown>([[1, "one"]]), repr: "{1: 'one'}" },
];

/** The values that come out as they went in, with Celery of that generation at the other end. */
export function valuesOf(serializer: SerializerName, { generation }: ServiceSet): readonly SharedValue[] {
  switch (serializer) {
    case "pickle":
      return [...EVERYWHERE, BYTES, BIG, MOMENT, DAY, DECIMAL, ID, ...PICKLED];
    case "json":
      return [...EVERYWHERE, BIG, ...(generation === "5.2" ? [] : [BYTES, MOMENT, DAY, DECIMAL, ID])];
    case "msgpack":
      return [...EVERYWHERE, BYTES];
    case "yaml":
      return [...EVERYWHERE, BYTES, BIG, MOMENT, DAY];
    default:
      return serializer satisfies never;
  }
}

export function settingsOf(serializer: SerializerName, { generation }: ServiceSet): Partial<CelerySettings> {
  return {
    taskSerializer: serializer,
    resultSerializer: serializer,
    acceptContent: [serializer],
    jsonDialect: generation === "5.2" ? "5.2" : "5.3",
  };
}

/** YAML carries no signatures, in Celery either, so nothing that holds one in its message. */
export function carriesSignatures(serializer: SerializerName): boolean {
  return serializer !== "yaml";
}

/**
 * For comparison: each value's pickle. Bytes may come as a Buffer, which a strict comparison tells from a Uint8Array, and
 * some of the codec's values remember what was computed from them.
 */
export function pickles(values: unknown): string[] {
  return (values as readonly unknown[]).map((value) => Buffer.from(dumps(value)).toString("latin1"));
}
