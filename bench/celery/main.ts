/** Compares Brine's client and worker with Celery's and celery-node's on the same broker, in one run. See {@link USAGE}. */
import { flag, oneOf, scriptOptions, wholeNumber } from "../../test/script-options.js";
import { connectServices, type Isolation, type ServiceSet, startServices } from "../../test/services/index.js";
import {
  BARE_AMQPLIB,
  BARE_ONE_BY_ONE,
  BRINE_CLIENT,
  BRINE_ONE_BY_ONE,
  BRINE_ONE_BY_ONE_UNCONFIRMED,
  BRINE_UNCONFIRMED,
  BRINE_WORKER,
  CELERY_NODE,
  type Contender,
  type Job,
  pythonClient,
  pythonEnvironment,
  pythonWorker,
  type Rate,
  reportOf,
  runNode,
  startNode,
  startPythonWorker,
} from "./contenders.js";
import type { TaskTimes } from "./node.js";
import { ascending, type Comparison, type Latency, median, percentile, type Result, save, table } from "./report.js";

const USAGE = `npm run bench:celery -- [options]

Tasks per second published and consumed, and the latency of a round trip, over RabbitMQ and Redis: empty tasks.

  --tasks 20000     tasks for the fastest; a part of them for those that are slower
  --rounds 3        turns of each contender; the median counts
  --broker amqp     only this one: amqp or redis
  --save            write bench/results/celery.{json,md,svg}
  --memory 1000000  instead: what a Brine worker keeps while it runs so many tasks
`;

const { values: options } = scriptOptions(USAGE, {
  tasks: wholeNumber(20_000),
  rounds: wholeNumber(3),
  broker: oneOf(["amqp", "redis"]),
  save: flag,
  memory: wholeNumber(undefined),
});
const { tasks, rounds } = options;
type Broker = "amqp" | "redis";
const TITLES: Readonly<Record<Broker, string>> = { amqp: "RabbitMQ", redis: "Redis" };

function job(isolation: Isolation, broker: Broker, label: string, count: number, more: Partial<Job> = {}): Job {
  return {
    broker: broker === "amqp" ? isolation.amqp.url : isolation.redis(0).url,
    backend: undefined,
    queue: isolation.name(label),
    serializer: "pickle",
    count,
    ...more,
  };
}

/** All contenders in turn, round after round, so that a busy moment of the machine is shared. The first is the yardstick. */
async function compare(
  what: Comparison["what"],
  broker: Broker,
  contenders: readonly Contender[],
  measure: (contender: Contender, count: number, round: number) => Promise<Rate>,
): Promise<Comparison> {
  const rates = new Map(contenders.map((contender): [Contender, Rate[]] => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, seen] of rates) {
      console.error(`${what}, ${TITLES[broker]}, round ${round + 1}: ${contender.name}`);
      seen.push(await measure(contender, Math.ceil(tasks * contender.share), round));
    }
  }
  const rows = [...rates].map(([{ name }, seen]) => ({
    name,
    perSecond: median(seen.map(({ perSecond }) => perSecond)),
    cpuMicroseconds: median(seen.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    idleShare: median(seen.map(({ idleShare }) => idleShare)),
  }));
  return { what, broker: TITLES[broker], rows };
}

async function measureLatency(set: ServiceSet, isolation: Isolation, broker: Broker): Promise<Latency[]> {
  const rows: Latency[] = [];
  const count = Math.min(1000, tasks);
  const backend = broker === "amqp" ? "rpc://" : isolation.redis(1).url;
  for (const worker of ["Brine", "Celery"] as const) {
    const work = job(isolation, broker, `latency-${worker}`, count, { backend });
    const order = { ...work, concurrency: 1 };
    const running =
      worker === "Brine"
        ? startNode("node.ts", { ...order, role: "consume", concurrency: 10 })
        : await startPythonWorker(set, work, ["--pool", "prefork", "--concurrency", "1"]);
    for (const client of ["Brine", "Celery"] as const) {
      console.error(`Round trip, ${TITLES[broker]}: ${client} to ${worker}`);
      const { latencies } =
        client === "Brine"
          ? await runNode("node.ts", { ...order, role: "roundtrip" }, "latencies")
          : ((await reportOf(
              await set.python.start(["-m", "tasks", "roundtrip", String(count)], { env: pythonEnvironment(work) }),
              "latencies",
            )) as { latencies: TaskTimes[] });
      const [published, started, returned] = [0, 1, 2].map((index) => {
        const sorted = ascending(latencies.map((times) => times[index]!));
        return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
      });
      rows.push({
        broker: TITLES[broker],
        client,
        worker,
        published: published!,
        started: started!,
        returned: returned!,
      });
    }
    await ("end" in running ? running.end() : running.kill());
  }
  return rows;
}

