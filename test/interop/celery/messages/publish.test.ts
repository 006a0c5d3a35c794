/** A Node service sends tasks to Python workers, with values JSON cannot carry, and gets results and errors. */
import { randomUUID } from "node:crypto";
import { type AsyncResult, type Celery, chain, chord, group, TaskRevokedError } from "@brine/celery";
import {
  Complex,
  Decimal,
  PyDate,
  PyDateTime,
  type PyException,
  pyExceptions,
  TimeDelta,
  tuple,
  UUID,
} from "@brine/codec";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CeleryWorker } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { COMBINATIONS, connectApp, Point, WAIT } from "../setting.js";
import { statesSeen } from "./progress-seen.js";

describeEachGeneration("publish to Python workers", (set) => {
  describe.each(COMBINATIONS)("broker %s, results %s", (broker, backend) => {
    let app: Celery;
    let worker: CeleryWorker;
    let redis: Redis;

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("publish");
      redis = new Redis(isolation.redis(2).url);
      const env = { SEEN: isolation.redis(2).pythonUrl };
      worker = await set.python.celeryWorker({ broker, backend, isolation, queue, concurrency: 2, env });
      app = connectApp(isolation, [broker, backend], { taskDefaultQueue: queue });
    });

    afterAll(async () => {
      await app?.close();
      await worker?.stop();
      redis?.disconnect();
    });

    test("a task runs and its result comes back", async () => {
      const add = app.task<[number, number], number>("add");
      expect(await (await add.delay(2, 3)).get(WAIT)).toBe(5);
      expect(await (await add.applyAsync({ args: [(2n ** 70n) as unknown as number, 1] })).get(WAIT)).toBe(
        2n ** 70n + 1n,
      );
    });

    test("rich values arrive as Python's own types", async () => {
      const values = {
        datetime: PyDateTime.from("2024-02-29T12:30:45.123456"),
        date: PyDate.from("2024-02-29"),
        delta: new TimeDelta(-1, 3),
        decimal: new Decimal("1.10"),
        uuid: UUID.from("12345678-1234-5678-1234-567812345678"),
        bytes: Uint8Array.of(0, 255),
        pair: tuple(1, tuple(2)),
        set: new Set(["a"]),
        big: 2n ** 80n,
        complex: new Complex(4, 6),
        point: new Point(1, 2),
        moment: new Date(Date.UTC(2024, 1, 29, 12, 30)),
        nothing: null,
      };
      const names = Object.keys(values);
      const result = await app.sendTask<{ args: { repr: string }[] }>("types_of", { args: Object.values(values) });
      const { args } = await result.get(WAIT);
      expect(Object.fromEntries(names.map((name, i) => [name, args[i]?.repr]))).toEqual({
        datetime: "datetime.datetime(2024, 2, 29, 12, 30, 45, 123456)",
        date: "datetime.date(2024, 2, 29)",
        delta: "datetime.timedelta(days=-1, seconds=3)",
        decimal: "Decimal('1.10')",
        uuid: "UUID('12345678-1234-5678-1234-567812345678')",
        bytes: "b'\\x00\\xff'",
        pair: "(1, (2,))",
        set: "{'a'}",
        big: "1208925819614629174706176",
        complex: "(4+6j)",
        point: "Point(x=1, y=2)",
        moment: "datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)",
        nothing: "None",
      });
    });

    test("rich results come back as the codec's types", async () => {
      const kinds = await (
        await app.sendTask<Record<string, unknown>>("identity", { args: [[new Point(1, 2), new Decimal("1.10")]] })
      ).get(WAIT);
      const [point, decimal] = kinds as unknown as [Point, Decimal];
      expect(point).toBeInstanceOf(Point);
      expect(point).toEqual(new Point(1, 2));
      expect(decimal).toEqual(new Decimal("1.10"));
    });

    test("a raising task is an Error with Python's class, arguments and traceback", async () => {
      const error = await failureOf(await app.sendTask("fail", { args: ["bad value"] }));
      expect(error).toBeInstanceOf(pyExceptions.ValueError);
      expect(error).toMatchObject({ pythonClass: "builtins.ValueError", message: "bad value" });
      expect((error as { traceback: string }).traceback).toMatch(/^Traceback \(most recent call last\)[\s\S]*raise /);
      const custom = await failureOf(await app.sendTask("fail", { kwargs: { message: "custom", kind: "AppError" } }));
      // Its class has a `__str__` of its own.
      expect(custom).toMatchObject({ pythonClass: "models.AppError", code: 42, message: "custom (code 42)" });
      expect([...(custom as PyException).args]).toEqual(["custom", 42]);
      const unknown = await failureOf(await app.sendTask("no.such.task"));
      expect(unknown).toMatchObject({ pythonClass: "celery.exceptions.NotRegistered" });
    });

    test("options reach the worker", async () => {
      const id = `order:${randomUUID()}`;
      const result = await app.sendTask<Record<string, unknown>>("request_of", {
        taskId: id,
        timeLimit: 300,
        softTimeLimit: 240,
        expires: 600,
        headers: { "x-tenant": "t1", "x-count": 300, "x-big": 2 ** 40, "x-nested": { negative: [-1, 128] } },
        retries: 0,
      });
      expect(result.id).toBe(id);
      const request = await result.get(WAIT);
      expect(request).toMatchObject({ id, root_id: id, timelimit: [300, 240] });
    });

    test("compressed bodies are read", async () => {
      const text = "x".repeat(10_000);
      const result = await app.sendTask<string>("identity", { args: [text], compression: "zlib" });
      expect(await result.get(WAIT)).toBe(text);
    });

    test("a countdown delays, JSON works beside pickle", async () => {
      const sentAt = Date.now();
      const result = await app.sendTask<number>("add", { args: [1, 1], countdown: 1, serializer: "json" });
      expect(await result.get(WAIT)).toBe(2);
      expect(Date.now() - sentAt).toBeGreaterThanOrEqual(950);
    });

    test("states come as they happen", async () => {
      const sent = await app.sendTask("progress", { args: [3] });
      const states = await statesSeen(sent, redis, WAIT.timeoutMs);
      const seen = states.map(({ state, meta, result }) => [state, meta ?? result]);
      expect(seen).toEqual(expect.arrayContaining([0, 1, 2].map((step) => ["PROGRESS", { step, of: 3 }])));
      expect(seen.at(-1)).toEqual(["SUCCESS", 3]);
    });

    test("retries are seen and the last word counts", async () => {
      const result = await app.sendTask<number>("retry", { args: [1], kwargs: { seen: true } });
      const states = await statesSeen(result, redis, WAIT.timeoutMs);
      expect(states.map(({ state }) => state)).toContain("RETRY");
      expect(states.at(-1)?.state).toBe("SUCCESS");
      expect(await result.get()).toBe(1);
    });

    test("links and chains run in Python", async () => {
      const [add, mul] = ["add", "mul"].map((name) => app.task<[number, number], number>(name));
      const flow = await chain(add!.s(2, 3), mul!.s(10), add!.s(1)).delay();
      expect(await flow.get(WAIT)).toBe(51);
      const both = await group(add!.s(1, 1), chain(add!.s(2, 2), mul!.s(3))).delay();
      expect(await both.get(WAIT)).toEqual([2, 12]);
      const failing = await chain(app.signature("fail", { args: ["stop"] }), add!.s(1)).delay();
      await expect(failing.parent!.get(WAIT)).rejects.toBeInstanceOf(pyExceptions.ValueError);
    });

    if (backend === "redis")
      test("chords run in Python", async () => {
        const [add, mul, xsum] = ["add", "mul", "xsum"].map((name) => app.task(name));
        const sum = await chord([add!.s(1, 1), add!.s(2, 2), chain(add!.s(1, 2), mul!.s(2))], xsum!.s()).delay();
        expect(await sum.get(WAIT)).toBe(12);
        const upgraded = await chain(group(add!.s(1, 1), add!.s(2, 2)), xsum!.s(), mul!.s(3)).delay();
        expect(await upgraded.get(WAIT)).toBe(18);
      });

    test("revoke and remote control reach the worker", async () => {
      const { nodeName } = worker;
      expect(await app.control.ping({ destination: [nodeName], ...WAIT })).toEqual({
        [nodeName]: { ok: "pong" },
      });
      const registered = await app.control.inspect("registered", {}, { destination: [nodeName], ...WAIT });
      expect(registered[nodeName]).toContain("add");
      const result = await app.sendTask("sleep", { args: [30] });
      await result.revoke({ terminate: true });
      await expect(result.get(WAIT)).rejects.toBeInstanceOf(TaskRevokedError);
    });

    test("the worker lives on after everything that was sent to it", async () => {
      await expect(app.sendTask("add", { args: [1, 1], timeLimit: -1 })).rejects.toMatchObject({
        code: "invalid-message",
      });
      await expect(app.sendTask("add", { args: [1, 1], headers: { when: new Date() } })).rejects.toMatchObject({
        path: "headers.when",
      });
      expect(await (await app.sendTask("add", { args: [20, 22] })).get(WAIT)).toBe(42);
    });
  });
});

async function failureOf(result: AsyncResult): Promise<unknown> {
  return result.get(WAIT).then(
    (value) => expect.fail(`the task returned ${String(value)}`),
    (error: unknown) => error,
  );
}
