/**
 * Compares Brine with CPython and with what Node has, workload by workload, in one run. See {@link USAGE}.
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Task } from "./compare.js";
import type { Direction } from "./contenders.js";
import { type Row, save } from "./report.js";
import { startup } from "./startup.js";
import { WORKLOADS } from "./workloads.js";

const USAGE = `npm run bench -- [options]

Compares loads and dumps with CPython's and with other formats: ratios of their CPU time to Brine's, above 1 Brine is
faster, medians over the rounds, with the middle half of the rounds' ratios beside: far apart on a busy machine.

  --workload a,b        only these of: ${Object.keys(WORKLOADS).join(" ")}
  --direction decode    or encode; default both
  --protocol 4          the pickles' protocol: 2, 4 or 5
  --rounds 15           turns of each contender
  --against CPython     only these contenders, by name, separated by commas
  --save                write bench/results: data, table and chart

Instead of comparing:

  --scaling             how time grows with size, family by family; linear is 1
  --adversarial         the same for input made to cost more than it should; exits with 1 if any does
  --memory              what decoded values keep, beside JSON.parse's, and what stays when they are dropped
  --startup             what a process pays before its first message: importing each entry, first dumps and loads
`;

const { values: options } = parseArgs({
  options: {
    workload: { type: "string" },
    direction: { type: "string" },
    protocol: { type: "string", default: "4" },
    rounds: { type: "string", default: "15" },
    against: { type: "string" },
    save: { type: "boolean", default: false },
    scaling: { type: "boolean", default: false },
    adversarial: { type: "boolean", default: false },
    memory: { type: "boolean", default: false },
    startup: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const protocol = Number(options.protocol) as 2 | 4 | 5;
const directions: Direction[] =
  options.direction === undefined ? ["decode", "encode"] : [options.direction as Direction];

function findPython(): string {
  // Debian's build is optimised; a self-built one is no fair bar.
  return process.env.BRINE_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
}

/** Runs a module of the benchmark in a process of its own, and fails when that does; returns what it sends, if anything. */
async function inOwnProcess(module: string, argument: unknown, execArgv: string[] = []): Promise<unknown> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [JSON.stringify(argument)], {
    execArgv: [...process.execArgv, ...execArgv],
  });
  let message: unknown;
  child.on("message", (received) => {
    message = received;
  });
  const [code] = (await once(child, "close")) as [number | null];
  // It has said why.
  if (code !== 0) process.exitCode = 1;
  return message;
}

/** Lets CPython write the workloads; returns its version. */
function writeCorpus(python: string, folder: string): string {
  console.error("Writing the workloads...");
  const script = fileURLToPath(new URL("corpus.py", import.meta.url));
  return execFileSync(python, [script, folder], { encoding: "utf8" }).trim();
}

async function compare(folder: string): Promise<void> {
  const python = findPython();
  const cpython = writeCorpus(python, folder);
  const rounds = Number(options.rounds);
  console.error(`CPython ${cpython}, Node ${process.versions.node}, protocol ${protocol}, ${rounds} rounds`);
  const rows: Row[] = [];
  for (const direction of directions) {
    for (const workload of options.workload?.split(",") ?? Object.keys(WORKLOADS)) {
      const pickleFile = path.join(folder, `${workload}.p${protocol}.pickle`);
      // Out-of-band buffers are of protocol 5 only.
      if (!existsSync(pickleFile)) continue;
      const json = path.join(folder, `${workload}.json`);
      const jsonFile = existsSync(json) ? json : undefined;
      const against = options.against?.split(",");
      const task = { workload, direction, protocol, rounds, python, pickleFile, jsonFile, against };
      const compareWith = async (peers: Task["peers"]) =>
        (await inOwnProcess("compare.ts", { ...task, peers } satisfies Task)) as Row | undefined;
      const withNode = await compareWith("Node");
      const withPython = await compareWith("CPython");
      if (withNode === undefined || withPython === undefined) continue;
      const row: Row = {
        ...withPython,
        result: { ...withPython.result, ...withNode.result, brine: withPython.result.brine! },
      };
      rows.push(row);
      const { brine, ...others } = row.result;
      const ratios = Object.entries(others).map(
        ([
          name,
          {
            ratio,
            spread: [low, high],
          },
        ]) => `${name} ${ratio.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`,
      );
      const micros = (brine!.nanoseconds / 1000).toFixed(1);
      console.log(`${direction} ${workload.padEnd(6)} ${micros.padStart(9)} us   ${ratios.join("   ")}`);
    }
    printMean(rows, direction);
  }
  if (options.save) save(rows, { cpython, node: process.versions.node, protocol, rounds });
}

/** Over all but what is not copied, whose ratios have no bound. */
function printMean(rows: readonly Row[], direction: Direction): void {
  const ratios = rows
    .filter((row) => row.direction === direction && WORKLOADS[row.workload]?.isZeroCopy !== true)
    .flatMap((row) => row.result.CPython?.ratio ?? []);
  if (ratios.length === 0) return;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`${direction}: geometric mean ${mean.toFixed(2)}x CPython`);
}

const folder = mkdtempSync(path.join(tmpdir(), "brine-bench-"));
try {
  if (options.help) {
    console.log(USAGE);
  } else if (options.scaling || options.adversarial) {
    if (options.scaling) await inOwnProcess("growth/growth.ts", { kind: "scaling", directions });
    if (options.adversarial) await inOwnProcess("growth/growth.ts", { kind: "adversarial", directions });
  } else if (options.memory) {
    writeCorpus(findPython(), folder);
    await inOwnProcess("memory.ts", { folder, protocol, directions }, ["--expose-gc"]);
  } else if (options.startup) {
    startup(Number(options.rounds));
  } else {
    await compare(folder);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
