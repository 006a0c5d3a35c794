/** What holds for every value and every input, tried on random ones; the seed is fixed, so a failure repeats. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import {
  ByteArray,
  Complex,
  Decimal,
  dumps,
  FrozenSet,
  isPickleError,
  loads,
  OrderedDict,
  type Protocol,
  PyDate,
  PyDict,
  PyFloat,
  PySet,
  repr,
  TimeDelta,
  Tuple,
  Unpickler,
} from "@brine/codec";
import { dis, optimize, scan } from "@brine/codec/tools";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { canonical } from "../fuzz/canonical.js";
import { ROOT } from "../package/sources.js";

const SEED = 19_910_220;
const PROTOCOLS = [0, 1, 2, 3, 4, 5] as const;
const protocol = fc.constantFrom<Protocol>(...PROTOCOLS);
const memoizeStrings = fc.constantFrom("all" as const, "keys" as const, "none" as const);

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "a",
    "é",
    "\ud800",
    "a\udfff",
    "\n",
    "\\u0041",
    "\\",
    "\0",
    "__proto__",
    "constructor",
    "1",
    "x".repeat(300),
  ),
);
const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -300, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 255, 256, 65535, 65536, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, 1e16, 1e-5, 1e300),
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

/** Values whose order and identity Python keeps, so that its repr and its pickle can be compared too. */
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    fc.bigInt({ min: -(2n ** 2100n), max: 2n ** 2100n }),
    text,
    bytes,
    fc.array(tie("plain"), { maxLength: 6 }),
    fc.array(tie("plain"), { maxLength: 6 }).map((items) => Tuple.from(items)),
    fc.array(fc.tuple(text, tie("plain")), { maxLength: 6 }).map((pairs) => PyDict.fromEntries(pairs)),
  ),
}));

const { key } = fc.letrec<{ key: unknown }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    number.filter((x) => !Number.isNaN(x)),
    fc.bigInt(),
    text,
    bytes,
    fc.array(tie("key"), { maxLength: 3 }).map((items) => Tuple.from(items)),
    fc.array(tie("key"), { maxLength: 3 }).map((items) => new FrozenSet(items)),
  ),
}));

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    number,
    fc.bigInt(),
    text,
    bytes,
    fc.uint8Array().map((array) => ByteArray.from(array)),
    fc.tuple(fc.double(), fc.double()).map(([re, im]) => new Complex(re, im)),
    fc.constantFrom(new Decimal("1.10"), new PyDate(2024, 2, 29), new TimeDelta(1, 2, 3), new Decimal("-Infinity")),
    fc.array(tie("value"), { maxLength: 6 }),
    fc.array(tie("value"), { maxLength: 6 }).map((items) => Tuple.from(items)),
    fc.dictionary(text, tie("value"), { maxKeys: 6 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map((pairs) => PyDict.fromEntries(pairs)),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((pairs) => new OrderedDict(pairs)),
    fc.array(key, { maxLength: 6 }).map((items) => new PySet(items)),
    fc.array(key, { maxLength: 6 }).map((items) => new FrozenSet(items)),
    tie("value").map((item) => [item, item]),
    tie("value").map((item) => {
      const cycle: unknown[] = [item];
      cycle.push(Tuple.of<unknown>(cycle));
      return cycle;
    }),
  ),
}));

