/**
 * Work-flows as data: one notation for both clients. Where each step runs is not in it; a {@link Placement} says that, so
 * that every work-flow of the table runs with its steps in Python, in Node, and in both by turns.
 */
import { chain, chord, chunks, group, map, type Signature, starmap } from "@brine/celery";

/** One task by its name in Python; `node.` in front of it is the same task in Node. */
export interface Step {
  readonly task: string;
  readonly args: readonly unknown[];
  readonly immutable?: boolean;
  /** Made unique for each run by {@link Setting.idOf}. */
  readonly id?: string;
}

type Calls = readonly (readonly unknown[])[];

export type Canvas =
  | Step
  | { readonly chain: readonly Canvas[] }
  | { readonly group: readonly Canvas[] }
  | { readonly chord: readonly Canvas[]; readonly body: Canvas }
  | { readonly map: Step; readonly it: readonly unknown[] }
  | { readonly starmap: Step; readonly it: Calls }
  | { readonly chunks: Step; readonly it: Calls; readonly n: number }
  | { readonly of: Canvas; readonly link: Canvas }
  | { readonly of: Canvas; readonly linkError: Canvas };

export type Side = "python" | "node";

/** Which side runs the step with that number, counted as written. */
export type Placement = (index: number) => Side;

export const PLACEMENTS = {
  Python: () => "python",
  Node: () => "node",
  "Python, Node by turns": (index) => (index % 2 === 0 ? "python" : "node"),
  "Node, Python by turns": (index) => (index % 2 === 0 ? "node" : "python"),
} as const satisfies Record<string, Placement>;

/** Of one run of a work-flow. */
export interface Setting {
  readonly placement: Placement;
  readonly queues: Readonly<Record<Side, string>>;
  idOf(name: string): string;
}

/** What a composer makes of the parts. */
interface Notation<T> {
  step(name: string, step: Step, options: { readonly queue?: string; readonly id?: string }): T;
  chain(parts: readonly T[]): T;
  group(parts: readonly T[]): T;
  chord(header: readonly T[], body: T): T;
  map(task: T, it: readonly unknown[], queue: string): T;
  starmap(task: T, it: Calls, queue: string): T;
  chunks(task: T, it: Calls, n: number, queue: string): T;
  link(of: T, callback: T): T;
  linkError(of: T, errback: T): T;
}

function compose<T>(canvas: Canvas, { placement, queues, idOf }: Setting, notation: Notation<T>): T {
  let index = 0;
  /** `map` and its kin are tasks that call another where they run. */
  const called = (step: Step, side: Side): T => notation.step(nameOn(side, step), step, {});
  const build = (one: Canvas): T => {
    if ("task" in one) {
      const side = placement(index++);
      const id = one.id === undefined ? {} : { id: idOf(one.id) };
      return notation.step(nameOn(side, one), one, { queue: queues[side], ...id });
    }
    if ("chain" in one) return notation.chain(one.chain.map(build));
    if ("group" in one) return notation.group(one.group.map(build));
    if ("chord" in one) return notation.chord(one.chord.map(build), build(one.body));
    if ("link" in one) return notation.link(build(one.of), build(one.link));
    if ("linkError" in one) return notation.linkError(build(one.of), build(one.linkError));
    const side = placement(index++);
    if ("map" in one) return notation.map(called(one.map, side), one.it, queues[side]);
    if ("starmap" in one) return notation.starmap(called(one.starmap, side), one.it, queues[side]);
    return notation.chunks(called(one.chunks, side), one.it, one.n, queues[side]);
  };
  return build(canvas);
}

function nameOn(side: Side, { task }: Step): string {
  return side === "node" ? `node.${task}` : task;
}

/** What a Node client sends. `make` is that of an app. */
export function inNode(
  canvas: Canvas,
  setting: Setting,
  make: (task: string, fields: object) => Signature<unknown>,
): Signature<unknown> {
  return compose<Signature<unknown>>(canvas, setting, {
    step: (name, { args, immutable }, { queue, id }) =>
      make(name, { args, immutable, options: { queue, ...(id !== undefined && { taskId: id }) } }),
    chain: (parts) => chain(...parts),
    group: (parts) => group(...parts),
    chord: (header, body) => chord(header, body),
    // These take the route of the task that they call.
    map: (task, it) => map(task, it),
    starmap: (task, it) => starmap(task, it),
    chunks: (task, it, n) => chunks(task, it, n),
    link: (of, callback) => of.link(callback),
    linkError: (of, errback) => of.linkError(errback),
  });
}

/** The expression that Python's client evaluates. */
export function inPython(canvas: Canvas, setting: Setting): string {
  return compose<string>(canvas, setting, {
    step: (name, { args, immutable }, { queue, id }) => {
      const options = text({ ...(queue !== undefined && { queue }), ...(id !== undefined && { task_id: id }) });
      const how = `options=${options}, immutable=${immutable === true ? "True" : "False"}`;
      return `signature(${text(name)}, tuple(${text(args)}), ${how})`;
    },
    chain: (parts) => `chain(${parts.join(", ")})`,
    group: (parts) => `group(${parts.join(", ")})`,
    chord: (header, body) => `chord([${header.join(", ")}], ${body})`,
    // In Celery 5.2 they have a route of their own when they are part of something else.
    map: (task, it, queue) => `on(${text(queue)}, xmap(${task}, ${text(it)}))`,
    starmap: (task, it, queue) => `on(${text(queue)}, xstarmap(${task}, ${text(it)}))`,
    chunks: (task, it, n, queue) => `on(${text(queue)}, chunks(${task}, ${text(it)}, ${n}).group())`,
    link: (of, callback) => `linked(${of}, ${callback})`,
    linkError: (of, errback) => `error_linked(${of}, ${errback})`,
  });
}

/** JSON without true, false and null is Python too. */
function text(value: unknown): string {
  return JSON.stringify(value);
}
