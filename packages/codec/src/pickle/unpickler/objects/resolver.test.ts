/** What hooks make of names, ids and extension codes. */
import { describe, expect, test } from "vitest";
import { ClassRegistry } from "../../../globals/default-registry.js";
import type { PyGlobal } from "../../../python/objects/objects.js";
import { loads, Unpickler } from "../../api-load.js";
import { failure, raw } from "../written-by-hand.js";

describe("what a subclass or an option decides", () => {
  test("findClass, persistentLoad and getExtension may be overridden", () => {
    class A {}
    class Mine extends Unpickler {
      override findClass(module: string, name: string): PyGlobal | typeof A {
        if (name === "Other") return A;
        if (name === "Bad") throw new TypeError("forbidden");
        return super.findClass(module, name) as PyGlobal;
      }
      override persistentLoad(id: unknown): unknown {
        return ["loaded", id];
      }
      override getExtension(): typeof A {
        return A;
      }
    }
    const registry = new ClassRegistry().register("app.A", A);
    const load = (text: string) => new Mine(raw(text), { registry }).load();
    expect(String(load("cx\nOther\n."))).toBe("app.A");
    expect(String(load("\x82\x09."))).toBe("app.A");
    expect(load("P7\n.")).toStrictEqual(["loaded", "7"]);
    expect(load("K\x07Q.")).toStrictEqual(["loaded", 7]);
    const error = failure(() => load("Ncx\nBad\n."));
    expect([error.code, error.offset]).toEqual(["hook-failed", 1]);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("persistentLoad may give a registered class, of which the pickle then makes instances", () => {
    class A {
      __reduce__() {
        return [A, []];
      }
    }
    const registry = new ClassRegistry().register("app.A", A);
    const load = (text: string, found: unknown) => loads(raw(text), { registry, persistentLoad: () => found });
    for (const opcodes of ["K\x07Q)R.", "K\x07Q)\x81.", "K\x07Q)}\x92.", "(P7\no."]) {
      expect(load(opcodes, A)).toBeInstanceOf(A);
      expect(failure(() => load(opcodes, class B {})).code).toBe("bad-operand");
    }
    expect(load("K\x07Q.", A)).toBe(A);
  });
});
