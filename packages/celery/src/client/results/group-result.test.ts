/** Waiting for several results. */
import { pyExceptions } from "@brine/codec";
import { expect, test } from "vitest";
import { MemoryResultStore } from "../../memory/result-store.js";
import { gate, startWorker, until } from "../../worker/worker.fixture.js";
import { group } from "../canvas/canvas.js";
import type { AsyncResult } from "./async-result.js";
import type { CompletedTask } from "./group-result.js";

const timeoutMs = 20_000;
const HOUR_MS = 3_600_000;

test("asCompleted gives the ends in their order, failures too", async () => {
  const gates = [gate(), gate()];
  const { app } = await startWorker(
    {},
    (a) => {
      a.task("wait", (_, n: number) => gates[n]!.passed.then(() => n));
      a.task("fail", () => {
        throw new pyExceptions.ValueError("broken");
      });
    },
    { concurrency: 3 },
  );
  const parts = [app.signature("wait", { args: [0] }), app.signature("wait", { args: [1] }), app.signature("fail")];
  const sent = await group<number>(...parts).delay();
  const ends: CompletedTask<number>[] = [];
  expect(await sent.waiting()).toBe(true);
  for await (const end of sent.asCompleted({ timeoutMs })) {
    ends.push(end);
    gates[end.index === 2 ? 1 : 0]!.open();
  }
  expect(ends).toMatchObject([
    { index: 2, state: "FAILURE", error: { message: "broken" } },
    { index: 1, id: sent.results[1]!.id, state: "SUCCESS", result: 1 },
    { index: 0, state: "SUCCESS", result: 0 },
  ]);
  expect([await sent.waiting(), await sent.completedCount()]).toEqual([false, 2]);
});

test("asCompleted ends by a timeout, by a signal, and by leaving it, and nothing is listened to from then on", async () => {
  let listening = 0;
  class Store extends MemoryResultStore {
    override async subscribe(...args: Parameters<MemoryResultStore["subscribe"]>) {
      listening++;
      const { unsubscribe } = await super.subscribe(...args);
      return {
        async unsubscribe() {
          listening--;
          await unsubscribe();
        },
      };
    }
  }
  const { app } = await startWorker({ backend: new Store() }, (a) => void a.task("add", (_, x: number) => x));
  const done = await app.sendTask<number>("add", { args: [1] });
  const set = app.resultSet([app.result<number>("nobody"), done]);
  const all = async (options: object): Promise<number[]> => {
    const ends: number[] = [];
    for await (const { index } of set.asCompleted(options)) ends.push(index);
    return ends;
  };
  await expect(all({ timeoutMs: 10 })).rejects.toMatchObject({ code: "timeout" });
  await until(() => listening === 0);
  await expect(all({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  await until(() => listening === 0);
  for await (const end of set.asCompleted({ timeoutMs: HOUR_MS })) {
    expect(end).toMatchObject({ index: 1, result: 1 });
    await until(() => listening === 1);
    break;
  }
  await until(() => listening === 0);
  expect(await app.resultSet([]).get({ timeoutMs })).toEqual([]);
});

test("details are what the worker stored", async () => {
  const { app, worker } = await startWorker({ resultExtended: true }, (a) => void a.task("add", (_, x: number) => x));
  const sent = await app.sendTask<number>("add", { args: [1], kwargs: { y: 2 } });
  expect(await app.result("nobody").details()).toMatchObject({ name: undefined, dateDone: undefined });
  await sent.get({ timeoutMs });
  expect(await sent.details()).toMatchObject({
    name: "add",
    kwargs: { y: 2 },
    worker: worker.hostname,
    retries: 0,
    queue: "celery",
    dateDone: expect.any(Date),
  });
});

test("the state is that of the worst end", async () => {
  const gates = [gate(), gate()];
  const { app } = await startWorker(
    {},
    (a) => {
      a.task("wait", (_, n: number) => gates[n]!.passed);
      a.task("fail", () => {
        throw new pyExceptions.ValueError("broken");
      });
    },
    { concurrency: 2 },
  );
  const done = await app.sendTask("wait", { args: [0] });
  const revoked = await app.sendTask("wait", { args: [1], countdown: 0.6, expires: 0.5 });
  const set = (...results: AsyncResult[]) => app.resultSet(results).state();
  await expect(revoked.get({ timeoutMs })).rejects.toThrow("expired");
  expect(await set(done, revoked)).toBe("PENDING");
  gates[0]!.open();
  await done.get({ timeoutMs });
  expect([await set(), await set(done), await set(done, revoked)]).toEqual(["SUCCESS", "SUCCESS", "REVOKED"]);
  const failed = await app.sendTask("fail");
  await expect(failed.get({ timeoutMs })).rejects.toThrow("broken");
  expect(await set(revoked, failed, app.result("nobody"))).toBe("FAILURE");
});

test("the queue of details is the routing key that the task came with, as in Celery", async () => {
  const taskQueues = [{ name: "orders", exchange: { name: "shop", type: "topic" as const }, routingKey: "orders.*" }];
  const { app } = await startWorker({ resultExtended: true, taskQueues }, (a) => void a.task("add", () => 1));
  const sent = await app.sendTask("add", { queue: "orders", routingKey: "orders.new" });
  await sent.get({ timeoutMs });
  expect(await sent.details()).toMatchObject({ queue: "orders.new" });
});