describe("dumps() and loads()", () => {
  it("give back what was given, at every protocol, however strings are shared", () => {
    fc.assert(
      fc.property(value, protocol, memoizeStrings, (x, at, strings) => {
        const back = loads(dumps(x, { protocol: at, memoizeStrings: strings }));
        expect(canonical(back, { isLoose: true })).toBe(canonical(x, { isLoose: true }));
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it("keep floats that are integral, and the order of dicts, when asked to", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.double())), protocol, (pairs, at) => {
        const dict = PyDict.fromEntries(pairs.map(([k, x]): [unknown, unknown] => [k, new PyFloat(x)]));
        const back = loads(dumps(dict, { protocol: at }), { float: "exact", dict: "map" }) as PyDict<unknown, unknown>;
        expect([...back.values()].map(String)).toEqual([...dict.values()].map(String));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("write what optimize() only makes smaller, and dis() and scan() read", () => {
    fc.assert(
      fc.property(value, protocol, (x, at) => {
        const pickle = dumps(x, { protocol: at });
        const smaller = optimize(pickle);
        expect(smaller.length).toBeLessThanOrEqual(pickle.length + 9);
        expect(canonical(loads(smaller), { isLoose: true })).toBe(canonical(x, { isLoose: true }));
        expect(dis(pickle)).toMatch(/STOP\n/);
        expect(scan(pickle).verdict).not.toBe("dangerous");
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

/** Which characters repr() prints as they are depends on the version of Unicode; ascii() prints none that is not ASCII. */
function ascii(shown: string): string {
  return shown.replace(/[\u0080-\u{10ffff}]/gu, (char) => {
    const code = char.codePointAt(0)!.toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
}

describe("CPython", () => {
  it("loads what dumps() wrote, sees the same value, and writes it with the same bytes", () => {
    const samples = fc.sample(fc.tuple(plain, protocol), { seed: SEED, numRuns: 1500 });
    const pickles = samples.map(([x, at]) => dumps(x, { protocol: at }));
    const answers = JSON.parse(
      execFileSync(findPython(), [path.join(ROOT, "test/cpython/again.py")], {
        input: JSON.stringify(pickles.map((pickle, i) => [samples[i]![1], Buffer.from(pickle).toString("base64")])),
        encoding: "utf8",
        maxBuffer: 1 << 28,
      }),
    ) as readonly (readonly [string, string])[];
    for (const [i, [shown, written]] of answers.entries()) {
      const [x, at] = samples[i]!;
      expect(ascii(repr(x)), `protocol ${at}`).toBe(shown);
      // Equal bytes objects are one object to Brine only when they are in JavaScript; Python shares the shortest.
      const again = Buffer.from(written, "base64");
      if (!again.equals(pickles[i]!)) expect(dis(pickles[i]!), `protocol ${at}`).toBe(dis(again));
    }
  });
});

describe("any input", () => {
  const before = Reflect.ownKeys(Object.prototype).map(String).join();
  const opcode = fc.constantFrom(
    ...Buffer.from(
      "(.012FGIJKLMNPQRSTUVX]abcdeghijloqprstu})\x80\x81\x85\x86\x87\x88\x8a\x8c\x8f\x90\x91\x93\x94\x95",
      "latin1",
    ),
  );
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(opcode, { maxLength: 60 }).map((codes) => Uint8Array.from([...codes, 0x2e])),
    fc.tuple(value, protocol, fc.nat(), fc.nat(255)).map(([x, at, position, byte]) => {
      const pickle = Uint8Array.from(dumps(x, { protocol: at }));
      pickle[position % pickle.length] = byte;
      return pickle;
    }),
  );

  it("is decoded or refused with one of Brine's errors, and changes no prototype", () => {
    fc.assert(
      fc.property(input, fc.constantFrom("error" as const, "opaque" as const), (bytes, unregistered) => {
        try {
          loads(bytes, { unregistered });
        } catch (error) {
          if (!isPickleError(error)) throw error;
          expect(error.code).toMatch(/^[a-z-]+$/);
          expect(error.offset).toBeLessThanOrEqual(bytes.length);
        }
        expect(Reflect.ownKeys(Object.prototype).map(String).join()).toBe(before);
      }),
      { seed: SEED, numRuns: 4000 },
    );
  });

  it("is decoded alike whatever comes after it", () => {
    fc.assert(
      fc.property(value, protocol, fc.uint8Array(), (x, at, rest) => {
        const pickle = dumps(x, { protocol: at });
        const unpickler = new Unpickler(Buffer.concat([pickle, rest]));
        expect(canonical(unpickler.load(), { isLoose: true })).toBe(canonical(x, { isLoose: true }));
        expect(unpickler.position).toBe(pickle.length);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
