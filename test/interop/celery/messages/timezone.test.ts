/** Apps of Python with a timezone of their own, and without UTC: when their tasks are due, and when they expire. */
import type { Celery } from "@brine/celery";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CeleryWorker, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";

const KIND = ["redis", "redis"] as const;
/** Never the offset of this machine's clock, whose tests run in UTC or in Europe. */
const CONFIG = { enable_utc: false, timezone: "Asia/Kolkata" };
interface Answer {
  readonly state: string;
  readonly repr: string;
  readonly class?: string;
}

/** Of a task that should not have run: it was seen to be due, or not expired, hours off. */
const NAIVE_UTC = "datetime.datetime.utcnow()";

describeEachGeneration("Celery apps with enable_utc=False and a timezone", (set) => {
  let app: Celery;
  let client: PythonPeer;
  let worker: CeleryWorker;
  let queues: { node: string; python: string };

  beforeAll(async () => {
    const isolation = await set.isolate();
    queues = { node: isolation.name("node"), python: isolation.name("python") };
    app = connectApp(isolation, KIND, { taskDefaultQueue: queues.node });
    app.task("add", (_, x: number, y: number) => x + y);
    app.task("eta", (context) => context.request.eta);
    await app.worker({ mingle: false }).start();
    [client, worker] = await Promise.all([
      set.python.spawn("celery_client.py", [], {
        env: pythonEnvironment(isolation, KIND, queues.node, { CONFIG: JSON.stringify(CONFIG) }),
      }),
      set.python.celeryWorker({ broker: "redis", backend: "redis", isolation, queue: queues.python, config: CONFIG }),
    ]);
  });

  afterAll(async () => {
    await client?.close();
    await worker?.kill();
    await app?.close();
  });

  async function call(task: string, options: string): Promise<Answer> {
    const args = task === "add" ? "(1, 2)" : "()";
    const id = await client.request<string>("send", { task, args, kwargs: "{}", options });
    return client.request<Answer>("get", { id });
  }

  const onBoth = (options: string) => [
    ["node", options],
    ["python", options],
  ];

  test.each([
    ...onBoth("'countdown': 1"),
    ...onBoth("'countdown': 1, 'expires': 600"),
    // Naive: UTC to a worker, whatever the timezone of its app.
    ...onBoth(`'eta': ${NAIVE_UTC} + datetime.timedelta(seconds=1)`),
    ...onBoth(`'expires': ${NAIVE_UTC} + datetime.timedelta(minutes=10)`),
  ])("Python to %s: {%s} is due", async (to, options) => {
    const queue = queues[to as "node" | "python"];
    expect(await call("add", `{'queue': ${JSON.stringify(queue)}, ${options}}`)).toMatchObject({ repr: "3" });
  });

  test.each([
    ...onBoth("'countdown': 2, 'expires': 1"),
    ...onBoth(`'expires': ${NAIVE_UTC} - datetime.timedelta(minutes=1)`),
  ])("Python to %s: {%s} has expired", async (to, options) => {
    const queue = queues[to as "node" | "python"];
    expect(await call("add", `{'queue': ${JSON.stringify(queue)}, ${options}}`)).toMatchObject({
      class: "celery.exceptions.TaskRevokedError",
    });
  });

  test("a countdown of theirs carries the offset of their timezone", async () => {
    expect((await call("eta", "{'countdown': 1}")).repr).toMatch(/\+05:30'$/);
  });

  test("Node to Python: what is due runs, what has expired does not", async () => {
    const send = (more: object) => app.sendTask<number>("add", { args: [1, 2], queue: queues.python, ...more });
    expect(await (await send({ countdown: 1, expires: 600 })).get(WAIT)).toBe(3);
    expect(await (await send({ eta: new Date(Date.now() + 1000) })).get(WAIT)).toBe(3);
    await expect((await send({ expires: new Date(Date.now() - 1000) })).get(WAIT)).rejects.toThrow("expired");
  });
});
