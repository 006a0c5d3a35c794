/** Beaker's caches and sessions, and their dialects on the same keys. */
import { dumps, loads, PyFloat, repr, tuple } from "@brine/codec";
import { beaker, beakerSession, pickled } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import {
  compareOperations,
  describeLibrary,
  EXACT,
  type Operation,
  type Pair,
  patientCache,
  testLock,
  testPairs,
} from "./library.js";
import { since312, VALUES } from "./values.js";

const pickle = EXACT;
const KIND = "beaker";
const PAIRS: readonly [Pair, ...Pair[]] = [
  {
    name: "Beaker",
    kind: KIND,
    options: { namespace: "n" },
    dialect: beaker({ namespace: "n", pickle }),
    anyKey: true,
  },
  {
    name: "Beaker, in an odd namespace, with a lifetime",
    kind: KIND,
    options: { namespace: "mod|fn:[1]*", expire: 3600 },
    dialect: beaker({ namespace: "mod|fn:[1]*", defaultTtl: 3_600_000, pickle }),
    anyKey: true,
  },
];

const OPERATIONS: readonly Operation[] = [
  { python: ["put", ["'k'", "[1]"]], here: (cache) => cache.set("k", [1]), says: ["None", undefined] },
  {
    python: ["put", ["'k'", "[1]"], { expiretime: "120" }],
    here: (cache) => cache.set("k", [1], 120_000),
    says: ["None", undefined],
  },
  { python: ["get", ["'none'"]], here: (cache) => cache.get("none") },
  { python: ["get", ["'missing'"]], here: (cache) => cache.get("missing"), says: ["KeyError", undefined] },
  {
    python: ["get", ["'new'"], { createfunc: "lambda: [1]" }],
    here: (cache) => cache.getOrSet("new", () => [1]),
  },
  {
    python: ["get", ["'none'"], { createfunc: "lambda: [1]" }],
    here: (cache) => cache.getOrSet<unknown>("none", () => [1]),
  },
  {
    python: ["has_key", ["'none'"]],
    here: async (cache) => (await cache.redis.exists("none")) === 1,
    // 1.11 gives what Redis says.
    says: [expect.stringMatching(/^(1|True)$/), true],
  },
  { python: ["remove_value", ["'text'"]], here: (cache) => cache.delete("text"), says: ["None", true] },
  { python: ["remove_value", ["'missing'"]], here: (cache) => cache.delete("missing"), says: ["None", false] },
  { python: ["clear"], here: (cache) => cache.deletePattern("*"), says: ["None", 2] },
];

/** Python keeps no `fold` at protocol 2, which Beaker's sessions are pickled with. */
const FOLDED = /fold=1/;

/** The time of storing is the first float of the pickle. */
const timeless = (bytes: string) => bytes.replace(/G[\s\S]{8}/, "G now");

