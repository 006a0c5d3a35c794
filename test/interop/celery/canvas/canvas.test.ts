/** Work-flows whose steps run in Python and in Node, started from either side. */
import { randomUUID } from "node:crypto";
import { type Celery, chain, chord, group } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { WAIT } from "../setting.js";
import { type BothSides, startBothSides } from "./both-sides.js";

describeEachGeneration("work-flows across Python and Node", (set) => {
  describe.each([
    ["amqp", "pickle"],
    ["redis", "pickle"],
    ["amqp", "json"],
  ] as const)("broker %s, %s, results in Redis", (broker, serializer) => {
    let app: Celery;
    let python: PythonPeer;
    let sides: BothSides;
    let nodeQueue: string;
    let pythonQueue: string;

    beforeAll(async () => {
      const isolation = await set.isolate();
      pythonQueue = isolation.name("python");
      nodeQueue = isolation.name("node");
      sides = await startBothSides(set, { isolation, queue: pythonQueue, broker, serializer, concurrency: 2 });
      ({ app, python } = sides);
      app.task("node.double", { queue: nodeQueue }, (_, x: number) => x * 2);
      app.task("node.total", { queue: nodeQueue }, (_, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
      app.task("node.fail", { queue: nodeQueue }, () => {
        throw new RangeError("node cannot");
      });
      app.task("node.spawn", { queue: nodeQueue }, async () => {
        await app.sendTask("add", { args: [1, 2] });
        return "spawned";
      });
      await app.worker({ queues: [nodeQueue], name: "node", mingle: false, concurrency: 4 }).start();
    });

    afterAll(() => sides?.close());

    const add = (...args: unknown[]) => app.signature<number>("add", { args, options: { queue: pythonQueue } });
    const xsum = () => app.signature<number>("xsum", { options: { queue: pythonQueue } });
    const double = (...args: unknown[]) =>
      app.signature<number>("node.double", { args, options: { queue: nodeQueue } });
    const total = () => app.signature<number>("node.total", { options: { queue: nodeQueue } });
    const fail = () => app.signature("node.fail", { args: [], options: { queue: nodeQueue } });

    test("a chain goes back and forth", async () => {
      const result = await chain(add(1, 2), double(), add(4), double()).delay();
      expect(await result.get(WAIT)).toBe(20);
      expect(await result.parent!.get(WAIT)).toBe(10);
    });

    test("a chord has parts on both sides, and its body on either", async () => {
      const parts = [add(1, 1), double(5), chain(double(1), add(1)), chain(add(1, 1), double())];
      expect(await (await chord(parts, total()).delay()).get(WAIT)).toBe(19);
      expect(await (await chord(parts, xsum()).delay()).get(WAIT)).toBe(19);
      const long = chain(group(add(1, 1), double(2)), total(), add(1), double());
      expect(await (await long.delay()).get(WAIT)).toBe(14);
    });

    test("a part that fails in Node fails the body for Python and Node", async () => {
      const result = await chord([add(1, 1), fail()], xsum()).delay();
      await expect(result.get(WAIT)).rejects.toMatchObject({ pythonClass: "celery.exceptions.ChordError" });
      const chained = await chain(add(1, 1), fail(), add(1)).delay();
      await expect(chained.get(WAIT)).rejects.toMatchObject({ taskId: chained.id });
    });

    test("what Python composes runs in both", async () => {
      const on = `options={'queue': ${JSON.stringify(nodeQueue)}}`;
      const get = async (expression: string) =>
        python.request<{ repr: string }>("get", { id: await python.request("canvas", { expression }) });
      const steps = `signature('add', (1, 2)), signature('node.double', ${on}), signature('add', (1,))`;
      expect(await get(`chain(${steps})`)).toMatchObject({ repr: "7" });
      const header = `[signature('node.double', (i,), ${on}) for i in range(3)] + [signature('add', (1, 1))]`;
      expect(await get(`chord(${header}, signature('xsum'))`)).toMatchObject({ repr: "8" });
      expect(await get(`chord(${header}, signature('node.total', ${on}))`)).toMatchObject({ repr: "8" });
      expect(
        await get(`chain(group(${header}), signature('node.total', ${on}), signature('add', (1,)))`),
      ).toMatchObject({
        repr: "9",
      });
    });

    test("tasks sent by a Node task are its children", async () => {
      const result = await app.sendTask("node.spawn");
      expect(await result.get(WAIT)).toBe("spawned");
      const [child] = await result.children();
      expect(await child!.get(WAIT)).toBe(3);
    });

    test("an errback in Python is told of a failure in Node", async () => {
      const taskId = randomUUID();
      const errback = app.signature("on_error", { options: { queue: pythonQueue, taskId } });
      const failing = await app.sendTask("node.fail", { linkError: errback });
      await expect(failing.get(WAIT)).rejects.toThrow("node cannot");
      expect(await app.result<string>(taskId).get(WAIT)).toContain(failing.id);
    });
  });
});
