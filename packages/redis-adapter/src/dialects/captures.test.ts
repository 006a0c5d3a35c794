/** Every value captured of Python's caches, decoded, and written back to the same bytes where the dialect allows it. */
import { readFileSync } from "node:fs";
import { loads, repr } from "@brine/codec";
import { afterEach, describe, expect, test, vi } from "vitest";
import { aiocache } from "./aiocache.js";
import { beaker } from "./beaker.js";
import { beakerSession } from "./beaker-session.js";
import { cachelib, flaskCaching } from "./cachelib.js";
import { cacheops } from "./cacheops.js";
import { type CompressorName, compressor, decompress } from "./compressors.js";
import type { Dialect } from "./dialect.js";
import { django } from "./django.js";
import { djangoRedis } from "./django-redis.js";
import { dogpile } from "./dogpile.js";
import { plain } from "./plain.js";
import { djangoSession, flaskSession } from "./sessions.js";

interface Capture {
  readonly capture: string;
  readonly versions: Readonly<Record<string, string>> & { readonly python: string };
  readonly settings: {
    readonly KEY_PREFIX?: string;
    readonly VERSION?: number;
    readonly OPTIONS?: { readonly PICKLE_VERSION?: number };
  } | null;
  readonly entries: readonly {
    readonly key: string;
    readonly type: string;
    readonly value: unknown;
    readonly python?: string;
  }[];
}