async function measureMemory(isolation: Isolation, broker: Broker, count: number): Promise<void> {
  const work = job(isolation, broker, "memory", count);
  const MIB = 2 ** 20;
  console.log(`\n${TITLES[broker]}: ${count} tasks through one worker\n\ntasks     heap MiB  resident MiB`);
  const worker = startNode("node.ts", { ...work, role: "consume", concurrency: 100 }, (report) => {
    if (!("progress" in report) || report.progress % Math.max(10_000, count / 20) !== 0) return;
    const numbers = [report.heap / MIB, report.rss / MIB].map((value) => value.toFixed(1).padStart(8));
    console.log(`${String(report.progress).padEnd(9)} ${numbers.join("  ")}`);
  });
  await worker.report((report) => "ready" in report);
  await Promise.all([
    runNode("node.ts", { ...work, count: count - 1, role: "publish", concurrency: 100 }, "published"),
    worker.report((report) => "consumed" in report),
  ]);
  await worker.end();
}

async function main(): Promise<void> {
  const services = await startServices({ log: (text) => console.log(text) });
  try {
    const set = connectServices(services.provision)[0]!;
    const isolation = await set.isolate();
    const brokers = options.broker === undefined ? (["amqp", "redis"] as const) : [options.broker];
    if (options.memory !== undefined) {
      for (const broker of brokers) await measureMemory(isolation, broker, options.memory);
      return;
    }
    const { python, celery, rabbitmq, redis } = set.versions;
    const result: Result = {
      node: process.version,
      python,
      celery,
      rabbitmq,
      redis,
      rounds,
      comparisons: [],
      latencies: [],
    };
    for (const broker of brokers) {
      const onRabbitmq = broker === "amqp";
      const publishers = [
        pythonClient(set, false),
        ...(onRabbitmq ? [pythonClient(set, true)] : []),
        BRINE_CLIENT,
        BRINE_ONE_BY_ONE,
        ...(onRabbitmq ? [BRINE_UNCONFIRMED, BRINE_ONE_BY_ONE_UNCONFIRMED, BARE_AMQPLIB, BARE_ONE_BY_ONE] : []),
      ];
      const published = await compare("Published", broker, publishers, (contender, count, round) =>
        contender.publish!(job(isolation, broker, `publish-${publishers.indexOf(contender)}-${round}`, count)),
      );
      const workers = [
        pythonWorker(set, "prefork, 1 process", ["--pool", "prefork", "--concurrency", "1"]),
        pythonWorker(set, "8 threads", ["--pool", "threads", "--concurrency", "8"]),
        pythonWorker(set, "8 threads, no prefetch limit", ["--pool", "threads", "--concurrency", "8"], 0),
        CELERY_NODE,
        BRINE_WORKER,
      ];
      const consumed = await compare("Consumed", broker, workers, async (contender, count, round) => {
        const more: Partial<Job> = contender === CELERY_NODE ? { serializer: "json" } : {};
        const work = job(isolation, broker, `consume-${workers.indexOf(contender)}-${round}`, count, more);
        // One more than `count` is sent, to connect with; the worker stops at `count`.
        await BRINE_CLIENT.publish!(work);
        const backend = contender === CELERY_NODE ? isolation.redis(1).url : undefined;
        return contender.consume!({ ...work, backend });
      });
      result.comparisons.push(published, consumed);
      result.latencies.push(...(await measureLatency(set, isolation, broker)));
    }
    console.log(table(result));
    if (options.save) save(result);
  } finally {
    await services.stop();
  }
}

await main();
