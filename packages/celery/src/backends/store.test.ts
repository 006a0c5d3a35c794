/** How long the body of a chord waits for results of groups in its header. */
import { describe, expect, test } from "vitest";
import { makeApp } from "../worker/worker.fixture.js";

describe("resultChordJoinTimeout", () => {
  /** A chord of one part that ended, whose header is a saved group with a task that has no result yet. */
  async function lastPart(resultChordJoinTimeout: number) {
    const { backend } = makeApp({ resultChordJoinTimeout });
    const groupId = "group";
    await backend.saveGroup(groupId, [[groupId, null], [[["late", null], null]]]);
    await backend.setChordSize(groupId, 1);
    const part = { taskId: "part", groupId, groupIndex: 0, state: "SUCCESS", result: 1 };
    return { backend, outcome: backend.addChordPart(part) };
  }

  test("when it is over, the body fails with Celery's TimeoutError", async () => {
    const { outcome } = await lastPart(0.01);
    expect(await outcome).toMatchObject({ kind: "failed", taskId: "late", error: { name: "TimeoutError" } });
  });

  test("until then, a late result counts", async () => {
    const { backend, outcome } = await lastPart(20);
    const meta = { taskId: "late", status: "SUCCESS", result: 7, traceback: null, children: [], dateDone: null };
    await backend.store({ meta, replyTo: undefined, correlationId: "late" });
    expect(await outcome).toEqual({ kind: "complete", results: [7] });
  });
});
