/** Draws the charts of `bench/results` anew from their data, without measuring: `npx tsx bench/charts.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { chart as celeryChart, type Result } from "./celery/report.js";
import { chart as pickleChart, type Row, type Run } from "./codec/report.js";
import { type Row as RedisRow, chart as redisChart } from "./redis/report.js";

const at = (name: string) => new URL(`results/${name}`, import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(at(`${name}.json`), "utf8")) as T;

const pickle = read<Run & { readonly rows: readonly Row[] }>("node20-p4");
writeFileSync(at("node20-p4.svg"), pickleChart(pickle.rows, pickle));
writeFileSync(at("celery.svg"), celeryChart(read<Result>("celery")));
const redis = read<{ readonly rows: readonly RedisRow[]; readonly versions: Readonly<Record<string, string>> }>(
  "redis",
);
writeFileSync(at("redis.svg"), redisChart(redis.rows, redis.versions));
