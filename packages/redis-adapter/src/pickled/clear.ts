/** Deleting all of an application's keys, for frameworks whose stores have a `clear()`. */
import { RedisAdapterError } from "../errors.js";
import type { PickledRedis } from "./pickled.js";
import { scanKeys } from "./scan.js";

/** The user's keys that start with `base`, each once. */
export async function keysOf(redis: PickledRedis, base = ""): Promise<string[]> {
  const { dialect } = redis;
  const keys = new Set<string>();
  for await (const portion of scanKeys(redis.client, dialect.pattern(`${escapeGlob(base)}*`)))
    for (const key of portion) keys.add(dialect.unkey(key));
  return [...keys];
}

/**
 * Deletes the keys of the dialect that start with `base`.
 *
 * @throws RedisAdapterError `unsupported` when nothing tells them from other people's keys
 */
export async function clearKeys(redis: PickledRedis, base = ""): Promise<void> {
  if (base === "" && redis.dialect.key("") === "") {
    throw new RedisAdapterError("Cannot clear: without a prefix that would be the whole database", {
      code: "unsupported",
    });
  }
  const keys = await keysOf(redis, base);
  for (let i = 0; i < keys.length; i += 500) await redis.del(...keys.slice(i, i + 500));
}

/** As Redis itself takes it. */
function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, "\\$&");
}
