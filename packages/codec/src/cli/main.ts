/** The command line: which command, which options, which files. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Job, OK, runDis, runJson, runOptimize, runScan, UNREADABLE, USAGE } from "./commands.js";
import { COMMANDS, type CommandName, HELP, OVERVIEW } from "./help.js";
import { nameOf, readInput, UnreadableError } from "./input.js";
import { type Streams, Terminal } from "./terminal.js";

/** Wrong usage, with what to say about it. */
class UsageError extends Error {
  override name = "UsageError";
}

type Runner = (job: Job) => Promise<number>;

interface Parsed {
  readonly run: Runner;
  readonly files: readonly string[];
  readonly help: boolean;
}

const ENCODINGS = ["ASCII", "latin1", "utf-8", "bytes"] as const;
const HELP_OPTION = { help: { type: "boolean", short: "h" } } as const;

/** Runs the command and gives its exit code: 0 fine, 1 found or refused, 2 wrong usage, 3 unreadable or unwritable. */
export async function main(args: readonly string[], streams: Streams): Promise<number> {
  const terminal = new Terminal(streams);
  try {
    const code = await dispatch(args, terminal);
    const failure = await terminal.finish();
    if (failure === undefined) return code;
    terminal.complain(`Cannot write to standard output: ${failure.message}`);
    return UNREADABLE;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.complain(error.message);
    return USAGE;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    terminal.complain("no command given");
    await terminal.write(`\n${OVERVIEW}`);
    return USAGE;
  }
  if (first === "--version" || first === "-V") {
    await terminal.write(`${version()}\n`);
    return OK;
  }
  if (first === "--help" || first === "-h" || first === "help") {
    await terminal.write(isCommand(rest[0]) ? HELP[rest[0]] : OVERVIEW);
    return OK;
  }
  if (!isCommand(first)) {
    throw new UsageError(
      `There is no command ${JSON.stringify(first)}: there are ${COMMANDS.join(", ")}; see brine --help`,
    );
  }
  const parsed = parse(first, rest);
  if (parsed.help) {
    await terminal.write(HELP[first]);
    return OK;
  }
  return runOnFiles(parsed, terminal);
}

function isCommand(name: string | undefined): name is CommandName {
  return (COMMANDS as readonly (string | undefined)[]).includes(name);
}

/** The worst code of all files; an unreadable one does not keep the others from being looked at. */
async function runOnFiles(parsed: Parsed, terminal: Terminal): Promise<number> {
  let worst = OK;
  for (const file of parsed.files.length === 0 ? ["-"] : parsed.files) {
    let code: number;
    try {
      code = await parsed.run({
        terminal,
        name: nameOf(file),
        bytes: await readInput(file, terminal),
      });
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      terminal.complain(error.message);
      code = UNREADABLE;
    }
    worst = Math.max(worst, code);
    // What is known is shown before the next file is read, which may take long.
    await terminal.flush();
    if (terminal.isClosed) break;
  }
  return worst;
}

function parse(command: CommandName, args: readonly string[]): Parsed {
  try {
    return PARSERS[command]([...args]);
  } catch (error) {
    // What parseArgs throws for options it does not know.
    if (error instanceof TypeError) throw new UsageError(`${error.message}; see brine ${command} --help`);
    throw error;
  }
}

const PARSERS: Readonly<Record<CommandName, (args: string[]) => Parsed>> = {
  dis(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...HELP_OPTION,
        annotate: { type: "boolean", short: "a", default: false },
        indent: { type: "string", default: "4" },
        all: { type: "boolean", default: false },
      },
    });
    const { annotate, all, help } = values;
    const indentLevel = Number(values.indent);
    if (!/^\d{1,3}$/.test(values.indent)) throw new UsageError(`--indent wants a number, found ${values.indent}`);
    return { files: positionals, help: help === true, run: (job) => runDis({ ...job, annotate, indentLevel, all }) };
  },
  json(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...HELP_OPTION,
        compact: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
        strict: { type: "boolean", default: false },
        encoding: { type: "string", default: "ASCII" },
      },
    });
    const { compact, all, strict, help } = values;
    const encoding = ENCODINGS.find((name) => name === values.encoding);
    if (encoding === undefined) {
      throw new UsageError(`--encoding wants one of ${ENCODINGS.join(", ")}, found ${values.encoding}`);
    }
    return {
      files: positionals,
      help: help === true,
      run: (job) => runJson({ ...job, compact, all, strict, encoding }),
    };
  },
  scan(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...HELP_OPTION,
        allow: { type: "string", multiple: true, default: [] },
        deny: { type: "string", multiple: true, default: [] },
        verbose: { type: "boolean", short: "v", default: false },
        quiet: { type: "boolean", short: "q", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const { help, ...options } = values;
    return { files: positionals, help: help === true, run: (job) => runScan({ ...job, ...options }) };
  },
  optimize(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...HELP_OPTION, output: { type: "string", short: "o" } },
    });
    if (positionals.length > 1) throw new UsageError("optimize takes one file");
    return {
      files: positionals,
      help: values.help === true,
      run: (job) => runOptimize({ ...job, output: values.output }),
    };
  },
};

/** Of the package; the file is one level above both `src` and `dist`. */
function version(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (typeof found === "object" && found !== null && "version" in found) return String(found.version);
    } catch {
      // Bundled, this module is in `dist`; unbundled, in `src/cli`.
    }
  }
  return "unknown";
}
