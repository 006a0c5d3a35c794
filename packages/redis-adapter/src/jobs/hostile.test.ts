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

const codec = pickleCodec();
const huey = hueyCodec();
const READERS: Readonly<Record<string, (raw: Buffer) => unknown>> = {
  "arq's job": (raw) => decodeJob(raw, codec, "key"),
  "arq's result": (raw) => decodeResult(raw, codec, "key"),
  "dramatiq's message": (raw) => decodeMessage(raw, codec, "key"),
  "dramatiq's result": (raw) => exceptionIn(codec.decode(raw)),
  "huey's task": (raw) => decodeTask(raw, huey, "key"),
};

function isReadOrRefused(read: (raw: Buffer) => unknown, raw: Buffer): void {
  try {
    read(raw);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({ code: "decode", key: "key" });
  }
}

describe.each(Object.keys(DICTS) as (keyof typeof DICTS)[])("%s", (name) => {
  const read = READERS[name]!;
  const whole: Readonly<Record<string, unknown>> = DICTS[name];

  test.each(Object.keys(whole))("with anything as %s, or without", (field) => {
    read(Buffer.from(dumps(whole)));
    for (const odd of ODD) isReadOrRefused(read, Buffer.from(dumps({ ...whole, [field]: odd })));
    const { [field]: _, ...rest } = whole;
    isReadOrRefused(read, Buffer.from(dumps(rest)));
  });

  test("with anything in its place", () => {
    for (const odd of ODD) isReadOrRefused(read, Buffer.from(dumps(odd)));
  });
});

test("a task of huey with anything in any field, or with fewer", () => {
  const items: unknown[] = ["id", "tasks.add", null, 0, 0, null, tuple(1), {}, null, null, null, null, null, null, 0];
  const read = READERS["huey's task"]!;
  const written = (fields: unknown[]) => Buffer.from(huey.encode(new HueyMessage(fields)));
  for (let i = 0; i < items.length; i++) {
    for (const odd of ODD) isReadOrRefused(read, written(items.toSpliced(i, 1, odd)));
    isReadOrRefused(read, written(items.slice(0, i)));
  }
  for (const odd of ODD) isReadOrRefused(read, Buffer.from(dumps(odd)));
});

test.each(Object.keys(READERS).filter((name) => name !== "dramatiq's result"))(
  "%s, cut and with bytes changed",
  (name) => {
    const read = READERS[name]!;
    const message = new HueyMessage(["id", "tasks.add", null, 0, 0, null, tuple(1), {}, null]);
    const raw = Buffer.from(name === "huey's task" ? huey.encode(message) : dumps(DICTS[name as keyof typeof DICTS]));
    for (let i = 0; i < raw.length; i++) {
      isReadOrRefused(read, raw.subarray(0, i));
      for (const byte of [0, 46, 82, 133, 255]) {
        const changed = Buffer.from(raw);
        changed[i] = byte;
        isReadOrRefused(read, changed);
      }
    }
  },
);
