/** Every kind of work-flow, sent by Python and by Node, with its steps in Python, in Node, and in both by turns. */
import { type AsyncResult, type Celery, isCeleryError } from "@brine/celery";
import { pyExceptions } from "@brine/codec";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { type BrokerKind, WAIT } from "../setting.js";
import { type BothSides, startBothSides } from "./both-sides.js";
import { inNode, inPython, PLACEMENTS, type Setting } from "./canvas.js";
import { WORK_FLOWS, type WorkFlow } from "./canvas-table.js";

/** What came of a run, for comparison: each side's own words for the same. */
interface Outcome {
  readonly sender: string;
  readonly placement: string;
  readonly result: unknown;
  readonly fails: string | undefined;
  readonly results: unknown;
}

/** Defines the tests for one broker, with results in Redis. */
export function testWorkFlows(broker: BrokerKind, serializer: "pickle" | "json"): void {
  describeEachGeneration(`work-flows of every kind over ${broker}, ${serializer}`, (set) => {
    let app: Celery;
    let python: PythonPeer;
    let sides: BothSides;
    let queues: Setting["queues"];

    beforeAll(async () => {
      const isolation = await set.isolate();
      queues = { python: isolation.name("python"), node: isolation.name("node") };
      const routes = { "node.*": { queue: queues.node } };
      sides = await startBothSides(set, {
        isolation,
        queue: queues.python,
        broker,
        serializer,
        concurrency: 2,
        config: { task_routes: routes },
        settings: { taskRoutes: routes },
      });
      ({ app, python } = sides);
      app.task("node.add", (_, x: number, y: number) => x + y);
      app.task("node.xsum", (_, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
      app.task("node.identity", (_, value: unknown) => value);
      app.task("node.fail", () => {
        throw new pyExceptions.ValueError("bad value");
      });
      await app.worker({ queues: [queues.node], name: "node", mingle: false, concurrency: 4 }).start();
    });

    afterAll(() => sides?.close());

    const placementsOf = ({ placements = Object.keys(PLACEMENTS) as (keyof typeof PLACEMENTS)[] }: WorkFlow) =>
      placements;
    let runs = 0;
    const settingOf = (placement: keyof typeof PLACEMENTS): Setting => {
      const run = ++runs;
      return { placement: PLACEMENTS[placement], queues, idOf: (name) => `${queues.node}-${run}-${name}` };
    };
    const notReady = (error: Error): { class: string; json?: string } => {
      const isTimeout = isCeleryError(error)
        ? error.code === "timeout"
        : /^celery.exceptions.TimeoutError/.test(error.message);
      if (isTimeout) return { class: "nothing came" };
      throw error;
    };
    const resultsOf = async ({ results = {} }: WorkFlow, { idOf }: Setting): Promise<unknown> => {
      const names = Object.keys(results);
      const values = await Promise.all(names.map((name) => app.result(idOf(name)).get(WAIT)));
      return Object.fromEntries(names.map((name, index) => [name, values[index]]));
    };

    async function fromNode(flow: WorkFlow): Promise<Outcome[]> {
      return Promise.all(
        placementsOf(flow).map(async (placement) => {
          const setting = settingOf(placement);
          const signature = inNode(flow.canvas, setting, (task, fields) => app.signature(task, fields));
          const sent = await signature.applyAsync({ ...(flow.args && { args: flow.args }) });
          return { sender: "Node", placement, ...(await ended(sent)), results: await resultsOf(flow, setting) };
        }),
      );
    }

    async function fromPython(flow: WorkFlow): Promise<Outcome[]> {
      const outcomes: Outcome[] = [];
      const sent = [];
      for (const placement of placementsOf(flow)) {
        const setting = settingOf(placement);
        const expression = inPython(flow.canvas, setting);
        const options = JSON.stringify({ args: flow.args ?? [] });
        sent.push({ placement, setting, id: await python.request<string>("canvas", { expression, options }) });
      }
      for (const { placement, setting, id } of sent) {
        const how = { id, timeout: WAIT.timeoutMs / 1000, alone: flow.fails !== undefined };
        const answer = await python.request<{ json?: string; class?: string }>("get", how).catch(notReady);
        const result = answer.json === undefined ? undefined : JSON.parse(answer.json);
        const results = await resultsOf(flow, setting);
        outcomes.push({ sender: "Python", placement, result, fails: answer.class, results });
      }
      return outcomes;
    }

    async function ended(sent: AsyncResult): Promise<Pick<Outcome, "result" | "fails">> {
      try {
        return { result: await sent.get(WAIT), fails: undefined };
      } catch (error) {
        const { pythonClass } = error as { pythonClass?: string };
        const fails = pythonClass?.replace(/^builtins\./, "") ?? notReady(error as Error).class;
        return { result: undefined, fails };
      }
    }

    test.each(WORK_FLOWS)("$name", async (flow) => {
      const outcomes = [...(await fromNode(flow)), ...(await fromPython(flow))];
      const { result, fails, results = {} } = flow;
      const placements = placementsOf(flow);
      expect(outcomes).toEqual(
        ["Node", "Python"].flatMap((sender) =>
          placements.map((placement) => ({ sender, placement, result, fails, results })),
        ),
      );
    });
  });
}
