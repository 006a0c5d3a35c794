/**
 * How Celery counts the parts of a chord: `<group>.j` holds the results, `.s` says how many there will be, `.t` how many
 * were added while it ran. celery 5.6 `backends/redis.py` `on_chord_part_return`.
 */
import { randomUUID } from "node:crypto";
import type { ChordStore } from "@brine/codec/kombu";
import type { Redis } from "ioredis";
import { runScript } from "../kombu/scripts.js";
import { run, toBuffer, wholeSeconds } from "./commands.js";
import { ADD_UNORDERED_PART, GROW } from "./scripts.js";

/** Longer than a command is sent again for. */
const ONCE_SECONDS = 600;

/** Celery's counting of a chord's parts, in Redis: the `chord` of what {@link redisBackend} gives. */
export class RedisChordStore implements ChordStore {
  readonly #client: () => Promise<Redis>;
  readonly #key: (key: string) => string;

  constructor(client: () => Promise<Redis>, key: (key: string) => string) {
    this.#client = client;
    this.#key = key;
  }

  async setSize(key: string, size: number, expiresSeconds: number | undefined): Promise<void> {
    const name = `${this.#key(key)}.s`;
    const expires = wholeSeconds(expiresSeconds);
    const transaction = (await this.#client()).multi();
    if (expires === undefined) transaction.set(name, size);
    else transaction.setex(name, expires, size);
    // Celery stores it like any result, with a publication.
    await run(transaction.publish(name, String(size)));
  }

  async addPart(
    key: string,
    part: { readonly member: Uint8Array; readonly groupIndex: number | undefined },
    options: { readonly ordered: boolean; readonly expiresSeconds: number | undefined },
  ): Promise<{ readonly ready: number; readonly extra: number; readonly size: number | undefined }> {
    const client = await this.#client();
    const keys = ["j", "t", "s"].map((suffix) => `${this.#key(key)}.${suffix}`) as [string, string, string];
    const [results, extraKey, sizeKey] = keys;
    const expires = wholeSeconds(options.expiresSeconds);
    let replies: unknown[];
    if (options.ordered) {
      const transaction = client
        .multi()
        .zadd(results, part.groupIndex ?? "+inf", toBuffer(part.member))
        .zcount(results, "-inf", "+inf")
        .get(extraKey)
        .get(sizeKey);
      if (expires !== undefined) for (const one of keys) transaction.expire(one, expires);
      replies = (await run(transaction)).slice(1);
    } else {
      replies = (await runScript(client, ADD_UNORDERED_PART, keys, [
        toBuffer(part.member),
        expires ?? "",
      ])) as unknown[];
    }
    const [ready, extra, size] = replies;
    return { ready: Number(ready), extra: Number(extra ?? 0), size: size === null ? undefined : Number(size) };
  }

  async grow(key: string, expiresSeconds: number | undefined): Promise<void> {
    const client = await this.#client();
    const name = `${this.#key(key)}.t`;
    const once = `${name}.${randomUUID()}`;
    await runScript(client, GROW, [name, once], [wholeSeconds(expiresSeconds) ?? "", ONCE_SECONDS]);
    await client.del(once);
  }

  async parts(key: string, options: { readonly ordered: boolean }): Promise<Uint8Array[]> {
    const client = await this.#client();
    const name = `${this.#key(key)}.j`;
    return options.ordered ? client.zrangeBuffer(name, "0", "-1") : client.lrangeBuffer(name, 0, -1);
  }

  async clear(key: string): Promise<void> {
    const name = this.#key(key);
    await (await this.#client()).del(`${name}.j`, `${name}.t`, `${name}.s`);
  }
}
