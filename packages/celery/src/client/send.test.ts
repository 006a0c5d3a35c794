/** What a call puts on the wire, and what happens when it cannot. */
import { dumps, pyExceptions, Tuple } from "@brine/codec";
import type { Delivery, Queue } from "@brine/codec/kombu";
import { describe, expect, test } from "vitest";
import { MemoryBroker } from "../memory/broker.js";
import { MemoryResultStore } from "../memory/result-store.js";
import { MemoryTransport } from "../memory/transport.js";
import type { SignatureDict } from "../protocol/signature.js";
import { makeApp, startWorker, until } from "../worker/worker.fixture.js";
import type { Celery } from "./app.js";
import { chain, chord, group } from "./canvas/canvas.js";
import { GroupResult } from "./results/group-result.js";
import type { CelerySettings } from "./settings/settings.js";

const timeoutMs = 20_000;

/** An app, and what arrives in the queues. */
async function tap(settings: Partial<CelerySettings>, ...names: string[]) {
  const app = makeApp({ backend: "rpc://", ...settings });
  const messages: (Delivery & { readonly decoded: unknown })[] = [];
  const queues = names.map((name) => app.router.queue(name));
  for (const queue of queues) await app.transport.declareQueue(queue as Queue);
  await app.transport.consume(queues, (delivery) => {
    void delivery.ack();
    void app.content.decode(delivery).then((decoded) => messages.push(Object.assign(delivery, { decoded })));
  });
  const next = async () => {
    await until(() => messages.length > 0);
    return messages.shift()!;
  };
  return { app, next };
}

test("applyAsync() sends every option in its place", async () => {
  const { app, next } = await tap({}, "special");
  const task = app.task<[number, number], number>("add");
  const eta = new Date(Date.now() + 60_000);
  const result = await task.applyAsync({
    args: [1, 2],
    kwargs: { z: 3 },
    taskId: "the-id",
    eta,
    expires: 3600,
    priority: 5,
    queue: "special",
    headers: { "x-own": "1" },
    serializer: "json",
    compression: "zlib",
    timeLimit: 300,
    softTimeLimit: 240,
    link: app.signature("after", { options: { queue: "q2" } }),
    linkError: [app.signature("failed")],
    ignoreResult: true,
    shadow: "shown",
    stamps: { customer: 7 },
    deliveryMode: 1,
  });
  expect(result.id).toBe("the-id");
  const message = await next();
  expect(message).toMatchObject({
    queue: "special",
    contentType: "application/json",
    headers: {
      task: "add",
      id: "the-id",
      retries: 0,
      timelimit: [300, 240],
      eta: `${eta.toISOString().replace("Z", "000+00:00").replace(".000000", "")}`,
      root_id: "the-id",
      parent_id: null,
      ignore_result: true,
      shadow: "shown",
      stamped_headers: ["customer"],
      stamps: { customer: 7 },
      compression: "application/x-gzip",
      "x-own": "1",
      argsrepr: "(1, 2)",
      kwargsrepr: "{'z': 3}",
      origin: app.origin,
    },
    properties: { correlationId: "the-id", priority: 5, deliveryMode: 1, replyTo: "" },
  });
  expect(Number(message.properties.expiration)).toBeGreaterThan(3_500_000);
  expect(message.decoded).toMatchObject([
    [1, 2],
    { z: 3 },
    {
      callbacks: [{ task: "after", options: { queue: "q2" } }],
      errbacks: [{ task: "failed" }],
      chain: null,
      chord: null,
    },
  ]);
});

test("an exchange and a key win over the task's own queue, and over routes", async () => {
  const exchange = { name: "events", type: "topic" as const };
  const taskQueues = [{ name: "audit", exchange, routingKey: "audit.#" }, { name: "celery" }];
  const { app, next } = await tap({ taskQueues, taskRoutes: { "*": { queue: "celery" } } }, "audit", "celery");
  const task = app.task("log", { queue: "celery" });
  await task.applyAsync({ exchange: "events", routingKey: "audit.login" });
  expect(await next()).toMatchObject({ queue: "audit", exchange: "events", routingKey: "audit.login" });
  await task.delay();
  expect(await next()).toMatchObject({ queue: "celery" });
});

