/** What rq 1.13, 2.3.3 and 2.10 stored: every job and result read, every enqueued job written anew, field by field. */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { PyDate, repr } from "@brine/codec";
import { describe, expect, test } from "vitest";

import { pickleCodec } from "../dialects/dialect.js";
import { jobHash, type RqEnqueueOptions } from "./enqueue.js";
import { decodeCall, decodeResult, decodeTraceback } from "./format.js";
import { jobInfo } from "./job-info.js";

/** By the last part of a job's id: its result as Python shows it, or the last line of its traceback. */
function resultsOf({ capture }: { readonly capture: string }): Record<string, string> {
  return {
    basic: "{'sum': 3, 'when': datetime.date(2024, 1, 1), 't': (1, 2)}",
    dep: "{'sum': 4, 'when': datetime.date(2024, 1, 1), 't': (4, 0)}",
    full: "{'sum': 3, 'when': datetime.date(2024, 1, 1), 't': (3, 0)}",
    inst: "('K.m', 5, 9)",
    none: "None",
    fail: "ValueError: boom",
    // rq 2 keeps a text in its place.
    unpick: capture.includes("rq1")
      ? "AttributeError: Can't pickle local object 'ret_unpicklable.<locals>.<lambda>'"
      : "'Unserializable return value'",
  };
}

interface Capture {
  readonly capture: string;
  readonly entries: readonly { readonly key: string; readonly type: string; readonly value: unknown }[];
}

const captures = readFileSync(new URL("../../../../test/captures/redis/rq.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  // Python writes the score of what never expires as no JSON has it.
  .map((line) => JSON.parse(line.replaceAll(",Infinity]", ",1e999]")) as Capture);

const codec = pickleCodec({ protocol: 5, unregistered: "opaque", opaque: "allow" });
const bytes = (text: string) => Buffer.from(text, "base64");

function hashes({ entries }: Capture): [id: string, fields: Map<string, Buffer>][] {
  return entries
    .filter(({ key, type }) => type === "hash" && key.startsWith("rq:job:"))
    .map(({ key, value }) => [
      key.slice("rq:job:".length),
      new Map(Object.entries(value as Record<string, string>).map(([name, text]) => [name, bytes(text)])),
    ]);
}

/** What was enqueued, from the capture's own calls. */
const CALLS: Readonly<
  Record<
    string,
    {
      readonly func: string;
      readonly args?: unknown[];
      readonly kwargs?: Record<string, unknown>;
      readonly options?: RqEnqueueOptions;
    }
  >
> = {
  "job-basic": { func: "jobs.add", args: [1], kwargs: { b: 2 } },
  "job-dep": { func: "jobs.add", args: [4], options: { dependsOn: "job-basic" } },
  "job-fail": { func: "jobs.fail", args: ["boom"], options: { failureTtl: 3600 } },
  "job-full": {
    func: "jobs.add",
    args: [3],
    options: {
      description: "my desc",
      timeout: "1h",
      resultTtl: 600,
      failureTtl: 900,
      ttl: "2h",
      meta: { u: 7, d: PyDate.from("2024-01-01") },
      retry: { max: 3, interval: [10, 30, 60] },
      onSuccess: "jobs.on_ok",
      onFailure: "jobs.on_fail",
    },
  },
  "job-none": { func: "jobs.ret_none" },
  "job-sched": { func: "jobs.add", args: [5], options: { at: new Date("2099-01-01T00:00:00Z") } },
  "job-unpick": { func: "jobs.ret_unpicklable" },
};

/** Fields that came with rq 2; rq 1 does not look at them. */
const NEW_IN_2 = ["group_id", "stopped_callback_name", "success_callback_timeout", "failure_callback_timeout"];
/** What depends on what is in Redis, and so is the script's part. */
const OF_SCRIPT = ["status", "enqueued_at"];

describe.each(captures.filter(({ capture }) => capture.endsWith("__enqueued")))("$capture", (capture) => {
  test.each(Object.entries(CALLS))(
    "%s is written with the same fields and bytes",
    (id, { func, args, kwargs, options }) => {
      const captured = new Map(hashes(capture)).get(id)!;
      const written = jobHash(
        {
          queue: "q1",
          func,
          args: args ?? [],
          kwargs: kwargs ?? {},
          options: options ?? {},
          createdAt: String(captured.get("created_at")),
          defaultTimeout: 180,
        },
        codec,
      );
      const hex = (name: string, value: unknown) => {
        const raw = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
        return (name === "data" ? inflateSync(raw) : raw).toString("latin1");
      };
      const expected = [...captured].filter(([name]) => !OF_SCRIPT.includes(name));
      const ours = [...written].filter(([name]) => captured.has(name) || !NEW_IN_2.includes(name));
      expect(Object.fromEntries(ours.map(([name, value]) => [name, hex(name, value)]))).toEqual(
        Object.fromEntries(expected.map(([name, value]) => [name, hex(name, value)])),
      );
    },
  );
});

describe.each(captures)("$capture", (capture) => {
  test("is read: every job", () => {
    const infos = new Map(hashes(capture).map(([id, fields]) => [id, jobInfo(id, fields, codec)]));
    expect([...infos.keys()].sort()).toEqual([...Object.keys(CALLS), "job-inst"].sort());
    const full = infos.get("job-full")!;
    expect(full).toMatchObject({
      origin: "q1",
      timeout: 3600,
      resultTtl: 600,
      failureTtl: 900,
      ttl: 7200,
      retriesLeft: 3,
      retryIntervals: [10, 30, 60],
      onSuccess: "jobs.on_ok",
      onFailure: "jobs.on_fail",
      onStopped: undefined,
    });
    expect(repr(full.meta())).toBe("{'u': 7, 'd': datetime.date(2024, 1, 1)}");
    expect(full.createdAt?.getUTCFullYear()).toBe(2026);
    expect(infos.get("job-dep")!.dependencyIds).toEqual(["job-basic"]);
    expect(infos.get("job-basic")!.call()).toMatchObject({
      func: "jobs.add",
      args: [1],
      kwargs: { b: 2 },
      instance: null,
    });
    expect(infos.get("job-inst")!.call()).toMatchObject({ func: "m", args: [9] });
  });

  test("is read: every result", () => {
    const results = capture.entries.filter(({ type }) => type === "stream");
    const shown = new Map<string, string>();
    for (const { key, value } of results) {
      const [[, fields]] = value as [[string, Record<string, string>]];
      const text = (name: string) => (fields[name] === undefined ? undefined : bytes(fields[name]).toString());
      const traceback = text("exc_string");
      const result = text("return_value");
      const found =
        traceback === undefined
          ? repr(result === undefined ? null : decodeResult(result, codec, "key"))
          : decodeTraceback(traceback).trim().split("\n").at(-1)!;
      shown.set(key.slice(key.lastIndexOf("-") + 1), found);
    }
    expect(Object.fromEntries(shown)).toEqual(capture.capture.endsWith("afterwork") ? resultsOf(capture) : {});
  });

  test("has the same bytes after it was read and written", () => {
    for (const [id, fields] of hashes(capture)) {
      const raw = inflateSync(fields.get("data")!);
      const { func, instance, args, kwargs } = decodeCall(fields.get("data")!, codec, "key");
      if (id === "job-inst") continue;
      const again = jobHash(
        { queue: "q1", func, args, kwargs, options: {}, createdAt: "", defaultTimeout: 180 },
        codec,
      ).get("data") as Buffer;
      expect(instance).toBeNull();
      expect(inflateSync(again).toString("latin1"), id).toBe(raw.toString("latin1"));
    }
  });
});
