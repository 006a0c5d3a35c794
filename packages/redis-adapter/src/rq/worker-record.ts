/** What a worker of RQ writes about itself. rq `worker.py`. */
import { type RedisLike, send, sendAll } from "../pickled/driver/client.js";
import { utcformat } from "./format.js";
import { WORKERS, workerKey, workersOfQueueKey } from "./keys.js";
import { commit, type Step, step } from "./other-kinds.js";

/** rq 2 has executions: a job that runs again has another one. */
export type WorkerFormat = 1 | 2;

export interface WorkerIdentity {
  readonly name: string;
  readonly queues: readonly string[];
  readonly format: WorkerFormat;
  readonly hostname: string;
  /** Seconds. */
  readonly ttl: number;
  /** Told of what could not be written. */
  readonly report: (error: Error) => void;
}

/** Versions that tell Python's tools which bookkeeping this is. */
const VERSIONS: Readonly<Record<WorkerFormat, string>> = { 1: "1.13.0", 2: "2.3.3" };

export class WorkerRecord {
  readonly #client: RedisLike;
  readonly #worker: WorkerIdentity;

  constructor(client: RedisLike, worker: WorkerIdentity) {
    this.#client = client;
    this.#worker = worker;
  }

  async birth(): Promise<void> {
    const { name, queues, format, hostname, ttl } = this.#worker;
    const now = utcformat(new Date());
    const key = workerKey(name);
    const facts = {
      birth: now,
      last_heartbeat: now,
      queues: queues.join(","),
      pid: process.pid,
      hostname,
      ip_address: await addressOf(this.#client),
      version: VERSIONS[format],
      python_version: `Node ${process.version}`,
      state: "idle",
    };
    const steps = [
      step("del", key),
      step("hset", key, ...Object.entries(facts).flat()),
      step("sadd", WORKERS, key),
      ...queues.map((queue) => step("sadd", workersOfQueueKey(queue), key)),
      step("expire", key, ttl + 60),
    ];
    // As RQ's, a worker that nobody would see does not begin.
    for (const [error] of await sendAll(this.#client, steps, true)) if (error !== null) throw error;
  }

  async death(): Promise<void> {
    const { name, queues } = this.#worker;
    const key = workerKey(name);
    await this.#commit([
      step("srem", WORKERS, key),
      ...queues.map((queue) => step("srem", workersOfQueueKey(queue), key)),
      step("hset", key, "death", utcformat(new Date())),
      step("expire", key, 60),
    ]);
  }

  /** As `rq info` shows it. */
  async state(state: "idle" | "suspended"): Promise<void> {
    await this.#commit([step("hset", workerKey(this.#worker.name), "state", state)]);
  }

  #commit(steps: readonly Step[]): Promise<unknown[]> {
    return commit(this.#client, steps, this.#worker.report);
  }
}

/** The client's address, as Redis sees it. Before 6.2 it shows this connection among all only. */
async function addressOf(client: RedisLike): Promise<string> {
  const ask = async (...words: string[]) => String(await send(client, "client", words).catch(() => ""));
  const own = (await ask("INFO")) || lineOf(await ask("LIST"), await ask("ID"));
  return /\baddr=(\S+)/.exec(own)?.[1] ?? "unknown";
}

/** A client's line of CLIENT LIST. */
function lineOf(clients: string, id: string): string {
  return clients.split("\n").find((line) => line.startsWith(`id=${id} `)) ?? "";
}
