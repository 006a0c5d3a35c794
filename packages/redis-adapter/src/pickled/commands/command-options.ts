/** What the options of commands are called, for the commands that have some. */
import { extendOptionNames, type OptionNames, optionNames } from "@brine/codec/options";
import { checkNames } from "../../option-names.js";
import type { Command } from "../driver/client.js";
import { READ_OPTIONS, type ReadOptions, SET_OPTIONS, type SetOptions } from "../options.js";
import type { PickledCommands } from "../types.js";
import { type LimitOptions, ZADD_OPTIONS } from "./collections.js";
import { XADD_OPTIONS, XREAD_OPTIONS } from "./streams.js";

const SET = extendOptionNames<SetOptions & { readonly get?: boolean | undefined }, SetOptions>(SET_OPTIONS, {
  get: true,
});
const GETEX = extendOptionNames<SetOptions & ReadOptions & { readonly persist?: boolean | undefined }, SetOptions>(
  SET_OPTIONS,
  { schema: true, onDecodeError: true, persist: true },
);
const ZRANGE = extendOptionNames<ReadOptions & { readonly rev?: boolean | undefined }, ReadOptions>(READ_OPTIONS, {
  rev: true,
});
const ZRANGEBYSCORE = extendOptionNames<ReadOptions & LimitOptions, ReadOptions>(READ_OPTIONS, { limit: true });
const LIMIT = optionNames<NonNullable<LimitOptions["limit"]>>({ offset: true, count: true });
const XRANGE = extendOptionNames<ReadOptions & { readonly count?: number | undefined }, ReadOptions>(READ_OPTIONS, {
  count: true,
});

/** Which argument the options are, and their names. */
const OPTIONS = {
  get: [1, READ_OPTIONS],
  getdel: [1, READ_OPTIONS],
  mget: [1, READ_OPTIONS],
  set: [2, SET],
  getset: [2, READ_OPTIONS],
  getex: [1, GETEX],
  hget: [2, READ_OPTIONS],
  hmget: [2, READ_OPTIONS],
  hgetall: [1, READ_OPTIONS],
  lpop: [1, READ_OPTIONS],
  rpop: [1, READ_OPTIONS],
  blpop: [2, READ_OPTIONS],
  brpop: [2, READ_OPTIONS],
  lrange: [3, READ_OPTIONS],
  lindex: [2, READ_OPTIONS],
  lmove: [4, READ_OPTIONS],
  smembers: [1, READ_OPTIONS],
  spop: [1, READ_OPTIONS],
  zadd: [2, ZADD_OPTIONS],
  zrange: [3, ZRANGE],
  zrangebyscore: [3, ZRANGEBYSCORE],
  zpopmin: [2, READ_OPTIONS],
  zpopmax: [2, READ_OPTIONS],
  xadd: [2, XADD_OPTIONS],
  xrange: [3, XRANGE],
  xread: [1, XREAD_OPTIONS],
} as const satisfies { readonly [K in WithOptions]: readonly [at: number, names: OptionNames<never>] };

/** The commands whose last argument is an object with none but optional properties: every one must be in the table. */
type WithOptions = {
  [K in keyof PickledCommands]: Required<Parameters<PickledCommands[K]>> extends readonly [...unknown[], infer Last]
    ? IsOptions<Last> extends true
      ? K
      : never
    : never;
}[keyof PickledCommands];
type IsOptions<T> = unknown extends T
  ? false
  : T extends string | number | bigint | boolean | readonly unknown[]
    ? false
    : string extends keyof T
      ? false
      : Record<never, never> extends T
        ? true
        : false;

type Make = (...args: readonly unknown[]) => Command;

/** A table of commands that look at the names of their options first. @throws RedisAdapterError `bad-option` */
export function withCheckedOptions<T extends object>(table: T): T {
  const checked: Record<string, Make> = { ...(table as Record<string, Make>) };
  for (const [name, [at, names]] of Object.entries(OPTIONS) as [string, readonly [number, OptionNames<never>]][]) {
    const make = checked[name]!;
    const what = `options of ${name}()`;
    checked[name] = (...args) => {
      // Most calls have none.
      if (args.length > at) {
        checkNames(args[at] as object | undefined, names, what);
        if (name === "zrangebyscore") checkNames((args[at] as LimitOptions | undefined)?.limit, LIMIT, "limit");
      }
      return make(...args);
    };
  }
  return checked as T;
}
