/** Reads what Django has cached, and caches for Django. */
import { ClassRegistry } from "@brine/codec";
import { createCache, django, pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";

/** `shop.models.Price` of the Django project. */
class Price {
  amount = 0;
  currency = "EUR";
}

const registry = new ClassRegistry();
registry.register("shop.models.Price", Price);

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", { maxRetriesPerRequest: 1 });
const cache = createCache(pickled(client, { dialect: django({ pickle: { registry } }) }));
cache.on("error", (error) => console.error("Redis failed", error));

console.log("user:7 is", await cache.get("user:7")); // undefined: Django has stored nothing there
await cache.set("price:7", Object.assign(new Price(), { amount: 12 }), 60_000);
console.log("price:7 is", await cache.get<Price>("price:7"));
console.log("report is", await cache.getOrSet("report", async () => ({ rows: 3 }), { ttl: 60_000 }));

await client.quit();
