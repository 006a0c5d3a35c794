/** cachelib and Flask-Caching, and their dialects on the same keys. */
import { cachelib, flaskCaching, pickled } from "@brine/redis-adapter";
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

// The protocol that they write.
const pickle = { ...EXACT, protocol: 5 } as const;
const PAIRS: readonly [Pair, ...Pair[]] = [
  { name: "cachelib", kind: "cachelib", options: {}, dialect: cachelib({ pickle }) },
  {
    name: "cachelib, ints pickled, a prefix",
    kind: "cachelib",
    options: { key_prefix: "p:[x]*" },
    dialect: cachelib({ prefix: "p:[x]*", ints: "pickle", pickle }),
  },
  { name: "Flask-Caching", kind: "flask-caching", options: {}, dialect: flaskCaching({ pickle }) },
  {
    name: "Flask-Caching with a prefix",
    kind: "flask-caching",
    options: { CACHE_KEY_PREFIX: "\u00fc " },
    dialect: flaskCaching({ prefix: "\u00fc ", pickle }),
  },
];

const store = (timeout: string, ttl: number | null | undefined, rest: object = {}): Operation => ({
  python: ["set", ["'k'", "[1]", timeout]],
  here: (cache) => cache.set("k", [1], ttl),
  says: ["True", undefined],
  ...rest,
});
const OPERATIONS: readonly Operation[] = [
  store("60", 60_000),
  store("None", undefined),
  store("0", 0),
  store("10**9", 1e12),
  store("-1", -1000, { leaves: "to cachelib -1 is for ever, as 0 is; here what is below 0 is over" }),
  store("-2", -2000, { says: ["ResponseError", undefined] }),
  store("1.5", 1500, { says: ["ResponseError", undefined], leaves: "Redis refuses what Python sends" }),
  { python: ["get", ["'missing'"]], here: (cache) => cache.get("missing"), says: ["None", undefined] },
  { python: ["get", ["'none'"]], here: (cache) => cache.get("none") },
  {
    python: ["get_many", ["'text'", "'missing'", "'none'"]],
    here: async (cache) => {
      const found = await cache.getMany(["text", "missing", "none"]);
      return ["text", "missing", "none"].map((key) => found.get(key) ?? null);
    },
  },
  {
    python: ["get_dict", ["'text'", "'none'"]],
    here: async (cache) => Object.fromEntries(await cache.getMany(["text", "none"])),
  },
  { python: ["add", ["'text'", "[1]"]], here: (cache) => cache.add("text", [1]) },
  { python: ["add", ["'new'", "[1]", "60"]], here: (cache) => cache.add("new", [1], 60_000) },
  { python: ["add", ["'new'", "[1]", "0"]], here: (cache) => cache.add("new", [1], 0) },
  { python: ["add", ["'none'", "[1]"]], here: (cache) => cache.add("none", [1]) },
  {
    python: ["set_many", ["{'a': 'x', 'b': None}", "60"]],
    here: (cache) => cache.setMany({ a: "x", b: null }, 60_000),
    // Before cachelib 0.9 and after it: whether, or which.
    says: [expect.stringMatching(/^(True|\['a', 'b'\])$/), undefined],
  },
  {
    python: ["set_many", ["{'a': 'x'}", "0"]],
    here: (cache) => cache.setMany({ a: "x" }, 0),
    says: [expect.any(String), undefined],
  },
  { python: ["delete", ["'text'"]], here: (cache) => cache.delete("text") },
  { python: ["delete", ["'missing'"]], here: (cache) => cache.delete("missing") },
  {
    python: ["delete_many", ["'text'", "'missing'"]],
    here: (cache) => cache.deleteMany(["text", "missing"]),
    says: [expect.any(String), 1],
  },
  { python: ["delete_many"], here: (cache) => cache.deleteMany([]), says: [expect.any(String), 0] },
  { python: ["has", ["'none'"]], here: async (cache) => (await cache.redis.exists("none")) === 1 },
  { python: ["has", ["'missing'"]], here: async (cache) => (await cache.redis.exists("missing")) === 1 },
  { python: ["inc", ["'count'"]], here: (cache) => cache.incr("count") },
  { python: ["inc", ["'count'", "-50"]], here: (cache) => cache.incr("count", -50) },
  { python: ["inc", ["'count'", "2**62"]], here: (cache) => cache.incr("count", 2n ** 62n) },
  {
    python: ["inc", ["'count'", "2**63 - 1"]],
    here: (cache) => cache.incr("count", 2n ** 63n - 1n),
    says: ["ResponseError", "unsupported"],
  },
  { python: ["dec", ["'count'", "3"]], here: (cache) => cache.incr("count", -3) },
  { python: ["inc", ["'missing'", "3"]], here: (cache) => cache.incr("missing", 3) },
  { python: ["inc", ["'text'"]], here: (cache) => cache.incr("text"), says: ["ResponseError", "unsupported"] },
];

describeLibrary("cachelib and Flask-Caching", (libraries) => {
  testPairs(libraries, PAIRS, {
    // To cachelib a broken pickle is a missing value; here it is one that cannot be read, unless `onDecodeError` says otherwise.
    otherwise: {
      "cachelib's value, cut off": ["None", "DecodeError"],
      "cachelib's mark before text": ["None", "DecodeError"],
    },
    missing: "None",
  });

  test.for(PAIRS.filter(({ name }) => !name.includes("prefix")))(
    "$name: operations leave what Python leaves",
    async (pair, context) => {
      const { kind, dialect } = pair;
      await libraries.open(context, kind);
      const { client } = libraries;
      await client.set(dialect.key("count"), "41");
      await client.set(dialect.key("other"), "1", "PX", 1_015_000);
      await libraries.call(kind, "set", ["'text'", "'abc'", "100"]);
      await libraries.call(kind, "set", ["'none'", "None", "0"]);
      await compareOperations(libraries, pair, OPERATIONS);
    },
  );

  test.for(PAIRS)(
    "$name: clearing leaves what is not behind the prefix",
    async ({ kind, options, dialect }, context) => {
      await libraries.open(context, kind, options);
      const { client } = libraries;
      const prefix = dialect.key("");
      // cachelib makes a pattern of its prefix as it is, and without one it empties the database.
      if (prefix === "" || /[[*?]/.test(prefix)) return context.skip("cachelib clears more than that");
      const py = pickled(client, { dialect });
      const keys = ["a", "b c", "\u00fc"];
      for (const clear of [() => libraries.call(kind, "clear"), () => patientCache(py).deletePattern("*")]) {
        for (const key of keys) await py.set(key, [1]);
        await client.set("not ours", "1");
        await clear();
        expect(await client.keys("*")).toEqual(["not ours"]);
      }
    },
  );
});
