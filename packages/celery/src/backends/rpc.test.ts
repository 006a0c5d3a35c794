/** Which of a task's states stays when several replies came. */
import { expect, test } from "vitest";
import { makeApp, until } from "../worker/worker.fixture.js";

test("a RETRY that comes after the last word hides nothing", async () => {
  const { backend } = makeApp({ backend: "rpc://" });
  const replyTo = await backend.replyTo();
  const reply = (taskId: string, status: string, result: unknown) => {
    const meta = { taskId, status, result, traceback: null, children: [], dateDone: null };
    return backend.store({ meta, replyTo, correlationId: taskId });
  };
  await reply("task", "STARTED", null);
  await reply("task", "SUCCESS", 2);
  await reply("task", "RETRY", "late");
  await reply("next", "SUCCESS", 3);
  await until(async () => (await backend.get("next")) !== undefined);
  expect(await backend.get("task")).toMatchObject({ meta: { status: "SUCCESS" }, value: 2 });
});
