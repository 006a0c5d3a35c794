/** `npm run test:soak`: no task is lost, however often the connection is. See {@link USAGE}. */
import { oneOf, scriptOptions, wholeNumber } from "../script-options.js";
import { connectServices, startServices } from "../services/index.js";
import { type SoakOptions, type SoakReport, soak } from "./soak.js";

const USAGE = `npm run test:soak -- [options]

Sends tasks from Node to Python workers and from Python to a Node worker, over RabbitMQ and Redis, while Node's connections are
cut at random. Exits with 1 when a task is lost.

  --tasks 100000         each way and broker
  --broker amqp          only this one: amqp or redis
  --direction python     only to there: python or node
  --cut-every 3000       milliseconds between cuts, on average
`;

const { values: options } = scriptOptions(USAGE, {
  tasks: wholeNumber(100_000),
  broker: oneOf(["amqp", "redis"]),
  direction: oneOf(["python", "node"]),
  "cut-every": wholeNumber(3000),
});

const DIRECTIONS = { python: "Node to Python", node: "Python to Node" } as const;
const PATIENCE_MS = 30_000;

async function main(): Promise<void> {
  const brokers = options.broker === undefined ? (["amqp", "redis"] as const) : [options.broker];
  const directions = Object.entries(DIRECTIONS).filter(
    ([to]) => options.direction === undefined || options.direction === to,
  );
  const services = await startServices({ log: (text) => console.log(text) });
  const rows: (SoakReport & Pick<SoakOptions, "broker" | "direction">)[] = [];
  try {
    const set = connectServices(services.provision)[0]!;
    for (const broker of brokers) {
      for (const [, direction] of directions) {
        console.log(`\n${direction}, ${broker}`);
        let shown = 0;
        const report = await soak(set, {
          broker,
          direction,
          tasks: options.tasks,
          cutEveryMs: options["cut-every"],
          patienceMs: PATIENCE_MS,
          onProgress: ({ sent, arrived, cuts }) => {
            if (shown++ % 5 === 0) console.log(`  sent ${sent}, arrived ${arrived}, cuts ${cuts}`);
          },
        });
        rows.push({ broker, direction, ...report });
      }
    }
  } finally {
    await services.stop();
  }
  console.log("\n| broker | direction | sent | arrived | lost | duplicates | cuts | seconds |");
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const { broker, direction, sent, arrived, lost, duplicates, cuts, seconds } of rows) {
    const cells = [broker, direction, sent, arrived, lost, duplicates, cuts, seconds.toFixed(0)];
    console.log(`| ${cells.join(" | ")} |`);
  }
  if (rows.some(({ lost }) => lost > 0)) process.exitCode = 1;
}

await main();
