/**
 * Holds every row of `docs/guide/mapping.md` against CPython, at every protocol and in both directions: Python's value must
 * decode to what the second column says, and that must be what Python gets back (the third column, or the first).
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as codec from "@brine/codec";
import { describe, expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { ROOT } from "../package/sources.js";

const PROTOCOLS = [0, 1, 2, 3, 4, 5] as const;

interface Answer {
  readonly pickles: Record<string, string>;
  readonly repr: string;
  readonly back: readonly string[];
}

/** The rows of the tables with these three columns. */
function rowsOf(page: string): { python: string; javascript: string; back: string | undefined; from: number }[] {
  return page
    .split(/\n{2,}/)
    .filter((block) => block.startsWith("| Python | JavaScript | back in Python |"))
    .flatMap((table) => table.split("\n").slice(2))
    .map((line) => {
      const cells = line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.trim().replaceAll("\\|", "|"));
      const code = (cell: string | undefined) => /`(.*)`/.exec(cell ?? "")?.[1];
      // "protocol 4 and above": what Python itself drops below.
      const from = Number(/protocol (\d) and above/.exec(cells[2] ?? "")?.[1] ?? 0);
      return { python: code(cells[0]) ?? "", javascript: code(cells[1]) ?? "", back: code(cells[2]), from };
    });
}

/** Deep equality does not see private fields, and an Error's says nothing of its class: the representation has both. */
function isSame(decoded: unknown, value: unknown): boolean {
  if (codec.repr(decoded) !== codec.repr(value)) return false;
  const { equals } = (value ?? {}) as { readonly equals?: unknown };
  if (typeof equals !== "function") return isDeepStrictEqual(decoded, value);
  return (decoded as object).constructor === (value as object).constructor && equals.call(value, decoded) === true;
}

const scope = Object.entries(codec).filter(([name]) => /^[A-Za-z]\w*$/.test(name));
const evaluate = (expression: string): unknown =>
  new Function(...scope.map(([name]) => name), `return (${expression});`)(...scope.map(([, value]) => value));

const rows = rowsOf(readFileSync(path.join(ROOT, "docs/guide/mapping.md"), "utf8"));
const values = rows.map((row) => evaluate(row.javascript));
const request = rows.map((row, index) => ({
  expr: row.python,
  pickles: PROTOCOLS.map((protocol) => Buffer.from(codec.dumps(values[index], { protocol })).toString("base64")),
}));
const answers = JSON.parse(
  execFileSync(findPython(), [path.join(ROOT, "test/cpython/mapping.py")], {
    input: JSON.stringify(request),
    encoding: "utf8",
  }),
) as Answer[];
/** What the third column's expression is in Python. */
const backs = JSON.parse(
  execFileSync(findPython(), [path.join(ROOT, "test/cpython/mapping.py")], {
    input: JSON.stringify(rows.map((row) => ({ expr: row.back ?? row.python, pickles: [] }))),
    encoding: "utf8",
  }),
) as Answer[];

describe("mapping.md", () => {
  it("has rows", () => expect(rows.length).toBeGreaterThan(70));

  it.each(rows.map((row, index) => [row.python, row.javascript, index] as const))(
    "%s is %s",
    (_python, _javascript, index) => {
      const { from } = rows[index]!;
      for (const protocol of PROTOCOLS.slice(from)) {
        const decoded = codec.loads(Buffer.from(answers[index]!.pickles[protocol]!, "base64"));
        // isSame() tells 0 from -0 and a Tuple from an Array, and shows nothing: expect() shows the difference.
        if (!isSame(decoded, values[index])) {
          expect(decoded, `protocol ${protocol}`).toStrictEqual(values[index]);
          expect(codec.repr(decoded), `protocol ${protocol}`).toBe(codec.repr(values[index]));
        }
      }
      const back = answers[index]!.back.slice(from);
      expect(back, "what Python reads, by protocol").toEqual(back.map(() => backs[index]!.repr));
    },
  );
});
