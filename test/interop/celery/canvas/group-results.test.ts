/** Groups that one side saves and the other finds again, and what results say of their tasks. */
import { type Celery, group } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { WAIT } from "../setting.js";
import { type BothSides, startBothSides } from "./both-sides.js";

describeEachGeneration("results of groups across Python and Node", (set) => {
  describe.each([
    ["amqp", "pickle"],
    ["redis", "json"],
  ] as const)("%s, %s", (broker, serializer) => {
    let app: Celery;
    let python: PythonPeer;
    let sides: BothSides;
    let queue: string;

    beforeAll(async () => {
      const isolation = await set.isolate();
      queue = isolation.name("groups");
      const config = { result_extended: true };
      sides = await startBothSides(set, { isolation, queue, broker, serializer, config });
      ({ app, python } = sides);
    });

    afterAll(() => sides?.close());

    const inPython = async (expression: string) =>
      (await python.request<{ repr: string }>("python", { expression })).repr;

    test("saved by Python, found by Node", async () => {
      const sent = "group(signature('add', (1, 1)), signature('mul', (3, 3))).apply_async()";
      const id = (await inPython(`(lambda result: (result.save(), result.id)[1])(${sent})`)).replaceAll("'", "");
      const restored = await app.restoreGroup<number>(id);
      expect(await restored?.get(WAIT)).toEqual([2, 9]);
      const ends = new Map<number, unknown>();
      for await (const { index, result } of restored!.asCompleted(WAIT)) ends.set(index, result);
      expect(ends).toEqual(
        new Map([
          [0, 2],
          [1, 9],
        ]),
      );
      expect(await restored!.completedCount()).toBe(2);
      await restored!.delete();
      expect(await inPython(`celery.result.GroupResult.restore('${id}', app=app)`)).toBe("None");
    });

    test("saved by Node, found by Python", async () => {
      const parts = [app.signature("add", { args: [2, 2] }), app.signature("mul", { args: [4, 4] })];
      const sent = await group(parts).delay();
      await sent.save();
      const restored = `celery.result.GroupResult.restore('${sent.id}', app=app)`;
      expect(await inPython(`${restored}.get(timeout=30)`)).toBe("[4, 16]");
      expect(await inPython(`${restored}.completed_count()`)).toBe("2");
      await inPython(`${restored}.delete()`);
      expect(await app.restoreGroup(sent.id)).toBeUndefined();
    });

    test("what a Python worker says of a task", async () => {
      const sent = await app.sendTask<number>("add", { args: [1], kwargs: { y: 2 } });
      expect(await sent.get(WAIT)).toBe(3);
      expect(await sent.details()).toMatchObject({
        name: "add",
        kwargs: { y: 2 },
        worker: sides.worker.nodeName,
        retries: 0,
        queue,
        dateDone: expect.any(Date),
      });
    });
  });
});