test("a chain takes its steps one by one or as a list", () => {
  const steps = [makeApp().signature("a"), makeApp().signature("b")] as const;
  expect(chain(steps).toDict()).toEqual(chain(...steps).toDict());
});

test("a signature without an app says who can send it", async () => {
  await expect(group([]).delay()).rejects.toThrow(
    expect.objectContaining({ code: "bad-state", message: expect.stringContaining("send app.signature(it)") }),
  );
  expect(await (await makeApp().signature(group([])).delay()).get({ timeoutMs: 10_000 })).toEqual([]);
});

test("protocol 1 has it all in the body, and a chain as nested callbacks", async () => {
  const { app, next } = await tap({ taskProtocol: 1 }, "celery");
  await app.sendTask("add", { args: [1], kwargs: { y: 2 }, timeLimit: 9, taskId: "one" });
  const message = await next();
  expect(Object.keys(message.headers)).toEqual([]);
  expect(message.decoded).toMatchObject({ task: "add", id: "one", kwargs: { y: 2 }, timelimit: [9, null], utc: true });
  await chain(app.signature("a"), app.signature("b"), app.signature("c")).delay();
  expect((await next()).decoded).toMatchObject({
    task: "a",
    callbacks: [{ task: "b", options: { link: [{ task: "c" }] } }],
  });
});

test.each([["memory://"], ["rpc://"]])("work-flows run over protocol 1 with %s", async (backend) => {
  const { app } = await startWorker({ taskProtocol: 1, backend }, (a) => {
    a.task("add", (_, x: number, y: number) => x + y);
  });
  const add = app.task<[number, number], number>("add", (_, x, y) => x + y);
  expect(await (await chain(add.s(1, 2), add.s(3), add.s(4)).delay()).get({ timeoutMs })).toBe(10);
  expect(await (await group(add.s(1, 2), add.s(3, 4)).delay()).get({ timeoutMs })).toEqual([3, 7]);
});

describe("a broker that does not take the message", () => {
  class Refusing extends MemoryTransport {
    attempts = 0;
    failures = 0;
    override async publish(...args: Parameters<MemoryTransport["publish"]>): Promise<void> {
      this.attempts += 1;
      if (this.attempts <= this.failures) throw new Error("away");
      return super.publish(...args);
    }
  }
  const policy = { maxRetries: 3, intervalStart: 0, intervalStep: 0, intervalMax: 0 };

  test("is asked again, as the policy says", async () => {
    const broker = new Refusing();
    broker.failures = 3;
    const app = makeApp({ broker, taskPublishRetryPolicy: policy });
    await app.sendTask("a");
    expect(broker.attempts).toBe(4);
    expect(await app.transport.queueLength("celery")).toBe(1);
  });

  test.each([
    ["when the retries are used up", {}, 4],
    ["at once with retry: false", { retry: false }, 1],
    ["after those of the call", { retryPolicy: { maxRetries: 1 } }, 2],
  ])("is a publish-failed error %s", async (_, options, attempts) => {
    const broker = new Refusing();
    broker.failures = 99;
    const app = makeApp({ broker, taskPublishRetryPolicy: policy });
    const failure = app.sendTask("a", { taskId: "lost", ...options });
    await expect(failure).rejects.toMatchObject({ code: "publish-failed", taskId: "lost", cause: { message: "away" } });
    expect(broker.attempts).toBe(attempts);
  });

  test.each([
    [2, "away", 3],
    [9, "away", 4],
    [2, "of another type", 1],
  ])(
    "has its queue declared, which %i times fails as it is %s: tries it %i times",
    async (failures, message, attempts) => {
      let declarations = 0;
      class Undeclaring extends MemoryTransport {
        override async declareQueue(queue: Queue): Promise<string> {
          if (++declarations <= failures) throw new Error(message);
          return super.declareQueue(queue);
        }
        isConnectionError(error: unknown): boolean {
          return error instanceof Error && error.message === "away";
        }
      }
      const app = makeApp({ broker: new Undeclaring(), taskPublishRetryPolicy: policy });
      const sending = app.sendTask("a");
      if (attempts > failures) await sending;
      else await expect(sending).rejects.toMatchObject({ code: "publish-failed", cause: { message } });
      expect(declarations).toBe(attempts);
    },
  );

  test("is left when the signal says so", async () => {
    const broker = new Refusing();
    broker.failures = 99;
    const app = makeApp({ broker, taskPublishRetryPolicy: { intervalStart: 60, intervalMax: 60 } });
    const controller = new AbortController();
    const sending = app.sendTask("a", { signal: controller.signal });
    await until(() => broker.attempts === 1);
    controller.abort(new Error("enough"));
    await expect(sending).rejects.toThrow();
    expect(broker.attempts).toBe(1);
  });

  test("mandatory: an exchange without a queue is an error", async () => {
    const app = makeApp();
    await expect(app.sendTask("a", { exchange: "nowhere", mandatory: true, retry: false })).rejects.toMatchObject({
      code: "publish-failed",
    });
  });
});

