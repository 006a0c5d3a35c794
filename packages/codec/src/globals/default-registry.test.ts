/** What a registry knows of the standard library. */
import { describe, expect, it } from "vitest";
import { BaseRegistry } from "./base-registry.js";
import { ClassRegistry, standardSources } from "./default-registry.js";

describe("the default registry", () => {
  it("knows nothing of the standard library when told to extend nothing", () => {
    expect(new ClassRegistry({ extends: null }).find("datetime", "datetime")).toBeUndefined();
    expect(new BaseRegistry().find("datetime", "datetime")).toBeUndefined();
    expect(new ClassRegistry().find("datetime", "datetime")).toBeDefined();
  });

  it.each(standardSources.map((source) => [source.modules.join(", "), source] as const))(
    "lists every module of the entries of %s, and no other",
    (_name, { modules, entries }) => {
      expect(new Set([...entries()].map((entry) => entry.module))).toEqual(new Set(modules));
    },
  );
});
