/** Options of {@link pickled} and of its commands. */
import { optionNames } from "@brine/codec/options";
import type { Dialect, Ttl } from "../dialects/dialect.js";
import type { DecodeError } from "../errors.js";
import type { RedisLike } from "./driver/client.js";

/** What to do with a value that cannot be decoded. `"miss"`: as if there were none. A function's result stands for the value. */
export type OnDecodeError =
  | "throw"
  | "miss"
  | ((error: DecodeError, context: { readonly key: string; readonly raw: Buffer }) => unknown);

/** What {@link pickled} takes. Everything is optional. */
export interface PickledRedisOptions {
  /** How keys and values are written and lifetimes treated: whose library reads them. Default {@link plain}. */
  readonly dialect?: Dialect | undefined;
  /** Bytes of one stored value at most: longer ones are neither decoded nor stored. Default 64 MiB. */
  readonly maxValueBytes?: number | undefined;
  /** What to do with a value that cannot be decoded, which is never deleted. Default `"throw"`. */
  readonly onDecodeError?: OnDecodeError | undefined;
  /**
   * Clients of replicas: what only reads goes to one of them at random, as in Django when `LOCATION` names several servers.
   * They may lag behind. Pipelines, scans and streams stay with the client itself. Default none.
   */
  readonly replicas?: readonly RedisLike[] | undefined;
}

export const PICKLED_OPTIONS = /* @__PURE__ */ optionNames<PickledRedisOptions>(
  { dialect: true, maxValueBytes: true, onDecodeError: true, replicas: true },
  {
    instead: [
      ["prefix", "give it to the dialect, as in plain({ prefix })"],
      ["keyPrefix", "give it to the dialect, as in plain({ prefix })"],
      ["serializer", "write dialect"],
      ["registry", "give it to the dialect, as in plain({ registry })"],
      ["maxBytes", "maxValueBytes"],
    ],
  },
);

export interface ResolvedOptions {
  readonly replicas: readonly RedisLike[];
  readonly dialect: Dialect;
  readonly maxValueBytes: number;
  readonly onDecodeError: OnDecodeError;
}

/** A validator: Zod, Valibot, ArkType, ... (standardschema.dev). */
export interface StandardSchema<T = unknown> {
  /** The one property that every such validator has; of what is in it, `validate` alone is used. */
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
  };
}

type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** How a command that reads treats what it finds. */
export interface ReadOptions<T = unknown> {
  /** Validates, and may transform, what was decoded. Default: none. @throws RedisAdapterError `schema` */
  readonly schema?: StandardSchema<T> | undefined;
  /** Django's `version`. Default: the dialect's. */
  readonly version?: number | undefined;
  /** What to do with a value that cannot be decoded. Default: the option of {@link pickled}. */
  readonly onDecodeError?: OnDecodeError | undefined;
}

export const READ_OPTIONS = /* @__PURE__ */ optionNames<ReadOptions>({
  schema: true,
  version: true,
  onDecodeError: true,
});

/** Lifetime and conditions. `ttl` (milliseconds) obeys the dialect, the rest are Redis' own words. */
export interface SetOptions {
  /** Lifetime in milliseconds, `null` for ever; default: the dialect's, which is none for plain and 300,000 for Django. */
  readonly ttl?: Ttl | undefined;
  /** Milliseconds for which Redis keeps it longer than `ttl` says. Default 0. */
  readonly grace?: number | undefined;
  /** Lifetime in seconds. Default: that of `ttl`. */
  readonly ex?: number | undefined;
  /** Lifetime in milliseconds. Default: that of `ttl`. */
  readonly px?: number | undefined;
  /** Its end, as a Unix time in seconds. Default: that of `ttl`. */
  readonly exat?: number | undefined;
  /** Its end, as a Unix time in milliseconds. Default: that of `ttl`. */
  readonly pxat?: number | undefined;
  /** Keep the lifetime that the key has. Default false. */
  readonly keepTtl?: boolean | undefined;
  /** Only if there is no such key. Default false. */
  readonly nx?: boolean | undefined;
  /** Only if there is one. Default false. */
  readonly xx?: boolean | undefined;
  /** Django's `version`. Default: the dialect's. */
  readonly version?: number | undefined;
}

export const SET_OPTIONS = /* @__PURE__ */ optionNames<SetOptions>(
  {
    ttl: true,
    grace: true,
    ex: true,
    px: true,
    exat: true,
    pxat: true,
    keepTtl: true,
    nx: true,
    xx: true,
    version: true,
  },
  {
    instead: [
      ["ttlSeconds", "ex"],
      ["expire", "ex"],
      ["timeout", "write ttl, in milliseconds"],
      ["keepttl", "keepTtl"],
    ],
  },
);

/** Bytes of one stored value that are decoded by default: above any sane cache, below what stalls a process. */
export const DEFAULT_MAX_VALUE_BYTES = 64 * 1024 * 1024;
