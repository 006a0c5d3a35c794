/** The files in which a run's results are kept, for the documentation. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const RESULTS = fileURLToPath(new URL("results", import.meta.url));

/** Writes `bench/results/<name>` as data, as a table and as a chart, with the machine's processor among the data. */
export function writeResults(name: string, data: object, table: string, chart: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    path.join(RESULTS, `${name}.json`),
    `${JSON.stringify({ cpu: cpus()[0]?.model.trim(), ...data }, null, 1)}\n`,
  );
  writeFileSync(path.join(RESULTS, `${name}.md`), table);
  writeFileSync(path.join(RESULTS, `${name}.svg`), chart);
  console.error(`Written: bench/results/${name}.{json,md,svg}`);
}
