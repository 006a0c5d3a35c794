/** What Brine's tools say of a pickle, and what `pickletools` says: its disassembly, and what is left when it is optimized. */
import { isPickleError } from "@brine/codec";
import { dis, optimize } from "@brine/codec/tools";
import type { Oracle, ToolsAnswer, ToolsOptions } from "./oracle.js";
import type { Random } from "./random.js";

/** What both say, where they do not say the same. */
export interface ToolsDifference {
  readonly tool: "dis" | "optimize";
  readonly brine: string;
  readonly cpython: string;
}

export function chooseTools(random: Random): ToolsOptions {
  return { indentLevel: random.pick([4, 4, 0, 1, 7]), annotate: random.pick([0, 0, 1, 20, 45, 60]) };
}

/** The first difference of each pickle; `undefined` for those of which nothing else is said. */
export async function compareTools(
  pickles: readonly Buffer[],
  options: ToolsOptions,
  oracle: Oracle,
): Promise<(ToolsDifference | undefined)[]> {
  const answers = await oracle.tools(pickles, options);
  return pickles.map((pickle, i) => (answers === undefined ? undefined : compare(pickle, answers[i]!, options)));
}

/** Texts of Python's codecs, which say more or less the same of what Brine refuses in its own words. */
const CODEC_ERROR = /codec can't decode|\\x escape/;

/** Errors that `pickletools` does not mean to raise: where Brine says what is wrong. */
const ACCIDENT = /^(?:list index out of range|'<' not supported between instances of 'NoneType' and 'int')$/;

/** A GET of what was never stored, which `optimize` writes as this, at protocol 0. */
const GET_OF_NONE = "gNone\n";

/** What `pickletools` gives up on: text that is not ASCII, where the unpickler reads it. */
const NOT_ASCII = /^'ascii' codec can't decode/;

/** Two surrogates that UNICODE escapes one by one are a character in a string of JavaScript. */
const PAIR_OF_SURROGATES = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/;

function compare(pickle: Buffer, answer: ToolsAnswer, options: ToolsOptions): ToolsDifference | undefined {
  const outcomes = [answer.dis, answer.optimize];
  const isReadFurther = outcomes.some((outcome) => "error" in outcome && NOT_ASCII.test(outcome.error));
  if (isReadFurther || PAIR_OF_SURROGATES.test(pickle.toString("latin1"))) return undefined;
  return compareDis(pickle, answer, options) ?? compareOptimize(pickle, answer.optimize);
}

function compareDis(pickle: Buffer, answer: ToolsAnswer, options: ToolsOptions): ToolsDifference | undefined {
  if ("skip" in answer.dis) return undefined;
  const lines: string[] = [];
  const error = errorOf(() => dis(pickle, { ...options, out: (line) => lines.push(`${line}\n`) }));
  const said = "error" in answer.dis ? answer.dis.error : undefined;
  // The line at fault is not printed then.
  if (said !== undefined && ACCIDENT.test(said) && isRefusal(error)) return undefined;
  const brine = lines.join("") + refusal(error, said);
  const cpython = answer.text + refusal(said, said);
  return sameInAnyVersion(brine) === sameInAnyVersion(cpython) ? undefined : { tool: "dis", brine, cpython };
}

function compareOptimize(pickle: Buffer, answer: ToolsAnswer["optimize"]): ToolsDifference | undefined {
  if ("skip" in answer) return undefined;
  let optimized = "";
  const error = errorOf(() => {
    optimized = Buffer.from(optimize(pickle)).toString("base64");
  });
  const isAccident =
    "error" in answer ? ACCIDENT.test(answer.error) : Buffer.from(answer.result, "base64").includes(GET_OF_NONE);
  if (isAccident && isRefusal(error)) return undefined;
  const said = "error" in answer ? answer.error : undefined;
  const brine = error === undefined ? optimized : refusal(error, said);
  const cpython = "error" in answer ? refusal(said, said) : answer.result;
  return sameInAnyVersion(brine) === sameInAnyVersion(cpython) ? undefined : { tool: "optimize", brine, cpython };
}

/** Texts that a CPython changed: 3.13 corrects a description, 3.9 an error. */
function sameInAnyVersion(text: string): string {
  return text
    .replaceAll("using found-byte length", "using four-byte length")
    .replaceAll("could not convert string to float: b", "could not convert string to float: ");
}

const CRASH = "crash: ";

function isRefusal(error: string | undefined): boolean {
  return error !== undefined && !error.startsWith(CRASH);
}

/** An error's text, or only that there is one, where CPython's is a codec's. */
function refusal(error: string | undefined, cpython: string | undefined): string {
  if (error === undefined) return "";
  return isRefusal(error) && cpython !== undefined && CODEC_ERROR.test(cpython) ? "refused" : error;
}

function errorOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return isPickleError(error) ? error.message : `${CRASH}${error instanceof Error ? error.stack : String(error)}`;
  }
}
