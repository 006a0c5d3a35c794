/** All that RQ keeps in a database, with what differs from run to run told by its kind: times, texts of errors, pickles' protocols. */
import { inflateSync } from "node:zlib";
import { loads, repr } from "@brine/codec";
import type { Redis } from "ioredis";

/** Lifetimes and times that are meant to be the same are so to the hundred seconds, and a run takes less than eight. */
const ROUGHLY = 100;
const PASSED = 8;

/** An execution's id, after its job's or alone. */
const EXECUTION = /(?<=^|:)[0-9a-f]{32}$/;

const withoutName = (key: string) => key.replace(/^(rq:worker:)\w+/, "$1<name>");

export interface Kept {
  /** Seconds, rounded; -1: for ever. */
  readonly lifetime: number;
  readonly holds: unknown;
}

export interface Look {
  /** Which fields of hashes and streams do not count. Default: none. */
  readonly isLeftOut?: (field: string, value: string, key: string) => boolean;
  /** Which sorted sets are told without scores. Default: none. */
  readonly isUnscored?: (key: string) => boolean;
}

export async function databaseOf(client: Redis, look: Look = {}): Promise<Record<string, Kept>> {
  const all: Record<string, Kept> = {};
  for (const key of (await client.keys("*")).sort()) {
    const left = await client.ttl(key);
    all[withoutName(key).replace(EXECUTION, "<id>")] = {
      lifetime: left < 0 ? -1 : roughly(left),
      holds: await contents(client, key, look),
    };
  }
  return all;
}

async function contents(client: Redis, key: string, { isLeftOut, isUnscored }: Look): Promise<unknown> {
  switch (await client.type(key)) {
    case "hash":
      return Object.fromEntries(
        Object.entries(await client.hgetallBuffer(key))
          .filter(([field, value]) => !isLeftOut?.(field, String(value), key))
          .map(([field, value]) => [field, told(key, field, value)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    case "stream":
      return (await client.xrangeBuffer(key, "-", "+")).map(([, items]) => {
        const fields = items.flatMap((field, i) => (i % 2 === 0 ? [[String(field), items[i + 1]!] as const] : []));
        const counted = fields.filter(([field, value]) => !isLeftOut?.(field, String(value), key));
        return Object.fromEntries(counted.map(([field, value]) => [field, told(key, field, value)]));
      });
    case "zset": {
      const entries = await client.zrange(key, 0, "-1", "WITHSCORES");
      const members: [member: string, score?: number][] = [];
      for (let i = 0; i < entries.length; i += 2) {
        const member = entries[i]!.replace(EXECUTION, "<id>");
        members.push(isUnscored?.(key) ? [member] : [member, whenOf(entries[i + 1]!)]);
      }
      return members.sort();
    }
    case "set":
      return (await client.smembers(key)).map(withoutName).sort();
    case "list":
      return await client.lrange(key, 0, -1);
    default:
      return await client.get(key);
  }
}

/** Seconds from now. For never, RQ writes infinity in some registries and -1 in others. */
function whenOf(score: string): number {
  return score === "inf" || score === "-1" ? Number.POSITIVE_INFINITY : roughly(Number(score) - Date.now() / 1000);
}

const roughly = (seconds: number) => Math.round((seconds + PASSED) / ROUGHLY) * ROUGHLY + 0;

function told(key: string, field: string, value: Buffer): unknown {
  const text = String(value);
  if (/^\d+\.\d+$/.test(text)) return "a number";
  if (key.startsWith("rq:worker:")) return /count$|^state$|^queues$|^current_job$/.test(field) ? text : typeof text;
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)) return "a time";
  if (field === "data") return repr(loads(inflateSync(value)));
  if (field === "meta") return repr(loads(value));
  if (field === "return_value") return repr(loads(Buffer.from(text, "base64")));
  if (field === "exc_string") return textOfError(inflateSync(Buffer.from(text, "base64")).toString());
  return /^(worker_name|id)$|^execution_/.test(field) && text !== "" ? typeof text : text;
}

/** The last line: what is above it is the one language's or the other's. */
const textOfError = (traceback: string) => traceback.trim().split("\n").at(-1);
