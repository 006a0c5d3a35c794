/** Every value captured of Python's caches, decoded, and written back to the same bytes where the dialect allows it. */
import { readFileSync } from "node:fs";
import { repr } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { aiocache } from "./aiocache.js";
import { beaker, beakerSession } from "./beaker.js";
import { cachelib, flaskCaching } from "./cachelib.js";
import type { CompressorName } from "./compressors.js";
import { type Dialect, toBuffer } from "./dialect.js";
import { django } from "./django.js";
import { djangoRedis } from "./django-redis.js";
import { dogpile } from "./dogpile.js";
import { djangoSession, flaskSession } from "./sessions.js";

interface Capture {
  readonly capture: string;
  readonly settings: {
    readonly KEY_PREFIX?: string;
    readonly VERSION?: number;
    readonly OPTIONS?: { readonly PICKLE_VERSION?: number };
  } | null;
  readonly entries: readonly {
    readonly key: string;
    readonly type: string;
    readonly value: string;
    readonly python?: string;
  }[];
}

const captures = ["django", "other"].flatMap((file): Capture[] =>
  readFileSync(new URL(`../../../../test/captures/redis/${file}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Capture),
);

/** The dialect of a capture, by its name: `<producer>__<settings>`. `undefined`: not ours. */
function dialectOf({ capture, settings }: Capture): Dialect | undefined {
  const kind = capture.split("__")[1]!;
  const protocol = (settings?.OPTIONS?.PICKLE_VERSION ?? (/_core|cachelib|flask_caching/.test(capture) ? 5 : 4)) as 4;
  const pickle = {
    protocol,
    float: "exact",
    unregistered: "opaque",
    opaque: "allow",
    python: capture.startsWith("py313") ? "3.13" : "3.12",
  } as const;
  const keys = { prefix: settings?.KEY_PREFIX, version: settings?.VERSION };
  if (kind === "herd") return undefined;
  if (capture.includes("_core")) return django({ ...keys, pickle });
  if (capture.startsWith("django") || capture.startsWith("py313_django")) {
    const compressor = /^(zlib|gzip|lzma|lz4|zstd)$/.test(kind) ? (kind as CompressorName) : undefined;
    const serializer = kind === "json" || kind === "msgpack" ? kind : "pickle";
    return djangoRedis({ ...keys, pickle, compressor, serializer });
  }
  const ints = /154|017/.test(capture) ? "digits" : "pickle";
  switch (kind) {
    case "dogpile":
      return dogpile({ pickle });
    case "aiocache":
      return aiocache({ namespace: "main", pickle });
    case "cachelib":
      return cachelib({ prefix: "pfx:", ints, pickle });
    case "flask_caching":
      return flaskCaching({ ints, pickle });
    case "flask_session":
      return flaskSession({ pickle });
    default:
      return undefined;
  }
}

/** What is no value: a lock's token, a counter that another command made, bytes of before a library had a form. */
const NO_VALUE = /^(lk|hits)$/;
/** Bytes of before cachelib had a form for values: read, but not written. */
const LEGACY = "legacy";
/** django-redis stored it, and cannot read it itself: a tuple as a key becomes a list. */
const UNREADABLE = new Set(["msgpack dict"]);

describe.each(captures.filter((capture) => dialectOf(capture) !== undefined))("$capture", (capture) => {
  const dialect = dialectOf(capture)!;
  const kind = capture.capture.split("__")[1]!;
  const values = capture.entries.filter(({ key, type }) => {
    const own = dialect.unkey(key);
    return type === "string" && !NO_VALUE.test(own) && !UNREADABLE.has(`${kind} ${own}`);
  });

  test("is decoded, to what Python says it is", async () => {
    await dialect.load?.();
    const wrong: unknown[] = [];
    for (const { key, value, python } of values) {
      const decoded = dialect.decode(Buffer.from(value, "base64"));
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
    expect(wrong).toEqual([]);
  });

  test.runIf(dialect.canonical)("is written back to the same bytes", () => {
    const wrong: unknown[] = [];
    for (const { key, value } of values) {
      if (dialect.unkey(key) === LEGACY) continue;
      const raw = Buffer.from(value, "base64");
      const written = dialect.encode(dialect.decode(raw));
      if (!toBuffer(Buffer.from(written)).equals(raw))
        wrong.push([key, raw.toString("latin1"), Buffer.from(written).toString("latin1")]);
    }
    expect(wrong).toEqual([]);
  });
});

test("Beaker's values and sessions are decoded", () => {
  const { entries } = captures.find(({ capture }) => capture === "bookworm__beaker")!;
  const value = (key: string) => Buffer.from(entries.find((entry) => entry.key === key)!.value, "base64");
  const cache = beaker({ namespace: "ns" });
  expect(cache.decode(value(cache.key("n")))).toBe(5);
  expect(cache.decode(value(cache.key("none")))).toBeNull();
  expect(cache.decode(Buffer.from(cache.encode([1])))).toEqual([1]);
  const sessions = beakerSession();
  expect(sessions.decode(value(sessions.key("sid123")))).toMatchObject({ u: 7, _path: "/" });
});

test("Django's sessions are values of its cache", () => {
  const dialect = djangoSession({ cache: django() });
  const entry = captures
    .find(({ capture }) => capture === "django42_core__default")!
    .entries.find(({ key }) => key.startsWith(":1:django.contrib.sessions.cache"))!;
  expect(dialect.key(dialect.unkey(entry.key))).toBe(entry.key);
  expect(dialect.decode(Buffer.from(entry.value, "base64"))).toMatchObject({ user_id: 7, cart: [1, 2] });
});
