/**
 * Compares getting and setting values through Redis: the driver alone with the same bytes, without and with its
 * autopipelining, Brine, JSON and msgpackr on ioredis, and redis-py with pickle.
 *
 * Contenders take turns, in another order each round, so that none always follows the same one. A time is the median over
 * rounds, a ratio the median of (their time / Brine's time) within a round. One operation at a time shows what a request waits
 * for, many at a time what they cost. The time that passes is the server's and the network's, too; CPU time is the client's alone.
 * See {@link USAGE}.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import ioredis from "ioredis/package.json" with { type: "json" };
import { flag, scriptOptions, wholeNumber } from "../../test/script-options.js";
import { findPython } from "../find-python.js";
import { quantile, shuffled } from "../statistics.js";
import { writeResults } from "../write-results.js";
import { type Contender, type Cost, contenders, type Direction, RedisPy } from "./contenders.js";
import { chart, line, type Measure, type Row, table, WIDTHS } from "./report.js";
import { VALUES } from "./values.js";

const USAGE = `npm run bench:redis -- [options]

Time and CPU time of getting and setting values through Redis, beside the driver alone, JSON, msgpackr and redis-py.

  --rounds 15   turns of each contender
  --save        write bench/results/redis.{json,md,svg}

Starts a redis-server of its own unless BRINE_REDIS_URL names one.
`;

const { values: options } = scriptOptions(USAGE, { rounds: wholeNumber(15), save: flag });
const ROUNDS = options.rounds;
const TURN_SECONDS = 0.03;
/** V8 compiles what runs often, in steps; what a service runs all day is measured after the last of them. */
const WARM_UP_SECONDS = 0.4;
const PORT = 16_399;

/** Of microseconds an operation, round by round. */
function measureOf(times: ReadonlyMap<string, readonly number[]>): Measure {
  const ours = times.get("Brine")!;
  const of = <T>(make: (list: readonly number[]) => T) =>
    Object.fromEntries([...times].map(([name, list]) => [name, make(list)]));
  const ratios = (list: readonly number[]) => list.map((time, round) => time / ours[round]!);
  return {
    micros: of((list) => quantile(list, 0.5)),
    ratios: of((list) => quantile(ratios(list), 0.5)),
    spreads: of((list) => [quantile(ratios(list), 0.25), quantile(ratios(list), 0.75)] as const),
  };
}

async function measure(all: readonly Contender[], direction: Direction, width: number) {
  const counts = new Map<Contender, number>();
  for (const each of all) {
    let count = width * 4;
    let { seconds } = await each.run(direction, count, width);
    for (let spent = seconds; spent < WARM_UP_SECONDS; spent += seconds) {
      if (seconds < TURN_SECONDS / 2) count *= 2;
      ({ seconds } = await each.run(direction, count, width));
    }
    counts.set(each, Math.max(width, Math.round((count * TURN_SECONDS) / seconds / width) * width));
  }
  const costs = new Map<string, Cost[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of shuffled(all)) {
      const count = counts.get(each)!;
      const { seconds, cpuSeconds } = await each.run(direction, count, width);
      costs.get(each.name)!.push({ seconds: seconds / count, cpuSeconds: cpuSeconds / count });
    }
  }
  const measureBy = (cost: keyof Cost) =>
    measureOf(new Map([...costs].map(([name, list]) => [name, list.map((each) => each[cost] * 1e6)])));
  return { ...measureBy("seconds"), cpu: measureBy("cpuSeconds") };
}

let server: ChildProcess | undefined;
const url = process.env.BRINE_REDIS_URL ?? `redis://127.0.0.1:${PORT}`;
if (process.env.BRINE_REDIS_URL === undefined) {
  server = spawn("redis-server", ["--port", `${PORT}`, "--bind", "127.0.0.1", "--save", ""], { stdio: "ignore" });
}
const client = new Redis(url, { maxRetriesPerRequest: null });
client.on("error", () => {});
const pipelining = client.duplicate({ enableAutoPipelining: true });
pipelining.on("error", () => {});
const info = await client.info("server");
const redisPy = new RedisPy(findPython(), url);
try {
  await redisPy.start();
  const rows: Row[] = [];
  for (const [name, value] of Object.entries(VALUES)) {
    const all = [...(await contenders(client, pipelining, value)), redisPy];
    const bytes = pickled(client).encode(value).length;
    for (const width of WIDTHS) {
      for (const direction of ["get", "set"] as const) {
        const result = await measure(all, direction, width);
        rows.push({ direction, value: name, width, bytes, ...result });
        console.log(`${direction} ${name}, ${width} at a time`);
        console.log(`  elapsed ${line(result)}`);
        console.log(`  CPU     ${line(result.cpu)}`);
      }
    }
  }
  const versions = {
    Node: process.versions.node,
    ioredis: ioredis.version,
    Redis: /redis_version:(\S+)/.exec(info)?.[1] ?? "?",
    ...redisPy.versions,
  };
  if (options.save) writeResults("redis", { versions, rows }, table(rows, versions), chart(rows, versions));
} finally {
  redisPy.close();
  client.disconnect();
  pipelining.disconnect();
  server?.kill();
}
