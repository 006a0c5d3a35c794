/** `@brine/redis-adapter/unstorage`: a driver of unstorage (Nitro, Nuxt) on values that Python reads. */
import type { Driver } from "unstorage";
import { clearKeys, keysOf } from "../pickled/iteration/clear.js";
import type { PickledRedis } from "../pickled/pickled.js";

/**
 * A driver of unstorage. `setItemRaw` and `getItemRaw` store and give values as they are, so Python finds what it would have
 * stored itself. `setItem` is unstorage's own: it makes JSON text of objects, and Python finds that text; `getItem` reads both.
 * `ttl` is in seconds. The client stays yours.
 *
 * @example
 * const storage = createStorage({ driver: pickledDriver(pickled(new Redis(), { dialect: django() })) });
 * await storage.setItemRaw("user:7", { name: "Ada" }, { ttl: 60 }); // cache.get("user:7") in Python
 */
export function pickledDriver(redis: PickledRedis): Driver {
  const set = async (key: string, value: unknown, options: { readonly ttl?: unknown } | undefined): Promise<void> => {
    const ttl = typeof options?.ttl === "number" ? options.ttl * 1000 : null;
    await redis.set(key, value, { ttl });
  };
  // What is missing is null to unstorage, and so is None.
  const get = async (key: string) => ((await redis.get(key)) ?? null) as never;
  return {
    name: "brine",
    flags: { ttl: true },
    getInstance: () => redis,
    hasItem: async (key) => (await redis.exists(key)) > 0,
    getItem: get,
    getItemRaw: get,
    getItems: async (items) => {
      const values = await redis.mget(items.map(({ key }) => key));
      return items.map(({ key }, i) => ({ key, value: (values[i] ?? null) as never }));
    },
    setItem: set,
    setItemRaw: set,
    removeItem: async (key) => {
      await redis.del(key);
    },
    getKeys: (base) => keysOf(redis, base),
    clear: (base) => clearKeys(redis, base),
  };
}
