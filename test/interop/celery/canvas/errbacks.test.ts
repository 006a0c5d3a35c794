/** Errbacks across Python and Node, and chords that grow in the worker of the other side. */
import { type Celery, chain, group } from "@brine/celery";
import { pyExceptions } from "@brine/codec";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { WAIT } from "../setting.js";
import { type BothSides, startBothSides } from "./both-sides.js";

describeEachGeneration("errbacks and growing chords across Python and Node", (set) => {
  let app: Celery;
  let python: PythonPeer;
  let sides: BothSides;
  let nodeQueue: string;
  let nextId = 0;

  beforeAll(async () => {
    const isolation = await set.isolate();
    const queue = isolation.name("python");
    nodeQueue = isolation.name("node");
    const settings = { taskRoutes: { "node.*": { queue: nodeQueue } } };
    const kinds = { broker: "amqp", serializer: "pickle" } as const;
    sides = await startBothSides(set, { isolation, queue, ...kinds, concurrency: 2, settings });
    ({ app, python } = sides);
    app.task("node.fail", () => {
      throw new pyExceptions.ValueError("node cannot");
    });
    app.task("node.told", (_, id: string) => `told of ${id}`);
    // In place it has no result of its own, so it sends on what it got.
    app.task(
      "node.reported",
      async (_, request: { id: string }, error: Error, traceback: string | null, id: string) => {
        await app.sendTask("node.report", { args: [request.id, error.name, traceback === null], taskId: id });
      },
    );
    app.task("node.report", (_, ...facts: unknown[]) => facts);
    app.task("node.spread", async (context, n: number) => {
      if (n > 1) await context.addToChord(app.signature("node.spread", { args: [n - 1] }));
      return n;
    });
    await app.worker({ queues: [nodeQueue], name: "node", mingle: false, concurrency: 4 }).start();
  });

  afterAll(() => sides?.close());

  const newId = () => `${nodeQueue}-${++nextId}`;
  const on = () => `'queue': ${JSON.stringify(nodeQueue)}`;
  const sendFromPython = (expression: string) => python.request<string>("canvas", { expression });

  test("one that takes an id is sent it, by a worker of either side", async () => {
    for (const failing of ["fail", "node.fail"]) {
      const id = newId();
      const options = failing === "fail" ? "" : `, options={${on()}}`;
      const errback = `signature('node.told', options={${on()}, 'task_id': '${id}'})`;
      const failed = await sendFromPython(`error_linked(signature('${failing}'${options}), ${errback})`);
      expect(await app.result(id).get(WAIT)).toBe(`told of ${failed}`);
      const again = newId();
      const told = app.signature("node.told", { options: { taskId: again, queue: nodeQueue } });
      const sent = await app.sendTask(failing, { linkError: told });
      expect(await app.result(again).get(WAIT)).toBe(`told of ${sent.id}`);
    }
  });

  test("that of a group and that of a chain are called by the task that fails, whoever sent it", async () => {
    for (const failing of ["fail", "node.fail"]) {
      const options = failing === "fail" ? "" : `, options={${on()}}`;
      const failingIn = { options: failing === "fail" ? {} : { queue: nodeQueue } };
      const ids = [newId(), newId(), newId(), newId()] as const;
      const errback = (id: string) =>
        `signature('node.told', ('x',), options={${on()}, 'task_id': '${id}'}, immutable=True)`;
      const told = (taskId: string) =>
        app.signature("node.told", { args: ["x"], options: { taskId, queue: nodeQueue }, immutable: true });
      const parts = `signature('add', (1, 1)), signature('${failing}'${options})`;
      await sendFromPython(`error_linked(group(${parts}), ${errback(ids[0])})`);
      const then = `signature('${failing}'${options}, immutable=True)`;
      await sendFromPython(
        `error_linked(chain(signature('add', (1, 1)), ${then}, signature('add', (1,))), ${errback(ids[1])})`,
      );
      const fails = app.signature(failing, failingIn);
      await group(app.signature("add", { args: [1, 1] }), fails)
        .linkError(told(ids[2]))
        .delay();
      const steps = [app.signature("add", { args: [1, 1] }), app.signature(failing, { ...failingIn, immutable: true })];
      await chain(...steps, app.signature("add", { args: [1] }))
        .linkError(told(ids[3]))
        .delay();
      for (const id of ids) expect(await app.result(id).get(WAIT)).toBe("told of x");
    }
  });

  test("one of this worker that takes more is called in place, for Python's senders too", async () => {
    const id = newId();
    const errback = `signature('node.reported', ('${id}',), options={${on()}})`;
    const failed = await sendFromPython(`error_linked(signature('node.fail', options={${on()}}), ${errback})`);
    await expect.poll(() => app.result(id).ready(), { timeout: WAIT.timeoutMs }).toBe(true);
    expect(await app.result(id).get(WAIT)).toEqual([failed, "ValueError", false]);
  });

  test("that of a body is called when the chord fails, with the id of the body", async () => {
    const id = newId();
    const body = `error_linked(signature('xsum'), signature('node.reported', ('${id}',), options={${on()}}))`;
    const failing = `signature('node.fail', options={${on()}})`;
    const chordId = await sendFromPython(`chord([${failing}, ${failing}], ${body})`);
    expect(await app.result(id).get(WAIT)).toEqual([chordId, "ChordError", true]);
  });

  test("a chord that Python sent grows in Node", async () => {
    const spread = `signature('node.spread', (4,), options={${on()}})`;
    const id = await sendFromPython(`chord([${spread}, signature('add', (100, 1))], signature('xsum'))`);
    expect(await python.request("get", { id })).toMatchObject({ repr: "111" });
  });
});
