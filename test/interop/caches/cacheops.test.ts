/** django-cacheops' caches, read and invalidated from here. */
import { cacheops, invalidateCacheops, pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";

describeEachGeneration("django-cacheops", (set) => {
  test("its simple cache is shared, and queries are forgotten when told to", async (context) => {
    const { stdout } = await set.python.run("import importlib.util as u; print(u.find_spec('cacheops') is not None)");
    if (!String(stdout).includes("True")) context.skip("this Python has no cacheops");
    const at = (await set.isolate()).redis();
    const python = await set.python.spawn("cacheops_peer.py", [], { env: { CACHEOPS_REDIS: at.pythonUrl } });
    const client = new Redis(at.url);
    try {
      const py = pickled(client, { dialect: cacheops({ prefix: "pfx:" }) });
      await python.request("set", { key: "theirs", value: [1, "two"] });
      expect(await py.get("theirs")).toEqual([1, "two"]);
      await py.set("ours", { a: 1 }, { ttl: 60_000 });
      expect(await python.request("get", { key: "ours" })).toEqual({ a: 1 });
      await python.request("squares", { n: 3 });
      const values: unknown[] = [];
      for await (const { value } of py.scan({ match: "c:*" })) values.push(value);
      expect(values).toEqual([[0, 1, 4]]);

      const count = (username: string) => python.request("count", { username });
      expect([await count("ann"), await count("ann"), await count("bob"), await count("bob")]).toEqual([1, 0, 1, 0]);
      const row = { id: 1, username: "ann", email: "a@example.org" };
      expect(await invalidateCacheops(client, { table: "auth_user", row, prefix: "pfx:" })).toBe(1);
      expect([await count("ann"), await count("bob")]).toEqual([1, 0]);
      expect(await invalidateCacheops(client, { table: "auth_user", prefix: "pfx:" })).toBe(2);
      expect([await count("ann"), await count("bob")]).toEqual([1, 1]);
      expect(await invalidateCacheops(client, { table: "auth_group", prefix: "pfx:" })).toBe(0);
    } finally {
      await python.close();
      await client.quit();
    }
  });
});
