/** Classes in classes that nobody registered. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../index.js";
import { BaseRegistry } from "./base-registry.js";
import { ClassRegistry } from "./default-registry.js";

describe("a class in a class", () => {
  it("reads a nested class of which the ones around it are not registered, at every protocol", () => {
    class Deep {}
    const own = new ClassRegistry().register({ module: "app", name: "Outer.Middle.Deep" }, Deep);
    const Tone = own.registerEnum({ module: "app", name: "Outer.Tone" }, { LOW: 1 });
    const registry = new BaseRegistry({ extends: own });
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      for (const python of ["3.12", "3.13"] as const) {
        const back = loads(dumps([new Deep(), Tone.LOW], { registry, protocol, python }), { registry });
        expect(back).toEqual([new Deep(), Tone.LOW]);
      }
    }
    const read = (opcodes: string) => loads(Buffer.from(`capp\nOuter\n${opcodes}`, "latin1"), { registry });
    expect(String(read("."))).toBe("app.Outer");
    for (const opcodes of [")R.", ")\x81.", "}b."]) expect(() => read(opcodes)).toThrow(/cannot be|would change/);
    const other = "cbuiltins\ngetattr\n(capp\nOuter\nVOther\ntR.";
    expect(() => loads(Buffer.from(other), { registry })).toThrow(/no attribute "Other"/);
  });
});
