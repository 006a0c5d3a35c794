/** The short form of `npm run test:soak`: exact counts over connections that are cut. */
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { CONDITION_MS } from "../../../services/patience.js";
import { soak } from "../../../soak/soak.js";

describeEachGeneration("connections that are cut lose no task", (set) => {
  test.each([
    ["amqp", "Node to Python"],
    ["amqp", "Python to Node"],
    ["redis", "Node to Python"],
    ["redis", "Python to Node"],
  ] as const)("%s, %s", async (broker, direction) => {
    const report = await soak(set, { broker, direction, tasks: 500, cutEveryMs: 400, patienceMs: CONDITION_MS });
    expect(report).toMatchObject({ sent: 500, arrived: 500, lost: 0 });
  });
});
