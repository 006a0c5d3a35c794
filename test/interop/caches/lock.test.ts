/** redis-py's locks and ours are the same. */
import { pickled, plain } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import { describeLibrary, patientCache, testLock } from "./library.js";

describeLibrary("redis-py's locks", (libraries) => {
  const request = (op: string, key: string) => libraries.python.request(op, { name: "redis-py", key });

  testLock(libraries, { kind: "redis-py", options: {}, dialect: plain() });

  test("a value that Python is making is waited for, not made twice", async (context) => {
    await libraries.open(context, "redis-py");
    const { client } = libraries;
    const cache = patientCache(pickled(client), { singleFlight: "redis", waitFor: 60_000 });
    expect(await request("lock", "report:lock")).toBe(true);
    let made = 0;
    const waiting = cache.getOrSet("report", () => ++made);
    await expect.poll(() => client.get("report:lock")).not.toBeNull();
    await client.set("report", Buffer.from(plain().encode("made by Python")));
    expect(await waiting).toBe("made by Python");
    expect(made).toBe(0);
  });
});
