/** huey's messages and errors as it pickles them, and what it puts around the pickle. */
import { ClassRegistry, type PyDateTime, tuple } from "@brine/codec";
import { type CompressorName, compressor } from "../dialects/compressors.js";
import { type Dialect, type PickleOptions, pickleCodec, toBuffer, type ValueCodec } from "../dialects/dialect.js";
import { plain } from "../dialects/plain.js";
import { signed } from "../dialects/signed.js";
import { DecodeError, RedisAdapterError } from "../errors.js";
import { decodeStored } from "../jobs/codec.js";

/** The fields of `huey.registry.Message`, a named tuple to which versions added fields at the end. */
const FIELDS = {
  2: 12,
  3: 15,
} as const;
const MIN_FIELDS = 9;
const MAX_FIELDS = 32;

/** `huey.registry.Message`. */
export class HueyMessage {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }

  static __new__(...items: unknown[]): HueyMessage {
    if (items.length < MIN_FIELDS || items.length > MAX_FIELDS)
      throw new RedisAdapterError(`A message of huey has no ${items.length} fields`, { code: "decode" });
    return new HueyMessage(items);
  }

  __getnewargs__(): readonly unknown[] {
    return this.items;
  }

  __getstate__(): null {
    return null;
  }
}

/** `huey.utils.Error`: what is stored of a task that failed. */
export class HueyError {
  readonly metadata: Readonly<Record<string, unknown>>;

  constructor(metadata: Readonly<Record<string, unknown>>) {
    this.metadata = metadata;
  }

  static __new__(metadata: unknown): HueyError {
    if (typeof metadata !== "object" || metadata === null)
      throw new RedisAdapterError("An error of huey has a dict", { code: "decode" });
    return new HueyError(
      metadata instanceof Map ? Object.fromEntries(metadata) : (metadata as Record<string, unknown>),
    );
  }

  __getnewargs__(): readonly unknown[] {
    return [this.metadata];
  }

  __getstate__(): null {
    return null;
  }
}

/** How a huey serializes: what its `serializer` and the options `compression` and `use_zlib` say. */
export interface HueyFormat {
  /** `Huey(compression=True)`: gzip, or with `use_zlib=True` zlib. Default: not compressed. */
  readonly compression?: Extract<CompressorName, "gzip" | "zlib"> | undefined;
  /** `SignedSerializer(secret=...)`: the first signs, all verify. Default: not signed. */
  readonly secrets?: readonly string[] | undefined;
  /** `SignedSerializer(salt=...)`. Default `"huey"`. */
  readonly salt?: string | undefined;
  /** How values are pickled; huey's own classes are added to its registry. Default: that of {@link PickleOptions}. */
  readonly pickle?: PickleOptions | undefined;
}

/** Bytes of a decompressed message at most. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The codec of a huey's `serializer`. */
export function hueyCodec({ compression, secrets, salt, pickle = {} }: HueyFormat = {}): ValueCodec {
  const registry = new ClassRegistry(pickle.registry === undefined ? {} : { extends: [pickle.registry] });
  registry.register("huey.registry.Message", HueyMessage).register("huey.utils.Error", HueyError);
  const options = { ...pickle, registry };
  const inner: ValueCodec | Dialect =
    secrets === undefined
      ? pickleCodec(options)
      : signed(plain(options), { keys: secrets, format: "huey", ...(salt === undefined ? {} : { salt }) });
  if (compression === undefined) return inner;
  const method = compressor(compression);
  return {
    encode: (value) => toBuffer(method.compress(Buffer.from(inner.encode(value)))),
    // huey `_deserialize`: by the magic bytes, whatever is configured.
    decode: (raw) => inner.decode(method.matches(raw) ? toBuffer(method.decompress(raw, MAX_BYTES)) : raw),
  };
}

/** A task of huey as it is stored. */
export interface HueyTaskInfo {
  /** A UUID, unless who enqueued it gave another. */
  readonly id: string;
  /** The function's: `module.function`. */
  readonly name: string;
  /** Positional. */
  readonly args: readonly unknown[];
  /** By name; `{}` without any. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** When it may run, as huey stores it: without a time zone, in UTC unless huey has `utc=False`; `null`: at once. */
  readonly eta: PyDateTime | null;
  /** How often it may still be run again. */
  readonly retries: number;
  /** Seconds before each retry. */
  readonly retryDelay: number;
  /** Higher is earlier; `null`: none. */
  readonly priority: number | null;
  /** Every field of the named tuple, in huey's order. */
  readonly fields: readonly unknown[];
}

/** The message of a task; `version` says how many fields it has. */
export function messageOf(
  task: Omit<HueyTaskInfo, "fields"> & { readonly expires?: unknown },
  version: keyof typeof FIELDS,
): HueyMessage {
  const { id, name, eta, retries, retryDelay, priority, args, kwargs, expires } = task;
  const known = [id, name, eta, retries, retryDelay, priority, tuple(...args), kwargs, null, null, expires ?? null];
  const items = [...known, ...Array.from({ length: FIELDS[version] - known.length }, () => null as unknown)];
  // huey 3 `retry_backoff`.
  if (version === 3) items[14] = 0;
  return new HueyMessage(items);
}

/** @throws DecodeError for what is no message */
export function decodeTask(raw: Buffer, codec: ValueCodec, key: string): HueyTaskInfo {
  const message = decodeStored(raw, codec, key, "huey");
  const [id, name, eta, retries, retryDelay, priority, args, kwargs] =
    message instanceof HueyMessage ? message.items : [];
  if (!(message instanceof HueyMessage) || typeof id !== "string" || typeof name !== "string" || !Array.isArray(args))
    throw new DecodeError(key, "huey", raw, new Error("it is no message of huey"));
  return {
    id,
    name,
    args: [...(args as unknown[])],
    kwargs: (kwargs ?? {}) as Record<string, unknown>,
    eta: (eta ?? null) as PyDateTime | null,
    retries: Number(retries ?? 0),
    retryDelay: Number(retryDelay ?? 0),
    priority: typeof priority === "number" ? priority : null,
    fields: message.items,
  };
}
