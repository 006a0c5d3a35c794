/**
 * Every operation of Django's and Flask's caches, and the one here that does the same: on equal databases both must leave
 * equal ones, byte for byte and lifetime for lifetime, and give the same answer.
 */
import { repr } from "@brine/codec";
import {
  createCache,
  DecodeError,
  type Dialect,
  type DjangoRedisOptions,
  django,
  djangoRedis,
  flaskCaching,
  type PickleCache,
  type PickledRedis,
  pickled,
} from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { everything, keeper } from "./snapshot.js";
import { KEYS, keyExpression, ODD_VALUES } from "./values.js";

interface Here {
  readonly cache: PickleCache;
  readonly py: PickledRedis<Redis>;
}

interface Row {
  /** A method of the Python cache and expressions of its arguments. */
  readonly python: readonly [method: string, args?: readonly string[], kwargs?: Readonly<Record<string, string>>];
  readonly here: (here: Here) => Promise<unknown>;
  /** What each says, where it is not the same in other words. Default: `repr` of the one is the other. */
  readonly says?: readonly [python: string, here: unknown];
}

/** What the database has before: `set` calls. */
const BEFORE: readonly (readonly [key: string, value: string, timeout?: string])[] = [
  ["int", "41"],
  ["negative", "-7", "100"],
  ["largest", "2**63 - 1", "100"],
  ["beyond", "2**70", "None"],
  ["bool", "True", "100"],
  ["float", "1.5", "100"],
  ["whole", "5.0", "None"],
  ["text", "'abc'", "100"],
  ["none", "None", "100"],
  ["for ever", "[1]", "None"],
];

const MINUTE = 60_000;
const set = (timeout: string, ttl: number | null): Row => ({
  python: ["set", ["'k'", "[1]", timeout]],
  here: ({ cache }) => cache.set("k", [1], ttl),
  says: [expect.any(String) as never, undefined],
});
const incr = (key: string, by: string, step: number | bigint, says?: Row["says"]): Row => ({
  python: ["incr", [`'${key}'`, by]],
  here: ({ cache }) => cache.incr(key, step).catch(({ code }) => code),
  ...(says && { says }),
});

const OPERATIONS: readonly Row[] = [
  set("60", MINUTE),
  set("None", null),
  set("0", 0),
  set("-1", -1000),
  set("45.9", 45_900),
  set("75.7", 75_700),
  set("0.0001", 0.1),
  {
    python: ["set", ["'int'", "[1]", "-5"]],
    here: ({ cache }) => cache.set("int", [1], -5000),
    says: ["True", undefined],
  },
  { python: ["add", ["'int'", "1"]], here: ({ cache }) => cache.add("int", 1) },
  { python: ["add", ["'new'", "1"]], here: ({ cache }) => cache.add("new", 1) },
  { python: ["add", ["'none'", "1"]], here: ({ cache }) => cache.add("none", 1) },
  { python: ["get", ["'int'"]], here: ({ cache }) => cache.get("int") },
  { python: ["get", ["'none'", "'default'"]], here: ({ cache }) => cache.get("none") },
  { python: ["get", ["'missing'"]], here: ({ cache }) => cache.get("missing"), says: ["None", undefined] },
  {
    python: ["get_many", ["['int', 'missing', 'none', 'text']"]],
    here: async ({ cache }) => Object.fromEntries(await cache.getMany(["int", "missing", "none", "text"])),
  },
  {
    python: ["set_many", ["{'a': 1, 'b': None, 'c': 'x'}", "60"]],
    here: ({ cache }) => cache.setMany({ a: 1, b: null, c: "x" }, MINUTE),
    says: ["None", undefined],
  },
  {
    python: ["set_many", ["{'int': 1, 'b': 2}", "0"]],
    here: ({ cache }) => cache.setMany({ int: 1, b: 2 }, 0),
    says: ["None", undefined],
  },
  { python: ["delete", ["'int'"]], here: ({ cache }) => cache.delete("int") },
  { python: ["delete", ["'missing'"]], here: ({ cache }) => cache.delete("missing") },
  {
    python: ["delete_many", ["['int', 'text', 'missing']"]],
    here: ({ cache }) => cache.deleteMany(["int", "text", "missing"]),
  },
  { python: ["delete_many", ["[]"]], here: ({ cache }) => cache.deleteMany([]), says: ["None", 0] },
  { python: ["delete_pattern", ["'*t*'"]], here: ({ cache }) => cache.deletePattern("*t*") },
  { python: ["delete_pattern", ["'[ab]*'"]], here: ({ cache }) => cache.deletePattern("[ab]*") },
  { python: ["delete_pattern", ["'none?'"]], here: ({ cache }) => cache.deletePattern("none?") },
  { python: ["has_key", ["'none'"]], here: async ({ py }) => (await py.exists("none")) === 1 },
  { python: ["touch", ["'int'", "60"]], here: ({ cache }) => cache.touch("int", MINUTE) },
  { python: ["touch", ["'int'"]], here: ({ cache }) => cache.touch("int") },
  { python: ["touch", ["'int'", "None"]], here: ({ cache }) => cache.touch("int", null) },
  { python: ["touch", ["'int'", "0"]], here: ({ cache }) => cache.touch("int", 0) },
  { python: ["touch", ["'int'", "-1"]], here: ({ cache }) => cache.touch("int", -1000) },
  { python: ["touch", ["'int'", "75.9"]], here: ({ cache }) => cache.touch("int", 75_900) },
  { python: ["touch", ["'missing'", "60"]], here: ({ cache }) => cache.touch("missing", MINUTE) },
  // It says False of a value without a lifetime, which then has none all the same.
  {
    python: ["touch", ["'for ever'", "None"]],
    here: ({ cache }) => cache.touch("for ever", null),
    says: ["False", true],
  },
  { python: ["get_or_set", ["'int'", "1"]], here: ({ cache }) => cache.getOrSet("int", () => 1) },
  { python: ["get_or_set", ["'none'", "1"]], here: ({ cache }) => cache.getOrSet<unknown>("none", () => 1) },
  {
    python: ["get_or_set", ["'new'", "lambda: [1]", "60"]],
    here: ({ cache }) => cache.getOrSet("new", () => [1], { ttl: MINUTE }),
  },
  {
    python: ["get_or_set", ["'new'", "None", "None"]],
    here: ({ cache }) => cache.getOrSet("new", () => null, { ttl: null }),
  },
  incr("int", "1", 1),
  incr("int", "-50", -50),
  { python: ["decr", ["'int'", "2"]], here: ({ cache }) => cache.incr("int", -2) },
  incr("negative", "7", 7),
  incr("missing", "1", 1, ["ValueError", undefined]),
];

