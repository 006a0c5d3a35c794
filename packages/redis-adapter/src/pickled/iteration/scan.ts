import { extendOptionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../../errors.js";
import type { CommandContext } from "../context.js";
import { type RedisLike, send, sendAll } from "../driver/client.js";
import { bySlot } from "../driver/slots.js";
import { READ_OPTIONS, type ReadOptions } from "../options.js";
import type { ScanEntry } from "../types.js";

/** Which keys a scan gives. */
export interface ScanOptions<T = unknown> extends ReadOptions<T> {
  /** A glob pattern of the user's keys. Default `"*"`. */
  readonly match?: string | undefined;
  /** Keys that the server looks at in one step. Default 100. */
  readonly count?: number | undefined;
  /** Give lifetimes, too. Default false. */
  readonly ttl?: boolean | undefined;
}

export const SCAN_OPTIONS = /* @__PURE__ */ extendOptionNames<ScanOptions, ReadOptions>(READ_OPTIONS, {
  match: true,
  count: true,
  ttl: true,
});

export async function* scan<T>(
  client: RedisLike,
  context: CommandContext,
  options: ScanOptions<T>,
): AsyncGenerator<ScanEntry<T>, void, void> {
  await context.dialect.load?.();
  const pattern = context.dialect.pattern(options.match ?? "*", options.version);
  for await (const keys of scanKeys(client, pattern, options.count ?? 100)) {
    for (const group of client.isCluster ? bySlot(keys) : [keys.map((_, i) => i)]) {
      yield* readAll<T>(
        client,
        context,
        group.map((i) => keys[i]!),
        options,
      );
    }
  }
}

async function* readAll<T>(
  client: RedisLike,
  context: CommandContext,
  keys: readonly Buffer[],
  options: ScanOptions<T>,
): AsyncGenerator<ScanEntry<T>, void, void> {
  const commands: { name: string; args: readonly Buffer[] }[] = [{ name: "mget", args: keys }];
  if (options.ttl) commands.push(...keys.map((key) => ({ name: "pttl", args: [key] })));
  const replies = (await sendAll(client, commands, false)).map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
  for (const [i, raw] of (replies[0] as (Buffer | null)[]).entries()) {
    // Gone since, or no string.
    if (raw === null) continue;
    const redisKey = keys[i]!;
    const place = redisKey.toString();
    const key = context.dialect.unkey(place);
    const value = (await context.decode(raw, place, key, options)) as T;
    if (value === undefined) continue;
    if (!options.ttl) yield { key, value, redisKey };
    else {
      const ttl = Number(replies[i + 1]);
      yield { key, value, redisKey, ttl: ttl < 0 ? null : ttl };
    }
  }
}

/** The keys in Redis that match, in portions as the server gives them; they may come twice. Bytes, as not all need be text. */
export async function* scanKeys(client: RedisLike, pattern: string, count = 500): AsyncGenerator<Buffer[], void, void> {
  for (const node of nodesOf(client)) {
    let cursor = "0";
    do {
      const reply = await send(node, "scan", [cursor, "MATCH", pattern, "COUNT", count]);
      const [next, found] = reply as [Buffer, Buffer[]];
      cursor = String(next);
      if (found.length > 0) yield found;
    } while (cursor !== "0");
  }
}

/** SCAN goes over one node. */
function nodesOf(client: RedisLike): readonly RedisLike[] {
  if (!client.isCluster) return [client];
  const { nodes } = client as unknown as { nodes?: (role: string) => RedisLike[] };
  if (nodes === undefined)
    throw new RedisAdapterError("Cannot scan: the cluster client names no nodes", { code: "unsupported" });
  return nodes.call(client, "master");
}
