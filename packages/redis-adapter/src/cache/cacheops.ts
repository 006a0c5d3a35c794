/** Invalidation as django-cacheops 6 and 7 do it, for values that depend on a table. */
import { optionNames } from "@brine/codec/options";
import { escapeGlob } from "../dialects/dialect.js";
import { script } from "../kombu/scripts.js";
import { checkNames } from "../option-names.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { scanKeys } from "../pickled/iteration/scan.js";
import { evaluate } from "./lock.js";

/**
 * Deletes what depends on a row: `cacheops/lua/invalidate.lua` in effect. A scheme names the fields of a condition; the
 * values of the row in these fields, as Lua writes what it read from JSON, name the set of keys that depend on them.
 *
 * KEYS: prefix. ARGV: table, row in JSON. Reply: how many values there were.
 */
const INVALIDATE_ROW = script(`
local prefix, tbl, row = KEYS[1], ARGV[1], cjson.decode(ARGV[2])
local deleted = 0
for _, scheme in ipairs(redis.call('SMEMBERS', prefix .. 'schemes:' .. tbl)) do
  local parts = {}
  for field in string.gmatch(scheme, '[^,]+') do parts[#parts + 1] = field .. '=' .. tostring(row[field]) end
  local dependents = prefix .. 'conj:' .. tbl .. ':' .. table.concat(parts, '&')
  for _, key in ipairs(redis.call('SMEMBERS', dependents)) do deleted = deleted + redis.call('UNLINK', key) end
  redis.call('UNLINK', dependents)
end
return deleted`);

/** What has changed, in the words of the database. */
export interface InvalidateCacheopsOptions {
  /** The database's name of the table, such as `"auth_user"`. */
  readonly table: string;
  /**
   * The columns and values of a row that has changed: what depends on it is deleted (`invalidate_obj`; call it for the row as
   * it was, too). Without: what depends on any row of the table (`invalidate_model`). Default: none.
   */
  readonly row?: Readonly<Record<string, string | number | bigint | boolean | null>> | undefined;
  /** What the function of `CACHEOPS_PREFIX` gives, before every key. Default `""`. */
  readonly prefix?: string | undefined;
}

const INVALIDATE_OPTIONS = /* @__PURE__ */ optionNames<InvalidateCacheopsOptions>({
  table: true,
  row: true,
  prefix: true,
});

/**
 * Deletes what cacheops cached of queries that depend on a table or a row, as its `invalidate_model` and `invalidate_obj`; how many
 * results there were. cacheops does not work in a cluster.
 *
 * @param client - a client of ioredis, not wrapped
 * @throws RedisAdapterError `bad-option` for an option that there is not
 */
export async function invalidateCacheops(client: RedisLike, options: InvalidateCacheopsOptions): Promise<number> {
  checkNames(options, INVALIDATE_OPTIONS, "options of invalidateCacheops()");
  const { table, row, prefix = "" } = options;
  if (row !== undefined) {
    const fields = Object.entries(row).map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`);
    return Number(await evaluate(client, INVALIDATE_ROW, [prefix], [table, `{${fields.join()}}`]));
  }
  let deleted = 0;
  for await (const sets of scanKeys(client, `${escapeGlob(`${prefix}conj:${table}:`)}*`)) {
    const keys = [...((await send(client, "sunion", sets)) as Iterable<Buffer>)];
    if (keys.length > 0) deleted += Number(await send(client, "unlink", keys));
    await send(client, "unlink", sets);
  }
  return deleted;
}

function jsonOf(value: string | number | bigint | boolean | null): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
