/** Many tasks one way while the Node side's connections are cut again and again, and an exact count of what arrived. */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { redis } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { type BrokerKind, pythonEnvironment } from "../interop/celery/setting.js";
import { startProxy } from "../interop/tcp-proxy.js";
import type { Isolation, ServiceSet } from "../services/index.js";

export interface SoakOptions {
  readonly broker: BrokerKind;
  readonly direction: "Node to Python" | "Python to Node";
  readonly tasks: number;
  /** Between cuts, on average, in milliseconds. */
  readonly cutEveryMs: number;
  /** How long nothing may arrive before the rest counts as lost. */
  readonly patienceMs: number;
  readonly onProgress?:
    | ((progress: { readonly sent: number; readonly arrived: number; readonly cuts: number }) => void)
    | undefined;
}

export interface SoakReport {
  readonly sent: number;
  /** Different tasks that ran. */
  readonly arrived: number;
  readonly lost: number;
  /** Runs beyond the first of a task: a message whose confirm or acknowledgement was cut off comes again. */
  readonly duplicates: number;
  readonly cuts: number;
  readonly seconds: number;
}

/** How often each task ran. */
interface Tally {
  read(): Promise<{ readonly arrived: number; readonly runs: number }>;
}

const PROGRESS_MS = 1000;
/** Tasks that Python sends for one request. */
const CHUNK = 250;
const SENDERS = 50;
/** Fields of the hash in which Python's workers count. */
const MARKS = "soak-marks";

/**
 * Late acks on both sides: an early one says that a task may be lost. Only Node's connections are cut; kombu's own Redis
 * transport loses what it has popped and not marked yet, whoever sent it.
 */
export async function soak(set: ServiceSet, options: SoakOptions): Promise<SoakReport> {
  const isolation = await set.isolate();
  const queue = isolation.name("soak");
  const target = options.broker === "amqp" ? isolation.amqp.url : isolation.redis(0).url;
  const proxy = await startProxy(target);
  const backOff = { initialDelayMs: 50, maxDelayMs: 500 };
  const app = new Celery({
    broker: options.broker === "amqp" ? amqp(proxy.url, { backOff }) : redis(proxy.url),
    taskDefaultQueue: queue,
    taskSerializer: "pickle",
    acceptContent: ["pickle"],
    // A publish waits for the connection to come back, however often that takes.
    taskPublishRetryPolicy: { maxRetries: undefined },
  });
  let cuts = 0;
  const stop = new AbortController();
  const cutting = (async () => {
    while (!stop.signal.aborted) {
      await sleep(randomInt(options.cutEveryMs * 2) + 1, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return;
      proxy.cut();
      cuts++;
    }
  })();
  const begun = performance.now();
  const run = options.direction === "Node to Python" ? nodeToPython : pythonToNode;
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const state = { sent: 0 };
    const { tally, sending } = await run(set, isolation, app, queue, options, state, ends);
    const report = await settle(tally, sending, options, state, () => cuts);
    return { ...report, cuts, seconds: (performance.now() - begun) / 1000 };
  } finally {
    stop.abort();
    await cutting;
    for (const end of ends.reverse()) await end();
    await app.close();
    await proxy.close();
  }
}

interface Run {
  readonly tally: Tally;
  readonly sending: Promise<void>;
}

async function nodeToPython(
  set: ServiceSet,
  isolation: Isolation,
  app: Celery,
  queue: string,
  { broker, tasks }: SoakOptions,
  state: { sent: number },
  ends: (() => Promise<unknown>)[],
): Promise<Run> {
  const { url, pythonUrl } = isolation.redis(2);
  const env = { MARKS: `${pythonUrl} ${MARKS}` };
  // With few prefetched messages Celery's threads stand still for up to two seconds at a time: see `npm run bench:celery`.
  const config = { worker_prefetch_multiplier: 32 };
  const options = {
    broker,
    backend: "disabled",
    isolation,
    queue,
    config,
    concurrency: 8,
    pool: "threads",
    env,
  } as const;
  const worker = await set.python.celeryWorker(options);
  ends.push(() => worker.kill());
  const client = new Redis(url);
  ends.push(async () => client.disconnect());
  let next = 0;
  const lane = async () => {
    while (next < tasks) {
      await app.sendTask("mark", { args: [next++], ignoreResult: true });
      state.sent++;
    }
  };
  const read = async () => {
    const runs = (await client.hvals(MARKS)).map(Number);
    return { arrived: runs.length, runs: runs.reduce((sum, n) => sum + n, 0) };
  };
  return { tally: { read }, sending: Promise.all(Array.from({ length: SENDERS }, lane)).then(() => undefined) };
}

async function pythonToNode(
  set: ServiceSet,
  isolation: Isolation,
  app: Celery,
  queue: string,
  { broker, tasks }: SoakOptions,
  state: { sent: number },
  ends: (() => Promise<unknown>)[],
): Promise<Run> {
  const seen = new Map<number, number>();
  app.task("mark", { acksLate: true, ignoreResult: true }, (_, n: number) => {
    seen.set(n, (seen.get(n) ?? 0) + 1);
  });
  // With its own close, later, comes a warning for each cut: the cuts are the point here.
  const worker = await app.worker({ mingle: false, concurrency: 50, remoteControl: false }).start();
  ends.push(() => worker.stop({ timeoutMs: 5000 }));
  const config = broker === "amqp" ? { broker_transport_options: { confirm_publish: true } } : {};
  const env = pythonEnvironment(isolation, [broker, "rpc"], queue, {
    BACKEND: "disabled://",
    CONFIG: JSON.stringify(config),
  });
  const python = await set.python.spawn("celery_client.py", [], { env });
  ends.push(() => python.close());
  const sending = (async () => {
    for (let first = 0; first < tasks; first += CHUNK) {
      const count = Math.min(CHUNK, tasks - first);
      await python.request("send_many", { task: "mark", first, count });
      state.sent += count;
    }
  })();
  const read = async () => ({ arrived: seen.size, runs: [...seen.values()].reduce((sum, n) => sum + n, 0) });
  return { tally: { read }, sending };
}

/** Waits until all has arrived, or nothing more does. */
async function settle(
  tally: Tally,
  sending: Promise<void>,
  options: SoakOptions,
  state: { readonly sent: number },
  cuts: () => number,
): Promise<Omit<SoakReport, "cuts" | "seconds">> {
  let isSending = true;
  let failure: unknown;
  void sending
    .catch((error: unknown) => {
      failure = error;
    })
    .finally(() => {
      isSending = false;
    });
  let counted = { arrived: 0, runs: 0 };
  for (let quiet = performance.now(); performance.now() - quiet < options.patienceMs; ) {
    await sleep(PROGRESS_MS);
    if (failure !== undefined) throw failure;
    const now = await tally.read();
    if (now.runs > counted.runs || isSending) quiet = performance.now();
    counted = now;
    options.onProgress?.({ sent: state.sent, arrived: now.arrived, cuts: cuts() });
    if (!isSending && counted.arrived >= options.tasks) break;
  }
  const { arrived, runs } = counted;
  return { sent: state.sent, arrived, lost: state.sent - arrived, duplicates: runs - arrived };
}
