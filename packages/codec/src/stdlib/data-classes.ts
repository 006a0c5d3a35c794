/** Other classes of the standard library that travel now and then, kept as data. */
import { dataEntry } from "../globals/data-entry.js";
import { exceptionEntry } from "../globals/exception-entry.js";
import type { GlobalEntry } from "../globals/registry.js";
import { exceptionClass, type PyExceptionClass, pyExceptions } from "../python/exceptions.js";
import { JSONDecodeError } from "../python/json-decode-error.js";

/** Module, class: instances are what they were made of. */
const CLASSES: readonly (readonly [module: string, name: string])[] = [
  ["_io", "BytesIO"],
  ["_io", "StringIO"],
  ["string", "Template"],
  ["logging", "LogRecord"],
  ["itertools", "count"],
  ["itertools", "repeat"],
  ["itertools", "product"],
  ["random", "Random"],
  ["inspect", "Signature"],
  ["inspect", "Parameter"],
];

const ARITHMETIC =
  "Clamped DecimalException DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded Subnormal Underflow ConversionSyntax DivisionImpossible DivisionUndefined InvalidContext".split(
    " ",
  );

/** `json.JSONDecodeError(message, document, position)`, without attributes. */
function jsonDecodeError(): GlobalEntry {
  return exceptionEntry({ module: "json.decoder", name: "JSONDecodeError" }, JSONDecodeError as never, {
    nameStrings: "submodule",
    argsOf(exception) {
      const { msg, doc, pos } = exception as JSONDecodeError;
      return [msg, doc, pos];
    },
    stateOf: () => undefined,
  });
}

function decimalSignal(name: string): GlobalEntry {
  const parent: PyExceptionClass =
    name === "DivisionByZero" ? pyExceptions.ZeroDivisionError : pyExceptions.ArithmeticError;
  return exceptionEntry({ module: "decimal", name }, exceptionClass(`decimal.${name}`, parent) as never, {
    nameStrings: "fresh",
  });
}

export function dataClassEntries(): readonly GlobalEntry[] {
  return [
    ...CLASSES.map(([module, name]) =>
      dataEntry(module, name, { nameStrings: module === "itertools" || module === "_io" ? "fresh" : "interned" }),
    ),
    { module: "inspect", name: "_empty" },
    { module: "json", name: "dumps" },
    { module: "json", name: "loads" },
    jsonDecodeError(),
    ...ARITHMETIC.map(decimalSignal),
  ];
}
