/**
 * Turns the code of a documentation page into programs that can be run, so that no page shows what does not work.
 *
 * - ```ts blocks run under Node. A line `expression // => text` is a claim: the value, as `util.inspect` shows it, is `text`.
 * - ```pycon blocks run under CPython's doctest, ```py blocks under CPython.
 * - Blocks of one page run in order, in one temporary folder; neighbours of one language form one program.
 * - A block whose fence says more is somebody else's to run: ```ts services needs brokers, ```ts services worker also runs
 *   until it gets SIGTERM, and ```py services rq is a module for an `rq worker` (`test/interop/documentation/docs.test.ts`);
 *   ```ts no-run is only shown.
 */

export interface Program {
  readonly language: "ts" | "py" | "pycon";
  readonly code: string;
  /** What its fence says after the language. */
  readonly attribute: string;
  /** Line of the page where it starts. */
  readonly line: number;
}

const FENCE = /^```(\S+)?(.*)$/;

/** The programs of a page whose fences carry exactly one of `attributes` after the language (default: nothing). */
export function programsOf(page: string, ...attributes: string[]): Program[] {
  const wanted = attributes.length === 0 ? [""] : attributes;
  const programs: { language: Program["language"]; attribute: string; code: string; line: number; end: number }[] = [];
  const lines = page.split("\n");
  let sectionStart = 0;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.startsWith("## ")) sectionStart = at;
    const fence = FENCE.exec(line);
    if (fence === null) continue;
    const from = at + 1;
    at = lines.indexOf("```", from);
    if (at < 0) throw new Error(`Line ${from}: the code block is not closed`);
    const language = fence[1];
    const attribute = (fence[2] ?? "").trim();
    if ((language !== "ts" && language !== "py" && language !== "pycon") || !wanted.includes(attribute)) continue;
    const code = `${lines.slice(from, at).join("\n")}\n`;
    const last = programs.at(-1);
    // Neighbours of one language in one section share a scope, as a reader takes them to.
    if (last?.language === language && last.attribute === attribute && last.end > sectionStart) {
      last.code += code;
      last.end = at;
    } else programs.push({ language, attribute, code, line: from, end: at });
  }
  return programs;
}

const CLAIM = /^(\s*)(.+?)(;?)\s*\/\/ => (.+)$/;

/** What begins so goes on with the expression of the line before. */
const GOES_ON = /^\s*(?:[([`+*.,?-]|\/[^/])/;

/**
 * Rewrites every `expression // => text` into a check, and counts them.
 *
 * @throws `Error` for a claim that needs a semicolon: who pastes the page has no check around it
 */
export function checked(code: string): { code: string; claims: number } {
  let claims = 0;
  const lines = code.split("\n");
  const body = lines
    .map((line, at) => {
      const match = CLAIM.exec(line);
      if (match === null) return line;
      claims++;
      const [, indent, expression, semicolon, expected] = match;
      const next = lines.slice(at + 1).find((each) => !/^\s*(\/\/|$)/.test(each)) ?? "";
      if (semicolon === "" && GOES_ON.test(next)) throw new Error(`This line needs a semicolon: ${line.trim()}`);
      return `${indent}__check(${expression}, ${JSON.stringify(expected?.trim())});`;
    })
    .join("\n");
  const prelude = `import { inspect as __inspect } from "node:util";
function __check(value: unknown, expected: string): void {
  const shown = __inspect(value, { depth: 9, breakLength: Infinity, compact: 9 });
  if (shown !== expected) throw new Error("The page says " + expected + " and the code gives " + shown);
}
`;
  return { code: prelude + body, claims };
}
