/** Who is measured, and how each is started: every one in a process of its own, on the same broker. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PythonProcess, ServiceSet } from "../../test/services/index.js";
import type { Cost, Order, Report } from "./node.js";

/** What is measured, without who does it. */
export type Job = Omit<Order, "role" | "concurrency">;

/** How fast it was, and what it took. */
export interface Rate {
  readonly perSecond: number;
  /** Microseconds that its process computed for each task. */
  readonly cpuMicroseconds: number;
  /** Share of the time in which nothing ran for more than half a second. */
  readonly idleShare: number;
}

export interface Contender {
  readonly name: string;
  /** Of the tasks that are given. Default 1; less for those that would take too long. */
  readonly share: number;
  publish?(job: Job): Promise<Rate>;
  /** Runs `job.count` tasks that are in the queue already. */
  consume?(job: Job): Promise<Rate>;
}

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));
/** Tasks that a Node worker has under way: it waits for the broker, not for the CPU. */
const CONCURRENCY = 100;
/** Calls that a Node client has under way, where not one after the other. */
const AT_ONCE = 1000;
const TIMEOUT_MS = 600_000;

interface Running {
  readonly report: (wanted: (report: Report) => boolean) => Promise<Report>;
  end(): Promise<void>;
}

/** Starts a module of this folder with an order. */
export function startNode(module: string, order: Order, onReport?: (report: Report) => void): Running {
  const child = fork(`${DIRECTORY}${module}`, [JSON.stringify(order)], {
    execArgv: [...process.execArgv, "--expose-gc"],
    // celery-node writes a line for each task.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const reports: Report[] = [];
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const report = (wanted: (report: Report) => boolean) =>
    new Promise<Report>((resolve, reject) => {
      const present = reports.find(wanted);
      if (present !== undefined) return resolve(present);
      child.on("message", (message: Report) => wanted(message) && resolve(message));
      void exited.then((code) => reject(new Error(`${module} ended with ${code} before it reported`)));
    });
  child.on("message", (message: Report) => {
    reports.push(message);
    onReport?.(message);
  });
  return {
    report,
    end: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs an order to its report. */
export async function runNode<K extends string>(
  module: string,
  order: Order,
  key: K,
): Promise<Extract<Report, Record<K, unknown>>> {
  const running = startNode(module, order);
  try {
    return (await running.report((report) => key in report)) as Extract<Report, Record<K, unknown>>;
  } finally {
    await running.end();
  }
}

function rate(count: number, { seconds, cpu, idle = 0 }: Cost): Rate {
  return { perSecond: count / seconds, cpuMicroseconds: (cpu / count) * 1e6, idleShare: idle / seconds };
}

function nodeClient(name: string, share: number, more: Partial<Order>): Contender {
  return {
    name,
    share,
    publish: async (job) => {
      const order: Order = { role: "publish", concurrency: AT_ONCE, ...job, ...more };
      const report = await runNode("node.ts", order, "published");
      return rate(report.published, report);
    },
  };
}

function nodeWorker(name: string, share: number, module: string): Contender {
  return {
    name,
    share,
    consume: async (job) => {
      const report = await runNode(module, { ...job, role: "consume", concurrency: CONCURRENCY }, "consumed");
      return rate(report.consumed, report);
    },
  };
}

export const BRINE_CLIENT = nodeClient(`Brine, ${AT_ONCE} at once`, 1, {});
/** Resolves when the message is written, as Celery's client returns unless it is told to ask for confirms. */
export const BRINE_UNCONFIRMED = nodeClient(`Brine, ${AT_ONCE} at once, without confirms`, 1, { confirms: false });
export const BRINE_ONE_BY_ONE = nodeClient("Brine, one after the other", 0.1, { concurrency: 1 });
export const BRINE_ONE_BY_ONE_UNCONFIRMED = nodeClient("Brine, one after the other, without confirms", 0.5, {
  concurrency: 1,
  confirms: false,
});
export const BARE_AMQPLIB = nodeClient(`amqplib alone, one ready message, ${AT_ONCE} at once`, 1, {
  role: "publishBare",
});
/** The floor of one after the other: the round trip of a confirm. */
export const BARE_ONE_BY_ONE = nodeClient("amqplib alone, one ready message, one after the other", 0.1, {
  role: "publishBare",
  concurrency: 1,
});
export const BRINE_WORKER = nodeWorker("Brine", 1, "node.ts");
/** A worker that speaks JSON only. */
export const CELERY_NODE = nodeWorker("celery-node 0.5.9, JSON", 0.1, "celery-node.mjs");

export function pythonEnvironment(job: Job, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PYTHONPATH: DIRECTORY,
    BROKER: job.broker,
    BACKEND: job.backend ?? "disabled://",
    QUEUE: job.queue,
    SERIALIZER: job.serializer,
    COUNT: String(job.count),
    C_FORCE_ROOT: "1",
    ...more,
  };
}

/** Waits for a line of JSON with `key`, then ends the process. */
export async function reportOf(running: PythonProcess, key: string): Promise<Record<string, unknown>> {
  try {
    const [line] = await running.waitForLog(new RegExp(`^\\{"${key}".*\\}$`, "m"), TIMEOUT_MS);
    return JSON.parse(line) as Record<string, unknown>;
  } finally {
    await running.kill();
  }
}

export function startPythonWorker(
  set: ServiceSet,
  job: Job,
  pool: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<PythonProcess> {
  const options = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", ...pool];
  return set.python.start(["-m", "celery", "-A", "tasks", "worker", ...options], { env: pythonEnvironment(job, more) });
}

/** Celery's worker with a pool, e.g. `["--pool", "threads", "--concurrency", "8"]`. `prefetch`: the multiplier. */
export function pythonWorker(set: ServiceSet, name: string, pool: readonly string[], prefetch = 4): Contender {
  return {
    name: `Celery ${set.versions.celery}, ${name}`,
    share: 0.1,
    consume: async (job) => {
      const worker = await startPythonWorker(set, job, pool, { PREFETCH: String(prefetch) });
      const report = await reportOf(worker, "consumed");
      return rate(report.consumed as number, report as unknown as Cost);
    },
  };
}

/** Celery's client. `confirms`: waits for RabbitMQ's confirm, as Brine does and Celery does not by default. */
export function pythonClient(set: ServiceSet, confirms: boolean): Contender {
  return {
    name: `Celery ${set.versions.celery}${confirms ? " with confirms" : ""}`,
    share: 0.25,
    publish: async (job) => {
      const env = pythonEnvironment(job, { CONFIRMS: confirms ? "1" : "" });
      const running = await set.python.start(["-m", "tasks", "publish", String(job.count)], { env });
      const report = await reportOf(running, "published");
      return rate(report.published as number, report as unknown as Cost);
    },
  };
}
