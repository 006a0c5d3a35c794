/** Who is measured, and how each is started: every one in a process of its own, on the same broker. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PythonProcess, ServiceSet } from "../../test/services/index.js";
import type { Order, Report } from "./node.js";

/** What is measured, without who does it. */
export type Job = Omit<Order, "role" | "concurrency">;

export interface Rate {
  readonly perSecond: number;
}

export interface Contender {
  readonly name: string;
  publish?(job: Job): Promise<Rate>;
  /** Runs `job.count` tasks that are in the queue already. */
  consume?(job: Job): Promise<Rate>;
}

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));
/** Tasks that a Node process has under way: it waits for the broker, not for the CPU. */
const CONCURRENCY = 100;
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

function rate(count: number, seconds: number): Rate {
  return { perSecond: count / seconds };
}

function nodeContender(name: string, module: string): Contender {
  return {
    name,
    publish: async (job) => {
      const report = await runNode(module, { ...job, role: "publish", concurrency: CONCURRENCY }, "published");
      return rate(report.published, report.seconds);
    },
    consume: async (job) => {
      const report = await runNode(module, { ...job, role: "consume", concurrency: CONCURRENCY }, "consumed");
      return rate(report.consumed, report.seconds);
    },
  };
}

export const BRINE = nodeContender("Brine", "node.ts");
/** A worker that speaks JSON only. */
export const CELERY_NODE: Contender = {
  name: "celery-node 0.5.9, JSON",
  consume: async (job) => {
    const report = await runNode("celery-node.mjs", { ...job, role: "consume", concurrency: CONCURRENCY }, "consumed");
    return rate(report.consumed, report.seconds);
  },
};

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

export function startPythonWorker(set: ServiceSet, job: Job, pool: readonly string[]): Promise<PythonProcess> {
  const options = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", ...pool];
  return set.python.start(["-m", "celery", "-A", "tasks", "worker", ...options], { env: pythonEnvironment(job) });
}

/** Celery's worker with a pool, e.g. `["--pool", "threads", "--concurrency", "8"]`. */
export function pythonWorker(set: ServiceSet, name: string, pool: readonly string[]): Contender {
  return {
    name: `Celery ${set.versions.celery}, ${name}`,
    consume: async (job) => {
      const report = await reportOf(await startPythonWorker(set, job, pool), "consumed");
      return rate(report.consumed as number, report.seconds as number);
    },
  };
}

/** Celery's client. `confirms`: waits for RabbitMQ's confirm, as Brine does and Celery does not by default. */
export function pythonClient(set: ServiceSet, confirms: boolean): Contender {
  return {
    name: `Celery ${set.versions.celery} client${confirms ? " with confirms" : ""}`,
    publish: async (job) => {
      const env = pythonEnvironment(job, { CONFIRMS: confirms ? "1" : "" });
      const running = await set.python.start(["-m", "tasks", "publish", String(job.count)], { env });
      const report = await reportOf(running, "published");
      return rate(report.published as number, report.seconds as number);
    },
  };
}
