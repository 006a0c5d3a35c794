/** Numbers, times and headers at the edge of what the protocol allows, with real brokers and both sides' workers. */
import { randomUUID } from "node:crypto";
import type { Celery, Worker } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CeleryWorker, Isolation, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";

const DAY_SECONDS = 86_400;

describeEachGeneration("the edges of the protocol", (set) => {
  test("more messages are held than basic.qos can count", async () => {
    const isolation = await set.isolate();
    const app = connectApp(isolation, ["amqp", "rpc"], { taskDefaultQueue: isolation.name("prefetch") });
    try {
      app.task("node.add", (_, x: number, y: number) => x + y);
      const worker = app.worker({ mingle: false, gossip: false, concurrency: 2, prefetchMultiplier: 40_000 });
      const warnings: Error[] = [];
      worker.on("warning", (warning) => warnings.push(warning));
      await worker.start();
      // Each that waits for its time changes how many may be held.
      for (let i = 0; i < 3; i++) await app.sendTask("node.add", { args: [0, i], countdown: 600 });
      expect(await (await app.sendTask("node.add", { args: [1, 2] })).get(WAIT)).toBe(3);
      expect(warnings).toEqual([]);
    } finally {
      await app.close();
    }
  });

  test.each([60 * DAY_SECONDS, 1234.5678, 0, null])(
    "results over rpc:// that expire after %j s",
    async (resultExpires) => {
      const isolation = await set.isolate();
      const settings = { taskDefaultQueue: isolation.name("expiry"), resultExpires };
      const app = connectApp(isolation, ["amqp", "rpc"], settings);
      try {
        app.task("node.add", (_, x: number, y: number) => x + y);
        await app.worker({ mingle: false, gossip: false }).start();
        expect(await (await app.sendTask("node.add", { args: [1, 2] })).get(WAIT)).toBe(3);
      } finally {
        await app.close();
      }
    },
  );

  describe.each(["amqp", "redis"] as const)("%s", (broker) => {
    let isolation: Isolation;
    let node: Celery;
    let nodeWorker: Worker;
    let queues: Readonly<Record<"node" | "python", string>>;
    let pythonWorker: CeleryWorker;
    let python: PythonPeer;
    let env: Record<string, string>;

    beforeAll(async () => {
      isolation = await set.isolate();
      queues = { node: isolation.name("edge-node"), python: isolation.name("edge-python") };
      node = connectApp(isolation, [broker, "redis"], { taskDefaultQueue: queues.node });
      node.task("add", (_, x: number, y: number) => x + y);
      nodeWorker = await node.worker({ mingle: false, gossip: false }).start();
      pythonWorker = await set.python.celeryWorker({ broker, backend: "redis", isolation, queue: queues.python });
      env = pythonEnvironment(isolation, [broker, "redis"], queues.node);
      python = await set.python.spawn("celery_client.py", [], { env });
    });

    afterAll(async () => {
      await python?.close();
      await node?.close();
      await pythonWorker?.kill();
    });

    describe.each(["python", "node"] as const)("a %s worker runs a task", (side) => {
      const run = async (headers: Record<string, unknown>): Promise<unknown> => {
        const id = randomUUID();
        const encoded = await node.content.encode([[2, 3], {}, {}], "json");
        await node.transport.publish(
          { ...encoded, headers: { task: "add", id, ...headers }, properties: { correlationId: id } },
          { exchange: "", routingKey: queues[side] },
        );
        return node.result(id).get(WAIT);
      };

      test.each([
        ["with nothing but task and id", {}],
        [
          "with null everywhere",
          Object.fromEntries(["retries", "timelimit", "root_id", "stamps"].map((name) => [name, null])),
        ],
        ["whose names are numbers", { root_id: 5, parent_id: 7, origin: 1, shadow: 2, argsrepr: 3, kwargsrepr: 4 }],
        ["whose group is a number", { group: 12, group_index: 1 }],
        ["with a long argsrepr", { argsrepr: "x".repeat(20_000), kwargsrepr: "y".repeat(20_000) }],
        ["with headers of its own", { "x-table": { deep: [1, { a: null }] }, "x-big": 2 ** 40, lang: "js" }],
      ])("%s", async (_, headers) => {
        expect(await run(headers)).toBe(5);
      });
    });

    // AMQP has a byte for it.
    const priorities = broker === "amqp" ? [0, 9, 200] : [-5, 0, 9, 200];
    test.each(priorities)("Python sends priority %i", async (priority) => {
      const options = `{'priority': ${priority}}`;
      const id = await python.request<string>("send", { task: "add", args: "(1, 2)", options });
      expect(await python.request("get", { id })).toMatchObject({ state: "SUCCESS", repr: "3" });
    });

    test("a client without UTC means the same times", async () => {
      const config = JSON.stringify({ enable_utc: false, timezone: "America/New_York" });
      const other = await set.python.spawn("celery_client.py", [], { env: { ...env, CONFIG: config } });
      try {
        const send = (options: string) => other.request<string>("send", { task: "add", args: "(1, 2)", options });
        const soon = await send("{'countdown': 1, 'expires': 3600}");
        expect(await other.request("get", { id: soon })).toMatchObject({ repr: "3" });
        const hour = "datetime.timedelta(hours=1)";
        const naive = "datetime.datetime.utcnow()";
        const past = await send(`{'eta': ${naive} - ${hour}, 'expires': ${naive} + ${hour}}`);
        expect(await other.request("get", { id: past })).toMatchObject({ repr: "3" });
        const later = await send(`{'eta': ${naive} + ${hour}}`);
        const destination = [nodeWorker.hostname];
        const etaOf = async (id: string): Promise<number> => {
          const replies = await node.control.inspect("scheduled", {}, { destination, ...WAIT });
          const scheduled = replies[nodeWorker.hostname] as { eta: string; request: { id: string } }[];
          return Date.parse(scheduled.find(({ request }) => request.id === id)!.eta);
        };
        const eta = await eventually(() => etaOf(later));
        // To the hour: what a time zone would be off by.
        expect(Math.round((eta - Date.now()) / 3_600_000)).toBe(1);
      } finally {
        await other.close();
      }
    });
  });
});
