/** cache-manager, through Keyv, on the keys and values of Django's cache. */
import { django, pickled } from "@brine/redis-adapter";
import { pickledKeyv } from "@brine/redis-adapter/keyv";
import { createCache } from "cache-manager";
import { Redis } from "ioredis";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");
const store = pickledKeyv(pickled(client, { dialect: django() }));
const cache = createCache({ stores: [store], ttl: 60_000 });

try {
  // What Python has not stored yet is made here, for both.
  const rates = await cache.wrap("rates", async () => new Map([["EUR", 1.0825]]));
  console.log("rates are", rates);
  await cache.set("user:7", { name: "Ada", roles: new Set(["admin"]) });
  console.log("visits are", await cache.get("visits"));
} finally {
  await client.quit();
}
