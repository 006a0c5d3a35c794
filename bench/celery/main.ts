/** Compares Brine's client and worker with Celery's and celery-node's on the same broker, in one run. See {@link USAGE}. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connectServices, type Isolation, type ServiceSet, startServices } from "../../test/services/index.js";
import {
  BRINE,
  CELERY_NODE,
  type Contender,
  type Job,
  pythonClient,
  pythonEnvironment,
  pythonWorker,
  reportOf,
  runNode,
  startNode,
  startPythonWorker,
} from "./contenders.js";

const USAGE = `npm run bench:celery -- [options]

Tasks per second published and consumed, and the latency of a round trip, over RabbitMQ and Redis: empty tasks.

  --tasks 20000     tasks for Brine; a tenth for contenders that are slower
  --rounds 3        turns of each contender; the median counts
  --broker amqp     only this one: amqp or redis
  --save            write bench/results/celery.md
  --memory 1000000  instead: what a Brine worker keeps while it runs so many tasks
`;

const { values: options } = parseArgs({
  options: {
    tasks: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    broker: { type: "string" },
    save: { type: "boolean", default: false },
    memory: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const tasks = Number(options.tasks);
const rounds = Number(options.rounds);
const lines: string[] = [];

type Broker = "amqp" | "redis";
const TITLES: Readonly<Record<Broker, string>> = { amqp: "RabbitMQ", redis: "Redis" };

function print(line = ""): void {
  lines.push(line);
  console.log(line);
}

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

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]) => percentile(ascending(values), 0.5);

/** Rates of all contenders in turn, round after round, so that a busy moment of the machine is shared. */
async function compare(
  title: string,
  contenders: readonly Contender[],
  measure: (contender: Contender, count: number, round: number) => Promise<number>,
): Promise<void> {
  const rates = new Map(contenders.map((contender): [Contender, number[]] => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [contender, seen] of rates) {
      seen.push(await measure(contender, contender === BRINE ? tasks : Math.ceil(tasks / 10), round));
    }
  }
  const ours = median(rates.get(BRINE)!);
  print(`\n### ${title}\n\n| | tasks per second | Brine is faster by |\n| --- | --- | --- |`);
  for (const [{ name }, seen] of rates) {
    const rate = median(seen);
    print(`| ${name} | ${Math.round(rate)} | ${rate === ours ? "" : `${(ours / rate).toFixed(1)} ×`} |`);
  }
}

async function measureLatency(set: ServiceSet, isolation: Isolation, broker: Broker): Promise<void> {
  print(`\n### Round trip, ${TITLES[broker]}\n\nOne task at a time, with its result; milliseconds.\n`);
  print("| client | worker | p50 | p99 |\n| --- | --- | --- | --- |");
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
      const { latencies } =
        client === "Brine"
          ? await runNode("node.ts", { ...order, role: "roundtrip" }, "latencies")
          : ((await reportOf(
              await set.python.start(["-m", "tasks", "roundtrip", String(count)], { env: pythonEnvironment(work) }),
              "latencies",
            )) as { latencies: number[] });
      const sorted = ascending(latencies);
      print(
        `| ${client} | ${worker} | ${percentile(sorted, 0.5).toFixed(2)} | ${percentile(sorted, 0.99).toFixed(2)} |`,
      );
    }
    await ("end" in running ? running.end() : running.kill());
  }
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
  if (options.help) return console.log(USAGE);
  const services = await startServices({ log: (text) => console.log(text) });
  try {
    const set = connectServices(services.provision)[0]!;
    const isolation = await set.isolate();
    const brokers = (options.broker === undefined ? ["amqp", "redis"] : [options.broker]) as Broker[];
    if (options.memory !== undefined) {
      for (const broker of brokers) await measureMemory(isolation, broker, Number(options.memory));
      return;
    }
    const { versions } = set;
    print("# Celery: Brine beside Celery and celery-node\n");
    print(
      `Node ${process.version}, Python ${versions.python}, RabbitMQ ${versions.rabbitmq}, Redis ${versions.redis}, `,
    );
    print(`${cpus().length} × ${cpus()[0]?.model}. Empty tasks, pickle unless it says otherwise, without results;`);
    print(`median of ${rounds} turns each. Made with \`npm run bench:celery -- --save\`.`);
    for (const broker of brokers) {
      const publishers = [BRINE, pythonClient(set, false), ...(broker === "amqp" ? [pythonClient(set, true)] : [])];
      await compare(`Published, ${TITLES[broker]}`, publishers, async (contender, count, round) => {
        return (await contender.publish!(job(isolation, broker, `publish-${round}`, count))).perSecond;
      });
      const workers = [
        BRINE,
        pythonWorker(set, "prefork, 1 process", ["--pool", "prefork", "--concurrency", "1"]),
        pythonWorker(set, "8 threads", ["--pool", "threads", "--concurrency", "8"]),
        CELERY_NODE,
      ];
      await compare(`Consumed, ${TITLES[broker]}`, workers, async (contender, count, round) => {
        const more: Partial<Job> = contender === CELERY_NODE ? { serializer: "json" } : {};
        const work = job(isolation, broker, `consume-${workers.indexOf(contender)}-${round}`, count, more);
        // One more than `count` is sent, to connect with; the worker stops at `count`.
        await BRINE.publish!(work);
        return (
          await contender.consume!({ ...work, backend: contender === CELERY_NODE ? isolation.redis(1).url : undefined })
        ).perSecond;
      });
      await measureLatency(set, isolation, broker);
    }
    if (options.save) {
      const results = fileURLToPath(new URL("../results/", import.meta.url));
      mkdirSync(results, { recursive: true });
      writeFileSync(`${results}celery.md`, `${lines.join("\n")}\n`);
    }
  } finally {
    await services.stop();
  }
}

await main();
