/** Python clients and Node workers in every combination of broker, result backend and serializer. */
import type { Celery } from "@brine/celery";
import { pyExceptions } from "@brine/codec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { connectApp, pythonEnvironment } from "../setting.js";
import { CELLS, type Cell, carriesSignatures, pickles, settingsOf, valuesOf } from "./matrix.js";
import { progressSeen, SEEN } from "./progress-seen.js";

describeEachGeneration("Python sends to Node", (set) => {
  let python: PythonPeer;
  const apps: Celery[] = [];
  const environments = new Map<string, Record<string, string>>();
  /** What the last `node.take` got, per cell: compared here, not by what Python makes of it. */
  const taken = new Map<string, Call>();

  beforeAll(async () => {
    const isolation = await set.isolate();
    for (const cell of CELLS) {
      const [broker, backend, serializer] = cell;
      const key = cell.join();
      const queue = isolation.name(cell.join("-"));
      const settings = { taskDefaultQueue: queue, ...settingsOf(serializer, set) };
      const app = connectApp(isolation, [broker, backend], settings);
      apps.push(app);
      defineTasks(app, (call) => taken.set(key, call));
      const more = { SERIALIZER: serializer, ACCEPT: serializer };
      environments.set(key, pythonEnvironment(isolation, [broker, backend], queue, more));
    }
    await Promise.all(apps.map((app, i) => app.worker({ name: `node${i}`, concurrency: 4, mingle: false }).start()));
    python = await set.python.spawn("celery_client.py", [], { env: environments.get(CELLS[0]!.join())! });
  });

  afterAll(async () => {
    await python?.close();
    await Promise.all(apps.map((app) => app.close()));
  });

  describe.each(CELLS)("%s, %s, %s", (...cell) => {
    const [, backend, serializer] = cell as Cell;
    const key = cell.join();
    const values = valuesOf(serializer, set);
    beforeAll(async () => {
      await python.request("use", { environment: environments.get(key)! });
    });
    const get = (id: string) => python.request<Record<string, unknown>>("get", { id });
    const send = (task: string, args = "()", kwargs = "{}") => python.request<string>("send", { task, args, kwargs });
    const canvas = async (expression: string) => get(await python.request("canvas", { expression }));

    test("values arrive in args and kwargs, and come back as Python's", async () => {
      const reprs = values.map(({ repr }) => repr);
      const scoped = reprs.map((repr) => repr.replace(/^Decimal/, "decimal.Decimal").replace(/^UUID/, "uuid.UUID"));
      const list = `[${scoped.join(", ")}]`;
      expect(await get(await send("node.take", `(${list},)`, `{'values': ${list}}`))).toMatchObject({
        state: "SUCCESS",
        repr: `[${reprs.join(", ")}]`,
      });
      const sent = pickles(values.map(({ js }) => js));
      expect(taken.get(key)).toEqual({ args: sent, kwargs: sent });
      expect(await get(await send("node.nothing"))).toMatchObject({ state: "SUCCESS", repr: "None" });
    });

    test("an error is an exception of its class", async () => {
      expect(await get(await send("node.fail", "('python',)"))).toMatchObject({
        class: "ValueError",
        args: ["'from node'", "42"],
      });
      const own = await get(await send("node.fail", "('own',)"));
      expect(own).toMatchObject({ message: "from node" });
      expect(own.class).toMatch(/PaymentError$/);
      expect(own.traceback).toContain("messages/matrix-consume");
    });

    test("retries and states of its own are seen", async () => {
      const retried = await send("node.retry", "(1,)");
      const id = await send("node.progress");
      const states = await python.request<[string, string][]>("states", { id, tell: SEEN });
      expect(states).toContainEqual(["PROGRESS", "{'step': 1}"]);
      expect(states.at(-1)).toEqual(["SUCCESS", "'done'"]);
      expect(await get(retried)).toMatchObject({ repr: "1" });
    });

    if (carriesSignatures(serializer))
      test("a chain passes results on", async () => {
        const steps = "signature('node.add', (2, 3)), signature('node.add', (10,)), signature('node.add', (1,))";
        expect(await canvas(`chain(${steps})`)).toMatchObject({ repr: "16" });
      });

    // rpc:// has no place where the parts of a chord could meet.
    if (carriesSignatures(serializer) && backend === "redis")
      test("a chord collects", async () => {
        const parts = "[signature('node.add', (i, i)) for i in range(4)]";
        expect(await canvas(`chord(${parts}, signature('node.sum'))`)).toMatchObject({ repr: "12" });
      });
  });
});

class PaymentError extends Error {
  override name = "PaymentError";
}

type Call = { readonly args: readonly string[]; readonly kwargs: readonly string[] };

function defineTasks(app: Celery, onTake: (call: Call) => void): void {
  app.task("node.take", (context, values: unknown) => {
    onTake({ args: pickles(values), kwargs: pickles(context.kwargs.values) });
    return values;
  });
  app.task("node.nothing", () => undefined);
  app.task("node.add", (_, x: number, y: number) => x + y);
  app.task("node.sum", (_, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
  app.task("node.fail", (_, kind: string) => {
    if (kind === "python") throw new pyExceptions.ValueError("from node", 42);
    throw new PaymentError("from node");
  });
  app.task("node.retry", (context, failures: number) => {
    if (context.retries < failures) throw context.retry({ error: new Error("again"), countdown: 0 });
    return context.retries;
  });
  const progress = progressSeen(app);
  app.task("node.progress", async (context) => {
    await progress(context, { step: 1 });
    return "done";
  });
}
