import { expect, test } from "vitest";
import { djangoRedis } from "../dialects/django-redis.js";
import type { RedisLike } from "./driver/client.js";
import { sharded } from "./shards.js";

const client = (name: string) => ({ getBuffer: () => name }) as unknown as RedisLike;

/** What `django_redis.hash_ring.HashRing` 5.2 says of `:1:k<n>`, after `ShardClient` took the tag out. */
const SERVERS = ["redis://a:6379/0", "redis://b:6379/0", "redis://c:6379/0"];
const KEYS = [...Array.from({ length: 60 }, (_, i) => `k${i}`), "{user}:1", "{user}:2", "a{x}b{y}c", "{}", "kü"];
const PLACES = "21022000122120022012212121112120122211211021120001201100102122201";

test("a key is on the server that django-redis' ring has it on", () => {
  const shards = sharded(Object.fromEntries(SERVERS.map((name) => [name, client(name)])), { dialect: djangoRedis() });
  const places = KEYS.map((key) => SERVERS.indexOf((shards.of(key).client as { getBuffer(): string }).getBuffer()));
  expect(places.join("")).toBe(PLACES);
  expect([...shards].length).toBe(3);
});

test("no servers are no shards", () => {
  expect(() => sharded({})).toThrow(/no servers/);
});
