/** What is remembered of revoked tasks, for how long, and how many of them. */
import { expect, test } from "vitest";
import { RevokedTasks } from "./revoked.js";

test("keeps the ids that were added last, without being asked for them", () => {
  const revoked = new RevokedTasks({ maxIds: 3 });
  for (const id of ["a", "b", "c", "a", "d"]) revoked.add(id);
  expect(["a", "b", "c", "d"].map((id) => revoked.has(id))).toEqual([true, false, true, true]);
  expect(revoked.ids()).toEqual(["c", "a", "d"]);
});

test("forgets an id after its time", () => {
  const revoked = new RevokedTasks({ keepMs: 1000 });
  revoked.add("a", 0);
  revoked.add("b", 600);
  expect([revoked.has("a", 999), revoked.has("a", 1000), revoked.has("b", 1000)]).toEqual([true, false, true]);
  expect(revoked.toJSON(1000)).toEqual({ ids: [["b", 600]], stamps: [] });
});
