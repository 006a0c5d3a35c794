/**
 * Compares getting and setting values through Redis: the driver alone with the same bytes as the limit, Brine, JSON and
 * msgpackr on ioredis, and redis-py with pickle.
 *
 * Contenders take turns; a time is the median over rounds, a ratio the median of (their time / Brine's time) within a round.
 * One operation at a time shows what a request waits for, many at a time what they cost the process.
 * Usage: `npm run bench:redis -- [--rounds 15] [--save]`, which writes `bench/results/redis.{json,md,svg}`; starts its own redis-server unless `BRINE_REDIS_URL` is set.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import ioredis from "ioredis/package.json" with { type: "json" };
import { writeResults } from "../report.js";
import { type Contender, contenders, type Direction, RedisPy } from "./contenders.js";
import { chart, type Row, table, WIDTHS } from "./report.js";
import { VALUES } from "./values.js";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, save: { type: "boolean", default: false } },
});
const ROUNDS = Number(options.rounds);
const TURN_SECONDS = 0.03;
/** V8 compiles what runs often, in steps; what a service runs all day is measured after the last of them. */
const WARM_UP_SECONDS = 0.4;
const PORT = 16_399;

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

async function measure(all: readonly Contender[], direction: Direction, width: number) {
  const counts = new Map<Contender, number>();
  for (const each of all) {
    let count = width * 4;
    let seconds = await each.time(direction, count, width);
    for (let spent = seconds; spent < WARM_UP_SECONDS; spent += seconds) {
      if (seconds < TURN_SECONDS / 2) count *= 2;
      seconds = await each.time(direction, count, width);
    }
    counts.set(each, Math.max(width, Math.round((count * TURN_SECONDS) / seconds / width) * width));
  }
  const times = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of all) {
      const count = counts.get(each)!;
      times.get(each.name)!.push(((await each.time(direction, count, width)) / count) * 1e6);
    }
  }
  const ours = times.get("Brine")!;
  const entries = [...times];
  return {
    micros: Object.fromEntries(entries.map(([name, list]) => [name, median(list)])),
    ratios: Object.fromEntries(entries.map(([name, list]) => [name, median(list.map((t, i) => t / ours[i]!))])),
  };
}

let server: ChildProcess | undefined;
const url = process.env.BRINE_REDIS_URL ?? `redis://127.0.0.1:${PORT}`;
if (process.env.BRINE_REDIS_URL === undefined) {
  server = spawn("redis-server", ["--port", `${PORT}`, "--bind", "127.0.0.1", "--save", ""], { stdio: "ignore" });
}
const client = new Redis(url, { maxRetriesPerRequest: null });
client.on("error", () => {});
const info = await client.info("server");
const redisPy = new RedisPy(
  process.env.BRINE_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3"),
  url,
);
try {
  await redisPy.start();
  const rows: Row[] = [];
  for (const [name, value] of Object.entries(VALUES)) {
    const all = [...(await contenders(client, value)), redisPy];
    const bytes = pickled(client).encode(value).length;
    for (const width of WIDTHS) {
      for (const direction of ["get", "set"] as const) {
        const result = await measure(all, direction, width);
        rows.push({ direction, value: name, width, bytes, ...result });
        const ratios = Object.entries(result.ratios).filter(([who]) => who !== "Brine");
        console.log(
          `${direction} ${name.padEnd(16)} x${String(width).padEnd(3)} ${result.micros.Brine!.toFixed(1).padStart(7)} us   ` +
            ratios.map(([who, ratio]) => `${who} ${ratio.toFixed(2)}`).join("   "),
        );
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
  server?.kill();
}