const captures = ["django", "other"].flatMap((file): Capture[] =>
  readFileSync(new URL(`../../../../test/captures/redis/${file}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Capture),
);

interface Known {
  readonly dialect: Dialect;
  /** What of the bytes must come back, where all of them cannot: a time of storing, a compressor's choices. */
  readonly essence?: ((raw: Buffer) => Buffer) | undefined;
  readonly load?: (() => Promise<void>) | undefined;
  /** The lifetime to encode with, and the time to encode at, of stored bytes that hold them. */
  readonly stored?: ((raw: Buffer) => Stored) | undefined;
}

interface Stored {
  readonly ttl?: number;
  readonly now?: number;
}

const afterBar = (raw: Buffer): Buffer => raw.subarray(raw.indexOf("|") + 1);
/** A pickled tuple whose first item is a float: without that float. */
const withoutFirstFloat = (raw: Buffer): Buffer => Buffer.concat([raw.subarray(0, 12), raw.subarray(20)]);
const HERD_SECONDS = 300;

/** The dialect of a capture, by its name: `<producer>__<settings>`. `undefined`: another test's. */
function dialectOf({ capture, settings, versions }: Capture): Known | undefined {
  const kind = capture.split("__")[1]!;
  const protocol = (settings?.OPTIONS?.PICKLE_VERSION ??
    (/_core|__cachelib|__flask_caching|apscheduler/.test(capture) ? 5 : 4)) as 4;
  const pickle = {
    protocol,
    float: "exact",
    unregistered: "opaque",
    opaque: "allow",
    python: versions.python.startsWith("3.13") ? "3.13" : "3.12",
  } as const;
  const keys = { prefix: settings?.KEY_PREFIX, version: settings?.VERSION };
  const ints = /154|017/.test(capture) ? "digits" : "pickle";
  switch (kind) {
    case "dogpile":
      return { dialect: dogpile({ pickle }), essence: afterBar };
    case "aiocache":
      return { dialect: aiocache({ namespace: "main", pickle }) };
    case "walrus":
      return { dialect: plain({ prefix: "cache:", ...pickle }) };
    case "apscheduler":
      return { dialect: plain({ ...pickle }) };
    case "cacheops":
      return { dialect: cacheops({ prefix: "pfx:", pickle }) };
    case "cachelib":
      return { dialect: cachelib({ prefix: "pfx:", ints, pickle }) };
    case "flask_caching":
      return { dialect: flaskCaching({ ints, pickle }) };
    case "flask_session": {
      const format = versions["flask-session"]!.startsWith("0.3") ? "pickle" : "msgpack";
      return { dialect: flaskSession({ format, pickle }) };
    }
    case "beaker":
      return undefined;
  }
  if (capture.includes("_core")) return { dialect: django({ ...keys, pickle }) };
  if (!/^(py313_)?django/.test(capture)) return undefined;
  if (kind === "herd") {
    return {
      dialect: djangoRedis({ ...keys, pickle, herd: true }),
      stored(raw) {
        const [, , end] = loads(raw, pickle) as [unknown, unknown, number];
        return { ttl: HERD_SECONDS * 1000, now: (end - HERD_SECONDS) * 1000 };
      },
    };
  }
  if (kind === "json" || kind === "msgpack") return { dialect: djangoRedis({ ...keys, pickle, serializer: kind }) };
  if (!/^(zlib|gzip|lzma|lz4|zstd)$/.test(kind)) return { dialect: djangoRedis({ ...keys, pickle }) };
  const compression = compressor(kind as CompressorName);
  return {
    dialect: djangoRedis({ ...keys, pickle, compressor: kind as CompressorName }),
    load: async () => compression.load?.(),
    // Whether it was compressed, and what is in it: compressors differ in how well they do.
    essence: (raw) =>
      compression.matches(raw)
        ? Buffer.concat([Buffer.from("compressed "), decompress(compression, raw, 1_000_000)])
        : raw,
  };
}

/** What is no value: a lock's token, a counter that another command made. */
const NO_VALUE = /^(lk|hits)$/;

/** Values that are not written back to the same bytes, and why. */
const CHANGES: Readonly<Record<string, string>> = {
  "cachelib legacy": "bytes of before cachelib had a form for values are read, but not written",
};

/** django-redis stored it, and cannot read it itself: a tuple as a key becomes a list. */
const UNREADABLE = new Set(["msgpack dict"]);

afterEach(() => void vi.useRealTimers());

describe.each(captures.filter((capture) => dialectOf(capture) !== undefined))("$capture", (capture) => {
  const { dialect, load, essence = (raw: Buffer) => raw, stored = (): Stored => ({}) } = dialectOf(capture)!;
  const kind = capture.capture.split("__")[1]!;
  const values = capture.entries.flatMap(({ key, type, value, python }) => {
    const own = dialect.unkey(key);
    if (NO_VALUE.test(own) || UNREADABLE.has(`${kind} ${own}`)) return [];
    // cacheops' sets hold keys, APScheduler's sorted set ids.
    if (kind === "cacheops" && type !== "string") return [];
    if (kind === "apscheduler" && type === "zset") return [];
    const raws = containedIn(type, value);
    return raws.map((text) => ({ key, own, raw: Buffer.from(text, "base64"), python }));
  });

  test("is decoded, to what Python says it is", async () => {
    await dialect.load?.();
    const wrong: unknown[] = [];
    for (const { key, raw, python } of values) {
      const now = stored(raw).now;
      if (now !== undefined) vi.useFakeTimers({ now, toFake: ["Date"] });
      const decoded = dialect.decode(raw);
      // CPython pickles `fold` at protocol 4 and up only.
      if (key.endsWith(":datetime_fold") && /pfx|pickle0/.test(kind)) continue;
      // Only literal representations can be compared, and JSON and msgpack do not keep types.
      if (
        python === undefined ||
        kind === "json" ||
        kind === "msgpack" ||
        !/^(-?[\d.]+|None|True|False|b?'.{0,200}'|\(.*\)|\{.*\}|datetime\.\w+\(.*\)|Decimal.*|UUID.*)$/s.test(python)
      )
        continue;
      if (repr(decoded) !== python) wrong.push([key, repr(decoded), python]);
    }
    expect(values.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  test("is written back to the same bytes", async () => {
    await dialect.load?.();
    await load?.();
    const wrong: unknown[] = [];
    for (const { key, own, raw } of values) {
      const { ttl, now } = stored(raw);
      if (now !== undefined) vi.useFakeTimers({ now, toFake: ["Date"] });
      const written = Buffer.from(dialect.encode(dialect.decode(raw), key, ttl));
      const isSame = essence(written).equals(essence(raw));
      if (isSame !== (CHANGES[`${kind} ${own}`] === undefined))
        wrong.push([key, raw.toString("latin1"), written.toString("latin1")]);
    }
    expect(wrong).toEqual([]);
  });
});

/** The values within an entry: members of sets, fields of hashes. */
function containedIn(type: string, value: unknown): string[] {
  if (type === "string") return [value as string];
  if (type === "hash") return Object.values(value as Record<string, string>);
  if (type === "set") return value as string[];
  if (type === "zset") return (value as [string, number][]).map(([member]) => member);
  return [];
}

const beakerValues = captures.find(({ capture }) => capture === "bookworm__beaker")!.entries;
const rawOfBeaker = (key: string) =>
  Buffer.from(beakerValues.find((entry) => entry.key === key)!.value as string, "base64");

test("Beaker's values are decoded, and written back but for the time of storing", () => {
  const cache = beaker({ namespace: "ns" });
  expect(cache.decode(rawOfBeaker(cache.key("n")))).toBe(5);
  expect(cache.decode(rawOfBeaker(cache.key("none")))).toBeNull();
  for (const { key } of beakerValues.filter((entry) => !entry.key.endsWith(":session"))) {
    const raw = rawOfBeaker(key);
    const [, seconds] = loads(raw) as [number, number];
    const written = Buffer.from(cache.encode(cache.decode(raw), key, seconds * 1000));
    expect([key, withoutFirstFloat(written)]).toEqual([key, withoutFirstFloat(raw)]);
  }
});

test("Beaker's sessions are written back to the same bytes", () => {
  const sessions = beakerSession({ format: "dict", pickle: { float: "exact" } });
  expect(sessions.decode(rawOfBeaker(sessions.key("sid123")))).toMatchObject({ u: 7, _path: "/" });
  for (const sid of ["sid123", "sidjson"]) {
    const raw = rawOfBeaker(sessions.key(sid));
    expect([sid, Buffer.from(sessions.encode(sessions.decode(raw)))]).toEqual([sid, raw]);
  }
});

test("Django's sessions are values of its cache", () => {
  const dialect = djangoSession({ cache: django() });
  const entry = captures
    .find(({ capture }) => capture === "django42_core__default")!
    .entries.find(({ key }) => key.startsWith(":1:django.contrib.sessions.cache"))!;
  expect(dialect.key(dialect.unkey(entry.key))).toBe(entry.key);
  expect(dialect.decode(Buffer.from(entry.value as string, "base64"))).toMatchObject({ user_id: 7, cart: [1, 2] });
});