describeLibrary("Beaker", (libraries, set) => {
  testPairs(libraries, PAIRS, {
    // As long as Redis has it: a cache of ours may keep a value after its time, to serve it while it is made anew.
    otherwise: { "Beaker's value, long over": ["'KeyError'", "{'a': [1]}"] },
    missing: "'KeyError'",
  });

  test.for(PAIRS)("$name: operations leave what Python leaves", async (pair, context) => {
    await libraries.open(context, KIND, pair.options);
    await libraries.fill(KIND, { text: "'abc'", none: "None" });
    await libraries.client.set("beaker_cache:another:k", "1");
    // Beaker's own `clear` makes a pattern of the namespace as it is.
    const operations = OPERATIONS.filter(({ python: [method] }) => method !== "clear" || pair === PAIRS[0]);
    await compareOperations(libraries, pair, operations, timeless);
  });

  test("what is stored for a time says so, and is over at that time on either side", async (context) => {
    await libraries.open(context, KIND, { namespace: "n" });
    const { client } = libraries;
    const dialect = beaker({ namespace: "n", pickle });
    const py = pickled(client, { dialect });
    const cache = patientCache(py);
    for (const [ttl, expire] of [
      [null, null],
      [60_000, 60],
      [61_999, 61],
      [1e12, 1_000_000_000],
    ] as const) {
      await py.set("k", "v", { ttl });
      const [stored, kept] = (await pickled(client).get<[PyFloat, number | null]>("beaker_cache:n:k"))!;
      expect([ttl, kept]).toEqual([ttl, expire]);
      expect(Math.abs(Number(stored) - Date.now() / 1000)).toBeLessThan(60);
      expect(await libraries.get(KIND, "k")).toBe("'v'");
    }
    expect(loads(Buffer.from(dialect.encode("v", "k", 500)))).toEqual(tuple(expect.anything(), 1, "v"));
    // A value that is touched is stored anew, or it would be over for Beaker at its old time.
    await client.set(
      "beaker_cache:n:k",
      dumps(tuple(new PyFloat(Date.now() / 1000 - 100), 120, "v")) as Buffer,
      "EX",
      20,
    );
    expect(await cache.touch("k", 600_000)).toBe(true);
    expect((await pickled(client).get<unknown[]>("beaker_cache:n:k"))![1]).toBe(600);
    expect(await client.ttl("beaker_cache:n:k")).toBeGreaterThan(500);
  });

  testLock(libraries, { kind: KIND, options: { namespace: "ns" }, dialect: beaker({ namespace: "ns" }) });

  // Beaker 1.11 has one form, whatever its serializer is.
  const formats: readonly ["pickle" | "json" | "dict", object][] =
    set.generation === "5.2"
      ? [["dict", {}]]
      : [
          ["pickle", {}],
          ["json", { data_serializer: "json" }],
        ];

  test.for(formats)("sessions, %s", async ([format, options], context) => {
    const kind = "beaker-session";
    await libraries.open(context, kind, { timeout: 1000, ...options });
    const { client } = libraries;
    const py = pickled(client, { dialect: beakerSession({ format, pickle }) });
    const values =
      format === "json"
        ? ["None", "1", "1.5", "'\\u00e9'", "[1, {'a': [2.0]}]", "2**70"]
        : VALUES.filter((value) => !FOLDED.test(value));
    await libraries.fill(kind, { theirs: `{${values.map((value, i) => `'v${i}': ${value}`)}}` });
    const stored = (await py.get<Record<string, unknown>>("theirs"))!;
    // Beaker keeps it for its timeout and two minutes.
    expect(await client.ttl("beaker_cache:theirs:session")).toBeGreaterThan(1000);
    const theirs = await libraries.get(kind, "theirs");
    for (const [i, value] of values.entries()) {
      const { repr: shown } = await libraries.python.request<{ repr: string }>("evaluate", { value });
      expect(repr(stored[`v${i}`])).toBe(since312(shown));
    }
    await py.set("ours", stored);
    expect(await libraries.get(kind, "ours")).toBe(theirs);
    const keys: string[] = [];
    for await (const { key } of py.scan()) keys.push(key);
    expect(keys.sort()).toEqual(["ours", "theirs"]);
    // It is Beaker that says when a session is over, by its time of access.
    await py.set("late", { ...stored, _accessed_time: new PyFloat(1000.5) });
    expect(await libraries.get(kind, "late")).not.toContain("v1");
    // A session that is made here needs these two.
    const seconds = Date.now() / 1000;
    await py.set("made here", { user: 7, _creation_time: seconds, _accessed_time: seconds });
    expect(await libraries.get(kind, "made here")).toBe("{'user': 7}");
    for (const each of ["pickle", "json", "dict"] as const) {
      await client.set("beaker_cache:any:session", beakerSession({ format: each, pickle }).encode({ a: 1 }));
      expect(await py.get("any")).toEqual({ a: 1 });
    }
    for (const bad of [dumps("text"), dumps("eJw="), dumps(""), Buffer.from("rubbish")]) {
      await client.set("beaker_cache:bad:session", bad as Buffer);
      await expect(py.get("bad")).rejects.toMatchObject({ code: "decode" });
    }
  });
});
