/** What every command of a {@link PickledRedis} shares: keys, values and their errors. */
import { type Dialect, type Ttl, toBuffer } from "../dialects/dialect.js";
import { DecodeError, RedisAdapterError } from "../errors.js";
import type { Arg, Command } from "./driver/client.js";
import { after } from "./eventual.js";
import type { OnDecodeError, ReadOptions, ResolvedOptions, SetOptions, StandardSchema } from "./options.js";

/** Redis' own words for a lifetime. */
const LIFETIMES = ["ex", "px", "exat", "pxat"] as const;

export class CommandContext {
  readonly dialect: Dialect;
  readonly #options: ResolvedOptions;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.dialect = options.dialect;
  }

  /** @throws RedisAdapterError `bad-option` for what is no text: `undefined` would be one key for all whose id is missing */
  key(key: string, version?: number): string {
    return this.dialect.key(text(key), version);
  }

  /** Where a field's value is. */
  place(hash: string, field: string): string {
    return `${this.hash(hash)} ${this.field(field)}`;
  }

  hash(name: string): string {
    return this.dialect.hash === undefined ? this.key(name) : this.dialect.hash(text(name));
  }

  field(field: string): string {
    const name = text(field, "the name of a field");
    return this.dialect.field === undefined ? name : this.dialect.field(name);
  }

  unfield(field: string): string {
    return this.dialect.unfield === undefined ? field : this.dialect.unfield(field);
  }

  /** @throws RedisAdapterError `encode` for a value that would be stored empty, which no reader can tell from garbage */
  encode(value: unknown, place: string, ttl?: Ttl): Buffer | string {
    const bytes = storable(this.dialect.encode(value, place, ttl), this.dialect);
    if (bytes.length === 0) {
      throw new RedisAdapterError(`Cannot store an empty value: ${this.dialect.name} has no such form`, {
        code: "encode",
      });
    }
    if (bytes.length > this.#options.maxValueBytes) {
      throw new RedisAdapterError(
        `Cannot store a value of ${bytes.length} bytes: maxValueBytes is ${this.#options.maxValueBytes}`,
        { code: "too-large" },
      );
    }
    return bytes;
  }

  /** The value of a reply, or its promise; `undefined` for a missing one. `place` as in `encode`; `key` is for messages. */
  decode(raw: unknown, place: string, key: string, options?: ReadOptions): unknown {
    if (raw === null || raw === undefined) return undefined;
    const bytes = raw as Buffer;
    const policy: OnDecodeError = options?.onDecodeError ?? this.#options.onDecodeError;
    let value: unknown;
    try {
      if (bytes.length > this.#options.maxValueBytes) {
        throw new RedisAdapterError(`longer than maxValueBytes (${this.#options.maxValueBytes})`, { code: "decode" });
      }
      value = this.dialect.decode(bytes, place);
    } catch (cause) {
      const error = new DecodeError(key, this.dialect.name, bytes, cause);
      if (policy === "throw") throw error;
      return policy === "miss" ? undefined : policy(error, { key, raw: bytes });
    }
    return options?.schema === undefined ? value : validate(value, options.schema, key);
  }

  /** Adds the arguments of SET that say how long. */
  addExpiry(args: Arg[], options: SetOptions): void {
    let word: (typeof LIFETIMES)[number] | undefined;
    let count = (options.ttl === undefined ? 0 : 1) + (options.keepTtl ? 1 : 0);
    for (const each of LIFETIMES) {
      if (options[each] === undefined) continue;
      word = each;
      count++;
    }
    if (count > 1) {
      throw new RedisAdapterError("Cannot set two lifetimes: give one of ttl, ex, px, exat, pxat, keepTtl", {
        code: "bad-option",
      });
    }
    if (word !== undefined) {
      args.push(word.toUpperCase(), options[word]!);
      return;
    }
    if (options.keepTtl) {
      args.push("KEEPTTL");
      return;
    }
    const expiry = this.dialect.ttl(options.ttl);
    if (expiry === "persist") return;
    // A lifetime that is over: Redis refuses 0, one millisecond is as good.
    if (expiry === "delete") args.push("PX", 1);
    else args.push("PX", Math.round(expiry.px + (this.dialect.graceTtl ?? 0) + (options.grace ?? 0)));
  }

  /** The lifetime that goes into the value of a dialect that keeps it there. */
  lifetime(options: SetOptions): Ttl {
    if (options.px !== undefined) return options.px;
    if (options.ex !== undefined) return options.ex * 1000;
    if (options.pxat !== undefined) return options.pxat - Date.now();
    if (options.exat !== undefined) return options.exat * 1000 - Date.now();
    return options.ttl === undefined ? this.dialect.defaultTtl : options.ttl;
  }

  /** @throws RedisAdapterError `unsupported` where members cannot be found by their bytes */
  needCanonical(command: string): void {
    if (this.dialect.canonical) return;
    throw new RedisAdapterError(
      `Cannot use ${command}: equal values of ${this.dialect.name} do not have equal bytes, and Redis compares bytes`,
      { code: "unsupported" },
    );
  }
}

/** Without types a number may come, which is its digits, as in Python. */
export function text(key: unknown, what = "a key"): string {
  if (typeof key === "number") return String(key);
  if (typeof key !== "string") {
    throw new RedisAdapterError(`Cannot use ${key === null ? "null" : typeof key} as ${what}: want a string`, {
      code: "bad-option",
    });
  }
  if (key.isWellFormed()) return key;
  // As UTF-8 all of them are U+FFFD, so that two keys would be one; Python raises UnicodeEncodeError.
  throw new RedisAdapterError(`Cannot use ${JSON.stringify(key)} as ${what}: it has a lone surrogate`, {
    code: "bad-option",
  });
}

/** What a dialect made of a value, as ioredis stores it: of anything but strings and Buffers it would store the text. */
function storable(bytes: unknown, dialect: Dialect): Buffer | string {
  if (Buffer.isBuffer(bytes) || typeof bytes === "string") return bytes;
  if (bytes instanceof Uint8Array) return toBuffer(bytes);
  throw new RedisAdapterError(`Cannot store what ${dialect.name} made of the value: it is neither bytes nor text`, {
    code: "encode",
  });
}

function validate<T>(value: unknown, schema: StandardSchema<T>, key: string): unknown {
  return after(schema["~standard"].validate(value), (result) => accepted(result, key));
}

function accepted<T>(result: Awaited<ReturnType<StandardSchema<T>["~standard"]["validate"]>>, key: string): T {
  if (result.issues === undefined) return (result as { readonly value: T }).value;
  const first = result.issues[0]?.message ?? "invalid";
  throw new RedisAdapterError(`The value of ${JSON.stringify(key)} does not match its schema: ${first}`, {
    code: "schema",
    cause: result.issues,
  });
}

/** A command whose reply is handed on as it is. */
export function command(name: string, args: readonly Arg[], parse: Command["parse"] = (reply) => reply): Command {
  return { name, args, parse };
}

export const toNumber = (reply: unknown): number => Number(reply);
export const toBoolean = (reply: unknown): boolean => Number(reply) === 1;
export const toText = (reply: unknown): string => String(reply);
