/** What the compiler knows of tasks and work-flows. `tsc` over the whole repository is what checks this file. */
import { expectTypeOf, test } from "vitest";
import { makeApp } from "../worker/worker.fixture.js";
import { chain, chord, chunks, type GroupSignature, group, map, starmap } from "./canvas/canvas.js";
import type { Signature } from "./canvas/signature.js";
import type { AsyncResult } from "./results/async-result.js";
import type { GroupResult } from "./results/group-result.js";
import type { Task } from "./task.js";

const app = makeApp();
const add = app.task("add", (_, x: number, y: number) => x + y);
const name = app.task<[id: number], string>("name");
const total = app.task("total", async (_, numbers: number[]) => numbers.length > 0);

test("a task has the types of its handler, or those that it is given", () => {
  expectTypeOf(add).toEqualTypeOf<Task<[x: number, y: number], number>>();
  expectTypeOf(total).toEqualTypeOf<Task<[numbers: number[]], boolean>>();
  expectTypeOf(add.delay).parameters.toEqualTypeOf<[x: number, y: number]>();
  expectTypeOf(name.delay).returns.resolves.toEqualTypeOf<AsyncResult<string>>();
  expectTypeOf(name.applyAsync).parameter(0).extract<{ args?: unknown }>().toHaveProperty("countdown");
  // @ts-expect-error: a text is no number
  void (() => add.delay("1", 2));
  // @ts-expect-error: one argument is missing
  void (() => add.delay(1));
  // @ts-expect-error: a text is no number
  void (() => add.applyAsync({ args: ["1", 2] }));
});

test("a signature takes all arguments, or the last ones as a partial", () => {
  expectTypeOf(add.s(1, 2)).toEqualTypeOf<Signature<number>>();
  expectTypeOf(add.s(2)).toEqualTypeOf<Signature<number>>();
  expectTypeOf(add.s()).toEqualTypeOf<Signature<number>>();
  // @ts-expect-error: a text is no number
  add.s("2");
  // @ts-expect-error: immutable, it needs all
  add.si(2);
  expectTypeOf(app.signature<boolean>("elsewhere")).toEqualTypeOf<Signature<boolean>>();
  expectTypeOf(app.task("any").s(1, "x")).toEqualTypeOf<Signature<unknown>>();
});

test("work-flows have the types of what they are made of", () => {
  expectTypeOf(chain(add.s(1, 2), name.s())).toEqualTypeOf<Signature<string>>();
  expectTypeOf(chain([add.s(1, 2), name.s()])).toEqualTypeOf<Signature<string>>();
  expectTypeOf(chain(add.s(1, 2), chain(name.s(), total.s()))).toEqualTypeOf<Signature<boolean>>();
  expectTypeOf(group(add.s(1, 2), name.s(1))).toEqualTypeOf<GroupSignature<[number, string]>>();
  expectTypeOf(group([1, 2].map((n) => name.s(n)))).toEqualTypeOf<GroupSignature<string[]>>();
  expectTypeOf(chord([add.s(1, 2), add.s(3, 4)], total.s())).toEqualTypeOf<Signature<boolean>>();
  expectTypeOf(chord(group(add.s(1, 2)), name.s())).toEqualTypeOf<Signature<string>>();
  expectTypeOf(map(name.s(), [1, 2])).toEqualTypeOf<Signature<string[]>>();
  expectTypeOf(starmap(add.s(), [[1, 2]])).toEqualTypeOf<Signature<number[]>>();
  expectTypeOf(chunks(add.s(), [[1, 2]], 1)).toEqualTypeOf<GroupSignature<number[][]>>();
  expectTypeOf(chain<Date>(app.signature("a"))).toEqualTypeOf<Signature<Date>>();
  expectTypeOf(chain(add.s(1, 2), name.s()).delay).returns.resolves.toEqualTypeOf<AsyncResult<string>>();
  expectTypeOf(chain(name.s(1)).stamp({ a: 1 }).set({ queue: "q" }).link(add.s())).toEqualTypeOf<Signature<string>>();
});

test("what a group is sent as knows its tasks", () => {
  const both = group(add.s(1, 2), name.s(1)).set({ queue: "q" });
  expectTypeOf(both.delay).returns.resolves.toEqualTypeOf<GroupResult<number | string, [number, string]>>();
  expectTypeOf(both.applyAsync).returns.resolves.toHaveProperty("asCompleted");
  expectTypeOf(group([1, 2].map((n) => name.s(n))).delay).returns.resolves.toEqualTypeOf<GroupResult<string>>();
  expectTypeOf(chain(both)).toEqualTypeOf<Signature<[number, string]>>();
  expectTypeOf(chord(both, total.s()).delay).returns.resolves.toEqualTypeOf<AsyncResult<boolean>>();
});

test("a result gives its type in every way to read it", () => {
  const result = app.result<{ ok: true }>("id");
  expectTypeOf(result.get).returns.resolves.toEqualTypeOf<{ ok: true }>();
  const read = async () => {
    for await (const { result: value } of result) expectTypeOf(value).toEqualTypeOf<{ ok: true } | undefined>();
  };
  expectTypeOf(read).returns.toEqualTypeOf<Promise<void>>();
});
