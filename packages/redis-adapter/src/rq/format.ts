/** How RQ writes times, durations and the job itself. */
import { deflateSync, inflateSync } from "node:zlib";
import { repr, type Tuple, tuple } from "@brine/codec";
import type { ValueCodec } from "../dialects/dialect.js";
import { DecodeError, RedisAdapterError } from "../errors.js";
import { decodeStored, type JobSerializer } from "../jobs/codec.js";

/** A number of seconds, or as RQ's `"1h"`; -1: none. */
export type Duration = number | `${number}${"s" | "m" | "h" | "d"}`;

/** How functions, arguments and results travel: `Queue(serializer=...)`. Every queue and worker must agree. */
export type RqSerializer = JobSerializer;

/** What a job of RQ calls: what its field `data` holds. */
export interface Call {
  /** `"module.function"`, or the method's name when there is an instance. */
  readonly func: string;
  /** Of a bound method: its object; else `null`. */
  readonly instance: unknown;
  /** Positional, without the instance. */
  readonly args: readonly unknown[];
  /** By name; `{}` without any. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** How long RQ keeps failed jobs, in seconds. */
export const YEAR = 31_536_000;
/** Characters of an argument in a description, at most. */
const DESCRIBED = 75;
/** Bytes of a decompressed job at most. */
const MAX_BYTES = 256 * 1024 * 1024;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** rq `utils.py` parse_timeout: whole seconds. */
export function seconds(name: string, duration: Duration): number {
  const match = /^(-?\d+(?:\.\d+)?)([smhd]?)$/i.exec(String(duration));
  if (match === null) {
    throw new RedisAdapterError(`Cannot use ${JSON.stringify(duration)} for ${name}: write seconds, or "1h"`, {
      code: "bad-option",
    });
  }
  return Math.trunc(Number(match[1]) * (UNITS[match[2]!.toLowerCase()] ?? 1));
}

/** UTC with six decimals: rq `utils.py` utcformat. */
export function utcformat(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}

export function unixSeconds(date: Date): number {
  return Math.trunc(date.getTime() / 1000);
}

export function encodeCall(call: Call, codec: ValueCodec): Buffer {
  return deflateSync(codec.encode(tuple(call.func, call.instance, tuple(...call.args), call.kwargs)));
}

/** @throws DecodeError */
export function decodeCall(data: Buffer, codec: ValueCodec, key: string): Call {
  let bytes = data;
  try {
    bytes = inflateSync(data, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw new DecodeError(key, "rq", data, error);
    // rq: what is not compressed is taken as it is.
  }
  const call = decodeStored(bytes, codec, key, "rq") as readonly unknown[] | Tuple;
  if (!Array.isArray(call) || call.length !== 4 || typeof call[0] !== "string" || !Array.isArray(call[2]))
    throw new DecodeError(key, "rq", bytes, new Error("it is no (function, instance, args, kwargs)"));
  const kwargs: Record<string, unknown> = Object.assign(
    Object.create(null),
    call[3] instanceof Map ? Object.fromEntries(call[3]) : (call[3] ?? {}),
  );
  return { func: call[0], instance: call[1] ?? null, args: [...(call[2] as unknown[])], kwargs };
}

/** `module.function(1, 'a', key=2)`: rq `utils.py` get_call_string. */
export function callString(call: Call): string {
  const short = (value: unknown) => {
    // Python counts characters, of which some are two units here.
    const text = [...repr(value)];
    return text.length > DESCRIBED ? `${text.slice(0, DESCRIBED).join("")}...` : text.join("");
  };
  const kwargs = Object.entries(call.kwargs).map(([key, value]) => `${key}=${short(value)}`);
  return `${call.func}(${[...call.args.map(short), ...kwargs.sort()].join(", ")})`;
}

/** @throws DecodeError */
export function decodeResult(text: string, codec: ValueCodec, key: string): unknown {
  return decodeStored(Buffer.from(text, "base64"), codec, key, "rq");
}

export function encodeTraceback(text: string): string {
  return deflateSync(text).toString("base64");
}

export function decodeTraceback(text: string): string {
  const bytes = Buffer.from(text, "base64");
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_BYTES }).toString();
  } catch {
    return text;
  }
}

/** The list of seconds in `retry_intervals` and `repeat_intervals`; empty for what is no such list. */
export function intervalsOf(raw: Buffer | undefined): readonly number[] {
  if (raw === undefined) return [];
  try {
    const list: unknown = JSON.parse(raw.toString());
    return Array.isArray(list) ? list.filter((one): one is number => typeof one === "number") : [];
  } catch {
    return [];
  }
}
