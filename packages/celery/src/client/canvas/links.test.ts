/** Where callbacks and errbacks of work-flows go. What Celery writes for the same is compared with it over a real broker. */
import { afterEach, describe, expect, test } from "vitest";
import type { SignatureDict } from "../../protocol/signature.js";
import { Celery } from "../app.js";
import { chain, chord, group } from "./canvas.js";
import { groupTasks } from "./canvas-dicts.js";
import { addLinks } from "./links.js";

const open: Celery[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

function signatures(settings: object = {}) {
  const app = new Celery({ broker: "memory://", backend: "memory://", ...settings });
  open.push(app);
  return { s: (name: string) => app.signature(name), told: app.signature("told") };
}

/** Names of what is linked to each task, `!` for immutable ones. */
function linkedTo(tasks: readonly SignatureDict[], option: "link" | "link_error" = "link_error"): string[][] {
  return tasks.map(({ options }) =>
    ((options[option] ?? []) as SignatureDict[]).map(({ task, immutable }) => `${task}${immutable ? "!" : ""}`),
  );
}

describe("link_error", () => {
  test("of a group is each task's, once", () => {
    const { s, told } = signatures();
    const dict = group(s("a"), group(s("b"), s("c")))
      .linkError(told)
      .linkError(told)
      .toDict();
    const [first, inner] = groupTasks(dict);
    expect(linkedTo([dict, first!, ...groupTasks(inner!)])).toEqual([[], ["told"], ["told"], ["told"]]);
  });

  test.each([
    [false, [[], []]],
    [true, [["told"], ["told"]]],
  ])("of a chord is its body's, and its header's with the setting %s", (taskAllowErrorCbOnChordHeader, header) => {
    const { s, told } = signatures({ taskAllowErrorCbOnChordHeader });
    const { kwargs } = chord([s("a"), s("b")], s("body"))
      .linkError(told)
      .toDict();
    expect(linkedTo(groupTasks(kwargs.header as SignatureDict))).toEqual(header);
    expect(linkedTo([kwargs.body as SignatureDict])).toEqual([["told"]]);
  });

  test("of a chain in a chain is each of its tasks', and its callback the last one's", () => {
    const { s, told } = signatures();
    const inner = chain(s("b"), s("c")).linkError(told).link(s("then"));
    const tasks = groupTasks(chain(s("a"), inner, s("d")).toDict());
    expect(linkedTo(tasks)).toEqual([[], ["told"], ["told"], []]);
    expect(linkedTo(tasks, "link")).toEqual([[], [], ["then"], []]);
  });
});

test("a callback of a group is its first task's, immutable", () => {
  const { s, told } = signatures();
  expect(linkedTo(groupTasks(group(s("a"), s("b")).link(told).toDict()), "link")).toEqual([["told!"], []]);
  expect(group([]).link(told).toDict().kwargs).toEqual({ tasks: [] });
});

describe("addLinks()", () => {
  const target = (args: unknown[]) => ({ task: "told", args, kwargs: {}, options: {} });

  test("adds what is not there yet", () => {
    expect(addLinks(undefined, null, [])).toEqual([]);
    expect(addLinks(null, target([1]))).toEqual([target([1])]);
    expect(addLinks([target([1])], target([1]), [target([2]), target([2])])).toEqual([target([1]), target([2])]);
  });

  test("compares values that share others without unfolding them", () => {
    const laughs = () => {
      let value: unknown[] = ["ha"];
      for (let depth = 0; depth < 60; depth++) value = [value, value];
      return target(value);
    };
    expect(addLinks([laughs()], laughs())).toHaveLength(1);
  });

  test("compares many in time that grows with their number", () => {
    const many = () => Array.from({ length: 20_000 }, (_, index) => target([index]));
    expect(addLinks(many(), many(), many())).toHaveLength(20_000);
  });
});
