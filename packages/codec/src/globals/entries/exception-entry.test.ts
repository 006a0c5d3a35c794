/** Exceptions: of Python, of JavaScript and of yours. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { pyExceptions } from "../../python/objects/builtin-exceptions.js";
import { PyException } from "../../python/objects/exception.js";
import { ClassRegistry } from "../default-registry.js";

describe("an exception", () => {
  it("names an exception that is registered as any class", () => {
    class Boom extends PyException {}
    const registry = new ClassRegistry().register("app.Boom", Boom);
    const boom = loads(dumps(new Boom("x"), { registry }), { registry }) as Boom;
    expect([boom.name, boom.pythonClass]).toEqual(["Boom", "app.Boom"]);
  });

  it("makes exceptions of yours without running your constructor", () => {
    class Boom extends PyException {
      declare code: number;
      constructor() {
        super("mine");
        throw new Error("must not run");
      }
    }
    const registry = new ClassRegistry();
    registry.registerException("app.Boom", Boom);
    const Other = new ClassRegistry().registerException("app.Boom");
    const writing = new ClassRegistry();
    writing.registerException("app.Boom", Other);
    const error = new Other("a", 1);
    error.attributes.code = 5;
    const back = loads(dumps(error, { registry: writing }), { registry }) as Boom;
    expect(back).toBeInstanceOf(Boom);
    expect([...back.args]).toEqual(["a", 1]);
    expect(back.code).toBe(5);
    expect(back.pythonClass).toBe("app.Boom");
  });

  it("makes exceptions without the frames of who decodes them", () => {
    const limit = Error.stackTraceLimit;
    const back = loads(dumps(new pyExceptions.KeyError("k"))) as PyException;
    expect(back.stack).toBe("KeyError: 'k'");
    expect(Object.keys(back)).toEqual(["args"]);
    expect(Error.stackTraceLimit).toBe(limit);
    expect(() => loads(dumps([new pyExceptions.ValueError()]).subarray(0, -1))).toThrow(/^Cannot decode/);
    expect(new pyExceptions.ValueError("x").stack).toContain("exception-entry.test");
  });

  it("writes errors of JavaScript as the Python exceptions that mean the same", () => {
    const cases: [Error, keyof typeof pyExceptions][] = [
      [new Error("x"), "Exception"],
      [new TypeError("x"), "TypeError"],
      [new RangeError("x"), "ValueError"],
      [new AggregateError([new Error("y")], "x"), "ExceptionGroup"],
      // Python has no group of none.
      [new AggregateError([], "x"), "Exception"],
    ];
    for (const [error, name] of cases) {
      const back = loads(dumps(error)) as PyException;
      expect(back).toBeInstanceOf(pyExceptions[name]);
      expect(back.args[0]).toBe("x");
    }
    expect((loads(dumps(new Error(""))) as PyException).args).toHaveLength(0);
    const coded = Object.assign(new Error("x"), { code: "E_X", socket: () => 1 });
    expect((loads(dumps(coded)) as PyException).attributes).toEqual({ code: "E_X" });
  });

  it("is written as its own methods say, the one that knows the protocol first", () => {
    class Boom extends PyException {
      __reduce__() {
        return [Boom, ["by __reduce__"]];
      }
    }
    class Loud extends Boom {
      __reduce_ex__(protocol: number) {
        return [Loud, [`at protocol ${protocol}`]];
      }
    }
    const registry = new ClassRegistry();
    registry.registerException("app.Boom", Boom);
    registry.registerException("app.Loud", Loud);
    const [boom, loud] = loads(dumps([new Boom("x"), new Loud("y")], { registry }), { registry }) as PyException[];
    expect([boom!.args[0], loud!.args[0]]).toEqual(["by __reduce__", "at protocol 4"]);
  });

  it("is written with its attributes, those that a pickle brought and those that its own class has set", () => {
    class Coded extends PyException {
      readonly code = 7;
    }
    const registry = new ClassRegistry().register("app.Other", class Other {});
    registry.registerException("app.Coded", Coded);
    const coded = new Coded("x");
    PyException.setAttributes(coded, [["detail", "y"]]);
    const back = loads(dumps(coded, { registry }), { registry }) as PyException;
    expect(back.attributes).toEqual({ code: 7, detail: "y" });
  });

  it("is named by the registration that succeeds, and its parent is said once", () => {
    class Boom extends PyException {}
    const registry = new ClassRegistry();
    registry.registerException("app.Taken");
    expect(() => registry.registerException("app.Taken", Boom)).toThrow(/app.Taken twice/);
    registry.registerException("app.Boom", Boom);
    expect(new Boom().pythonClass).toBe("app.Boom");
    const both = () =>
      registry.registerException("app.Other", class Other extends Boom {}, { extends: pyExceptions.OSError });
    expect(both).toThrow(/extends is for a class that is made here/);
  });
});