describe("results", () => {
  test("get() ends with its time or its signal, and propagate: false gives the error", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("fail", () => {
        throw new pyExceptions.ValueError("no");
      });
    });
    const waiting = app.result("nobody-sent-it");
    await expect(waiting.get({ timeoutMs: 20 })).rejects.toMatchObject({ code: "timeout", taskId: "nobody-sent-it" });
    await expect(waiting.get({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: "TimeoutError" });
    const failed = await app.sendTask("fail");
    expect(await failed.get({ timeoutMs, propagate: false })).toBeInstanceOf(pyExceptions.ValueError);
    expect(await failed.failed()).toBe(true);
    await failed.forget();
    expect(await failed.state()).toBe("PENDING");
  });

  test("of mixed fleets are told apart by their first byte", async () => {
    const backend = new MemoryResultStore();
    const app = makeApp({ backend, resultSerializer: "json", resultAcceptContent: ["json", "pickle", "msgpack"] });
    const meta = (id: string) => ({ status: "SUCCESS", result: 7, traceback: null, children: [], task_id: id });
    await backend.set("celery-task-meta-j", Buffer.from(JSON.stringify(meta("j"))), undefined);
    await backend.set("celery-task-meta-p", dumps(meta("p"), { protocol: 4 }), undefined);
    await backend.set("celery-task-meta-m", app.content.encodeBare(meta("m"), "msgpack").body, undefined);
    for (const id of ["j", "p", "m"]) expect(await app.result(id).get({ timeoutMs })).toBe(7);
  });

  test("a failure's cause is read from its traceback, Python's and ours", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("fail", () => {
        const root = new pyExceptions.KeyError("user");
        const middle = new TypeError("not a user", { cause: root });
        throw new Error("cannot greet", { cause: middle });
      });
    });
    const error = await (await app.sendTask("fail")).get({ timeoutMs }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      message: "cannot greet",
      cause: { pythonClass: "builtins.TypeError", message: "not a user", cause: { pythonClass: "builtins.KeyError" } },
    });
    expect((error as Error).cause).toBeInstanceOf(pyExceptions.TypeError);
  });

  test("children and graph show what a task has set going", async () => {
    const { app } = await startWorker({}, (a) => {
      a.task("leaf", () => 1);
      a.task("middle", async () => {
        await a.sendTask("leaf", { taskId: "leaf-1" });
        await a.sendTask("leaf", { taskId: "leaf-2" });
      });
      a.task("root", async () => void (await a.sendTask("middle", { taskId: "middle" })));
    });
    const root = await app.sendTask("root", { taskId: "root" });
    for (const id of ["root", "middle", "leaf-1", "leaf-2"]) await app.result(id).get({ timeoutMs });
    const graph = await root.graph();
    expect([...graph.results.keys()]).toEqual(["root", "middle", "leaf-1", "leaf-2"]);
    expect(graph.edges).toEqual([
      ["root", "middle"],
      ["middle", "leaf-1"],
      ["middle", "leaf-2"],
    ]);
    expect(graph.toDot()).toContain('"middle" -> "leaf-2";');
  });

  test("a group is saved, found again by its id, and deleted", async () => {
    const { app } = await startWorker({}, (a) => void a.task("add", (_, x: number, y: number) => x + y));
    const sent = await group(app.signature("add", { args: [1, 2] }), app.signature("add", { args: [3, 4] })).delay();
    expect(sent).toBeInstanceOf(GroupResult);
    await sent.save();
    const restored = await app.restoreGroup<number>(sent.id);
    expect(await restored?.get({ timeoutMs })).toEqual([3, 7]);
    expect(await restored?.completedCount()).toBe(2);
    await restored?.delete();
    expect(await app.restoreGroup(sent.id)).toBeUndefined();
    const rpc = makeApp({ backend: "rpc://" });
    await expect(rpc.restoreGroup("x")).rejects.toMatchObject({ code: "no-backend" });
  });
});

