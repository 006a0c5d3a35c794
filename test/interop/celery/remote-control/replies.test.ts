/** Every command of remote control, sent to a Python worker and to a Node worker in the same state: their replies, side by side. */
import type { Celery, TaskOptions } from "@brine/celery";
import { Tuple } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";
import { connectApp, WAIT } from "../setting.js";
import { type Call, callsFor } from "./remote-calls.js";

/** What tasks of `celery_app.py` have that is no default. */
const OPTIONS: Readonly<Record<string, TaskOptions>> = {
  mark: { acksLate: true, ignoreResult: true },
  reject: { acksLate: true },
  retry: { maxRetries: 5 },
};

describeEachGeneration("remote control of a Python worker and of a Node worker", (set) => {
  describe.each([
    ["amqp", "pickle"],
    ["redis", "json"],
  ] as const)("%s, %s", (broker, serializer) => {
    const kept = closeAfterEach();

    /**
     * Both workers, and one client for each: they have the same queues and ids, on services that cannot see each other. For one
     * try, whose commands change them.
     */
    async function start(): Promise<{ readonly queue: string; readonly apps: Record<"python" | "node", Celery> }> {
      const [forPython, forNode] = [await set.isolate(), await set.isolate()];
      const queue = forPython.name("replies");
      const settings = { taskDefaultQueue: queue, taskSerializer: serializer, resultSerializer: serializer };
      const services = { broker, backend: "redis", isolation: forPython, queue, serializer } as const;
      const alone = ["--without-gossip", "--without-mingle"];
      const python = await set.python.celeryWorker({ ...services, concurrency: 1, name: "peer", extraArgs: alone });
      kept({ close: () => python.kill() });
      const apps = {
        python: kept(connectApp(forPython, [broker, "redis"], settings)),
        node: kept(connectApp(forNode, [broker, "redis"], settings)),
      };
      for (const name of (await ask(apps.python, { command: "registered" })) as string[]) {
        apps.node.task(name, OPTIONS[name] ?? {}, name === "sleep" ? () => new Promise(() => {}) : () => null);
      }
      const node = await apps.node.worker({ name: "peer", concurrency: 1, mingle: false, gossip: false }).start();
      kept({ close: () => node.stop({ cold: true }) });
      await Promise.all(Object.values(apps).map(fill));
      return { queue, apps };
    }

    /** One task that runs, one that waits for it, one that waits for its time. */
    async function fill(app: Celery): Promise<void> {
      const has = (command: string) => ask(app, { command, untilLength: 1 });
      await app.sendTask("sleep", { args: [600], taskId: "active" });
      await has("active");
      await app.sendTask("sleep", { args: [600], taskId: "waits", priority: 3 });
      await has("reserved");
      await app.sendTask("add", { args: [1, 2], taskId: "later", countdown: 600 });
      await has("scheduled");
    }

    test("the same answers, but for the differences that are meant", async () => {
      const { queue, apps } = await start();
      for (const call of callsFor(set.generation, queue)) {
        const [fromPython, fromNode] = await Promise.all([ask(apps.python, call), ask(apps.node, call)]);
        const what = `${call.command} ${JSON.stringify(call.args ?? {})}`;
        if (call.differs === undefined) {
          expect(comparable(fromNode, call), what).toEqual(comparable(fromPython, call));
          continue;
        }
        // A difference that is gone must leave the list.
        const { python: inPython = expect.anything(), node: inNode } = call.differs;
        expect({ python: fromPython ?? "nothing", node: fromNode }, what).toMatchObject({
          python: inPython,
          node: inNode,
        });
      }
    });
  });
});

async function ask(app: Celery, { command, args = {}, silent, untilLength }: Call): Promise<unknown> {
  const options = silent === true ? { timeoutMs: 500 } : { ...WAIT, limit: 1 };
  const once = async () => Object.values(await app.control.broadcast(command, args, options))[0];
  if (untilLength === undefined) return once();
  return eventually(async () => {
    const reply = await once();
    expect(reply).toHaveProperty("length", untilLength);
    return reply;
  });
}

/** Whatever is different in any two workers: only its type counts. */
const OWN = new Set([
  ...["hostname", "pid", "worker_pid", "processes", "time_start", "eta", "clock", "uptime"],
  ...["virtual_host", "broker_url", "result_backend", "port"],
  ...["utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap"],
  ...["inblock", "oublock", "msgsnd", "msgrcv", "nsignals", "nvcsw", "nivcsw"],
]);

function comparable(reply: unknown, call: Call): unknown {
  const value = shapeOf(reply);
  return call.compare === undefined ? value : call.compare(value);
}

function shapeOf(value: unknown, key = ""): unknown {
  if (OWN.has(key) && value !== null) return Array.isArray(value) ? [`a ${typeof value[0]}`] : `a ${typeof value}`;
  // kombu's Redis transport says nothing of a message that came once.
  if (key === "redelivered") return value ?? false;
  if (value instanceof Tuple) return { tuple: [...value].map((item) => shapeOf(item)) };
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  // A Counter of Python is a dict.
  const entries =
    value instanceof Map ? [...value] : typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  return entries === undefined ? value : Object.fromEntries(entries.map(([name, item]) => [name, shapeOf(item, name)]));
}
