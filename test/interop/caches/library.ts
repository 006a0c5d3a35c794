/** A cache of a Python library and ours on the same keys, and what holds of every such pair. */
import { createHash } from "node:crypto";
import { dumps, PyFloat, repr, tuple } from "@brine/codec";
import {
  type CacheOptions,
  createCache,
  DecodeError,
  type Dialect,
  type PickleCache,
  type PickledRedis,
  pickled,
} from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { everything, keeper } from "./snapshot.js";
import { KEYS, keyExpression, ODD_VALUES, since312, VALUES } from "./values.js";

interface Context {
  skip(reason: string): unknown;
}

/** A machine that is busy is not a Redis that is away. */
export function patientCache(py: PickledRedis, defaults: CacheOptions = {}): PickleCache {
  return createCache(py, { timeout: 30_000, ...defaults });
}

/** Floats keep being floats on the way back. */
export const EXACT = { float: "exact" } as const;

/** Python libraries in a process of their own, and a database for them and for us. */
export class Libraries {
  python!: PythonPeer;
  client!: Redis;
  #at!: Address;
  #available: readonly string[] = [];

  constructor(set: ServiceSet) {
    beforeAll(async () => {
      this.python = await set.python.spawn("cache_libraries.py");
      this.#available = await this.python.request("available");
      this.#at = (await set.isolate()).redis();
      this.client = new Redis(this.#at.url);
    });
    afterAll(async () => {
      await this.python.close();
      await this.client.quit();
    });
    beforeEach(() => this.client.flushdb());
  }

  /** Makes the library's cache, which is called as its kind; skips where this Python does not have the library. */
  async open(context: Context, kind: string, options: object = {}): Promise<void> {
    if (!this.#available.includes(kind)) context.skip(`this Python has no ${kind}`);
    await this.python.request("open", { name: kind, kind, url: this.#at.pythonUrl, ...options });
  }

  /** What a method returns, or the class of what it raises; arguments are expressions. */
  call(kind: string, method: string, args: readonly string[] = [], kwargs: object = {}): Promise<string> {
    return this.python.request("call", { name: kind, method, args, kwargs });
  }

  /** Stores the values of expressions. */
  fill(kind: string, values: Readonly<Record<string, string>>): Promise<unknown> {
    return this.python.request("fill", { name: kind, values });
  }

  async get(kind: string, key: string): Promise<string> {
    return (await this.python.request<{ repr: string }>("get", { name: kind, key })).repr;
  }

  /** As `get`, or the class of what it raises. */
  attempt(kind: string, key: string): Promise<string> {
    return this.python.request("attempt", { name: kind, key });
  }
}

/** The tests of a library, on each server that there is. */
export function describeLibrary(name: string, define: (libraries: Libraries, set: ServiceSet) => void): void {
  describeEachRedis(name, (set) => define(new Libraries(set), set));
}

/** One library with its settings, and the dialect with ours. */
export interface Pair {
  readonly name: string;
  readonly kind: string;
  readonly options: object;
  readonly dialect: Dialect;
  /** Whether the library takes keys with lone surrogates, which is refused here all the same. Default false. */
  readonly anyKey?: boolean;
}

/** How the library reads what others left in its place. */
export interface Foreign {
  /** By name of {@link FOREIGN}: what the two say where it is not the same. */
  readonly otherwise: Readonly<Record<string, readonly [theirs: string, ours: string]>>;
  /** What the library says of a key that is not there. */
  readonly missing: string;
}

/** What holds of every library: values and keys with each of its settings; the rest with the first of them. */
export function testPairs(libraries: Libraries, pairs: readonly [Pair, ...Pair[]], foreign: Foreign): void {
  for (const pair of pairs) testPair(libraries, pair);
  testLongValues(libraries, pairs[0]);
  testForeign(libraries, pairs[0], foreign);
}

const LONG_VALUES = ["'\\u00e9\\x00\\U0001f600' * 1_250_000", "{'k%d' % i: (i, i / 7) for i in range(30_000)}"];

/** Values and keys, both ways. */
function testPair(libraries: Libraries, { name, kind, options, dialect, anyKey }: Pair): void {
  test(`${name}: each side reads what the other wrote`, async (context) => {
    await libraries.open(context, kind, options);
    const py = pickled(libraries.client, { dialect });
    const describe = (keys: readonly string[]): Promise<{ repr: string }[]> =>
      libraries.python.request("get_all", { name: kind, keys });
    const expressions = [...VALUES, ...ODD_VALUES];
    const [keys, returned] = [expressions.map((_, i) => `v${i}`), expressions.map((_, i) => `back${i}`)];
    await libraries.fill(kind, Object.fromEntries(keys.map((key, i) => [key, expressions[i]!])));
    const theirs = await describe(keys);
    const ours = await Promise.all(keys.map((key) => py.get(key)));
    await Promise.all(returned.map((key, i) => py.set(key, ours[i])));
    const back = await describe(returned);
    const all = expressions.map((value, i) => ({ value, theirs: theirs[i]!, ours: repr(ours[i]), back: back[i] }));
    const wrong = all.filter((each) => each.ours !== since312(each.theirs.repr) || !equal(each.back, each.theirs));
    expect(wrong).toEqual([]);
  });

  test(`${name}: keys`, async (context) => {
    await libraries.open(context, kind, options);
    const py = pickled(libraries.client, { dialect });
    for (const key of KEYS) {
      await libraries.client.flushdb();
      await libraries.fill(kind, { [key]: "'theirs'" });
      expect([keyExpression(key), await py.get(key)]).toEqual([keyExpression(key), "theirs"]);
      await py.set(key, "ours");
      expect([keyExpression(key), await libraries.get(kind, key)]).toEqual([keyExpression(key), "'ours'"]);
      expect(await libraries.client.dbsize()).toBe(1);
      expect(await py.del(key)).toBe(1);
    }
    // Two such keys would be one here, and Python cannot encode them.
    if (!anyKey) await expect(libraries.fill(kind, { "\ud800": "1" })).rejects.toThrow(/surrogates not allowed/);
    await expect(py.set("\ud800", 1)).rejects.toMatchObject({ code: "bad-option" });
  });
}

/** Values of several megabytes, both ways, compared by their bytes. */
function testLongValues(libraries: Libraries, { name, kind, options, dialect }: Pair): void {
  test(`${name}: long values`, async (context) => {
    await libraries.open(context, kind, options);
    const py = pickled(libraries.client, { dialect });
    const digest = (key: string) => libraries.python.request("digest", { name: kind, key });
    for (const expression of LONG_VALUES) {
      await libraries.fill(kind, { theirs: expression });
      const value = await py.get("theirs");
      await py.set("ours", value);
      const here = createHash("sha256")
        .update(dumps(value, { protocol: 4 }))
        .digest("hex");
      expect([expression, await digest("theirs"), await digest("ours")]).toEqual([expression, here, here]);
    }
  });
}

const bytes = (...parts: (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

const PICKLE = dumps({ a: [1, "two"] });
const now = new PyFloat(Date.now() / 1000);

/** What somebody else may have put into a key. */
export const FOREIGN: Readonly<Record<string, Buffer>> = {
  nothing: bytes(""),
  text: bytes("hello"),
  "a dot": bytes("."),
  NUL: bytes("\0\0\0"),
  JSON: bytes('{"a": 1}'),
  "JSON's null": bytes("null"),
  digits: bytes("42"),
  "digits with white space and underscores": bytes(" 4_2\n"),
  "digits of another alphabet": Buffer.from("\u0664\u0662"),
  "a negative int": bytes("-7"),
  "an int too long for Python": bytes("9".repeat(4301)),
  "a float": bytes("1.5"),
  pickle: bytes(PICKLE),
  "pickle, protocol 0": dumps({ a: [1, "two"] }, { protocol: 0 }) as Buffer,
  "pickle, protocol 2": dumps({ a: [1, "two"] }, { protocol: 2 }) as Buffer,
  "pickle, protocol 5": dumps({ a: [1, "two"] }, { protocol: 5 }) as Buffer,
  "pickle, cut off": bytes(PICKLE.subarray(0, -4)),
  "pickle, with more after it": bytes(PICKLE, "rubbish"),
  "pickle of protocol 6": bytes("\x80\x06N."),
  "an empty mark": bytes("!"),
  "cachelib's value": bytes("!", PICKLE),
  "cachelib's value, cut off": bytes("!", PICKLE.subarray(0, -4)),
  "cachelib's mark before text": bytes("!hello"),
  "dogpile's value": bytes('{"ct": 1795451803.36, "v": 2}|', PICKLE),
  "dogpile's value, cut off": bytes('{"ct": 1795451803.36, "v": 2}|', PICKLE.subarray(0, -4)),
  "dogpile's value without a pickle": bytes('{"ct": 1795451803.36, "v": 2}|'),
  "dogpile's value of another version": bytes('{"ct": 1795451803.36, "v": 3}|', PICKLE),
  "dogpile's value without a version": bytes('{"ct": 1795451803.36}|', PICKLE),
  "dogpile's value with other metadata": bytes('{"v": 2, "x": {"y": [1]}, "ct": 1795451803}|', PICKLE),
  "dogpile's value, metadata cut off": bytes('{"ct": 17954|', PICKLE),
  "Beaker's value": bytes(dumps(tuple(now, null, { a: [1] }))),
  "Beaker's value, long over": bytes(dumps(tuple(new PyFloat(1000.5), 60, { a: [1] }))),
  "Beaker's value of version 1.4": bytes(dumps(tuple(now, { a: [1] }))),
  "Beaker's value in a list": bytes(dumps([now, null, { a: [1] }])),
  "a pickled tuple of one": bytes(dumps(tuple(now))),
  "a pickled text of three letters": bytes(dumps("abc")),
  msgpack: Buffer.from([0x81, 0xa1, 0x61, 0x01]),
};

/**
 * Whatever is in the key: where Python reads a value, so do we, the same; where it raises, we throw a {@link DecodeError} that
 * names the key.
 */
function testForeign(
  libraries: Libraries,
  { name, kind, options, dialect }: Pair,
  { otherwise, missing }: Foreign,
): void {
  test(`${name}: values of others`, async (context) => {
    await libraries.open(context, kind, options);
    const py = pickled(libraries.client, { dialect });
    const wrong: unknown[] = [];
    for (const [what, raw] of Object.entries(FOREIGN)) {
      await libraries.client.set(dialect.key("k"), raw);
      const ours = await py.get("k").then(
        (value) => (value === undefined ? missing : repr(value)),
        (error: unknown) => {
          expect(error).toBeInstanceOf(DecodeError);
          expect(error).toMatchObject({ code: "decode", key: "k", dialect: dialect.name });
          return "DecodeError";
        },
      );
      const theirs = await libraries.attempt(kind, "k");
      const isSame = ours === (/^\w*Error$/.test(theirs) && theirs !== missing ? "DecodeError" : theirs);
      const expected = otherwise[what];
      if (expected === undefined ? !isSame : isSame || theirs !== expected[0] || ours !== expected[1])
        wrong.push({ what, theirs, ours });
      // Neither side throws away what it cannot read.
      if (/Error$/.test(ours)) expect(await libraries.client.exists(dialect.key("k"))).toBe(1);
    }
    expect(wrong).toEqual([]);
  });
}

/** A lock that either side holds, the other does not get. */
export function testLock(libraries: Libraries, { kind, options, dialect }: Omit<Pair, "name">): void {
  test("one lock for both sides", async (context) => {
    await libraries.open(context, kind, options);
    const ask = (action: "lock" | "unlock") => libraries.python.request(action, { name: kind, key: "L" });
    const cache = patientCache(pickled(libraries.client, { dialect }));
    expect(await ask("lock")).toBe(true);
    expect(await cache.lock("L", { ttl: 1000 })).toBeUndefined();
    await ask("unlock");
    const lock = (await cache.lock("L", { ttl: 60_000 }))!;
    expect(await ask("lock")).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(await ask("lock")).toBe(true);
    await ask("unlock");
  });
}

/** One operation of the library, and the one of a cache here that does the same. */
export interface Operation {
  /** A method of the Python cache and expressions of its arguments. */
  readonly python: readonly [method: string, args?: readonly string[], kwargs?: Readonly<Record<string, string>>];
  readonly here: (cache: PickleCache) => Promise<unknown>;
  /** What each says, where it is not the same in other words. Default: `repr` of the one is the other. */
  readonly says?: readonly [python: unknown, here: unknown];
  /** Why what is left differs. Default: it does not. */
  readonly leaves?: string;
}

/** Runs each operation on equal databases, which must be equal afterwards, byte for byte and lifetime for lifetime. */
export async function compareOperations(
  libraries: Libraries,
  { kind, dialect }: Pair,
  operations: readonly Operation[],
  /** Takes the clock out of what is stored. */
  timeless: (bytes: string) => string = (bytes) => bytes,
): Promise<void> {
  const cache = patientCache(pickled(libraries.client, { dialect }), { onRedisError: "throw" });
  const before = await keeper(libraries.client);
  const left = async () =>
    Object.fromEntries(
      Object.entries(await everything(libraries.client)).map(([key, [raw, lifetime]]) => [
        key,
        [timeless(raw), lifetime],
      ]),
    );
  const wrong: unknown[] = [];
  for (const { python, here: operate, says, leaves } of operations) {
    await before();
    const theirs = await libraries.call(kind, ...python);
    const leftThere = await left();
    await before();
    const ours = await operate(cache).catch((error: { code?: string }) => error.code ?? error);
    const leftHere = await left();
    const isSaid = says === undefined ? repr(ours) === theirs : equal([theirs, ours], says);
    if (!isSaid || equal(leftHere, leftThere) !== (leaves === undefined))
      wrong.push({ python, theirs, ours, leftThere, leftHere });
  }
  expect(wrong).toEqual([]);
}

function equal(actual: unknown, expected: unknown): boolean {
  try {
    expect(actual).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}