describe("chords", () => {
  test("are refused where nothing can count their parts, before anything is sent", async () => {
    const app = makeApp({ backend: "rpc://" });
    await expect(chord([app.signature("a")], app.signature("b")).delay()).rejects.toMatchObject({ code: "no-backend" });
    expect(await app.transport.queueLength("celery")).toBe(0);
  });

  test("a part that fails fails the body, and calls its errbacks and those of the part", async () => {
    const called: [string, unknown][] = [];
    const { app } = await startWorker({}, (a) => {
      a.task("ok", () => 1);
      a.task("fail", () => {
        throw new pyExceptions.ValueError("broken");
      });
      a.task("note", (context, id: unknown) => void called.push([context.kwargs.of as string, id]));
    });
    const note = (of: string) => app.signature("note", { kwargs: { of } });
    const part = app.signature("fail", { options: { taskId: "part" } }).linkError(note("part"));
    const body = app.signature("ok", { options: { taskId: "body" } }).linkError(note("body"));
    const result = await chord([app.signature("ok"), part], body).delay();
    await expect(result.get({ timeoutMs })).rejects.toMatchObject({
      pythonClass: "celery.exceptions.ChordError",
      message: expect.stringContaining("Dependency part raised ValueError('broken')"),
    });
    await until(() => called.length === 2);
    expect(new Map(called)).toEqual(
      new Map([
        ["part", "part"],
        ["body", "body"],
      ]),
    );
  });
});

test.each([
  ["a list", (part: object) => [part]],
  ["a task alone", (part: object) => part],
  ["a chain", (part: object) => ({ task: "celery.chain", kwargs: { tasks: [part] }, subtask_type: "chain" })],
  [
    "a group with nulls",
    (part: object) => ({
      task: "celery.group",
      args: null,
      kwargs: { tasks: [part] },
      options: null,
      subtask_type: "group",
    }),
  ],
])("a chord whose header is %s, as dicts from elsewhere may have it", async (_, headerOf) => {
  const { app } = await startWorker({}, (a) => {
    a.task("one", () => 1);
    a.task("sum", (__, numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
  });
  const header = headerOf({ task: "one", args: null, kwargs: null, options: null });
  const body = { task: "sum", args: null, kwargs: null };
  const result = await app
    .signature({ task: "celery.chord", args: null, kwargs: { header, body }, subtask_type: "chord" } as never)
    .delay();
  expect(await result.get({ timeoutMs })).toBe(1);
});

describe("errbacks", () => {
  test("that take more than one argument are called in place, others are sent", async () => {
    const seen: Record<string, readonly unknown[]> = {};
    const { app } = await startWorker({}, (a) => {
      a.task("fail", () => {
        throw new pyExceptions.ValueError("broken");
      });
      a.task("by id", (_, ...args: unknown[]) => {
        seen["by id"] = args;
      });
      a.task("in place", (context, request: { id: string }, error: unknown, traceback: unknown, own: unknown) => {
        seen["in place"] = [context.id, request.id, error, typeof traceback, own];
      });
      a.task("by name", { parameters: ["request", "error", "traceback"] }, (_, ...args: unknown[]) => {
        seen["by name"] = args.slice(1);
        throw new Error("an errback that fails harms nothing");
      });
    });
    const errbacks = ["by name", "in place", "by id"].map((name) =>
      app.signature(name, { args: name === "in place" ? ["own"] : [] }),
    );
    const failing = await app.sendTask("fail", { linkError: errbacks });
    await expect(failing.get({ timeoutMs })).rejects.toThrow("broken");
    await until(() => Object.keys(seen).length === 3);
    const error = expect.objectContaining({ pythonClass: "builtins.ValueError" });
    expect(seen).toEqual({
      "by id": [failing.id],
      "in place": [failing.id, failing.id, error, "string", "own"],
      "by name": [error, expect.stringContaining("ValueError")],
    });
  });
});

test("a chord grows while it runs, but nothing else does", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("count", async (context, n: number) => {
      if (n > 1) await context.addToChord(a.signature("count", { args: [n - 1] }));
      return n;
    });
    a.task("same", (_, value: unknown) => value);
  });
  const count = (n: number) => app.signature("count", { args: [n] });
  const grown = await chord([count(3), count(1)], app.signature("same")).delay();
  expect(await grown.get({ timeoutMs })).toEqual(expect.arrayContaining([3, 2, 1, 1]));
  await expect((await count(2).delay()).get({ timeoutMs })).rejects.toThrow("no part of one");
});

