/** Deleting all of an application's keys, for frameworks whose stores have a `clear()`. */
import { RedisAdapterError } from "../../errors.js";
import { type RedisLike, send } from "../driver/client.js";
import { bySlot } from "../driver/slots.js";
import type { PickledRedis } from "../pickled.js";
import { scanKeys } from "./scan.js";

/** The user's keys that start with `base`, each once; those that are no UTF-8 with U+FFFD in them. */
export async function keysOf(redis: PickledRedis, base = ""): Promise<string[]> {
  const { dialect } = redis;
  const keys = new Set<string>();
  for await (const portion of scanKeys(redis.client, dialect.pattern(`${escapeGlob(base)}*`)))
    for (const key of portion) keys.add(dialect.unkey(key.toString()));
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
  const { client, dialect } = redis;
  for await (const keys of scanKeys(client, dialect.pattern(`${escapeGlob(base)}*`))) await unlinkAll(client, keys);
}

/** Unlinks keys of any slots, named as they are in Redis; how many there were. */
export async function unlinkAll(client: RedisLike, keys: readonly Buffer[]): Promise<number> {
  let deleted = 0;
  for (const group of client.isCluster ? bySlot(keys) : [keys.map((_, i) => i)]) {
    const names = group.map((i) => keys[i]!);
    deleted += Number(await send(client, "unlink", names));
  }
  return deleted;
}

/** As Redis itself takes it. */
function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, "\\$&");
}
