/** Chords in odd shapes: what a Python worker makes of them, a Node worker makes too. */
import { type Celery, isCeleryError } from "@brine/celery";
import type { Delivery } from "@brine/codec/kombu";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Isolation, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { WAIT } from "../setting.js";
import { type BothSides, startBothSides } from "./both-sides.js";

const SIDES = ["python", "node"] as const;

/** The result as JSON, or the class of the error. */
interface Outcome {
  readonly part: string;
  readonly chord: string;
}

describeEachGeneration("chords in odd shapes", (set) => {
  describe.each([
    ["amqp", "pickle"],
    ["redis", "json"],
  ] as const)("%s, %s", (broker, serializer) => {
    let app: Celery;
    let python: PythonPeer;
    let sides: BothSides;
    let queues: Record<"python" | "node", string>;
    let name: Isolation["name"];
    let chords = 0;

    beforeAll(async () => {
      const isolation = await set.isolate();
      name = isolation.name;
      queues = { python: name("python"), node: name("node") };
      sides = await startBothSides(set, { isolation, queue: queues.python, broker, serializer });
      ({ app, python } = sides);
      app.task("identity", { parameters: ["value"] }, (_, value: unknown) => value);
      app.task("xsum", (_, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
      await app.worker({ queues: [queues.node], name: "node", mingle: false }).start();
    });

    afterAll(() => sides?.close());

    /** The one message of a queue without a worker. */
    async function held(queueName: string): Promise<Delivery> {
      const queue = app.router.queue(queueName);
      await app.transport.declareQueue(queue);
      let onMessage: (delivery: Delivery) => void = () => {};
      const first = new Promise<Delivery>((resolve) => (onMessage = resolve));
      const consumer = await app.transport.consume([queue], onMessage, { noAck: true });
      return await first.finally(() => consumer.cancel());
    }

    const outcomeOf = async (id: string): Promise<string> => {
      try {
        return JSON.stringify(await app.result(id).get(WAIT));
      } catch (error) {
        if (isCeleryError(error)) throw error;
        return (error as { pythonClass?: string }).pythonClass ?? String(error);
      }
    };

    /** A chord that Python sends; its held part is changed on its way to one side. */
    async function changed(
      side: "python" | "node",
      change: (args: unknown, kwargs: unknown) => unknown[],
    ): Promise<Outcome> {
      const heldQueue = name(`held-${++chords}`);
      const parts = [1, 2].map((n) => {
        const queue = JSON.stringify(n === 1 ? heldQueue : queues[side]);
        return `signature('identity', (${n},), options={'queue': ${queue}})`;
      });
      const body = `signature('xsum', options={'queue': ${JSON.stringify(queues[side])}})`;
      const id = await python.request<string>("canvas", { expression: `chord([${parts.join(", ")}], ${body})` });
      const delivery = await held(heldQueue);
      const [args, kwargs, embed] = (await app.content.decode(delivery)) as unknown[];
      const encoded = await app.content.encode([...change(args, kwargs), embed], serializer);
      const { headers, properties } = delivery;
      await app.transport.publish({ ...encoded, headers, properties }, { exchange: "", routingKey: queues[side] });
      return { part: await outcomeOf(String(headers.id)), chord: await outcomeOf(id) };
    }

    test.each([
      ["args are null", () => [null, {}], "builtins.TypeError"],
      ["args are a number", () => [7, {}], "builtins.TypeError"],
      ["args are a list, kwargs are empty", () => [[40], {}], "40"],
      ["args are in kwargs", () => [[], { value: 40 }], "40"],
    ] as const)("a part whose %s", async (_, change, part) => {
      const outcomes: Outcome[] = [];
      for (const side of SIDES) outcomes.push(await changed(side, () => [...change()]));
      const chord = part === "40" ? "42" : "celery.exceptions.ChordError";
      expect(outcomes).toEqual(SIDES.map(() => ({ part, chord })));
    });
  });
});