/** django-redis keeps a lifetime from version to version, where Django's own begins with the default one. */
const VERSIONS: readonly Row[] = [
  { python: ["set", ["'k'", "'two'"], { version: "2" }], here: ({ py }) => py.set("k", "two", { version: 2 }) },
  { python: ["incr_version", ["'int'"]], here: ({ cache }) => cache.incrVersion("int"), says: ["2", true] },
  {
    python: ["incr_version", ["'for ever'", "4"]],
    here: ({ cache }) => cache.incrVersion("for ever", undefined, 4),
    says: ["5", true],
  },
  {
    python: ["decr_version", ["'text'"]],
    here: ({ cache }) => cache.incrVersion("text", undefined, -1),
    says: ["0", true],
  },
  {
    python: ["incr_version", ["'missing'"]],
    here: ({ cache }) => cache.incrVersion("missing"),
    says: ["ValueError", false],
  },
];

/** django-redis adds to what Redis cannot count with. */
const ADDITIONS: readonly Row[] = [
  incr("largest", "1", 1n),
  incr("beyond", "-1", -1n),
  incr("bool", "1", 1),
  incr("float", "1", 1),
  incr("whole", "1", 1, ["6.0", 6]),
  incr("text", "1", 1, ["TypeError", "unsupported"]),
  incr("none", "1", 1, ["TypeError", "unsupported"]),
  incr("for ever", "1", 1, ["TypeError", "unsupported"]),
];

const pickle = { float: "exact" } as const;
const COMPRESSORS = ["zlib", "lzma", "lz4"] as const;
const SERIALIZERS = ["pickle", "json", "msgpack"] as const;
const path = (kind: string, name: string, suffix: string): string =>
  `django_redis.${kind}.${name}.${name === "json" ? "JSON" : name === "msgpack" ? "MSGPack" : name[0]!.toUpperCase() + name.slice(1)}${suffix}`;

