/** Jobs and results as arq pickles them: dicts of one-letter keys. arq 0.26: `arq/jobs.py`. */
import { tuple } from "@brine/codec";
import type { ValueCodec } from "../dialects/dialect.js";
import { DecodeError } from "../errors.js";
import { decodeStored } from "../jobs/codec.js";

/** What arq stores of a job that has not ended: its `JobDef`. */
export interface ArqJobDef {
  /** The name under which the worker lists the function. */
  readonly func: string;
  /** Positional, without the context that arq's worker puts in front of them. */
  readonly args: readonly unknown[];
  /** By name; `{}` without any. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** How often it was tried before, or `null`. */
  readonly tries: number | null;
  /** When it was enqueued, to the millisecond. */
  readonly enqueuedAt: Date;
}

/** What arq stores when a job has ended: its `JobResult`. */
export interface ArqResult extends ArqJobDef {
  /** The job's; `undefined` where the arq that stored the result wrote none. */
  readonly id: string | undefined;
  /** Whether it returned; false: `result` is the exception. */
  readonly success: boolean;
  /** What it returned, or the exception. */
  readonly result: unknown;
  /** When a worker began with it, the last time. To the millisecond. */
  readonly startedAt: Date;
  /** When it ended, to the millisecond. */
  readonly finishedAt: Date;
  /** The key of the queue: `arq:queue`. */
  readonly queueName: string;
}

/** arq `serialize_job`. */
export function encodeJob(job: ArqJobDef, codec: ValueCodec): Buffer | string {
  return codec.encode({
    t: job.tries,
    f: job.func,
    a: tuple(...job.args),
    k: job.kwargs,
    et: job.enqueuedAt.getTime(),
  });
}

/** arq `deserialize_job`. */
export function decodeJob(raw: Buffer, codec: ValueCodec, key: string): ArqJobDef {
  return defOf(fieldsOf(raw, codec, key), raw, key);
}

/** arq `deserialize_result`. */
export function decodeResult(raw: Buffer, codec: ValueCodec, key: string): ArqResult {
  const fields = fieldsOf(raw, codec, key);
  const { s, r, st, ft, q, id } = fields;
  if (typeof s !== "boolean") throw unreadable(raw, key);
  return {
    ...defOf(fields, raw, key),
    id: typeof id === "string" ? id : undefined,
    success: s,
    result: r ?? null,
    startedAt: new Date(Number(st)),
    finishedAt: new Date(Number(ft)),
    queueName: String(q),
  };
}

function fieldsOf(raw: Buffer, codec: ValueCodec, key: string): Readonly<Record<string, unknown>> {
  const value = decodeStored(raw, codec, key, "arq");
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unreadable(raw, key);
  return (value instanceof Map ? Object.fromEntries(value) : value) as Readonly<Record<string, unknown>>;
}

function defOf({ t, f, a, k, et }: Readonly<Record<string, unknown>>, raw: Buffer, key: string): ArqJobDef {
  if (typeof f !== "string" || !Array.isArray(a)) throw unreadable(raw, key);
  return {
    func: f,
    args: [...(a as unknown[])],
    kwargs: (k ?? {}) as Record<string, unknown>,
    tries: typeof t === "number" ? t : null,
    enqueuedAt: new Date(Number(et)),
  };
}

function unreadable(raw: Buffer, key: string): DecodeError {
  return new DecodeError(key, "arq", raw, new Error("it is no job of arq"));
}
