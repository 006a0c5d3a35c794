/** Callbacks and errbacks of groups, chords and chains: the messages that Celery writes and those that Brine writes, field by field. */
import type { Celery } from "@brine/celery";
import type { Delivery } from "@brine/codec/kombu";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Isolation, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { connectApp, pythonEnvironment } from "../setting.js";
import { type Canvas, inNode, inPython, PLACEMENTS, type Setting, type Step } from "./canvas.js";

const add = (...args: unknown[]): Step => ({ task: "add", args });
const told = (id: string): Step => ({ task: "identity", args: [], id });
const sum: Step = { task: "xsum", args: [] };

interface Flow {
  readonly name: string;
  readonly canvas: Canvas;
  /** Messages that it begins with. */
  readonly count: number;
}

const FLOWS: readonly Flow[] = [
  { name: "an errback of a group", canvas: { of: { group: [add(1, 1), add(2, 2)] }, linkError: told("e") }, count: 2 },
  {
    name: "one errback twice, and another",
    canvas: {
      of: { of: { of: { group: [add(1, 1), add(2, 2)] }, linkError: told("e") }, linkError: told("e") },
      linkError: told("f"),
    },
    count: 2,
  },
  {
    name: "an errback of a group with a chain and a group in it",
    canvas: { of: { group: [{ chain: [add(1, 1), add(2)] }, { group: [add(3, 3)] }] }, linkError: told("e") },
    count: 2,
  },
  { name: "a callback of a group", canvas: { of: { group: [add(1, 1), add(2, 2)] }, link: told("c") }, count: 2 },
  {
    name: "an errback of a chord",
    canvas: { of: { chord: [add(1, 1), add(2, 2)], body: sum }, linkError: told("e") },
    count: 2,
  },
  {
    name: "an errback of a chord whose body is a chain",
    canvas: { of: { chord: [add(1, 1), add(2, 2)], body: { chain: [sum, add(1)] } }, linkError: told("e") },
    count: 2,
  },
  {
    name: "errbacks of a part and of the body",
    canvas: {
      chord: [{ of: add(1, 1), linkError: told("e") }, add(2, 2)],
      body: { of: sum, linkError: told("f") },
    },
    count: 2,
  },
  {
    name: "an errback of a chain",
    canvas: { of: { chain: [add(1, 1), add(2), add(3)] }, linkError: told("e") },
    count: 1,
  },
  {
    name: "an errback of a chain in a chain",
    canvas: { chain: [add(1, 1), { of: { chain: [add(2), add(3)] }, linkError: told("e") }, add(4)] },
    count: 1,
  },
  {
    name: "an errback of a chain with a group before its end",
    canvas: { of: { chain: [add(1, 1), { group: [add(2), add(3)] }, sum] }, linkError: told("e") },
    count: 1,
  },
];

describeEachGeneration("callbacks and errbacks as Celery writes them", (set) => {
  let apps: readonly [Celery, Celery];
  let python: PythonPeer;
  let name: Isolation["name"];
  let tries = 0;

  beforeAll(async () => {
    const [forPython, forNode] = [await set.isolate(), await set.isolate()];
    name = forPython.name;
    const settings = { taskSerializer: "json", resultSerializer: "json" };
    apps = [connectApp(forPython, ["redis", "redis"], settings), connectApp(forNode, ["redis", "redis"], settings)];
    const env = pythonEnvironment(forPython, ["redis", "redis"], name("links"), { SERIALIZER: "json" });
    python = await set.python.spawn("celery_client.py", [], { env });
  });

  afterAll(async () => {
    await python?.close();
    await Promise.all(apps?.map((app) => app.close()) ?? []);
  });

  test.each(FLOWS)("$name", async ({ canvas, count }) => {
    // Of this try: another may have left messages behind.
    const queue = name(`links-${++tries}`);
    const setting: Setting = {
      placement: PLACEMENTS.Python,
      queues: { python: queue, node: queue },
      idOf: (label) => label,
    };
    const [forPython, forNode] = apps;
    await python.request("canvas", { expression: inPython(canvas, setting) });
    await inNode(canvas, setting, (task, fields) => forNode.signature(task, fields)).applyAsync();
    const [fromPython, fromNode] = await Promise.all([read(forPython, queue, count), read(forNode, queue, count)]);
    expect(fromNode).toEqual(fromPython);
  });

  async function read(app: Celery, queue: string, count: number): Promise<unknown[]> {
    const deliveries: Delivery[] = [];
    const declared = app.router.queue(queue);
    await app.transport.declareQueue(declared);
    const consumer = await app.transport.consume([declared], (delivery) => void deliveries.push(delivery), {
      noAck: true,
    });
    await eventually(() => expect(deliveries.length).toBe(count)).finally(() => consumer.cancel());
    return Promise.all(
      deliveries.map(async ({ headers, ...delivery }) =>
        essence(headers, await app.content.decode({ headers, ...delivery } as Delivery)),
      ),
    );
  }
});

/** Who made it, and which ids it has: each sender's own, or written into copies by one and not by the other. */
const BOOKKEEPING = new Set(["reply_to", "root_id", "parent_id", "group_id", "group_index", "chord"]);
const UUID = /^[0-9a-f]{8}-/;

/** The message without that, and with every callback and errback of what is in it. */
function essence(headers: Readonly<Record<string, unknown>>, body: unknown): unknown {
  const [args, kwargs, embed] = body as [unknown, unknown, Record<string, unknown>];
  const { retries, timelimit, task } = headers;
  return {
    headers: { task, retries, timelimit },
    args,
    kwargs,
    embed: Object.fromEntries(Object.entries(embed).map(([name, value]) => [name, linksOf(value)])),
  };
}

function linksOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(linksOf);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([name, item]) => {
    const isOwnId = name === "task_id" && (item === null || (typeof item === "string" && UUID.test(item)));
    // A chord of Python has an empty `kwargs` among its own.
    // Celery 5.3 and above write `immutable` among the options of some errbacks, where nothing reads it.
    if (name === "immutable" && !("task" in value)) return false;
    return !BOOKKEEPING.has(name) && !isOwnId && !(name === "kwargs" && "header" in value);
  });
  return Object.fromEntries(entries.map(([name, item]) => [name, linksOf(item)]));
}
