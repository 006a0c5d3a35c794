/** dogpile.cache and its dialect on the same keys. */
import { dogpile, pickled } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import {
  compareOperations,
  describeLibrary,
  EXACT,
  type Operation,
  type Pair,
  testLock,
  testPairs,
} from "./library.js";

const pickle = EXACT;
const KIND = "dogpile";
const PAIRS: readonly [Pair, ...Pair[]] = [
  { name: "dogpile", kind: KIND, options: {}, dialect: dogpile({ pickle }) },
  { name: "dogpile, keys mangled", kind: KIND, options: { sha1: true }, dialect: dogpile({ mangle: "sha1", pickle }) },
  {
    name: "dogpile, with lifetimes",
    kind: KIND,
    options: { expiration_time: 3600, redis_expiration_time: 7200 },
    dialect: dogpile({ expirationTime: 3_600_000, defaultTtl: 7_200_000, pickle }),
  },
];

const OPERATIONS: readonly Operation[] = [
  { python: ["set", ["'k'", "[1]"]], here: (cache) => cache.set("k", [1]), says: ["None", undefined] },
  { python: ["get", ["'none'"]], here: (cache) => cache.get("none") },
  {
    python: ["get", ["'missing'"]],
    here: (cache) => cache.get("missing"),
    says: [expect.stringContaining("NoValue"), undefined],
  },
  {
    python: ["get_multi", ["['text', 'none']"]],
    here: async (cache) => [...(await cache.getMany(["text", "none"])).values()],
  },
  {
    python: ["set_multi", ["{'a': 'x', 'text': None}"]],
    here: (cache) => cache.setMany({ a: "x", text: null }),
    says: ["None", undefined],
  },
  { python: ["delete", ["'text'"]], here: (cache) => cache.delete("text"), says: ["None", true] },
  { python: ["delete", ["'missing'"]], here: (cache) => cache.delete("missing"), says: ["None", false] },
  {
    python: ["delete_multi", ["['text', 'missing']"]],
    here: (cache) => cache.deleteMany(["text", "missing"]),
    says: ["None", 1],
  },
  { python: ["get_or_create", ["'text'", "lambda: 1"]], here: (cache) => cache.getOrSet<unknown>("text", () => 1) },
  { python: ["get_or_create", ["'none'", "lambda: 1"]], here: (cache) => cache.getOrSet<unknown>("none", () => 1) },
  { python: ["get_or_create", ["'new'", "lambda: [1]"]], here: (cache) => cache.getOrSet("new", () => [1]) },
];

/** All clocks stand still at once. */
const timeless = (bytes: string) => bytes.replace(/"ct": [\d.]+/, '"ct": 0');

describeLibrary("dogpile.cache", (libraries) => {
  testPairs(libraries, PAIRS, {
    // Without an expiration time nobody here asks how old it is.
    otherwise: { "dogpile's value, metadata cut off": ["JSONDecodeError", "{'a': [1, 'two']}"] },
    missing: "'NO_VALUE'",
  });

  test.for(PAIRS)("$name: operations leave what Python leaves", async (pair, context) => {
    await libraries.open(context, KIND, pair.options);
    await libraries.fill(KIND, { text: "'abc'", none: "None" });
    await compareOperations(libraries, pair, OPERATIONS, timeless);
  });

  test("a region's expiration time, for values of either side", async (context) => {
    await libraries.open(context, KIND, { expiration_time: 3600 });
    const { client } = libraries;
    const py = pickled(client, { dialect: dogpile({ expirationTime: 3_600_000 }) });
    await py.set("k", [1]);
    expect(await libraries.get(KIND, "k")).toBe("[1]");
    const raw = (await client.getBuffer("k"))!;
    for (const [secondsAgo, isThere] of [
      [1800, true],
      [5400, false],
      [-1000, true],
      [1e9, false],
    ] as const) {
      const ct = Date.now() / 1000 - secondsAgo;
      await client.set("k", Buffer.from(raw.toString("latin1").replace(/"ct": [\d.]+/, `"ct": ${ct}`), "latin1"));
      expect([secondsAgo, await libraries.get(KIND, "k")]).toEqual([secondsAgo, isThere ? "[1]" : "'NO_VALUE'"]);
      expect([secondsAgo, await py.get("k")]).toEqual([secondsAgo, isThere ? [1] : undefined]);
    }
  });

  test.for([0, 90, 1e9])("redis_expiration_time %d", async (seconds, context) => {
    await libraries.open(context, KIND, { redis_expiration_time: seconds });
    await libraries.fill(KIND, { theirs: "1" });
    await pickled(libraries.client, { dialect: dogpile({ defaultTtl: seconds * 1000 }) }).set("ours", 1);
    for (const key of ["theirs", "ours"]) {
      const left = await libraries.client.ttl(key);
      if (seconds === 0) expect([key, left]).toEqual([key, -1]);
      else expect([key, left > seconds - 30 && left <= seconds]).toEqual([key, true]);
    }
  });

  const options = { distributed_lock: true, thread_local_lock: false };
  testLock(libraries, { kind: KIND, options, dialect: dogpile() });
});
