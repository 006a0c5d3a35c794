/** Other classes of the standard library that travel now and then, kept as data. */
import { dataEntry } from "../globals/entries/data-entry.js";
import { exceptionEntry } from "../globals/entries/exception-entry.js";
import type { GlobalEntry } from "../globals/registry.js";
import { JSONDecodeError } from "../python/library/json-decode-error.js";
import { exceptionClass, pyExceptions } from "../python/objects/builtin-exceptions.js";
import type { PyExceptionClass } from "../python/objects/exception.js";

/** Module, class: instances are what they were made of. */
const CLASSES: Readonly<Record<string, string>> = {
  _io: "BytesIO StringIO",
  "email._policybase": "Compat32",
  "email.charset": "Charset",
  "email.header": "Header",
  "email.message": "Message EmailMessage MIMEPart",
  "email.mime.application": "MIMEApplication",
  "email.mime.audio": "MIMEAudio",
  "email.mime.base": "MIMEBase",
  "email.mime.image": "MIMEImage",
  "email.mime.message": "MIMEMessage",
  "email.mime.multipart": "MIMEMultipart",
  "email.mime.text": "MIMEText",
  "email.policy": "EmailPolicy",
  functools: "partialmethod",
  inspect: "Signature Parameter",
  itertools:
    "accumulate batched chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse groupby islice pairwise permutations product repeat starmap takewhile zip_longest",
  logging: "LogRecord getLogger",
  random: "Random",
  string: "Template",
  subprocess: "CompletedProcess",
  "xml.etree.ElementTree": "Element",
};

/** Modules written in C, whose classes' strings are their own. */
const IN_C: ReadonlySet<string> = new Set(["_io", "itertools"]);

const ARITHMETIC =
  "Clamped DecimalException DivisionByZero FloatOperation Inexact InvalidOperation Overflow Rounded Subnormal Underflow ConversionSyntax DivisionImpossible DivisionUndefined InvalidContext".split(
    " ",
  );

/** `json.JSONDecodeError(message, document, position)`, without attributes. */
function jsonDecodeError(): GlobalEntry {
  return exceptionEntry({ module: "json.decoder", name: "JSONDecodeError" }, JSONDecodeError as never, {
    nameStrings: "submodule",
    problemOf: (args) => (args.length === 3 ? undefined : "needs a message, a document and a position in it"),
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
    ...Object.entries(CLASSES).flatMap(([module, names]) =>
      names.split(" ").map((name) => dataEntry(module, name, { nameStrings: IN_C.has(module) ? "fresh" : "interned" })),
    ),
    { module: "inspect", name: "_empty" },
    // `functools.reduce` is `_functools.reduce` to Python 3.
    { module: "functools", name: "reduce" },
    { module: "_functools", name: "reduce", nameStrings: "function" },
    { module: "json", name: "dumps" },
    { module: "json", name: "loads" },
    jsonDecodeError(),
    ...ARITHMETIC.map(decimalSignal),
  ];
}