test("what a work-flow is sent with reaches its first tasks", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("priority", (context, ...args: unknown[]) => [context.deliveryInfo.queue, context.headers.of, ...args]);
  });
  const priority = app.signature("priority");
  const options = { headers: { of: "all" } };
  const flow = group(priority, chain(priority, priority.set({ immutable: true })));
  const sent = await flow.applyAsync({ args: [1], options });
  expect(await sent.get({ timeoutMs })).toEqual([
    ["celery", "all", 1],
    ["celery", null],
  ]);
});

test("a task that has an id keeps it, whatever id the chain that it ends has", async () => {
  // What Celery 5.5 makes of a chord within a chain: the body and the rest, with the id of the chord's group.
  const { app } = await startWorker({}, (a) => {
    a.task("add", (_, x: number, y: number) => x + y);
  });
  const dict = chain(app.signature("add", { args: [1, 2] }), app.signature("add", { args: [3] })).toDict();
  const [first, last] = dict.kwargs.tasks as [SignatureDict, SignatureDict];
  const tasks = [first, { ...last, options: { task_id: "known" } }];
  const sent = await app.applySignature({ ...dict, kwargs: { tasks }, options: { task_id: "of-the-group" } });
  expect(sent.id).toBe("known");
  expect(await app.result("known").get({ timeoutMs })).toBe(6);
});

test("signatures go to Python's form and back, as arguments of tasks too", async () => {
  const { app } = await startWorker({}, (a) => {
    a.task("add", (_, x: number, y: number) => x + y);
    a.task("later", async (_, flow: never) => (await a.signature(flow).delay()).id);
  });
  const flow = chain(app.signature("add", { args: [1, 2] }), app.signature("add", { args: [3] }));
  const id = await (await app.sendTask("later", { args: [flow] })).get({ timeoutMs });
  expect(await app.result(id as string).get({ timeoutMs })).toBe(6);
  const again: Celery = makeApp({ broker: new MemoryTransport(new MemoryBroker()) });
  expect(again.signature(flow.toDict()).toDict()).toEqual(flow.toDict());
  expect(flow.toDict().args).toEqual(Tuple.from([]).slice());
});

test("taskInheritParentPriority gives what a task sends the priority that it has, unless the call says another", async () => {
  for (const [taskInheritParentPriority, inherited] of [
    [false, 1],
    [true, 6],
  ] as const) {
    const { app } = await startWorker({ taskInheritParentPriority, taskDefaultPriority: 1 }, (a) => {
      const priorityOf = a.task("priorityOf", (context) => context.deliveryInfo.priority);
      a.task("parent", async () => [(await priorityOf.delay()).id, (await priorityOf.applyAsync({ priority: 3 })).id]);
    });
    const parent = await app.sendTask<[string, string]>("parent", { priority: 6 });
    const [own, given] = await parent.get({ timeoutMs });
    expect(await app.result(own).get({ timeoutMs })).toBe(inherited);
    expect(await app.result(given).get({ timeoutMs })).toBe(3);
  }
});
