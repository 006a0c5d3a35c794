/** What a newcomer gets wrong first is an error that says what was probably meant. */
import { expect, test } from "vitest";
import { makeApp, startWorker, until } from "../worker/worker.fixture.js";
import { Celery } from "./app.js";

const bad = (message: string) => expect.objectContaining({ code: "bad-option", message });

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
  await expect((await app.sendTask("set")).get({ timeoutMs: 5000 })).rejects.toThrow(
    /Refusing to deserialize untrusted content of type pickle .*; the setting acceptContent says what is read$/,
  );
});
