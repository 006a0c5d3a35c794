/** aiocache and its dialect on the same keys. */
import { aiocache, pickled } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import {
  compareOperations,
  describeLibrary,
  EXACT,
  type Operation,
  type Pair,
  patientCache,
  testPairs,
} from "./library.js";

const pickle = EXACT;
const KIND = "aiocache";
const namespaced: Pair = {
  name: "aiocache",
  kind: KIND,
  options: { namespace: "a:[x]" },
  dialect: aiocache({ namespace: "a:[x]", pickle }),
};
const PAIRS: readonly [Pair, ...Pair[]] = [
  namespaced,
  { name: "aiocache without a namespace", kind: KIND, options: {}, dialect: aiocache({ pickle }) },
  {
    name: "aiocache with an empty namespace",
    kind: KIND,
    options: { namespace: "" },
    dialect: aiocache({ namespace: "", pickle }),
  },
];

const store = (ttl: string, ours: number | null, rest: object = {}): Operation => ({
  python: ["set", ["'k'", "[1]"], { ttl }],
  here: (cache) => cache.set("k", [1], ours),
  says: ["True", undefined],
  ...rest,
});

const OPERATIONS: readonly Operation[] = [
  store("None", null),
  store("60", 60_000),
  store("75.7", 75_700),
  store("10**9", 1e12),
  // Redis refuses what aiocache sends.
  store("0", 0, { says: ["ResponseError", undefined] }),
  store("-1", -1000, { says: ["ResponseError", undefined] }),
  store("0.0001", 0.1, { says: ["ResponseError", undefined] }),
  { python: ["get", ["'none'"]], here: (cache) => cache.get("none") },
  { python: ["get", ["'missing'"]], here: (cache) => cache.get("missing"), says: ["None", undefined] },
  {
    python: ["multi_get", ["['text', 'none']"]],
    here: async (cache) => [...(await cache.getMany(["text", "none"])).values()],
  },
  { python: ["add", ["'new'", "[1]", "60"]], here: (cache) => cache.add("new", [1], 60_000) },
  { python: ["add", ["'text'", "[1]"]], here: (cache) => cache.add("text", [1]), says: ["ValueError", false] },
  { python: ["exists", ["'none'"]], here: async (cache) => (await cache.redis.exists("none")) === 1 },
  {
    python: ["multi_set", ["[('a', 'x'), ('b', None)]", "60"]],
    here: (cache) => cache.setMany({ a: "x", b: null }, 60_000),
    says: ["True", undefined],
  },
  {
    python: ["multi_set", ["[('a', 'x')]", "0"]],
    here: (cache) => cache.setMany({ a: "x" }, 0),
    says: ["True", undefined],
    leaves: "0 is for ever to multi_set, and an error to set; here what has no time left is not stored",
  },
  { python: ["expire", ["'text'", "60"]], here: (cache) => cache.touch("text", 60_000) },
  { python: ["expire", ["'text'", "0"]], here: (cache) => cache.touch("text", null) },
  { python: ["expire", ["'missing'", "60"]], here: (cache) => cache.touch("missing", 60_000) },
  { python: ["delete", ["'text'"]], here: async (cache) => Number(await cache.delete("text")) },
  { python: ["delete", ["'missing'"]], here: async (cache) => Number(await cache.delete("missing")) },
  // What it counts is digits, which its own `get` cannot read.
  {
    python: ["increment", ["'count'", "5"]],
    here: (cache) => cache.incr("count", 5),
    says: ["46", "unsupported"],
    leaves: "aiocache counts",
  },
  { python: ["get", ["'count'"]], here: (cache) => cache.redis.get("count"), says: ["UnpicklingError", "decode"] },
];

describeLibrary("aiocache", (libraries) => {
  testPairs(libraries, PAIRS, { otherwise: {}, missing: "None" });

  test("operations leave what Python leaves", async (context) => {
    const { kind, options, dialect } = namespaced;
    await libraries.open(context, kind, options);
    const { client } = libraries;
    await libraries.call(kind, "set", ["'text'", "'abc'", "100"]);
    await libraries.fill(kind, { none: "None" });
    await client.set(dialect.key("count"), "41");
    await compareOperations(libraries, namespaced, OPERATIONS);
  });

  test("clearing leaves what is in another namespace", async (context) => {
    await libraries.open(context, KIND, { namespace: "a" });
    const { client } = libraries;
    const py = pickled(client, { dialect: aiocache({ namespace: "a" }) });
    // Without being told the namespace once more, aiocache empties the database.
    for (const clear of [
      () => libraries.call(KIND, "clear", [], { namespace: "'a'" }),
      () => patientCache(py).deletePattern("*"),
    ]) {
      await py.mset({ a: 1, "b c": 2 });
      await client.set("b:not ours", "1");
      await clear();
      expect(await client.keys("*")).toEqual(["b:not ours"]);
    }
  });
});
