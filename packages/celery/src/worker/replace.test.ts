/** What a handler can do instead of returning: replace itself, retry with changes, ignore, reject, set a state. */
import { pyExceptions } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { chain, chord, group } from "../client/canvas/canvas.js";
import { MaxRetriesExceededError } from "../protocol/python-exceptions.js";
import { Ignore, Reject } from "./execution/control-flow.js";
import { startWorker, until } from "./worker.fixture.js";

const timeoutMs = 20_000;

describe.each([["memory://"], ["rpc://"]])("replace over %s", (backend) => {
  test("a task gives way to another, whose result is its own", async () => {
    const nesting: number[] = [];
    const { app } = await startWorker({ backend }, (a) => {
      a.task("add", (context, x: number, y: number) => {
        nesting.push(context.request.replacedTaskNesting);
        return x + y;
      });
      a.task("factory", (context, n: number) => {
        throw context.replace(
          n === 0 ? a.signature("add", { args: [1, 2] }) : a.signature("factory", { args: [n - 1] }),
        );
      });
    });
    const result = await app.sendTask("factory", { args: [2] });
    expect(await result.get({ timeoutMs })).toBe(3);
    expect(nesting).toEqual([3]);
  });

  test("a chain in its place goes on with the chain it was in, callbacks and errbacks included", async () => {
    const called: unknown[] = [];
    const { app } = await startWorker({ backend }, (a) => {
      a.task("add", (_, x: number, y: number) => x + y);
      a.task("mul", (_, x: number, y: number) => x * y);
      a.task("note", (_, value: unknown) => void called.push(value));
      a.task("fail", () => {
        throw new pyExceptions.ValueError("no");
      });
      a.task("factory", (context, x: number) => {
        throw context.replace(chain(a.signature("add", { args: [x, 1] }), a.signature("mul", { args: [10] })));
      });
      a.task("bad", (context) => {
        throw context.replace(a.signature("fail"));
      });
    });
    const step = app.signature("factory", { args: [1] }).link(app.signature("note"));
    const flow = chain(step, app.signature("add", { args: [5] }));
    expect(await (await flow.delay()).get({ timeoutMs })).toBe(25);
    await until(() => called.length === 1);
    expect(called).toEqual([20]);
    const bad = await app.sendTask("bad", { linkError: app.signature("note") });
    await expect(bad.get({ timeoutMs })).rejects.toBeInstanceOf(pyExceptions.ValueError);
    await until(() => called.length === 2);
    expect(called[1]).toBe(bad.id);
  });
});

test("a group in its place gives the list; a part of a chord stays one", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("add", (_, x: number, y: number) => x + y);
    a.task("fan", (context, n: number) => {
      throw context.replace(group(Array.from({ length: n }, (_, i) => a.signature("add", { args: [i, i] }))));
    });
    a.task("count", (_, parts: unknown[]) => parts);
  });
  expect(await (await app.sendTask("fan", { args: [3] })).get({ timeoutMs })).toEqual([0, 2, 4]);
  const flow = chord(
    [app.signature("fan", { args: [2] }), app.signature("add", { args: [7, 1] })],
    app.signature("count"),
  );
  expect(await (await flow.delay()).get({ timeoutMs })).toEqual([[0, 2], 8]);
});

test("what cannot take a task's place is its failure", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("empty", (context) => {
      throw context.replace(chain());
    });
  });
  await expect((await app.sendTask("empty")).get({ timeoutMs })).rejects.toThrow("chain without tasks");
});

describe("retry", () => {
  test("changes what it names and keeps the rest", async () => {
    const seen: unknown[] = [];
    const { app } = await startWorker(
      {},
      (a) => {
        a.task("again", { parameters: ["x"] }, (context, x: number) => {
          const { timelimit, shadow } = context.request;
          seen.push([x, context.deliveryInfo.queue, context.headers.mark, timelimit, shadow]);
          if (context.retries === 1) return x;
          throw context.retry({
            args: [2],
            countdown: 0.01,
            headers: { mark: "b" },
            queue: "other",
            serializer: "json",
            timeLimit: 60,
            shadow: "seen",
          });
        });
      },
      { queues: ["celery", "other"] },
    );
    const result = await app.sendTask("again", { args: [1], headers: { mark: "a" }, softTimeLimit: 50 });
    expect(await result.get({ timeoutMs })).toBe(2);
    expect(seen).toEqual([
      [1, "celery", "a", [null, 50], null],
      [2, "other", "b", [60, 50], "seen"],
    ]);
  });

  test("without retries left it is the error, or says what was called", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("out", { maxRetries: 0 }, (context, error?: string) => {
        throw context.retry(error === undefined ? {} : { error: new pyExceptions.KeyError(error) });
      });
    });
    await expect((await app.sendTask("out", { args: ["k"] })).get({ timeoutMs })).rejects.toBeInstanceOf(
      pyExceptions.KeyError,
    );
    const bare = await app.sendTask("out", { taskId: "the-id" });
    await expect(bare.get({ timeoutMs })).rejects.toBeInstanceOf(MaxRetriesExceededError);
    await expect(bare.get()).rejects.toThrow("Can't retry out[the-id] args:() kwargs:{}");
  });
});

test("a custom state is seen with its meta; those of the end are the worker's", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("states", async (context) => {
      await context.updateState("HALFWAY", { percent: 50 });
      await context.updateState("SUCCESS", 1);
    });
    a.task("ignore", async (context) => {
      await context.updateState("SKIPPED", "not needed");
      throw new Ignore();
    });
  });
  await expect((await app.sendTask("states")).get({ timeoutMs })).rejects.toThrow("Cannot set state SUCCESS");
  const ignored = await app.sendTask("ignore");
  await until(async () => (await ignored.state()) === "SKIPPED");
  expect(await ignored.info()).toBe("not needed");
});

test("Reject without requeue tells whoever waits, and dead-letters", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("reject", { acksLate: true }, () => {
      throw new Reject("not ours");
    });
  });
  await expect((await app.sendTask("reject")).get({ timeoutMs })).rejects.toMatchObject({
    pythonClass: "celery.exceptions.Reject",
  });
  expect(await app.transport.queueLength("celery")).toBe(0);
});
