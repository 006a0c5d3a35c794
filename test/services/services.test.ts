import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect, test } from "vitest";
import { withChannel, withRedis } from "./clients.js";
import { describeEachGeneration } from "./inject.js";
import { PythonError, type ServiceSet } from "./types.js";

describeEachGeneration("services", (set: ServiceSet) => {
  test("say what they are", () => {
    const { python, celery, kombu, rabbitmq, redis } = set.versions;
    expect([python, celery, kombu, rabbitmq, redis]).toEqual(
      Array.from({ length: 5 }, () => expect.stringMatching(/^\d/)),
    );
    expect(set.versions.celery!.startsWith(set.generation) || set.mode !== "containers").toBe(true);
  });

  test("give each test file virtual hosts and databases of its own", async (context) => {
    if (!set.amqp.isOurs) context.skip("services given by URL have one virtual host for all");
    const [mine, yours] = [await set.isolate(), await set.isolate()];
    expect(mine.name("queue")).not.toBe(yours.name("queue"));
    await withRedis(mine.redis().url, (redis) => redis.set(mine.name("key"), "mine"));
    expect(await withRedis(mine.redis(7).url, (redis) => redis.ping())).toBe("PONG");
    const queue = mine.name("queue");
    await withChannel(mine.amqp.url, (channel) => channel.assertQueue(queue, { durable: false }));
    expect(await withRedis(yours.redis().url, (redis) => redis.dbsize())).toBe(0);
    await expect(withChannel(yours.amqp.url, (channel) => failing(channel.checkQueue(queue), channel))).rejects.toThrow(
      /NOT_FOUND/,
    );
  });

  test("are not ended while other files use them", async (context) => {
    if (!set.amqp.isOurs) context.skip("services given by URL are not ours to end");
    const refused = expect.objectContaining({ message: expect.stringContaining("end with .alone.test.ts") });
    await expect(set.redis.kill()).rejects.toEqual(refused);
    await expect(set.amqp.restart()).rejects.toEqual(refused);
    await expect(set.amqp.rabbitmqctl("status")).rejects.toEqual(refused);
  });

  test("run Python to its end, with input, arguments, environment and exit code", async () => {
    const code = "import os, sys; print(sys.stdin.read(), sys.argv[1:], os.environ['X']); sys.exit(3)";
    const result = await set.python.run(code, ["a", "b c"], { input: "grüße", env: { X: "1" } });
    expect(result.stdout.toString()).toBe("grüße ['a', 'b c'] 1\n");
    expect(result.exitCode).toBe(3);
    await expect(set.python.run("import time; time.sleep(30)", [], { timeoutMs: 300 })).rejects.toThrow(
      /within 300 ms/,
    );
  });

  test("keep a Python peer that answers requests, and say what it raised", async () => {
    const peer = await set.python.spawn("pickle_peer.py");
    const answers = await Promise.all([
      peer.request("loads", { data: "gARLAS4=" }),
      peer.request("dumps", { expression: "1", protocol: 4 }),
    ]);
    expect(answers).toEqual([{ repr: "1", types: ["int", "1"] }, "gARLAS4="]);
    const error = await peer.request("loads", { data: "" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PythonError);
    expect((error as PythonError).pythonClass).toBe("EOFError");
    await peer.close();
    await expect(peer.request("version")).rejects.toThrow(/has ended/);
  });

  test.each([
    ["amqp", "rpc"],
    ["redis", "redis"],
  ] as const)(
    "run a Celery worker over %s with results over %s, and CPython's client finds it",
    async (broker, backend) => {
      const isolation = await set.isolate();
      const queue = isolation.name("celery");
      const worker = await set.python.celeryWorker({ broker, backend, isolation, queue });
      const brokerUrl = broker === "amqp" ? isolation.amqp.pythonUrl : isolation.redis(0).pythonUrl;
      const backendUrl = backend === "rpc" ? "rpc://" : isolation.redis(1).pythonUrl;
      const client = await set.python.spawn("celery_client.py", [], {
        env: { BROKER: brokerUrl, BACKEND: backendUrl, QUEUE: queue },
      });
      const id = await client.request<string>("send", { task: "add", args: "(2, 3)" });
      expect(await client.request("get", { id })).toMatchObject({ state: "SUCCESS", repr: "5" });
      const failing = await client.request<string>("send", { task: "fail", args: "('no',)" });
      expect(await client.request("get", { id: failing })).toMatchObject({ class: "ValueError", message: "no" });
      expect(await client.request("ping", { destination: [worker.nodeName] })).toEqual([
        { [worker.nodeName]: { ok: "pong" } },
      ]);
      await client.close();
      await worker.stop();
      expect(await worker.exited).toBe(0);
    },
  );

  test("leave nothing of a killed worker", async () => {
    const isolation = await set.isolate();
    const tag = `tag-${randomUUID()}`;
    const worker = await set.python.celeryWorker({
      broker: "redis",
      isolation,
      queue: isolation.name("celery"),
      concurrency: 2,
      name: tag,
    });
    const count = async () => {
      const code =
        "import glob, sys\nn = 0\nfor f in glob.glob('/proc/[0-9]*/cmdline'):\n" +
        "    try: n += sys.argv[1] in open(f).read() and 'pycount' not in open(f).read()\n    except OSError: pass\nprint(n)";
      return Number((await set.python.run(`# pycount\n${code}`, [tag])).stdout.toString());
    };
    if (process.platform === "linux" || set.mode === "containers") expect(await count()).toBeGreaterThan(1);
    await worker.kill();
    expect(await worker.exited).not.toBe(0);
    if (process.platform === "linux" || set.mode === "containers") await expect.poll(count).toBe(0);
  });
});

test("a process dies with the Node process that started it, even by SIGKILL", async (context) => {
  context.skip(process.platform === "win32", "Windows has no shell as Unix has, and no process groups to end");
  const module = new URL("./local/local-process.ts", import.meta.url).href;
  // The child of the child is what a broker's helpers and a worker's pool are.
  const code = `
    import { launchLocally } from ${JSON.stringify(module)};
    const launched = await launchLocally(["/bin/sh", "-c", "sleep 1000 & echo $! $$; wait"]);
    launched.stdout.once("data", (pids) => console.log(String(pids)));
  `;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pids = line.toString().trim().split(" ").map(Number);
  expect(pids.map(isAlive)).toEqual([true, true]);
  parent.kill("SIGKILL");
  await expect.poll(() => pids.map(isAlive)).toEqual([false, false]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** amqplib reports a channel's death as an event, which throws when nobody listens. */
async function failing<T>(operation: PromiseLike<T>, channel: NodeJS.EventEmitter): Promise<T> {
  channel.on("error", () => undefined);
  return await operation;
}
