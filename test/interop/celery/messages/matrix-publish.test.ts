/** Node clients and Python workers in every combination of broker, result backend and serializer. */
import { type Celery, chain, chord } from "@brine/celery";
import { type PyException, pyExceptions } from "@brine/codec";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonProcess } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { READY_MS } from "../../../services/patience.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";
import { CELLS, type Cell, carriesSignatures, pickles, settingsOf, valuesOf } from "./matrix.js";
import { statesSeen } from "./progress-seen.js";

describeEachGeneration("Node sends to Python", (set) => {
  let fleet: PythonProcess;
  let redis: Redis;
  const apps = new Map<Cell, Celery>();

  beforeAll(async () => {
    const isolation = await set.isolate();
    redis = new Redis(isolation.redis(2).url);
    const SEEN = isolation.redis(2).pythonUrl;
    const environments = CELLS.map((cell) => {
      const [broker, backend, serializer] = cell;
      const queue = isolation.name(cell.join("-"));
      apps.set(
        cell,
        connectApp(isolation, [broker, backend], { taskDefaultQueue: queue, ...settingsOf(serializer, set) }),
      );
      const more = { SERIALIZER: serializer, ACCEPT: serializer, SEEN };
      return pythonEnvironment(isolation, [broker, backend], queue, more);
    });
    fleet = await set.python.start(["-m", "celery_fleet", JSON.stringify(environments)]);
    await fleet.waitForLog(/fleet ready/, READY_MS);
  });

  afterAll(async () => {
    await Promise.all([...apps.values()].map((app) => app.close()));
    await fleet?.stop();
    redis?.disconnect();
  });

  describe.each(CELLS)("%s, %s, %s", (...cell) => {
    const [, backend, serializer] = cell;
    const values = valuesOf(serializer, set);
    let app: Celery;
    beforeAll(() => {
      app = apps.get(CELLS.find((each) => each.join() === cell.join())!)!;
    });
    const call = async <R>(task: string, ...args: unknown[]) => (await app.sendTask<R>(task, { args })).get(WAIT);

    test("values arrive as Python's, in args and kwargs, and come back", async () => {
      const args = values.map(({ js }) => js);
      const names = values.map(({ name }) => name.replaceAll(/\W/g, "_"));
      const kwargs = Object.fromEntries(names.map((name, i) => [name, args[i]]));
      const result = await app.sendTask<{
        args: { repr: string }[];
        kwargs: Record<string, { repr: string }>;
      }>("types_of", { args, kwargs });
      const seen = await result.get(WAIT);
      const reprs = values.map(({ repr }) => repr);
      expect(seen.args.map(({ repr }) => repr)).toEqual(reprs);
      expect(names.map((name) => seen.kwargs[name]?.repr)).toEqual(reprs);
      expect(pickles(await call("identity", args))).toEqual(pickles(args));
      expect(await call("noop")).toBeNull();
    });

    test("an exception is an error of its class", async () => {
      const failing = await app.sendTask("fail", { args: ["bad value"] });
      const error = await failing.get(WAIT).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(pyExceptions.ValueError);
      expect(error).toMatchObject({ message: "bad value", pythonClass: "builtins.ValueError" });
      expect((error as { traceback: string }).traceback).toContain("Traceback");
      const custom = await app.sendTask("fail", { args: ["mine", "AppError"] });
      const own = await custom.get(WAIT).catch((thrown: unknown) => thrown);
      expect(own).toMatchObject({ pythonClass: "models.AppError", message: "mine (code 42)" });
      expect([...(own as PyException).args]).toEqual(["mine", 42]);
      expect(await failing.state()).toBe("FAILURE");
    });

    test("retries and states of its own are seen", async () => {
      const retried = await app.sendTask<number>("retry", { args: [1] });
      const progress = await app.sendTask("progress", { args: [2] });
      const states = (await statesSeen(progress, redis, WAIT.timeoutMs)).map(({ state, meta, result }) => [
        state,
        meta ?? result,
      ]);
      expect(states).toContainEqual(["PROGRESS", { step: 1, of: 2 }]);
      expect(states.at(-1)).toEqual(["SUCCESS", 2]);
      expect(await retried.get(WAIT)).toBe(1);
    });

    if (carriesSignatures(serializer))
      test("a chain passes results on", async () => {
        const [add, mul] = ["add", "mul"].map((name) => app.task<[number, number], number>(name));
        expect(await (await chain(add!.s(2, 3), mul!.s(10), add!.s(1)).delay()).get(WAIT)).toBe(51);
      });

    // rpc:// has no place where the parts of a chord could meet.
    if (carriesSignatures(serializer) && backend === "redis")
      test("a chord collects", async () => {
        const [add, xsum] = ["add", "xsum"].map((name) => app.task(name));
        const parts = [add!.s(1, 1), chain(add!.s(1, 2), add!.s(3)), add!.s(4, 4)];
        expect(await (await chord(parts, xsum!.s()).delay()).get(WAIT)).toBe(16);
      });
  });
});