describeEachRedis("operations of Python's caches", (services: ServiceSet) => {
  let python: PythonPeer;
  let url: string;
  let client: Redis;
  let available: readonly string[];

  beforeAll(async () => {
    python = await services.python.spawn("django_cache.py");
    const at = (await services.isolate()).redis();
    client = new Redis(at.url);
    url = at.pythonUrl;
    available = await python.request("available");
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const open = async (context: { skip(reason: string): unknown }, kind: string, options: object = {}) => {
    if (!available.includes(kind)) context.skip(`this Python has no ${kind}`);
    await python.request("open", { name: "c", kind, url, ...options });
  };
  const call = (method: string, args: readonly string[] = [], kwargs: Readonly<Record<string, string>> = {}) =>
    python.request<string>("call", { name: "c", method, args, kwargs });

  const variants: readonly [name: string, settings: object, options: DjangoRedisOptions][] = [
    ["as it is", {}, {}],
    ["a prefix and a version", { prefix: "p:[x]", version: 3 }, { prefix: "p:[x]", version: 3 }],
    [
      "a key function",
      { prefix: "p", key_function: true },
      { prefix: "p", keyFunction: (key, prefix, version) => `${key}|${version}|${prefix}` },
    ],
  ];

  describe.each(["django-redis", "django"])("%s", (kind) => {
    // The protocols that they write.
    const dialectOf = (options: DjangoRedisOptions): Dialect =>
      kind === "django"
        ? django({ ...options, pickle: { ...pickle, protocol: 5 } })
        : djangoRedis({ ...options, pickle: { ...pickle, protocol: 4 } });

    test.for(variants)("leave what Python leaves: %s", async ([, settings, options], context) => {
      await open(context, kind, settings);
      const py = pickled(client, { dialect: dialectOf(options) });
      const cache = createCache(py, { onRedisError: "throw", timeout: 30_000 });
      const version = options.version ?? 1;
      for (const [key, value, timeout] of BEFORE)
        await call("set", [`'${key}'`, value], timeout === undefined ? {} : { timeout });
      const before = await keeper(client);
      const wrong: unknown[] = [];
      const rows = kind === "django" ? OPERATIONS : [...OPERATIONS, ...VERSIONS, ...ADDITIONS];
      for (const row of rows) {
        await before();
        const [method, args, kwargs] = row.python;
        const theirs = await call(method, args, kwargs);
        const left = await everything(client);
        // Django's own has no such method, or gives no number of deleted keys.
        if (theirs === "AttributeError") continue;
        await before();
        const ours = await row.here({ cache, py });
        const leftHere = await everything(client);
        const isSaid =
          row.says === undefined
            ? kind === "django" || repr(ours) === theirs
            : kind === "django" || (expectEqual(theirs, said(row.says[0], version)) && expectEqual(ours, row.says[1]));
        if (!isSaid || JSON.stringify(leftHere) !== JSON.stringify(left))
          wrong.push({
            python: row.python,
            theirs,
            ours: repr(ours),
            left: changed(left, leftHere),
            leftHere: changed(leftHere, left),
          });
      }
      expect(wrong).toEqual([]);
    });

    test("name any key as Python does", async (context) => {
      await open(context, kind);
      const py = pickled(client, { dialect: dialectOf({}) });
      for (const key of KEYS) {
        await call("set", [keyExpression(key), "'theirs'"]);
        expect([key, await py.get(key)]).toEqual([key, "theirs"]);
        await py.set(key, "ours");
        expect(await client.dbsize()).toBe(1);
        const found: string[] = [];
        for await (const entry of py.scan()) found.push(entry.key);
        expect(found).toEqual([key]);
        expect(await createCache(py, { timeout: 30_000 }).delete(key)).toBe(true);
      }
    });
  });

  for (const serializer of SERIALIZERS) {
    for (const compressor of [undefined, ...COMPRESSORS]) {
      test(`django-redis, ${serializer}${compressor ? ` and ${compressor}` : ""}: the same values both ways`, async (context) => {
        await open(context, "django-redis", {
          SERIALIZER: path("serializers", serializer, "Serializer"),
          ...(compressor && { COMPRESSOR: path("compressors", compressor, "Compressor") }),
        });
        const dialect = djangoRedis({ serializer, ...(compressor && { compressor }), pickle });
        const py = pickled(client, { dialect });
        const wrong: unknown[] = [];
        let compared = 0;
        for (const expression of ODD_VALUES) {
          await client.flushdb();
          const stored = await call("set", ["'k'", expression]);
          // What the serializer has no form for.
          if (stored !== "True") continue;
          compared++;
          const theirs = await call("get", ["'k'"]);
          const value = await py.get("k").catch((error: unknown) => error);
          const back = await py.set("k2", value).then(
            () => call("get", ["'k2'"]),
            (error: unknown) => error,
          );
          if (theirs.endsWith("Error")) expect([expression, value]).toEqual([expression, expect.any(DecodeError)]);
          else if (back !== theirs) wrong.push({ expression, theirs, ours: value, back });
        }
        expect(wrong).toEqual([]);
        expect(compared).toBeGreaterThan(ODD_VALUES.length / 4);
      });
    }
  }

  test("flask-caching: the same values both ways", async (context) => {
    await open(context, "flask-caching");
    const py = pickled(client, { dialect: flaskCaching({ pickle }) });
    for (const expression of ODD_VALUES) {
      await call("set", ["'k'", expression]);
      const theirs = await call("get", ["'k'"]);
      await py.set("k2", await py.get("k"));
      expect([expression, await call("get", ["'k2'"])]).toEqual([expression, theirs]);
    }
  });
});

/** `says` counts from version 1. */
function said(expected: unknown, version: number): unknown {
  return typeof expected === "string" && /^[025]$/.test(expected) && version !== 1
    ? expect.stringMatching(/^\d$/)
    : expected;
}

function expectEqual(actual: unknown, expected: unknown): boolean {
  try {
    expect(actual).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}

function changed(all: Record<string, unknown>, other: Record<string, unknown>): unknown {
  return Object.fromEntries(
    Object.entries(all).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(other[key])),
  );
}
