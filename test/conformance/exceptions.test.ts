/**
 * Exceptions: every builtin one, with arguments that its constructor takes and others: what CPython makes of the call and says of it, or that it refuses it;
 * and those of the library's modules.
 */
import { defaultRegistry, dumps, isPickleError, loads, type PyException, repr } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

type Row = readonly [call: string, pickle: string, className: string | null, shown: string, message: string | null];

function made(pickle: string): readonly [string | null, string, string | null] {
  try {
    const exception = loads(Buffer.from(pickle, "base64"), { float: "exact" }) as PyException;
    return [exception.className, repr(exception), exception.message];
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return [null, error.message, null];
  }
}

/** A str of Python 2 that was decoded is taken for its bytes. */
const PYTHON_2 = "UnicodeDecodeError('utf-8', 'x', 0, 1, 'r')";

it("are made, or refused, as CPython does", () => {
  const rows = answersOf<readonly Row[]>("exceptions.py");
  for (const [call, pickle, className, shown, message] of rows) {
    if (call === PYTHON_2) continue;
    const [ours, text, ourMessage] = made(pickle);
    expect(ours, `${call}: CPython says ${shown}, Brine ${text}`).toBe(className);
    if (className !== null) expect(text, call).toBe(shown);
    if (ourMessage?.includes("...") !== true) expect(ourMessage, call).toBe(message);
  }
  expect(rows.filter(([, , className]) => className !== null).length).toBeGreaterThan(1500);
  expect(rows.filter(([, , className]) => className === null).length).toBeGreaterThan(100);
});

type LibraryRow = readonly [module: string, call: string, pickle: string, shown: string, message: string];

/** Of what are no bytes, which none is: CPython counts the items of anything. */
const NO_BYTES = /^IncompleteRead(?:Error)?\((?!b')/;

it("of the library's modules say what they say in CPython, and are written as there", () => {
  const rows = answersOf<readonly LibraryRow[]>("library_exceptions.py");
  const known = new Set<string>();
  for (const [module, call, pickle, shown, message] of rows) {
    if (NO_BYTES.test(call) || defaultRegistry.find(module, call.slice(0, call.indexOf("("))) === undefined) continue;
    known.add(module);
    const value = loads(Buffer.from(pickle, "base64"), { float: "exact" }) as PyException;
    expect([value.message, repr(value)], `${module}: ${call}`).toEqual([message, shown]);
    expect(Buffer.from(dumps(value, { protocol: 4 })).toString("base64"), `${module}: ${call}`).toBe(pickle);
  }
  expect(known.size).toBeGreaterThan(35);
});
