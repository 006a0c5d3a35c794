/** What the commands do. Each gives the exit code for one input. */
import { writeFile } from "node:fs/promises";
import { reasonOf } from "../coded-error.js";
import { isPickleError, type PickleError, UnpicklingError } from "../errors.js";
import { loads } from "../pickle/api-load.js";
import type { UnpicklerOptions } from "../pickle/options.js";
import { disLines } from "../tools/dis.js";
import { genops } from "../tools/genops.js";
import { optimize } from "../tools/optimize.js";
import type { ScanFinding, ScanReport } from "../tools/scan/report.js";
import { scan } from "../tools/scan/scan.js";
import { jsonText } from "./json-printer.js";
import type { Terminal } from "./terminal.js";

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
  const progress = terminal.progress(`Reading ${job.name}`, bytes.length);
  return refusing(job, async () => {
    for (let offset = 0; offset < bytes.length || offset === 0; offset = endOf(bytes, offset)) {
      for (const line of disLines(bytes, { annotate, indentLevel, offset })) {
        await terminal.write(`${coloured(line, terminal)}\n`);
        if (terminal.isClosed) return OK;
        progress.step(Number.parseInt(line, 10) || 0);
      }
      if (!job.all) break;
    }
    return OK;
  }).finally(() => progress.done());
}

function endOf(bytes: Uint8Array, offset: number): number {
  let end = offset;
  for (const op of genops(bytes, offset)) end = op.end;
  return end;
}

/** Offsets step back, so that names stand out. */
function coloured(line: string, terminal: Terminal): string {
  const match = /^( *\d+:)(.*)$/.exec(line);
  return match === null ? line : `${terminal.paint("dim", match[1]!)}${match[2]}`;
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
  return refusing(job, async () => {
    for (let offset = 0; offset < bytes.length || offset === 0; offset = endOf(bytes, offset)) {
      const value = valueAt(bytes, offset, options);
      for (const text of jsonText(value, job.compact ? 0 : 2)) {
        await terminal.write(text);
        if (terminal.isClosed) return OK;
      }
      await terminal.write("\n");
      if (!job.all) break;
    }
    return OK;
  });
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
  const { terminal, name, bytes } = job;
  const report = scan(bytes, { allow: job.allow, deny: job.deny });
  if (!job.quiet) {
    await terminal.write(job.json ? `${JSON.stringify({ file: name, ...report })}\n` : describeReport(job, report));
  }
  return report.verdict === "allowed" ? OK : FOUND;
}

const COLOUR_OF = { allowed: "green", unknown: "yellow", dangerous: "red" } as const;

function describeReport(job: ScanJob, report: ScanReport): string {
  const { terminal } = job;
  const shown = report.findings.filter((finding) => job.verbose || finding.verdict !== "allowed");
  const verdict = terminal.paint(COLOUR_OF[report.verdict], report.verdict);
  const pickles = `${report.pickles} ${report.pickles === 1 ? "pickle" : "pickles"}`;
  const lines = [`${terminal.paint("bold", job.name)}: ${verdict} (${pickles}, ${job.bytes.length} bytes)`];
  for (const finding of shown) lines.push(describeFinding(finding, terminal));
  if (report.omitted > 0) lines.push(`  and ${report.omitted} more`);
  return `${lines.join("\n")}\n`;
}

function describeFinding(finding: ScanFinding, terminal: Terminal): string {
  const place = [...finding.within, finding.offset].join(" > ");
  const verdict = terminal.paint(COLOUR_OF[finding.verdict], finding.verdict.padEnd(9));
  const opcode = finding.opcode === undefined ? "" : terminal.paint("dim", ` (${finding.opcode})`);
  return `  ${place.padStart(8)}  ${verdict}  ${printable(finding.message)}${opcode}`;
}

/** Names come from the pickle: nothing in them may reach the terminal as a control sequence. */
function printable(text: string): string {
  return text.replace(/[\p{C}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
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
async function refusing(job: Job, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!isPickleError(error)) throw error;
    await job.terminal.flush();
    job.terminal.complain(`${job.name}: ${printable(error.message)}${placeOf(error)}`);
    return FOUND;
  }
}

function placeOf(error: PickleError): string {
  if (error.offset === undefined || / at (?:byte|position) \d/.test(error.message)) return "";
  return ` (at byte ${error.offset}${error.opcode === undefined ? "" : `, ${error.opcode}`})`;
}
