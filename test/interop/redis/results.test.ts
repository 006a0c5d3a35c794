/** Celery's own Redis backend and ours on the same keys. */
import { dumps, loads } from "@brine/codec";
import { redisBackend } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { startProxy } from "../tcp-proxy.js";
import { killClients } from "./redis-clients.js";

describeEachRedis("the Redis result store", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let admin: Redis;
  let store: ReturnType<typeof redisBackend>;
  let tries = 0;
  /** An id that no other try has: Python keeps what it has read of a finished task. */
  const own = (label: string) => `${label}-${tries}`;
  const keyOf = (label: string) => `celery-task-meta-${own(label)}`;

  beforeAll(async () => {
    at = (await set.isolate()).redis();
    python = await set.python.spawn("celery_results.py", [at.pythonUrl]);
    admin = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await admin.quit();
  });

  beforeEach(async (context) => {
    await admin.flushdb();
    tries++;
    store = redisBackend(at.url);
    context.onTestFinished(() => store.close());
  });

  const success = (id: string, result: unknown) =>
    dumps({ status: "SUCCESS", result, traceback: null, children: [], date_done: null, task_id: id });

  test("tells of a result when Python stores it, and reads it afterwards", async () => {
    const seen: unknown[] = [];
    const key = keyOf("a");
    const subscription = await store.subscribe(key, (value) => seen.push(loads(value)));
    await python.request("store", { id: own("a"), value: [1, "two"] });
    await expect.poll(() => seen).toMatchObject([{ status: "SUCCESS", result: [1, "two"], task_id: own("a") }]);
    expect(loads((await store.get(key))!)).toEqual(seen[0]);
    expect(await store.getMany([key, "celery-task-meta-none"])).toEqual([expect.any(Uint8Array), undefined]);
    await subscription.unsubscribe();
    await python.request("store", { id: own("a"), value: 3 });
    expect(seen).toHaveLength(1);
  });

  test("stores results that Python waits for", async () => {
    const waiting = python.request("get", { id: own("b") });
    await expect.poll(async () => (await admin.call("PUBSUB", "CHANNELS")) as string[]).toContain(keyOf("b"));
    await store.set(keyOf("b"), success(own("b"), { n: 1 }), 3600);
    expect(await waiting).toEqual({ n: 1 });
    expect(await admin.ttl(keyOf("b"))).toBeGreaterThan(3500);
    await store.set(keyOf("c"), success(own("c"), 1), undefined);
    expect(await admin.ttl(keyOf("c"))).toBe(-1);
    await store.delete(keyOf("b"), keyOf("c"));
    expect(await python.request("state", { id: own("b") })).toBe("PENDING");
  });

  test("replaces a result only while it is the one that was seen", async () => {
    const key = keyOf("d");
    const [one, two] = [success(own("d"), 1), success(own("d"), 2)];
    expect(await store.setIf(key, one, { expected: undefined, expiresSeconds: 60 })).toBe(true);
    expect(await store.setIf(key, two, { expected: undefined, expiresSeconds: 60 })).toBe(false);
    expect(await store.setIf(key, two, { expected: two, expiresSeconds: 60 })).toBe(false);
    expect(await python.request("get", { id: own("d") })).toBe(1);
    expect(await store.setIf(key, two, { expected: one, expiresSeconds: undefined })).toBe(true);
    expect(loads((await admin.getBuffer(key))!)).toMatchObject({ result: 2 });
  });

  test("counts a chord together with Python workers, and each part once", async () => {
    const key = "celery-taskset-meta-g";
    await store.chord.setSize(key, 3, 3600);
    const part = async (task: string, value: number) =>
      Buffer.from(await python.request<string>("encoded", { value: [1, task, "SUCCESS", value] }), "base64");
    const options = { ordered: true, expiresSeconds: 3600 };
    const second = { member: await part("t2", 2), groupIndex: 1 };
    expect(await store.chord.addPart(key, second, options)).toEqual({ ready: 1, extra: 0, size: 3 });
    expect(await store.chord.addPart(key, second, options)).toEqual({ ready: 1, extra: 0, size: 3 });
    expect(await python.request("chord_part", { group: "g", task: "t1", index: 0, value: 1 })).toEqual({
      ready: 2,
      extra: 0,
      size: 3,
    });
    await store.chord.addPart(key, { member: await part("t3", 3), groupIndex: 2 }, options);
    const parts = (await store.chord.parts(key, options)).map((bytes) => (loads(bytes) as unknown[])[3]);
    expect(parts).toEqual([1, 2, 3]);
    expect(await admin.ttl(`${key}.j`)).toBeGreaterThan(3500);
    await store.chord.clear(key);
    expect(await admin.keys("*")).toEqual([]);
  });

  test("reads a chord's size that Python set", async () => {
    await python.request("set_chord_size", { group: "h", size: 2 });
    const member = Buffer.from(await python.request<string>("encoded", { value: [1, "t", "SUCCESS", 1] }), "base64");
    const counts = await store.chord.addPart(
      "celery-taskset-meta-h",
      { member, groupIndex: 0 },
      { ordered: false, expiresSeconds: 60 },
    );
    expect(counts).toEqual({ ready: 1, extra: 0, size: 2 });
  });

  test("catches up with what was stored while its connection was away", async () => {
    const seen: unknown[] = [];
    await store.subscribe(keyOf("e"), (value) => seen.push(loads(value)));
    await admin.set(keyOf("e"), Buffer.from(success(own("e"), 5)));
    await killClients(admin, "pubsub");
    await expect.poll(() => seen).toMatchObject([{ result: 5 }]);
  });

  test("adds a part to a chord once, although the connection is lost before the reply", async (context) => {
    const key = "celery-taskset-meta-grown";
    const proxy = await startProxy(at.url);
    context.onTestFinished(() => proxy.close());
    const cut = redisBackend(proxy.url);
    context.onTestFinished(() => cut.close());
    await cut.chord.grow(key, 60);
    proxy.hold(`${key}.t`);
    const growing = cut.chord.grow(key, 60);
    await expect.poll(() => admin.get(`${key}.t`)).toBe("2");
    proxy.cut();
    await growing;
    expect(await admin.get(`${key}.t`)).toBe("2");
    expect(await admin.ttl(`${key}.t`)).toBeGreaterThan(0);
    expect(await admin.keys("*")).toEqual([`${key}.t`]);
  });

  test("names keys with a prefix as Celery does", async (context) => {
    if (set.versions.celery!.startsWith("5.2.")) context.skip("Celery 5.2 knows no prefix of results");
    const prefixed = redisBackend(at.url, { globalKeyprefix: "app" });
    const peer = await set.python.spawn("celery_results.py", [at.pythonUrl, "app"]);
    try {
      await peer.request("store", { id: "p", value: 1 });
      expect(await prefixed.get("celery-task-meta-p")).toBeDefined();
      expect(await admin.keys("*")).toEqual(["app_celery-task-meta-p"]);
    } finally {
      await peer.close();
      await prefixed.close();
    }
  });
});
