/** Types of the standard library, called with arguments that picklers write and others: what CPython makes of the call, or that it refuses it. */
import { isPickleError, loads, repr } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

type Row = readonly [call: string, pickle: string, className: string | null, shown: string];

/** What Brine makes of it, as `repr` shows it, or the code of its error. */
function made(pickle: string): { readonly shown: string } | { readonly code: string; readonly message: string } {
  try {
    return { shown: repr(loads(Buffer.from(pickle, "base64"))) };
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** What Brine refuses and CPython does not: no pickler writes it. */
const NARROWER = [
  // Bytes for a list of ints, counts of zeros, and dicts for their keys.
  /^builtins\.(frozenset|list|set|tuple)\(b'|^builtins\.(bytes|bytearray)\((True|0|5|\{\})/,
  /^(array\.array\('b', |collections\.deque\()(b?'|\{)|^collections\.OrderedDict\(b?'/,
  // What is to be counted.
  /^collections\.Counter\((?!\{)/,
  /^(_codecs\.encode|builtins\.bytearray)\('a', 'latin1', 'x'\)$/,
  /^datetime\.timedelta\(.*(1\.5|3, 5\))/,
  /^(decimal\.Decimal|fractions\.Fraction)\((\)|True,|1\.5,|.*None\))/,
  /^(http\.HTTPStatus|uuid\.\w+)\(.*, None\)/,
  // Numbers, and whether the bits below the mask may be set.
  /^ipaddress\.IPv\d(Interface|Network)\((True,|\d+,|'.*', )/,
  /^json\.decoder\.JSONDecodeError\((?!'m'|\))|^json\.decoder\.JSONDecodeError\('m', 'd', \d{10,}/,
];
/** What is data to Brine, which compiles no pattern, calls no function, and knows not which classes take parameters. */
const TAKEN = [
  /^re\._compile\('a', (5|-1)\)$/,
  /^operator\.getitem\(<class 'int'>, /,
  /^functools\.partial\((?!<class 'int'>|\)$)/,
  // The arguments may be a list, which tuples have become with an option.
  /^functools\.partial\(.* with state \((?!<class 'int'>, |\))|with state \(<class 'int'>, \[/,
];
/** Shown in another way by other versions of Python, or never twice alike. */
const SHOWN_OTHERWISE = /^builtins\.object|^collections\.OrderedDict|^re\._compile\('a', True\)/;

it("are made, or refused, as CPython does", () => {
  const rows = answersOf<readonly Row[]>("calls.py");
  let alike = 0;
  for (const [call, pickle, className, shown] of rows) {
    const ours = made(pickle);
    if (className !== null) {
      if ("code" in ours) expect([NARROWER.some((narrower) => narrower.test(call)), ours]).toContain(true);
      else if (!SHOWN_OTHERWISE.test(call)) expect(ours.shown, call).toBe(shown);
      if ("shown" in ours) alike++;
    } else if (!TAKEN.some((taken) => taken.test(call))) {
      expect(ours, `${call}: CPython says ${shown}`).toHaveProperty("code");
      if ("code" in ours) expect(["construct-failed", "bad-operand"], `${call}: ${ours.message}`).toContain(ours.code);
    }
  }
  expect(alike).toBeGreaterThan(350);
  expect(rows.filter(([, , className]) => className === null).length).toBeGreaterThan(1000);
});
