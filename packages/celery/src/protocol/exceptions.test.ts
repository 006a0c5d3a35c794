/** What becomes of errors on their way to Python, and of Python's on theirs. */
import { dumps, loads, type PyException, pyExceptions, Tuple } from "@brine/codec";
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
