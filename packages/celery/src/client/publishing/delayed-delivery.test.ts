/** Delays that the broker cannot take are left to a worker, with one warning. */
import { expect, test } from "vitest";
import { MemoryTransport } from "../../memory/transport.js";
import { makeApp } from "../../worker/worker.fixture.js";

test("a task whose routing key has no room for the delay waits in a worker", async () => {
  const warnings: string[] = [];
  const delayedDelivery = {
    bindQueue: async () => {},
    address: (routingKey: string) => {
      if (routingKey.length > 199) throw new Error("no room for the delay");
      return { exchange: "", routingKey: `delayed.${routingKey}` };
    },
    isDelayed: () => false,
  };
  const transport = Object.assign(new MemoryTransport(), { delayedDelivery });
  const app = makeApp({
    broker: transport,
    taskDefaultQueueType: "quorum",
    taskDefaultExchangeType: "topic",
    logger: { warn: (message) => void warnings.push(message) },
  });
  const queue = "q".repeat(200);
  const long = { name: queue, exchange: { name: "long", type: "topic" }, routingKey: queue } as const;
  app.router.queue(long);
  for (let i = 0; i < 2; i++) await app.sendTask("add", { queue, countdown: 60 });
  expect(await transport.queueLength(queue)).toBe(2);
  expect(warnings).toEqual([expect.stringContaining("no room for the delay")]);
});
