/** Redis processes of a test's own on this machine: one, a master with a replica, with a sentinel too, a cluster of three nodes. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { findExecutable, freePort } from "./local/executables.js";
import { launchLocally } from "./local/local-process.js";
import { READY_MS } from "./patience.js";
import { RunningProcess } from "./running-process.js";

const HOST = "127.0.0.1";
const SLOTS = 16384;

export interface RedisNode {
  readonly host: string;
  readonly port: number;
  kill(): Promise<void>;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** SIGSTOP: its connections stay open, and nothing is answered until it is thawed. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface Topology {
  readonly nodes: readonly RedisNode[];
  dispose(): Promise<void>;
}

export interface RedisCluster extends Topology {
  /** Gives an empty slot to another node, as a resharding does: the old one answers MOVED. */
  moveSlot(slot: number, from: number, to: number): Promise<void>;
  /**
   * Begins to move a slot: `key` is on its new node already, and the old one, whose slot it still is, answers ASK for it.
   * `moveSlot` ends it.
   */
  migrate(slot: number, key: string, from: number, to: number): Promise<void>;
}

export interface RedisSentinel extends Topology {
  /** What ioredis wants to know; nodes are the master and the replica at the start. */
  readonly options: { readonly sentinels: { host: string; port: number }[]; readonly name: string };
}

/** `undefined`: no Redis is installed here. */
export async function startRedisCluster(): Promise<RedisCluster | undefined> {
  const topology = await startNodes(3, async () => ["--cluster-enabled", "yes", "--cluster-node-timeout", "15000"]);
  if (topology === undefined) return undefined;
  const { nodes, busPorts, dispose } = topology;
  const clients = nodes.map(({ host, port }) => new Redis(port, host).on("error", () => {}));
  const ids: string[] = [];
  for (const [i, client] of clients.entries()) {
    const [from, to] = [i, i + 1].map((part) => Math.floor((SLOTS * part) / nodes.length)) as [number, number];
    await client.call("CLUSTER", "ADDSLOTSRANGE", from, to - 1);
    ids.push(String(await client.call("CLUSTER", "MYID")));
    if (i > 0) await clients[0]!.call("CLUSTER", "MEET", HOST, nodes[i]!.port, busPorts[i]!);
  }
  await until(async () => {
    const infos = await Promise.all(clients.map(async (client) => String(await client.call("CLUSTER", "INFO"))));
    return infos.every((info) => info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3"));
  });
  return {
    nodes,
    async moveSlot(slot, from, to) {
      // The new owner first: a slot is never without one.
      for (const i of [to, from]) await clients[i]!.call("CLUSTER", "SETSLOT", slot, "NODE", ids[to]!);
    },
    async migrate(slot, key, from, to) {
      await clients[to]!.call("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[from]!);
      await clients[from]!.call("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to]!);
      await clients[from]!.call("MIGRATE", HOST, nodes[to]!.port, key, 0, READY_MS);
    },
    async dispose() {
      for (const client of clients) client.disconnect();
      await dispose();
    },
  };
}

/** One server, with arguments for it. `undefined`: no Redis is installed here. */
export async function startRedisNode(argv: readonly string[] = []): Promise<Topology | undefined> {
  return startNodes(1, async () => argv);
}

/** A master and its replica, in step with it. `undefined`: no Redis is installed here. */
export async function startRedisReplica(): Promise<Topology | undefined> {
  const topology = await startNodes(2, replicaOfFirst);
  if (topology === undefined) return undefined;
  const client = new Redis(topology.nodes[1]!.port, HOST);
  await until(async () => (await client.info("replication")).includes("master_link_status:up"));
  client.disconnect();
  return topology;
}

const replicaOfFirst = async (_: number, first: number | undefined): Promise<readonly string[]> =>
  first === undefined ? [] : ["--replicaof", HOST, `${first}`];

/** `undefined`: no Redis is installed here. */
export async function startRedisSentinel(): Promise<RedisSentinel | undefined> {
  const topology = await startNodes(2, replicaOfFirst);
  if (topology === undefined) return undefined;
  const { nodes, binary, directory, dispose } = topology;
  const [port, name] = [await freePort(), "brine"];
  const file = path.join(directory, "sentinel.conf");
  await writeFile(
    file,
    [
      `bind ${HOST}`,
      `port ${port}`,
      `dir ${directory}`,
      `sentinel monitor ${name} ${HOST} ${nodes[0]!.port} 1`,
      `sentinel down-after-milliseconds ${name} 3000`,
      `sentinel failover-timeout ${name} 5000`,
      "",
    ].join("\n"),
  );
  const launched = await launchLocally([binary, file, "--sentinel"], { cwd: directory });
  const sentinel = new RunningProcess("redis-sentinel", launched);
  const client = new Redis(port, HOST);
  // Without a replica that it knows and that is in sync, a sentinel has nobody to promote.
  await until(async () => {
    const [replica] = ((await client.call("SENTINEL", "REPLICAS", name)) ?? []) as string[][];
    return replica?.includes("ok") === true && replica[replica.indexOf("master-link-status") + 1] === "ok";
  });
  client.disconnect();
  return {
    nodes,
    options: { sentinels: [{ host: HOST, port }], name },
    async dispose() {
      await sentinel.kill();
      await dispose();
    },
  };
}

async function startNodes(
  count: number,
  argumentsOf: (index: number, firstPort: number | undefined) => Promise<readonly string[]>,
) {
  const binary = await findExecutable(["redis-server", "valkey-server"]);
  if (binary === undefined) return undefined;
  const directory = await mkdtemp(path.join(tmpdir(), "brine-redis-nodes-"));
  const nodes: RedisNode[] = [];
  const busPorts: number[] = [];
  for (let i = 0; i < count; i++) {
    const [port, busPort] = [await freePort(), await freePort()];
    const own = await argumentsOf(i, nodes[0]?.port);
    // The default bus port, 10,000 above the node's, may be above all ports.
    const bus = own.includes("--cluster-enabled")
      ? ["--cluster-port", `${busPort}`, "--cluster-config-file", `nodes-${i}.conf`]
      : [];
    const persistence = ["--save", "", "--repl-diskless-sync-delay", "0", "--dbfilename", `dump-${i}.rdb`];
    const argv = [binary, "--bind", HOST, "--port", `${port}`, "--dir", directory, ...persistence, ...bus, ...own];
    let process: RunningProcess | undefined;
    const node: RedisNode = {
      host: HOST,
      port,
      kill: async () => process?.kill(),
      freeze: async () => process?.signal("SIGSTOP"),
      thaw: async () => process?.signal("SIGCONT"),
      async start() {
        process = new RunningProcess(`redis-server ${i}`, await launchLocally(argv, { cwd: directory }));
        await process.waitForLog(/Ready to accept connections/);
      },
    };
    await node.start();
    nodes.push(node);
    busPorts.push(busPort);
  }
  const dispose = async () => {
    for (const node of nodes) await node.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  return { nodes, busPorts, binary, directory, dispose };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`The Redis servers were not ready within ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
