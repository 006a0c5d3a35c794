/** Registering, and finding what was registered. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../index.js";
import { BaseRegistry } from "./base-registry.js";
import { pickled } from "./decorator.js";
import { ClassRegistry, defaultRegistry } from "./default-registry.js";

describe("ClassRegistry", () => {
  const registering: [string, (registry: ClassRegistry) => unknown, string][] = [
    [
      "the class first",
      (r) => r.register(class A {} as never, "app.A" as never),
      'name comes first, register("app.A", A)',
    ],
    ["a function", (r) => r.register("app.f", (() => 1) as never), "use registerFunction"],
    ["half a name", (r) => r.register({ module: "app" } as never, class {}), 'want "module.ClassName" or'],
    ["a misspelt part", (r) => r.register("app.A", class {}, { getstate() {} } as never), "did you mean getState?"],
    [
      "a part that is a value",
      (r) => r.register("app.A", class {}, { create: 1 } as never),
      "create must be a function",
    ],
    ["one slot", (r) => r.register("app.A", class {}, { slots: "x" } as never), "slots must be an array of names"],
    ["what cannot be called", (r) => r.registerFunction("app.f", 5 as never), "must be a function"],
    ["fields as one text", (r) => r.registerNamedTuple("app.P", "x y" as never), 'such as ["x", "y"]'],
    ["members without values", (r) => r.registerEnum("app.E", ["A"] as never), "such as { RED: 1 }"],
  ];
  it.each(registering)("refuses to register %s, and says what to do", (_what, register, message) => {
    expect(() => register(new ClassRegistry())).toThrow(
      expect.objectContaining({ code: "bad-option", message: expect.stringContaining(message) as string }),
    );
  });

  it.each([{}, new Map(), "app"])("refuses %j as a registry", (registry) => {
    const refused = expect.objectContaining({ message: "Cannot use option registry: must be a ClassRegistry" });
    expect(() => dumps(1, { registry: registry as never })).toThrow(refused);
    expect(() => loads(dumps(1), { registry: registry as never })).toThrow(refused);
  });

  it("registers classes marked with @pickled, and not their subclasses", () => {
    class A {}
    pickled("app.A")(A);
    class B extends A {}
    const registry = new ClassRegistry({ classes: [A] });
    expect(loads(dumps(new A(), { registry }), { registry })).toBeInstanceOf(A);
    expect(() => registry.register(B)).toThrow(/without a name/);
    expect(() => dumps(new B(), { registry })).toThrow(/B/);
  });

  it("names what is wrong with a registration", () => {
    const registry = new ClassRegistry();
    class A {}
    registry.register("app.A", A);
    expect(() => registry.register("app.A", class {})).toThrow(/twice/);
    expect(() => registry.register("app.B", A)).toThrow(/already/);
    expect(() => registry.register("nodot", class {})).toThrow(/module.ClassName/);
    expect(() => (defaultRegistry as BaseRegistry).register("app.A", A)).toThrow(/frozen/);
    expect(() => registry.registerExtension("app", "A", 0)).toThrow(/extension code/);
  });

  it("makes a source's entries when its module, or a class that it may write, is first looked for", () => {
    class Shape {}
    const made: string[] = [];
    const source = (module: string, target?: typeof Shape) => ({
      modules: [module],
      entries() {
        made.push(module);
        return [{ module, name: "Shape", target }];
      },
    });
    const registry = new BaseRegistry().registerSource(source("a")).registerSource(source("b", Shape)).freeze();
    expect(registry.find("c", "Shape")).toBeUndefined();
    expect(made).toEqual([]);
    expect(registry.find("a", "Shape")).toBe(registry.find("a", "Shape"));
    expect(made).toEqual(["a"]);
    expect(registry.findByTarget(Shape)?.module).toBe("b");
    expect(registry.findByTarget(class {})).toBeUndefined();
    expect(made).toEqual(["a", "b"]);
    expect(() => new BaseRegistry().registerSource(source("a")).freeze().registerSource(source("b"))).toThrow(/frozen/);
  });

  it("is settled once nothing can be registered in it or in what it extends", () => {
    const open = new BaseRegistry();
    const registry = new BaseRegistry({ extends: [defaultRegistry, open] });
    expect([defaultRegistry.isSettled, registry.isSettled]).toEqual([true, false]);
    registry.freeze();
    expect(registry.isSettled).toBe(false);
    open.freeze();
    expect(registry.isSettled).toBe(true);
  });

  it("looks for no class in a source that makes its classes itself", () => {
    class Shape {}
    const makesItsClasses = true;
    const entries = () => [{ module: "a", name: "Shape", target: Shape }];
    const registry = new BaseRegistry().registerSource({ modules: ["a"], entries, makesItsClasses });
    expect(registry.findByTarget(Shape)).toBeUndefined();
    expect(registry.find("a", "Shape")?.target).toBe(Shape);
    expect(registry.findByTarget(Shape)?.name).toBe("Shape");
  });

  it("gives a pickle the value of a constant, and never lets it be called", () => {
    const value = Object.freeze({ unit: "s" });
    const registry = new ClassRegistry().registerEntry({ module: "app", name: "SECOND", value });
    const read = (opcodes: string) => loads(Buffer.from(`capp\nSECOND\n${opcodes}`, "latin1"), { registry });
    expect(read(".")).toBe(value);
    expect(() => read("(tR.")).toThrow(/cannot be called/);
    expect(() => read(")\x81.")).toThrow(/is no class/);
    expect(() => read("(dS'unit'\nS'h'\nsb.")).toThrow(/takes no state/);
  });

  it("lists what is registered in it, in order, those of its sources too, and nothing of what it extends", () => {
    class Shape {}
    const entries = () => [{ module: "b", name: "Late" }];
    const registry = new ClassRegistry().register("a.Shape", Shape).registerSource({ modules: ["b"], entries });
    registry.registerFunction("a.make");
    expect([...registry.entries()].map(({ module, name }) => `${module}.${name}`)).toEqual([
      "a.Shape",
      "a.make",
      "b.Late",
    ]);
    expect([...new ClassRegistry().entries()]).toEqual([]);
  });

  it("takes the extension codes of what it extends", () => {
    const parent = new BaseRegistry().registerFunction("app.make").registerExtension("app", "make", 0x1234);
    const registry = new BaseRegistry({ extends: parent });
    expect([registry.extensionCode("app", "make"), registry.findExtension(0x1234)]).toEqual([
      0x1234,
      { module: "app", name: "make" },
    ]);
    expect([registry.extensionCode("app", "other"), registry.findExtension(1)]).toEqual([undefined, undefined]);
  });
});
