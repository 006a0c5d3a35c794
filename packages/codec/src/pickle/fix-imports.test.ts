import { describe, expect, test } from "vitest";
import { fixImport, reverseFixImport } from "./fix-imports.js";

describe("fix_imports", () => {
  test("a name's own mapping wins over its module's", () => {
    expect(fixImport("__builtin__", "set")).toEqual(["builtins", "set"]);
    expect(fixImport("__builtin__", "xrange")).toEqual(["builtins", "range"]);
    expect(fixImport("copy_reg", "_reconstructor")).toEqual(["copyreg", "_reconstructor"]);
    expect(fixImport("exceptions", "ValueError")).toEqual(["builtins", "ValueError"]);
    expect(fixImport("UserDict", "IterableUserDict")).toEqual(["collections", "UserDict"]);
  });

  test("what did not move keeps its name", () => {
    expect(fixImport("datetime", "datetime")).toEqual(["datetime", "datetime"]);
    expect(fixImport("__proto__", "constructor")).toEqual(["__proto__", "constructor"]);
    expect(reverseFixImport("app.models", "A")).toEqual(["app.models", "A"]);
  });

  test("the way back is lossy, as in CPython", () => {
    expect(reverseFixImport("builtins", "range")).toEqual(["__builtin__", "xrange"]);
    expect(reverseFixImport("builtins", "int")).toEqual(["__builtin__", "long"]);
    expect(reverseFixImport("builtins", "FileNotFoundError")).toEqual(["exceptions", "OSError"]);
    expect(reverseFixImport("builtins", "ModuleNotFoundError")).toEqual(["exceptions", "ImportError"]);
  });
});
