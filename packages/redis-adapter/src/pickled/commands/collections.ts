import { optionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../../errors.js";
import { type CommandContext, command, toBoolean, toNumber } from "../context.js";
import type { Arg, Command } from "../driver/client.js";
import { after, mapAll } from "../eventual.js";
import type { ReadOptions } from "../options.js";

/** Replies of three shapes: pairs one after another (RESP2), nested (RESP3), or an object (`replyMapping: "resp3"`). */
export function pairs(reply: unknown): [unknown, unknown][] {
  const items = (reply ?? []) as unknown[];
  if (!Array.isArray(items)) return Object.entries(items);
  if (Array.isArray(items[0])) return items as [unknown, unknown][];
  const result: [unknown, unknown][] = [];
  for (let i = 0; i + 1 < items.length; i += 2) result.push([items[i], items[i + 1]]);
  return result;
}

/** Hashes: names of fields are text, values are values. */
export function hashCommands(context: CommandContext) {
  return {
    hget: (key: string, field: string, options?: ReadOptions) =>
      command("hget", [context.hash(key), context.field(field)], (reply) =>
        context.decode(reply, context.place(key, field), `${key}.${field}`, options),
      ),
    hset: (key: string, fields: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>) => {
      const entries = fields instanceof Map ? [...fields] : Object.entries(fields);
      return command(
        "hset",
        [
          context.hash(key),
          ...entries.flatMap(([field, value]) => [
            context.field(field),
            context.encode(value, context.place(key, field)),
          ]),
        ],
        toNumber,
      );
    },
    hsetnx: (key: string, field: string, value: unknown) =>
      command(
        "hsetnx",
        [context.hash(key), context.field(field), context.encode(value, context.place(key, field))],
        toBoolean,
      ),
    hmget: (key: string, fields: readonly string[], options?: ReadOptions) =>
      command("hmget", [context.hash(key), ...fields.map((field) => context.field(field))], (reply) =>
        mapAll(reply as unknown[], (raw, i) =>
          context.decode(raw, context.place(key, fields[i]!), `${key}.${fields[i]}`, options),
        ),
      ),
    hgetall: (key: string, options?: ReadOptions) =>
      command("hgetall", [context.hash(key)], (reply) => {
        const entries = pairs(reply).map(([field, raw]) => [context.unfield(String(field)), raw] as const);
        checkDistinct(entries, key);
        const values = mapAll(entries, ([name, raw]) =>
          context.decode(raw, context.place(key, name), `${key}.${name}`, options),
        );
        return after(values, (all) => new Map(entries.map(([name], i) => [name, all[i]])));
      }),
    hdel: (key: string, ...fields: string[]) =>
      command("hdel", [context.hash(key), ...fields.map((field) => context.field(field))], toNumber),
    hexists: (key: string, field: string) => command("hexists", [context.hash(key), context.field(field)], toBoolean),
    hkeys: (key: string) =>
      command("hkeys", [context.hash(key)], (reply) =>
        (reply as unknown[]).map((field) => context.unfield(String(field))),
      ),
    hlen: (key: string) => command("hlen", [context.hash(key)], toNumber),
  };
}

/** Names that are no UTF-8 have U+FFFD in them: two of them can be one as text, and one value would hide the other. */
function checkDistinct(entries: readonly (readonly [field: string, raw: unknown])[], key: string): void {
  if (new Set(entries.map(([field]) => field)).size === entries.length) return;
  throw new RedisAdapterError(
    `Cannot read the hash ${JSON.stringify(key)}: names of its fields are no UTF-8, and the same as text; read it by the client`,
    { code: "unsupported" },
  );
}

export function listCommands(context: CommandContext) {
  const push =
    (name: string) =>
    (key: string, ...values: unknown[]): Command =>
      command(name, [context.key(key), ...values.map((value) => context.encode(value, context.key(key)))], toNumber);
  const pop =
    (name: string) =>
    (key: string, options?: ReadOptions): Command =>
      command(name, [context.key(key)], (reply) => context.decode(reply, context.key(key), key, options));
  const blockingPop =
    (name: string) =>
    (keys: string | readonly string[], timeoutSeconds: number, options?: ReadOptions): Command =>
      command(name, [...[keys].flat().map((key) => context.key(key as string)), timeoutSeconds], (reply) => {
        if (reply === null) return undefined;
        const [redisKey, raw] = reply as [Buffer, Buffer];
        const key = context.dialect.unkey(String(redisKey));
        return after(context.decode(raw, context.key(key), key, options), (value) => ({ key, value }));
      });
  return {
    lpush: push("lpush"),
    rpush: push("rpush"),
    lpop: pop("lpop"),
    rpop: pop("rpop"),
    blpop: blockingPop("blpop"),
    brpop: blockingPop("brpop"),
    lrange: (key: string, start: number, stop: number, options?: ReadOptions) =>
      command("lrange", [context.key(key), start, stop], (reply) =>
        mapAll(reply as unknown[], (raw) => context.decode(raw, context.key(key), key, options)),
      ),
    lindex: (key: string, index: number, options?: ReadOptions) =>
      command("lindex", [context.key(key), index], (reply) => context.decode(reply, context.key(key), key, options)),
    lset: (key: string, index: number, value: unknown) =>
      command("lset", [context.key(key), index, context.encode(value, context.key(key))], () => undefined),
    ltrim: (key: string, start: number, stop: number) =>
      command("ltrim", [context.key(key), start, stop], () => undefined),
    llen: (key: string) => command("llen", [context.key(key)], toNumber),
    lmove: (from: string, to: string, where: "LEFT" | "RIGHT", whereTo: "LEFT" | "RIGHT", options?: ReadOptions) =>
      command("lmove", [context.key(from), context.key(to), where, whereTo], (reply) =>
        context.decode(reply, context.key(from), from, options),
      ),
  };
}

/** Sets and sorted sets. What asks for a member compares bytes: see `Dialect.canonical`. */
export function setCommands(context: CommandContext) {
  const members = (reply: readonly unknown[], key: string, options?: ReadOptions) =>
    mapAll(reply, (raw) => context.decode(raw, context.key(key), key, options));
  return {
    sadd: (key: string, ...values: unknown[]) =>
      command("sadd", [context.key(key), ...values.map((value) => context.encode(value, context.key(key)))], toNumber),
    srem: (key: string, ...values: unknown[]) => {
      context.needCanonical("SREM");
      return command(
        "srem",
        [context.key(key), ...values.map((value) => context.encode(value, context.key(key)))],
        toNumber,
      );
    },
    sismember: (key: string, value: unknown) => {
      context.needCanonical("SISMEMBER");
      return command("sismember", [context.key(key), context.encode(value, context.key(key))], toBoolean);
    },
    smembers: (key: string, options?: ReadOptions) =>
      command("smembers", [context.key(key)], (reply) => members([...(reply as Iterable<unknown>)], key, options)),
    spop: (key: string, options?: ReadOptions) =>
      command("spop", [context.key(key)], (reply) => context.decode(reply, context.key(key), key, options)),
    scard: (key: string) => command("scard", [context.key(key)], toNumber),
    zadd: (key: string, entries: Iterable<readonly [member: unknown, score: number]>, options: ZaddOptions = {}) => {
      const words: Arg[] = (["nx", "xx", "gt", "lt", "ch"] as const)
        .filter((word) => options[word])
        .map((word) => word.toUpperCase());
      const args = [...entries].flatMap(([member, score]): Arg[] => [
        scoreArgument(score),
        context.encode(member, context.key(key)),
      ]);
      return command("zadd", [context.key(key), ...words, ...args], toNumber);
    },
    zrem: (key: string, ...values: unknown[]) => {
      context.needCanonical("ZREM");
      return command(
        "zrem",
        [context.key(key), ...values.map((value) => context.encode(value, context.key(key)))],
        toNumber,
      );
    },
    zscore: (key: string, member: unknown) => {
      context.needCanonical("ZSCORE");
      return command("zscore", [context.key(key), context.encode(member, context.key(key))], (reply) =>
        reply === null ? undefined : toScore(reply),
      );
    },
    zrange: (
      key: string,
      start: number,
      stop: number,
      options: ReadOptions & { readonly rev?: boolean | undefined } = {},
    ) =>
      command(options.rev ? "zrevrange" : "zrange", [context.key(key), start, stop, "WITHSCORES"], (reply) =>
        scored(context, reply, key, options),
      ),
    zrangebyscore: (
      key: string,
      min: number | string,
      max: number | string,
      options: ReadOptions & LimitOptions = {},
    ) => {
      const limit = options.limit === undefined ? [] : ["LIMIT", options.limit.offset, options.limit.count];
      return command("zrangebyscore", [context.key(key), bound(min), bound(max), "WITHSCORES", ...limit], (reply) =>
        scored(context, reply, key, options),
      );
    },
    zpopmin: (key: string, count = 1, options?: ReadOptions) =>
      command("zpopmin", [context.key(key), count], (reply) => scored(context, reply, key, options)),
    zpopmax: (key: string, count = 1, options?: ReadOptions) =>
      command("zpopmax", [context.key(key), count], (reply) => scored(context, reply, key, options)),
    zcard: (key: string) => command("zcard", [context.key(key)], toNumber),
  };
}

export interface ZaddOptions {
  /** Only members that are not there. Default false. */
  readonly nx?: boolean | undefined;
  /** Only members that are there. Default false. */
  readonly xx?: boolean | undefined;
  /** Only greater scores; new members are added. Default false. */
  readonly gt?: boolean | undefined;
  /** Only lesser scores; new members are added. Default false. */
  readonly lt?: boolean | undefined;
  /** Count the changed ones, too. Default false. */
  readonly ch?: boolean | undefined;
}

export const ZADD_OPTIONS = /* @__PURE__ */ optionNames<ZaddOptions>({
  nx: true,
  xx: true,
  gt: true,
  lt: true,
  ch: true,
});

export interface LimitOptions {
  /** Which part of the answer: from `offset`, `count` at most. Default: all. */
  readonly limit?: { readonly offset: number; readonly count: number } | undefined;
}

function scored(context: CommandContext, reply: unknown, key: string, options?: ReadOptions) {
  return mapAll(pairs(reply), ([raw, score]) =>
    after(context.decode(raw, context.key(key), key, options), (member) => ({ member, score: toScore(score) })),
  );
}

function toScore(reply: unknown): number {
  const text = String(reply);
  return text === "inf" ? Number.POSITIVE_INFINITY : text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

/** @throws RedisAdapterError `bad-option` for NaN, which Redis has no place for */
function scoreArgument(score: number): Arg {
  if (Number.isNaN(score)) throw new RedisAdapterError("Cannot use NaN as a score", { code: "bad-option" });
  if (score === Number.POSITIVE_INFINITY) return "+inf";
  return score === Number.NEGATIVE_INFINITY ? "-inf" : score;
}

function bound(value: number | string): Arg {
  return typeof value === "number" ? scoreArgument(value) : value;
}
