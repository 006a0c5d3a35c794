/** What arq, huey and dramatiq stored: read, and written back to the same bytes. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { PyException, repr } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { decodeResult as decodeArqResult, decodeJob, encodeJob } from "../arq/message.js";
import { pickleCodec, toBuffer, type ValueCodec } from "../dialects/dialect.js";
import { decodeMessage, encodeMessage, exceptionIn } from "../dramatiq/message.js";
import { decodeTask, HueyError, hueyCodec, messageOf } from "../huey/message.js";
import { codecOf } from "./codec.js";

interface Capture {
  readonly capture: string;
  readonly entries: readonly { readonly key: string; readonly type: string; readonly value: unknown }[];
}

const captures = ["other", "jobs"].flatMap((file) =>
  readFileSync(new URL(`../../../../test/captures/redis/${file}.jsonl`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Capture),
);
const bytes = (text: unknown) => Buffer.from(text as string, "base64");
/** The value at a key, of a producer. */
function captured(producer: string, key: string): unknown {
  const { entries } = captures.find(({ capture }) => capture === `bookworm__${producer}`)!;
  return entries.find((entry) => entry.key === key)!.value;
}
const same = (codec: ValueCodec, raw: Buffer) =>
  expect(toBuffer(Buffer.from(codec.encode(codec.decode(raw)))).toString("latin1")).toBe(raw.toString("latin1"));

describe("arq 0.26", () => {
  const codec = pickleCodec();

  test.each(["jobqueued", "jobdeferred"])("%s is read and written to the same bytes", (id) => {
    const raw = bytes(captured("arq", `arq:job:${id}`));
    const job = decodeJob(raw, codec, id);
    expect(job).toMatchObject({ func: "add", tries: null });
    expect(Buffer.from(encodeJob(job, codec)).toString("latin1")).toBe(raw.toString("latin1"));
  });

  test("results are read, and written back to the same bytes", () => {
    const [good, bad] = ["jobdone", "jobbad"].map((id) => bytes(captured("arq", `arq:result:${id}`)));
    expect(decodeArqResult(good!, codec, "")).toMatchObject({
      id: "jobdone",
      func: "add",
      args: [1],
      kwargs: { b: 2 },
      success: true,
      result: { sum: 3 },
      tries: 1,
      queueName: "arq:queue",
    });
    const { success, result } = decodeArqResult(bad!, codec, "");
    expect(success).toBe(false);
    expect(result).toBeInstanceOf(PyException);
    expect(repr(result)).toBe("ValueError('boom')");
    for (const raw of [good!, bad!]) same(codec, raw);
  });
});

describe("huey 3.3", () => {
  const codec = hueyCodec({ pickle: { protocol: 5 } });

  test("tasks are read, and written from scratch to the same bytes", () => {
    const [first, second] = (captured("huey", "huey.redis.myapp") as string[]).map(bytes);
    const [late, now] = [decodeTask(first!, codec, ""), decodeTask(second!, codec, "")];
    expect(late).toMatchObject({ name: "__main__.add", args: [3, 4], kwargs: {} });
    expect(String(late.eta)).toMatch(/^2026-11-23[ T]16:37:43.*/);
    expect(now).toMatchObject({ args: [1], kwargs: { b: 2 }, eta: null });
    for (const [task, raw] of [
      [late, first!],
      [now, second!],
    ] as const)
      expect(Buffer.from(codec.encode(messageOf(task, 3))).toString("latin1")).toBe(raw.toString("latin1"));
  });

  test("compressed, signed and prioritized tasks are read", () => {
    const [gz] = captured("huey", "huey.redis.gz") as string[];
    const zipped = hueyCodec({ compression: "gzip", pickle: { protocol: 5 } });
    expect(decodeTask(bytes(gz), zipped, "").args).toEqual(["x".repeat(50)]);
    same(codec, gunzipSync(bytes(gz)));
    const [signed] = captured("huey", "huey.redis.signed") as string[];
    const raw = bytes(signed);
    const at = raw.lastIndexOf(":");
    same(codec, raw.subarray(0, at));
    const own = hueyCodec({ secrets: ["new", "s3cret"], pickle: { protocol: 5 } });
    expect(decodeTask(raw, own, "").args).toEqual([1]);
    same(hueyCodec({ secrets: ["s3cret"], pickle: { protocol: 5 } }), raw);
    expect(() => hueyCodec({ secrets: ["other"] }).decode(raw)).toThrow(/signature/i);
    const [[member]] = captured("huey", "huey.redis.prio") as [[string]];
    same(codec, bytes(member).subarray(8));
    expect(decodeTask(bytes(member).subarray(8), codec, "").priority).toBe(9);
  });

  test("results and errors are read, and written back to the same bytes", () => {
    const results = Object.values(captured("huey", "huey.results.exec") as Record<string, string>).map(bytes);
    for (const raw of results) same(codec, raw);
    const [good, bad] = results.map((raw) => codec.decode(raw));
    expect(good).toEqual({ sum: 3 });
    expect(bad).toBeInstanceOf(HueyError);
    expect((bad as HueyError).metadata).toMatchObject({ error: "ValueError('boom')", retries: 1 });
    const [[scheduled]] = captured("huey", "huey.schedule.exec") as [[string]];
    expect(decodeTask(bytes(scheduled), codec, "")).toMatchObject({ args: [], retryDelay: 10 });
    same(codec, bytes(scheduled));
  });
});

describe("dramatiq 2.2", () => {
  test("messages are read, and written from scratch to the same bytes", () => {
    const messages = ["dramatiq:default.DQ.msgs", "dramatiq:default.msgs"].map((key) =>
      bytes(Object.values(captured("dramatiq", key) as Record<string, string>)[0]),
    );
    const codecs = [codecOf("pickle", {}), codecOf("json", {})];
    const [delayed, now] = messages.map((raw, i) => decodeMessage(raw, codecs[i]!, ""));
    expect(delayed).toMatchObject({ queueName: "default.DQ", actorName: "add", args: [3], kwargs: { y: 4 } });
    expect(now).toMatchObject({ queueName: "default", actorName: "add", args: [1, 2], kwargs: {} });
    const [ours, oursAsJson] = [delayed!, now!].map((message, i) => Buffer.from(encodeMessage(message, codecs[i]!)));
    expect(ours!.toString("latin1")).toBe(messages[0]!.toString("latin1"));
    // JSON differs by the spaces that dramatiq leaves out.
    expect(JSON.stringify(JSON.parse(oursAsJson!.toString()))).toBe(messages[1]!.toString());
  });

  test("results and errors are read, and written back to the same bytes", () => {
    const codec = codecOf("pickle", {});
    const [good, bad] = ["44d3ed78168f74f217667c66d365db31", "4659d64dacd9fb3bbc0898a1349f2bc0"].map((key) =>
      bytes((captured("dramatiq", key) as string[])[0]),
    );
    same(codec, good!);
    same(codec, bad!);
    expect(codec.decode(good!)).toEqual({ sum: 3 });
    expect(exceptionIn(codec.decode(good!))).toBeUndefined();
    expect(exceptionIn(codec.decode(bad!))).toMatchObject({ pythonClass: "builtins.ValueError", message: "boom" });
  });
});
