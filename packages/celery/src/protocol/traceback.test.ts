/** Tracebacks as CPython prints them, taken apart. */
import { expect, test } from "vitest";
import { tracebackSections } from "./traceback.js";

/** Printed by CPython 3.11 for `raise Boom("outer") from ...`, within an `except`. */
const PYTHON = `Traceback (most recent call last):
  File "t.py", line 5, in f
    {}["user"]
    ~~^^^^^^^^
KeyError: 'user'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "t.py", line 7, in g
    raise ValueError("two\\nlines")
ValueError: two
lines

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "t.py", line 10, in h
    raise Boom()
proj.errors.Boom
`;

test("each exception is a section, the first cause first", () => {
  expect(tracebackSections(PYTHON).map(({ name, message }) => [name, message])).toEqual([
    ["KeyError", "'user'"],
    ["ValueError", "two\nlines"],
    ["proj.errors.Boom", ""],
  ]);
});

test.each([[""], ["Traceback (most recent call last):\n  File"], ["no class at all: here"], ["\n\n\n"]])(
  "%j has none",
  (text) => {
    expect(tracebackSections(text)).toEqual([]);
  },
);
