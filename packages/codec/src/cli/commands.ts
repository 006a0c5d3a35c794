/** What the commands do. Each gives the exit code for one input. */
import { writeFile } from "node:fs/promises";
import { reasonOf } from "../coded-error.js";
import { isPickleError, type PickleError, UnpicklingError } from "../errors.js";
import { loads } from "../pickle/api-load.js";
import type { UnpicklerOptions } from "../pickle/options.js";
import { disPieces } from "../tools/dis.js";
import { genops } from "../tools/genops.js";
import { optimize } from "../tools/optimize.js";
import type { ScanFinding, ScanReport } from "../tools/scan/report.js";
import { scan } from "../tools/scan/scan.js";
import { jsonText } from "./json-printer.js";
import { printable, printableJson } from "./printable.js";
import type { Progress, Terminal } from "./terminal.js";

export const OK = 0;
const FOUND = 1;
export const USAGE = 2;
export const UNREADABLE = 3;

export interface Job {
  readonly terminal: Terminal;
  /** Of the file, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface DisJob extends Job {
  readonly annotate: boolean;
  readonly indentLevel: number;
  readonly all: boolean;
}

/** Column for annotations: where short lines have room for them. */
const ANNOTATION_COLUMN = 30;

export async function runDis(job: DisJob): Promise<number> {
  const { terminal, bytes, indentLevel } = job;
  const annotate = job.annotate ? ANNOTATION_COLUMN : 0;
  return refusing(
    job,
    (progress) =>
      forEachPickle(job, async (reached) => {
        const pieces = disPieces(bytes, { annotate, indentLevel, offset: reached.position }, reached);
        const texts = terminal.isColoured ? coloured(pieces, terminal) : pieces;
        await terminal.writeAll(texts, () => progress.step(reached.position));
      }),
    bytes.length,
  );
}

/** Offsets step back, so that names stand out. */
function* coloured(pieces: Iterable<string>, terminal: Terminal): Generator<string, void, undefined> {
  let isLineStart = true;
  for (const piece of pieces) {
    const offset = isLineStart ? /^ *\d+:/.exec(piece)?.[0] : undefined;
    yield offset === undefined ? piece : `${terminal.paint("dim", offset)}${piece.slice(offset.length)}`;
    isLineStart = piece.endsWith("\n");
  }
}

export interface JsonJob extends Job {
  readonly compact: boolean;
  readonly all: boolean;
  readonly strict: boolean;
  readonly encoding: UnpicklerOptions["encoding"];
}

export async function runJson(job: JsonJob): Promise<number> {
  const { terminal, bytes } = job;
  const options: UnpicklerOptions = {
    float: "exact",
    bytes: "view",
    encoding: job.encoding,
    unregistered: job.strict ? "error" : "opaque",
    persistentLoad: (id) => new Map([["$persistentId", id]]),
  };
  return refusing(job, (progress) =>
    forEachPickle(job, async (reached) => {
      const { position: offset } = reached;
      const value = valueAt(bytes, offset, options);
      await terminal.writeAll(jsonText(value, job.compact ? 0 : 2), (written) => progress.step(written));
      await terminal.write("\n");
      if (job.all) reached.position = endOf(bytes, offset);
    }),
  );
}

/** Shows the first pickle of the input, or with `--all` each, from where `show` says that it reached. */
async function forEachPickle(
  { terminal, bytes, all }: Job & { readonly all: boolean },
  show: (reached: { position: number }) => Promise<void>,
): Promise<number> {
  const reached = { position: 0 };
  do await show(reached);
  while (all && reached.position < bytes.length && !terminal.isClosed);
  return OK;
}

function endOf(bytes: Uint8Array, offset: number): number {
  let end = offset;
  for (const op of genops(bytes, offset)) end = op.end;
  return end;
}

/** The value of the pickle that starts at `offset`; what is wrong with it is said with its place in the whole input. */
function valueAt(bytes: Uint8Array, offset: number, options: UnpicklerOptions): unknown {
  try {
    return loads(bytes.subarray(offset), options);
  } catch (error) {
    if (!(error instanceof UnpicklingError) || error.offset === undefined) throw error;
    const { message, code, opcode, limit, cause } = error;
    throw new UnpicklingError(message, { code, opcode, limit, cause, offset: offset + error.offset });
  }
}

export interface ScanJob extends Job {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

export async function runScan(job: ScanJob): Promise<number> {
  const { terminal, bytes } = job;
  const report = scan(bytes, { allow: job.allow, deny: job.deny });
  if (!job.quiet) await terminal.writeAll(job.json ? reportAsJson(job, report) : describeReport(job, report));
  return report.verdict === "allowed" ? OK : FOUND;
}

/** A line. In pieces: that of a long report is longer than a string can be. */
function* reportAsJson({ name }: ScanJob, report: ScanReport): Generator<string, void, undefined> {
  const { verdict, pickles, omitted, findings } = report;
  const head = printableJson(JSON.stringify({ file: name, verdict, pickles, omitted }));
  yield `${head.slice(0, -1)},"findings":[`;
  for (const [i, finding] of findings.entries()) {
    yield `${i === 0 ? "" : ","}${printableJson(JSON.stringify(finding))}`;
  }
  yield "]}\n";
}

const COLOUR_OF = { allowed: "green", unknown: "yellow", dangerous: "red" } as const;

function* describeReport(job: ScanJob, report: ScanReport): Generator<string, void, undefined> {
  const { terminal } = job;
  const verdict = terminal.paint(COLOUR_OF[report.verdict], report.verdict);
  const pickles = `${report.pickles} ${report.pickles === 1 ? "pickle" : "pickles"}`;
  yield `${terminal.paint("bold", printable(job.name))}: ${verdict} (${pickles}, ${job.bytes.length} bytes)\n`;
  for (const finding of report.findings) {
    if (job.verbose || finding.verdict !== "allowed") yield `${describeFinding(finding, terminal)}\n`;
  }
  if (report.omitted > 0) yield `  and ${report.omitted} more\n`;
}

function describeFinding(finding: ScanFinding, terminal: Terminal): string {
  const place = [...finding.within, finding.offset].join(" > ");
  const verdict = terminal.paint(COLOUR_OF[finding.verdict], finding.verdict.padEnd(9));
  const opcode = finding.opcode === undefined ? "" : terminal.paint("dim", ` (${finding.opcode})`);
  return `  ${place.padStart(8)}  ${verdict}  ${printable(finding.message)}${opcode}`;
}

export interface OptimizeJob extends Job {
  readonly output: string | undefined;
}

export async function runOptimize(job: OptimizeJob): Promise<number> {
  return refusing(job, async () => {
    const result = optimize(job.bytes);
    if (job.output === undefined) {
      if (job.terminal.isInteractive) {
        job.terminal.complain("Will not write a pickle to a terminal: use --output <file>, or redirect");
        return USAGE;
      }
      await job.terminal.writeBytes(result);
      return OK;
    }
    try {
      await writeFile(job.output, result);
    } catch (error) {
      job.terminal.complain(`Cannot write ${job.output}: ${reasonOf(error)}`);
      return UNREADABLE;
    }
    return OK;
  });
}

/** Runs a command on a pickle that may be damaged or refused. */
async function refusing(job: Job, run: (progress: Progress) => Promise<number>, total?: number): Promise<number> {
  const { terminal, name } = job;
  const progress = terminal.progressOfPrinting(`Printing ${name}`, total);
  try {
    return await run(progress);
  } catch (error) {
    if (!isPickleError(error)) throw error;
    await terminal.flush();
    progress.done();
    terminal.complain(`${name}: ${error.message}${placeOf(error)}`);
    return FOUND;
  } finally {
    progress.done();
  }
}

function placeOf(error: PickleError): string {
  if (error.offset === undefined || / at (?:byte|position) \d/.test(error.message)) return "";
  return ` (at byte ${error.offset}${error.opcode === undefined ? "" : `, ${error.opcode}`})`;
}
