/** Workers that know of each other, over one in-memory broker. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Celery } from "../../client/app.js";
import { MemoryBroker } from "../../memory/broker.js";
import { MemoryResultStore } from "../../memory/result-store.js";
import { MemoryTransport } from "../../memory/transport.js";
import { TaskRevokedError } from "../../protocol/python-exceptions.js";
import { makeApp, startWorker, until } from "../worker.fixture.js";
import type { WorkerOptions } from "../worker-options.js";

const timeoutMs = 20_000;

/** Apps of one broker, as those of several processes are. */
function cluster(): {
  start: (options: WorkerOptions, define?: (app: Celery) => void) => ReturnType<typeof startWorker>;
} {
  const broker = new MemoryBroker();
  const backend = new MemoryResultStore();
  return {
    start: (options, define) => startWorker({ broker: new MemoryTransport(broker), backend }, define, options),
  };
}

describe("gossip", () => {
  test("workers hear of each other, and of an end", async () => {
    const { start } = cluster();
    const one = await start({ name: "one", heartbeatIntervalMs: 20 });
    const joined: string[] = [];
    const left: string[] = [];
    one.worker.on("nodeJoin", ({ hostname }) => joined.push(hostname));
    one.worker.on("nodeLeave", ({ hostname }) => left.push(hostname));
    const two = await start({ name: "two", heartbeatIntervalMs: 20 });
    await until(() => one.worker.peers.length === 1 && two.worker.peers.length === 1);
    expect(one.worker.peers[0]).toMatchObject({ hostname: two.worker.hostname, pid: process.pid, software: "brine" });
    expect(joined).toEqual([two.worker.hostname]);
    await two.worker.stop();
    await until(() => left.length === 1);
    expect(one.worker.peers).toEqual([]);
  });

  test("the clock is that of the one that is furthest", async () => {
    const { start } = cluster();
    const one = await start({ name: "one", heartbeatIntervalMs: 20 });
    const two = await start({ name: "two", heartbeatIntervalMs: 20 });
    two.app.clock.adjust(1_000_000);
    await until(() => one.app.clock.value > 1_000_000);
  });

  test("an election has one leader, who sends the task", async () => {
    const ran: string[] = [];
    const { start } = cluster();
    const define = (app: Celery): void => void app.task("lead", (context) => void ran.push(context.id));
    const one = await start({ name: "one", heartbeatIntervalMs: 20 }, define);
    const two = await start({ name: "two", heartbeatIntervalMs: 20 }, define);
    await until(() => one.worker.peers.length === 1 && two.worker.peers.length === 1);
    const action = one.app.signature("lead", { options: { taskId: "elected" } });
    await one.app.control.elect("e1", "task", action);
    await until(() => ran.length > 0);
    expect(await one.app.result("elected").get({ timeoutMs })).toBeNull();
    // Everything that the votes caused is done once both have answered.
    await one.app.control.ping({ timeoutMs, limit: 2 });
    expect(ran).toEqual(["elected"]);
  });

  test("gossip: false listens to nobody", async () => {
    const { start } = cluster();
    const one = await start({ name: "one", gossip: false, heartbeatIntervalMs: 20 });
    const two = await start({ name: "two", heartbeatIntervalMs: 20 });
    await until(() => two.worker.peers.length === 1);
    expect(one.worker.peers).toEqual([]);
  });
});

test("mingle takes over what others know to be revoked, and the clock", async () => {
  const { start } = cluster();
  const one = await start({ name: "one" });
  one.app.clock.adjust(5000);
  await one.app.control.revoke("gone", { timeoutMs });
  await until(async () => (await ids(one.app, one.worker.hostname)).length === 1);
  const two = await start({ name: "two", mingle: true });
  expect(await ids(two.app, two.worker.hostname)).toEqual(["gone"]);
  expect(two.app.clock.value).toBeGreaterThan(5000);
});

describe("stateDb", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "brine-state-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("what was revoked is still revoked after a restart, by id and by stamp", async () => {
    const stateDb = path.join(folder, "state");
    const { start } = cluster();
    const define = (app: Celery): void => void app.task("run", () => "ran");
    const first = await start({ name: "one", stateDb }, define);
    await first.app.control.revoke("gone");
    await first.app.control.revokeByStamps({ customer: "7" });
    await first.app.control.ping({ timeoutMs, limit: 1 });
    first.app.clock.adjust(900);
    await first.worker.stop();
    const second = await start({ name: "one", stateDb }, define);
    expect(second.app.clock.value).toBeGreaterThan(900);
    const byId = await second.app.sendTask("run", { taskId: "gone" });
    await expect(byId.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
    const byStamp = await second.app.sendTask("run", { stamps: { customer: ["7", "8"] } });
    await expect(byStamp.get({ timeoutMs })).rejects.toBeInstanceOf(TaskRevokedError);
    const other = await second.app.sendTask("run", { stamps: { customer: "8" } });
    expect(await other.get({ timeoutMs })).toBe("ran");
  });

  test("it is written soon after a change, for a worker that is killed", async () => {
    const stateDb = path.join(folder, "state");
    const { app } = await cluster().start({ stateDb });
    await app.control.revoke("gone");
    await until(async () => (await readFile(stateDb, "utf8").catch(() => "")).includes("gone"));
  });

  test.each([
    ["no JSON", "garbage"],
    ["nothing", "null"],
    ["another version", '{"version":2,"ids":[],"stamps":[]}'],
    ["other things", '{"version":1,"ids":[["a"]],"stamps":[]}'],
  ])("a file with %s is refused, with nothing consumed", async (_, text) => {
    const stateDb = path.join(folder, "state");
    await writeFile(stateDb, text);
    const worker = makeApp().worker({ stateDb });
    await expect(worker.start()).rejects.toMatchObject({ code: "bad-state", path: stateDb });
  });
});

async function ids(app: Celery, node: string): Promise<unknown[]> {
  const replies = await app.control.inspect("revoked", {}, { destination: [node], timeoutMs });
  return replies[node] as unknown[];
}
