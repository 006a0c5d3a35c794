/** Stamps of Celery 5.3 and later: what either side stamps and sends, the other side revokes by its stamps. */
import { type AsyncResult, type Celery, chain, type Stamps, type Worker } from "@brine/celery";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CeleryWorker, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";
import { type CommandLine, commandLine } from "./command-line.js";

/** Longer than any test: a task that runs so long ends only because it is terminated. */
const FOR_EVER = 600;

describeEachGeneration("revoking by stamps", (set) => {
  const [major = 0, minor = 0] = (set.versions.celery ?? "").split(".").map(Number);
  if (major < 5 || (major === 5 && minor < 3)) {
    test(`needs Celery 5.3, this is ${set.versions.celery}`, (context) => context.skip("stamps are of Celery 5.3"));
    return;
  }

  let tries = 0;
  beforeEach(() => void tries++);
  /** Stamps that no other try has: what they revoked stays revoked. */
  const own = (stamp: string): string => `${stamp}-${tries}`;

  describe.each(["amqp", "redis"] as const)("a Node client and a Python worker, %s", (broker) => {
    let app: Celery;
    let worker: CeleryWorker;

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("stamps-python");
      app = connectApp(isolation, [broker, "redis"], { taskDefaultQueue: queue });
      worker = await set.python.celeryWorker({ broker, backend: "redis", isolation, queue });
    });

    afterAll(async () => {
      await app?.close();
      await worker?.kill();
    });

    /** Commands are obeyed in order: what answers a ping has obeyed all before. */
    const obeyed = async (): Promise<void> => {
      const options = { destination: [worker.nodeName], ...WAIT };
      await eventually(async () => expect(await app.control.ping(options)).toHaveProperty([worker.nodeName]));
    };
    const isHeld = async (method: "active" | "reserved", { id }: AsyncResult): Promise<void> => {
      await eventually(async () => {
        const replies = await app.control.inspect(method, {}, { destination: [worker.nodeName], ...WAIT });
        expect(replies[worker.nodeName]).toEqual(expect.arrayContaining([expect.objectContaining({ id })]));
      });
    };

    test("what waits is not run, what runs is terminated, and the rest is left alone", async () => {
      const add = (numbers: readonly number[], stamps: Stamps) => app.sendTask("add", { args: numbers, stamps });
      const [seven, eight] = [10 * tries + 7, 10 * tries + 8];
      const running = await app.sendTask("sleep", { args: [FOR_EVER], stamps: { batch: own("running") } });
      await isHeld("active", running);
      const waiting = await add([1, 1], { batch: [own("x"), own("y")], owner: seven });
      const other = await add([1, 2], { batch: own("z"), owner: eight });
      await isHeld("reserved", other);
      await app.control.revokeByStamps({ batch: own("y") });
      await obeyed();
      const stamps = { batch: [own("running"), own("nobody")] };
      await app.control.revokeByStamps(stamps, { terminate: true, signal: "SIGKILL" });
      await expect(running.get(WAIT)).rejects.toThrow("terminated");
      await expect(waiting.get(WAIT)).rejects.toThrow("revoked");
      expect(await other.get(WAIT)).toBe(3);
      // It is remembered for what comes later; a number is another stamp than its text.
      await app.control.revokeByStamps({ owner: seven });
      await app.control.revokeByStamps({ owner: String(eight) });
      await obeyed();
      const ofSeven = await add([1, 3], { owner: seven });
      const ofEight = await add([1, 4], { owner: eight });
      await expect(ofSeven.get(WAIT)).rejects.toThrow("revoked");
      expect(await ofEight.get(WAIT)).toBe(5);
    });

    test("a step of a chain keeps its stamps on its way through Python", async () => {
      const add = app.task<[number, number], number>("add");
      await app.control.revokeByStamps({ step: own("unwanted") });
      await obeyed();
      const wanted = chain(add.s(1, 2), add.s(10).stamp({ step: own("wanted") }));
      expect(await (await wanted.delay()).get(WAIT)).toBe(13);
      const unwanted = chain(add.s(1, 2), add.s(10).stamp({ step: own("unwanted") }));
      await expect((await unwanted.delay()).get(WAIT)).rejects.toThrow("revoked");
    });
  });

  describe.each(["amqp", "redis"] as const)("a Python client, celery control and a Node worker, %s", (broker) => {
    let app: Celery;
    let worker: Worker;
    let python: PythonPeer;
    let ask: CommandLine["ask"];

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("stamps-node");
      app = connectApp(isolation, [broker, "redis"], { taskDefaultQueue: queue });
      app.task("node.add", (_, x: number, y: number) => x + y);
      app.task("node.stamps", (context) => context.stamps);
      app.task("node.hang", (context) => {
        return new Promise((_, reject) =>
          context.signal.addEventListener("abort", () => reject(context.signal.reason)),
        );
      });
      worker = await app.worker({ name: "node", mingle: false, concurrency: 4 }).start();
      const env = pythonEnvironment(isolation, [broker, "redis"], queue);
      ({ ask } = commandLine(set, env, worker.hostname));
      python = await set.python.spawn("celery_client.py", [], { env });
    });

    afterAll(async () => {
      await python?.close();
      await app?.close();
    });

    /** Python's client sends a signature with its stamps. */
    const send = (signature: string, stamps: string, options = "{}"): Promise<string> =>
      python.request("canvas", { expression: `(lambda sig: (sig.stamp(${stamps}), sig)[1])(${signature})`, options });
    const revoke = (headers: string, options = ""): Promise<{ repr: string }> => {
      const call = `app.control.revoke_by_stamped_headers(${headers}, destination=['${worker.hostname}'], reply=True, timeout=30${options})`;
      return python.request("python", { expression: call });
    };
    const get = (id: string) =>
      python.request<{ state: string; repr?: string; message?: string }>("get", { id, alone: true });

    test("handlers see what Python stamped", async () => {
      const id = await send("signature('node.stamps')", "customer='7', batch=['a', 'b']");
      const stamps = await app.result<Record<string, unknown>>(id).get(WAIT);
      expect([[stamps.customer].flat(), [stamps.batch].flat().sort()]).toEqual([["7"], ["a", "b"]]);
    });

    test("revoke_by_stamped_headers of Python's client", async () => {
      const [seven, eight, nine] = [own("7"), own("8"), own("9")];
      const later = await send("signature('node.add', (1, 2))", `customer='${seven}'`, "{'countdown': 600}");
      const running = await send("signature('node.hang')", `customer='${eight}'`);
      const other = await send("signature('node.hang')", `customer='${nine}'`);
      await eventually(() =>
        expect(worker.active.map(({ id }) => id)).toEqual(expect.arrayContaining([running, other])),
      );
      expect((await revoke(`{'customer': ['${seven}', '${eight}']}`)).repr).toContain(
        "flagged as revoked, but not terminated",
      );
      expect(await get(later)).toMatchObject({ state: "FAILURE", message: "revoked" });
      expect(worker.active.map(({ id }) => id)).toContain(running);
      expect((await revoke(`{'customer': '${eight}'}`, ", terminate=True, signal='SIGKILL'")).repr).toContain(
        "revoked",
      );
      expect(await get(running)).toMatchObject({ state: "FAILURE", message: "terminated" });
      expect(worker.active.map(({ id }) => id)).toContain(other);
      await revoke(`{'customer': '${nine}'}`, ", terminate=True");
      expect(await get(other)).toMatchObject({ message: "terminated" });
    });

    test("celery control revoke_by_stamped_headers", async () => {
      const [order, shop] = [own("1"), own("a")];
      expect(await ask("control", "revoke_by_stamped_headers", `order=${order}`, `shop=${shop}`)).toEqual({
        ok: `headers {'order': '${order}', 'shop': '${shop}'} flagged as revoked, but not terminated`,
      });
      const byOrder = await send("signature('node.add', (1, 2))", `order='${order}', shop='b'`);
      const byShop = await send("signature('node.add', (1, 2))", `order='2', shop=['${shop}', 'c']`);
      const neither = await send("signature('node.add', (1, 2))", "order='2', shop='b'");
      for (const id of [byOrder, byShop]) expect(await get(id)).toMatchObject({ message: "revoked" });
      expect(await get(neither)).toMatchObject({ state: "SUCCESS", repr: "3" });
    });
  });
});
