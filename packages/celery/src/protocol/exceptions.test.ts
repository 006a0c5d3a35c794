/** What becomes of errors on their way to Python, and of Python's on theirs. */
import { dumps, loads, PyDict, type PyException, PyGlobal, PyObject, pyExceptions, Tuple, tuple } from "@brine/codec";
import { expect, test } from "vitest";
import { errorFromResult, exceptionToPickle, wrapException } from "./exceptions.js";
import { celeryRegistry, UnpickleableExceptionWrapper } from "./pickle-globals.js";

const details = { registry: celeryRegistry, taskId: "t1", traceback: null };
const written = (thrown: unknown): PyException => {
  const exception = exceptionToPickle(thrown, celeryRegistry);
  return loads(dumps(exception, { registry: celeryRegistry }), { registry: celeryRegistry }) as PyException;
};

test("an error of the system is an OSError of its number, and of the class that Python has for it", () => {
  const missing = Object.assign(new Error("ENOENT: no such file"), { errno: -2, code: "ENOENT" });
  expect([written(missing).className, ...written(missing).args]).toEqual([
    "FileNotFoundError",
    2,
    "ENOENT: no such file",
  ]);
  const own = Object.assign(new Error("x"), { code: "E_OWN" });
  expect([written(own).className, ...written(own).args]).toEqual(["Exception", "x"]);
});

test("a class that Python cannot know is wrapped, and comes back with its name; no other error is unwrapped", () => {
  class Refused extends Error {
    override readonly name = "Refused";
  }
  const wrapped = exceptionToPickle(new Refused("no"), celeryRegistry);
  expect(wrapped).toBeInstanceOf(UnpickleableExceptionWrapper);
  expect(wrapped).toEqual(wrapException(new Refused("no")));
  const back = errorFromResult(wrapped, details) as PyException;
  expect([back.className, ...back.args]).toEqual(["Refused", "no"]);
  const named = new pyExceptions.ValueError("app.errors", "Boom", Tuple.of("x"));
  expect(errorFromResult(named, details)).toBe(named);
});

const traceback = (last: string) =>
  `Traceback (most recent call last):\n  File "app.py", line 1, in fail\n    raise\n${last}\n`;
const opaque = (name: string, ...args: unknown[]) =>
  new PyObject("reduce", new PyGlobal("app", name), Tuple.from(args));

test("the message is Python's str, as the traceback has it, where a class may have a __str__ or the arguments are long", () => {
  const messageOf = (value: unknown, last: string) =>
    errorFromResult(value, { ...details, traceback: traceback(last) }).message;
  expect(messageOf(opaque("Refused", 42, "no"), "app.Refused: no (code 42)")).toBe("no (code 42)");
  expect(messageOf(opaque("Refused", 42, "no"), "app.Refused: no\n  at all")).toBe("no\n  at all");
  expect(messageOf(opaque("Refused", 42), "app.Refused")).toBe("");
  expect(messageOf(new pyExceptions.ValueError({ a: 1 }), "ValueError: {'a': 1}")).toBe("{'a': 1}");
  const noted = new pyExceptions.ValueError(["x"]);
  noted.attributes.__notes__ = ["one", "two"];
  expect(messageOf(noted, "ValueError: ['x']\none\ntwo")).toBe("['x']");
});

test("the message stays what the arguments say where the traceback tells of another exception, or there is none", () => {
  const error = errorFromResult(opaque("Refused", 42), { ...details, traceback: traceback("app.Other: 43") });
  expect(error.message).toBe("42");
  expect(error.stack).toMatch(/^Refused: 42\n/);
  expect(errorFromResult(opaque("Refused", 42), details).message).toBe("42");
  // Python shows it without the place, which belongs to its str.
  const syntax = new pyExceptions.SyntaxError("bad", tuple("f", 1, 2, "x"));
  const shown = errorFromResult(syntax, { ...details, traceback: traceback("SyntaxError: bad") });
  expect(shown.message).toBe("bad (f, line 1)");
});

test("members of a group whose classes nobody registered are errors of their names", () => {
  const inner = new pyExceptions.ExceptionGroup("inner", [opaque("Deep", 1)]);
  const group = new pyExceptions.ExceptionGroup("outer", [opaque("Refused", "no"), inner]);
  const { errors } = errorFromResult(group, details) as unknown as AggregateError;
  expect((errors[0] as PyException).pythonClass).toBe("app.Refused");
  expect(((errors[1] as AggregateError).errors[0] as PyException).pythonClass).toBe("app.Deep");
});

test("what tblib wrote of a class that nobody registered is an error of its name", () => {
  const boom = new PyGlobal("app", "Boom");
  const made = (name: string, ...args: unknown[]) =>
    errorFromResult(new PyObject("reduce", new PyGlobal("tblib.pickling_support", name), Tuple.from(args)), details);
  const plain = made("unpickle_exception", boom, tuple("b"), null, null) as PyException;
  expect([plain.pythonClass, ...plain.args]).toEqual(["app.Boom", "b"]);
  const attributes = { __dict__: { code: 5 }, args: tuple("text") };
  const coded = made("unpickle_exception_with_attrs", boom, attributes, null, null, null, false, null) as PyException;
  expect([coded.pythonClass, ...coded.args]).toEqual(["app.Boom", "text"]);
  expect(coded).toMatchObject({ code: 5 });
  const odd = made("unpickle_exception_with_attrs", boom, new PyDict(), null) as PyException;
  expect(odd.pythonClass).toBe("tblib.pickling_support.unpickle_exception_with_attrs");
});
