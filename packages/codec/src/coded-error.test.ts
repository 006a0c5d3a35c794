/** What the errors of all packages share, and how those of another copy of a package are known. */
import { expect, test, vi } from "vitest";
import { CodedError, hasBrand, reasonOf } from "./coded-error.js";
import { isPickleError, PickleError, UnpicklingError } from "./errors.js";
import { ContentDisallowed, isKombuError, KombuError } from "./kombu/errors.js";

test.each([
  [new UnpicklingError("text", { code: "truncated", cause: 1 }), PickleError, isPickleError],
  [new ContentDisallowed("text", { code: "content-disallowed", cause: 1 }), KombuError, isKombuError],
])("%s is a coded error of its own kind", (error, parent, isOne) => {
  expect(error).toBeInstanceOf(CodedError);
  expect(error).toBeInstanceOf(parent);
  expect(isOne(error)).toBe(true);
  expect(error).toMatchObject({ message: "text", cause: 1, name: error.constructor.name });
});

test("an error without a cause has no such property, as Error's", () => {
  expect("cause" in new PickleError("text", { code: "truncated" })).toBe(false);
});

test("one kind of error is not taken for another", () => {
  expect(isKombuError(new PickleError("text", { code: "truncated" }))).toBe(false);
});

test("an error of another copy of the package is known", async () => {
  vi.resetModules();
  const copy = await import("./errors.js");
  const error = new copy.UnpicklingError("text", { code: "truncated" });
  expect(error).not.toBeInstanceOf(UnpicklingError);
  expect(isPickleError(error)).toBe(true);
});

test.each([undefined, null, 1, "text", Symbol.iterator, {}, () => 1])("%s has no brand", (value) => {
  expect(hasBrand(value, Symbol.for("brine.PickleError"))).toBe(false);
});

test.each([
  [new TypeError("text"), "text"],
  ["text", "text"],
  [undefined, "undefined"],
])("the reason of %s", (thrown, text) => {
  expect(reasonOf(thrown)).toBe(text);
});
