/** The work-flows that both clients send, and what comes out with real Celery at either end. */
import type { Canvas, PLACEMENTS, Step } from "./canvas.js";

export interface WorkFlow {
  readonly name: string;
  readonly canvas: Canvas;
  /** Arguments it is applied with: those that it lacks. */
  readonly args?: readonly unknown[];
  readonly result?: unknown;
  /** The Python class of what waiting for it throws. */
  readonly fails?: string;
  /** Results of other tasks of it, by their `id`. */
  readonly results?: Readonly<Record<string, unknown>>;
  /** Default: all. */
  readonly placements?: readonly (keyof typeof PLACEMENTS)[];
}

const add = (...args: unknown[]): Step => ({ task: "add", args });
const xsum = (...args: unknown[]): Step => ({ task: "xsum", args });
const identity = (...args: unknown[]): Step => ({ task: "identity", args });
const fail = (): Step => ({ task: "fail", args: [] });
const immutable = (step: Step): Step => ({ ...step, immutable: true });
const named = (id: string, step: Step): Step => ({ ...step, id });
/** As an errback: says that it was called, and takes too few arguments to be called in place. */
const told = named("told", immutable(identity("told")));

export const WORK_FLOWS: readonly WorkFlow[] = [
  { name: "a chain", canvas: { chain: [add(1, 2), add(4), add(10)] }, result: 17 },
  { name: "a chain in a chain", canvas: { chain: [add(1, 2), { chain: [add(4), add(10)] }, add(1)] }, result: 18 },
  { name: "a group", canvas: { group: [add(1, 1), add(2, 2), add(3, 3)] }, result: [2, 4, 6] },
  { name: "a group in a group", canvas: { group: [{ group: [add(1, 1), add(2, 2)] }, add(1, 0)] }, result: [2, 4, 1] },
  {
    name: "a group of chains that end in groups",
    canvas: { group: [{ chain: [add(1, 1), { group: [add(1), add(2)] }] }, add(1, 0)] },
    result: [[3, 4], 1],
  },
  {
    name: "a group with a chord in it",
    canvas: { group: [{ chord: [add(1, 1), add(2, 2)], body: xsum() }, add(1, 0)] },
    result: [6, 1],
  },
  { name: "a chain that ends in a group", canvas: { chain: [add(1, 1), { group: [add(1), add(2)] }] }, result: [3, 4] },
  {
    name: "a group within a chain",
    canvas: { chain: [add(1, 1), { group: [add(1), add(2)] }, xsum(), add(1)] },
    result: 8,
  },
  {
    name: "a group after a group",
    canvas: { chain: [{ group: [add(1, 1), add(2, 2)] }, { group: [xsum(), identity()] }] },
    result: [6, [2, 4]],
  },
  { name: "a chord", canvas: { chord: [add(1, 1), add(2, 2), add(3, 3)], body: identity() }, result: [2, 4, 6] },
  { name: "a chord without parts", canvas: { chord: [], body: identity() }, result: [] },
  {
    name: "a chord of chains",
    canvas: { chord: [{ chain: [add(1, 1), add(1)] }, { chain: [add(2, 2), add(2), add(2)] }], body: identity() },
    result: [3, 8],
  },
  {
    name: "a chord whose body is a chain",
    canvas: { chord: [add(1, 1), add(2, 2)], body: { chain: [xsum(), add(1), add(2)] } },
    result: 9,
  },
  {
    name: "a chord whose body is a group",
    canvas: { chord: [add(1, 1), add(2, 2)], body: { group: [xsum(), identity()] } },
    result: [6, [2, 4]],
  },
  {
    name: "a chord in the header of a chord",
    canvas: { chord: [{ chord: [add(1, 1), add(2, 2)], body: xsum() }, add(1, 0)], body: identity() },
    result: [6, 1],
  },
  {
    name: "a chord as the body of a chord",
    canvas: { chord: [add(1, 1), add(2, 2)], body: { chord: [xsum(), identity()], body: identity() } },
    result: [6, [2, 4]],
  },
  {
    name: "a group in the header of a chord",
    // Its tasks are parts like the others; Celery turns their order round.
    canvas: { chord: [{ group: [add(1, 1), add(2, 2)] }, add(1, 0)], body: xsum() },
    result: 7,
  },
  {
    name: "a chain that ends in a group in the header of a chord",
    canvas: { chord: [{ chain: [add(1, 1), { group: [add(1), add(2)] }] }, add(1, 0)], body: identity() },
    result: [[3, 4], 1],
    // A worker of Celery 5.2 that sends the group makes its size that of the chord, and may give the body None for the rest.
    placements: ["Node", "Node, Python by turns"],
  },
  {
    name: "a chain that ends in a chord",
    canvas: { chain: [add(1, 1), { chord: [add(1), add(2)], body: xsum() }] },
    result: 7,
  },
  {
    name: "a chord within a chain",
    canvas: { chain: [add(1, 1), { chord: [add(1), add(2)], body: xsum() }, add(5), add(1)] },
    result: 13,
  },
  { name: "map", canvas: { map: xsum(), it: [[1, 2], [3]] }, result: [3, 3] },
  { name: "map within a chain", canvas: { chain: [{ map: xsum(), it: [[1, 2], [3]] }, xsum()] }, result: 6 },
  {
    name: "starmap",
    canvas: {
      starmap: add(),
      it: [
        [1, 2],
        [3, 4],
      ],
    },
    result: [3, 7],
  },
  {
    name: "chunks",
    canvas: {
      chunks: add(),
      it: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      n: 2,
    },
    result: [[3, 7], [11]],
  },
  {
    name: "chunks as the header of a chord",
    canvas: {
      chain: [
        {
          chunks: add(),
          it: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          n: 2,
        },
        identity(),
      ],
    },
    result: [[3, 7], [11]],
  },
  {
    name: "immutable steps",
    canvas: { chain: [add(1, 1), immutable(add(5, 5)), add(1)] },
    result: 11,
  },
  { name: "an immutable body", canvas: { chord: [add(1, 1)], body: immutable(add(5, 5)) }, result: 10 },
  { name: "a partial task", canvas: add(1), args: [4], result: 5 },
  { name: "a partial chain", canvas: { chain: [add(1), add(2)] }, args: [4], result: 7 },
  { name: "a partial group", canvas: { group: [add(1), immutable(add(0, 0))] }, args: [4], result: [5, 0] },
  { name: "a partial chord", canvas: { chord: [add(1), add(2)], body: xsum() }, args: [4], result: 11 },
  {
    name: "a callback",
    canvas: { of: add(1, 1), link: named("callback", add(10)) },
    result: 2,
    results: { callback: 12 },
  },
  {
    name: "a callback of a chain",
    canvas: { of: { chain: [add(1, 1), add(1)] }, link: named("callback", add(10)) },
    result: 3,
    results: { callback: 13 },
  },
  {
    name: "a callback of a chord",
    canvas: { of: { chord: [add(1, 1), add(2, 2)], body: xsum() }, link: named("callback", add(10)) },
    result: 6,
    results: { callback: 16 },
  },
  {
    name: "a callback that is a chain",
    canvas: { of: add(1, 1), link: { chain: [add(10), named("callback", add(100))] } },
    result: 2,
    results: { callback: 112 },
  },
  {
    name: "an errback of a chord",
    canvas: { of: { chord: [add(1, 1), fail()], body: xsum() }, linkError: told },
    fails: "celery.exceptions.ChordError",
    results: { told: "told" },
  },
  {
    name: "an errback of a chord whose body is a chain",
    canvas: { of: { chord: [fail(), add(1, 1)], body: { chain: [xsum(), add(1)] } }, linkError: told },
    fails: "celery.exceptions.ChordError",
    results: { told: "told" },
    // As without an errback: Celery 5.2 stores nothing.
    placements: ["Node"],
  },
  { name: "a chain whose first step fails", canvas: { chain: [fail(), add(1), add(2)] }, fails: "ValueError" },
  {
    name: "a chain that fails before a chord",
    canvas: { chain: [fail(), { chord: [add(1), add(2)], body: xsum() }] },
    fails: "ValueError",
    // Celery 5.2 stores the failure under the id of the header.
    placements: ["Node", "Node, Python by turns"],
  },
  {
    name: "a chord with a part that fails",
    canvas: { chord: [add(1, 1), fail(), add(2, 2)], body: xsum() },
    fails: "celery.exceptions.ChordError",
  },
  {
    name: "a chord with a chain that fails in its header",
    canvas: { chord: [add(1, 1), { chain: [fail(), add(1)] }], body: xsum() },
    fails: "celery.exceptions.ChordError",
  },
  {
    name: "a chord that fails, whose body is a chain",
    canvas: { chord: [fail(), add(1, 1)], body: { chain: [xsum(), add(1)] } },
    fails: "celery.exceptions.ChordError",
    // Celery 5.2 looks for one id of the chain, and fails to store anything.
    placements: ["Node"],
  },
  {
    name: "a chord that fails in the header of a chord",
    canvas: { chord: [{ chord: [fail(), add(1, 1)], body: xsum() }, add(1, 0)], body: xsum() },
    fails: "celery.exceptions.ChordError",
    // Celery does not count the body of the inner one, and the outer one waits for ever.
    placements: ["Node"],
  },
];
