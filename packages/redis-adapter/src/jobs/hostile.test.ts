/** What anybody may have written to Redis in place of a job or result of arq, huey and dramatiq: an error with its key, or a value. */
import { dumps, tuple } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { decodeJob, decodeResult } from "../arq/message.js";
import { pickleCodec } from "../dialects/dialect.js";
import { decodeMessage, exceptionIn } from "../dramatiq/message.js";
import { DecodeError } from "../errors.js";
import { decodeTask, HueyMessage, hueyCodec } from "../huey/message.js";

/** In place of what belongs there. */
const ODD: readonly unknown[] = [
  null,
  true,
  7,
  2n ** 80n,
  Number.NaN,
  "text",
  "9".repeat(400),
  Buffer.from([0, 255]),
  [],
  [[1]],
  {},
  { a: { b: 1 } },
  new Map<unknown, unknown>([[tuple(1), 2]]),
  tuple(1, 2),
  new Set([1]),
];

const DICTS = {
  "arq's job": { t: 1, f: "add", a: tuple(1), k: {}, et: 5 },
  "arq's result": { t: 1, f: "add", a: tuple(1), k: {}, et: 5, s: true, r: 1, st: 5, ft: 6, q: "q", id: "i" },
  "dramatiq's message": {
    queue_name: "q",
    actor_name: "add",
    args: tuple(1),
    kwargs: {},
    options: {},
    message_id: "m",
    message_timestamp: 5,
  },
  "dramatiq's result": { __t: "dramatiq.results.Result", exn: { type: "ValueError", msg: "x" } },
};

const isText = (value: unknown) => typeof value === "string";
/** The fields that have to be there, and of their kind; whatever the others are, the rest is read. */
const NEEDED: Readonly<Record<keyof typeof DICTS, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  "arq's job": { f: isText, a: Array.isArray },
  "arq's result": { f: isText, a: Array.isArray, s: (value) => typeof value === "boolean" },
  "dramatiq's message": { actor_name: isText, args: Array.isArray },
  "dramatiq's result": {},
};
/** Of huey's tasks, by their place. Nine fields are the fewest that a version of huey writes. */
const NEEDED_OF_HUEY = [isText, isText, ...Array(4).fill(undefined), Array.isArray];
const FEWEST_OF_HUEY = 9;

const codec = pickleCodec();
const huey = hueyCodec();
const READERS: Readonly<Record<string, (raw: Buffer) => unknown>> = {
  "arq's job": (raw) => decodeJob(raw, codec, "key"),
  "arq's result": (raw) => decodeResult(raw, codec, "key"),
  "dramatiq's message": (raw) => decodeMessage(raw, codec, "key"),
  "dramatiq's result": (raw) => exceptionIn(codec.decode(raw)),
  "huey's task": (raw) => decodeTask(raw, huey, "key"),
};

/** Reads each, or is refused as it should be; how many were refused. */
function countRefused(read: (raw: Buffer) => unknown, raws: Iterable<Buffer>): number {
  let refused = 0;
  for (const raw of raws) {
    try {
      read(raw);
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
      expect(error).toMatchObject({ code: "decode", key: "key" });
      refused++;
    }
  }
  return refused;
}

describe.each(Object.keys(DICTS) as (keyof typeof DICTS)[])("%s", (name) => {
  const read = READERS[name]!;
  const whole: Readonly<Record<string, unknown>> = DICTS[name];

  test.each(Object.keys(whole))("with anything as %s, or without", (field) => {
    expect(countRefused(read, [Buffer.from(dumps(whole))])).toBe(0);
    const { [field]: _, ...rest } = whole;
    const changed = [rest, ...ODD.map((odd) => ({ ...whole, [field]: odd }))];
    const refused = countRefused(
      read,
      changed.map((dict) => Buffer.from(dumps(dict))),
    );
    const fits = NEEDED[name][field];
    expect(refused).toBe(fits === undefined ? 0 : 1 + ODD.filter((odd) => !fits(odd)).length);
  });

  test("with anything in its place", () => {
    const refused = countRefused(
      read,
      ODD.map((odd) => Buffer.from(dumps(odd))),
    );
    // An exception of dramatiq is looked for in whatever is there.
    expect(refused).toBe(name === "dramatiq's result" ? 0 : ODD.length);
  });
});

test("a task of huey with anything in any field, or with fewer", () => {
  const items: unknown[] = ["id", "tasks.add", null, 0, 0, null, tuple(1), {}, null, null, null, null, null, null, 0];
  const read = READERS["huey's task"]!;
  const written = (fields: unknown[]) => Buffer.from(huey.encode(new HueyMessage(fields)));
  const refused = items.map((_, i) =>
    countRefused(read, [items.slice(0, i), ...ODD.map((odd) => items.toSpliced(i, 1, odd))].map(written)),
  );
  expect(refused).toEqual(
    items.map((_, i) => {
      const fits = NEEDED_OF_HUEY[i];
      return Number(i < FEWEST_OF_HUEY) + (fits === undefined ? 0 : ODD.filter((odd) => !fits(odd)).length);
    }),
  );
  const anything = ODD.map((odd) => Buffer.from(dumps(odd)));
  expect(countRefused(read, anything)).toBe(ODD.length);
});

test.each(Object.keys(READERS).filter((name) => name !== "dramatiq's result"))(
  "%s, cut and with bytes changed",
  (name) => {
    const read = READERS[name]!;
    const message = new HueyMessage(["id", "tasks.add", null, 0, 0, null, tuple(1), {}, null]);
    const raw = Buffer.from(name === "huey's task" ? huey.encode(message) : dumps(DICTS[name as keyof typeof DICTS]));
    // Cut, none has its end.
    expect(
      countRefused(
        read,
        Array.from(raw, (_, i) => raw.subarray(0, i)),
      ),
    ).toBe(raw.length);
    const changed = [0, 46, 82, 133, 255].flatMap((byte) => Array.from(raw, (_, i) => Buffer.from(raw.with(i, byte))));
    expect(countRefused(read, changed)).toBeGreaterThan(raw.length);
  },
);
