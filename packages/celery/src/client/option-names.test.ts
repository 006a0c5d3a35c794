/** What a newcomer gets wrong first is an error that says what was probably meant. */
import { expect, test } from "vitest";
import { Reject } from "../worker/execution/control-flow.js";
import { makeApp, startWorker, until } from "../worker/worker.fixture.js";
import { Celery } from "./app.js";

const bad = (message: unknown) => expect.objectContaining({ code: "bad-option", message });

test.each([
  [{ broker: "amqp://localhost" }, "use broker: amqp(url) of @brine/amqp-adapter"],
  [{ backend: "redis://localhost" }, "use backend: redisBackend(url) of @brine/redis-adapter"],
  [{ broker: { get() {} } }, "broker is no transport"],
  [{ backend: { publish() {} } }, "backend is no result store"],
])("settings: %j", (settings, message) => {
  expect(() => new Celery({ broker: "memory://", ...(settings as object) })).toThrow(message);
});

test("options of tasks, workers, calls and results", async () => {
  const app = makeApp();
  expect(() => app.task("a", { max_retries: 3 } as object, () => 1)).toThrow(
    '"max_retries" is written maxRetries here',
  );
  expect(() => app.worker({ queue: ["a"] } as object)).toThrow("did you mean queues?");
  const task = app.task<[number, number]>("add");
  await expect(task.applyAsync({ routing_key: "x" } as object)).rejects.toEqual(
    bad('Cannot use options of a call: "routing_key" is written routingKey here'),
  );
  await expect(task.applyAsync([1, 2] as object)).rejects.toEqual(
    bad("Cannot use options of a call: want an object with any of args, kwargs, taskId, ..."),
  );
  await expect(task.applyAsync({ args: "ab" as never })).rejects.toEqual(bad("Cannot send task: args is no array"));
  await expect(task.applyAsync({ kwargs: [1] as never })).rejects.toEqual(
    bad("Cannot send task: kwargs is no plain object"),
  );
  const result = await task.delay(1, 2);
  await expect(result.get({ timeout: 1 } as object)).rejects.toEqual(
    bad('Cannot use options of a result: there is no "timeout"; did you mean timeoutMs?'),
  );
  await expect(result.get(1000 as never)).rejects.toThrow("want an object with any of timeoutMs");
});

const given = (options: object): never => options as never;

test.each<[string, (app: Celery) => unknown, string]>([
  ["a retry policy", (app) => app.sendTask("a", { retryPolicy: given({ maxRetrys: 1 }) }), "maxRetries"],
  ["autoRetry", (app) => app.task("a", { autoRetry: given({ retry_backoff: 1 }) }, () => 1), "backoff"],
  ["autoscale", (app) => app.worker({ autoscale: given({ min: 1, maxx: 2 }) }), "max"],
  ["stop", (app) => app.worker().stop(given({ timeout: 1 })), "timeoutMs"],
  ["a signature", (app) => app.task("a").signature(given({ kwarg: {} })), "kwargs"],
  ["a signature's options", (app) => app.task("a").signature({ options: given({ quue: "x" }) }), "queue"],
  [
    "set",
    (app) =>
      app
        .task("a")
        .s()
        .set(given({ imutable: true })),
    "immutable",
  ],
  [
    "clone",
    (app) =>
      app
        .task("a")
        .s()
        .clone(given({ immutible: true })),
    "immutable",
  ],
  [
    "applyAsync",
    (app) =>
      app
        .task("a")
        .s()
        .applyAsync(given({ option: {} })),
    "options",
  ],
  ["a broadcast", (app) => app.control.ping(given({ timeout: 1 })), "timeoutMs"],
  ["a cast", (app) => app.control.shutdown(given({ destinations: [] })), "destination"],
  ["revoke", (app) => app.control.revoke("x", given({ terminat: true })), "terminate"],
  ["revokeByStamps", (app) => app.control.revokeByStamps({ a: "b" }, given({ terminat: true })), "terminate"],
  ["revoke of a result", async (app) => (await app.sendTask("a")).revoke(given({ signl: "KILL" })), "signal"],
  ["timeLimit", (app) => app.control.timeLimit("a", given({ sof: 1 })), "soft"],
  ["autoscale of a worker", (app) => app.control.autoscale(given({ maxx: 1 })), "max"],
  ["Reject", () => new Reject("", given({ requeu: true })), "requeue"],
])("options of %s", async (_name, call, meant) => {
  await expect((async () => call(makeApp()))()).rejects.toEqual(
    bad(expect.stringMatching(new RegExp(`^Cannot use .*(did you mean ${meant}\\?|written ${meant} here)$`))),
  );
});

test("options of retry() fail the task", async () => {
  const { app } = await startWorker({}, (made) => {
    made.task("again", (context) => {
      throw context.retry(given({ count_down: 1 }));
    });
  });
  await expect((await app.sendTask("again")).get({ timeoutMs: 20_000 })).rejects.toThrow(
    'Cannot use options of retry(): there is no "count_down"; did you mean countdown?',
  );
});

test("a name of Celery's settings is no hint for an option of a call", async () => {
  await expect(makeApp().sendTask("a", given({ broker_url: 1 }))).rejects.toEqual(
    bad('Cannot use options of a call: there is no "broker_url"'),
  );
});

test("without a logger, what goes wrong in a worker is a warning of the process", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  try {
    const { app } = await startWorker(
      { logger: undefined, acceptContent: ["json"], taskSerializer: "json" },
      (made) => {
        made.task("fail", () => {
          throw new Error("no fuel");
        });
      },
    );
    await app.sendTask("fail");
    await app.sendTask("nope");
    await app.sendTask("fail", { serializer: "pickle" });
    await until(() => warnings.length === 3);
    expect(warnings.map(({ message }) => message.replace(/\[.*\]/, "[id]")).sort()).toEqual([
      "Message in celery rejected: Refusing to deserialize untrusted content of type pickle (application/x-python-serialize); " +
        "the setting acceptContent says what is read",
      "Message in celery unknown-task: 'nope': this app has no app.task(\"nope\", handler)",
      "Task fail[id] failed: Error('no fuel')",
    ]);
    expect(warnings[0]).toMatchObject({ code: "BRINE_CELERY" });
  } finally {
    process.off("warning", onWarning);
  }
});

test("a result in a format that is not accepted says which setting decides", async () => {
  const { app } = await startWorker({ acceptContent: ["json"], taskSerializer: "json" }, (made) => {
    made.task("set", () => new Set([1]));
  });
  await expect((await app.sendTask("set")).get({ timeoutMs: 20_000 })).rejects.toThrow(
    /Refusing to deserialize untrusted content of type pickle .*; the setting acceptContent says what is read$/,
  );
});
