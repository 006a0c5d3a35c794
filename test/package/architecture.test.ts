/** Holds the dependency rules of ARCHITECTURE.md against the import statements. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { IMPORTS } from "../../docs/images/architecture.js";
import { findCycles, ROOT, resolveImport, type SourceFile, sourcesOf } from "./sources.js";

const PACKAGES = ["codec", "amqp-adapter", "redis-adapter", "celery"] as const;
const files = new Map(PACKAGES.map((name) => [name, sourcesOf(name)]));
const codec = files.get("codec") ?? [];

/** Imports of `from` that leave a mark at run time, as repository paths or bare specifiers. */
function runtimeImports(from: SourceFile): string[] {
  return from.imports
    .filter((entry) => !entry.typeOnly)
    .map((entry) => (entry.specifier.startsWith(".") ? resolveImport(from.path, entry.specifier) : entry.specifier));
}

/** Lines `file -> import` of every run-time import of `where` that `forbidden` refuses. */
function violations(where: readonly SourceFile[], forbidden: (target: string, file: SourceFile) => boolean): string[] {
  return where.flatMap((file) =>
    runtimeImports(file)
      .filter((target) => forbidden(target, file))
      .map((target) => `${file.path} -> ${target}`),
  );
}

/** The folders that are plug-ins, each with the framework it is for. */
const FRAMEWORKS: ReadonlyMap<string, readonly RegExp[]> = new Map([
  ["keyv", [/^keyv$/]],
  ["moleculer", [/^moleculer$/]],
  ["nestjs", [/^@nestjs\/microservices$/, /^rxjs$/]],
  ["unstorage", [/^unstorage$/]],
]);
const folderOf = (file: SourceFile) => /\/src\/(\w+)\//.exec(file.path)?.[1] ?? "";

const inFolder = (folder: string) => codec.filter((file) => file.path.startsWith(`packages/codec/src/${folder}/`));
const isIn = (target: string, ...folders: string[]) =>
  folders.some((folder) => target.startsWith(`packages/codec/src/${folder}`));

/** Of `pickle/`, what is text and tables only: whoever reads these is not taken to import the machine. */
const READERS = ["pickle/opcodes.ts", "pickle/text.ts", "pickle/fix-imports.ts"];

describe("architecture", () => {
  it("finds the sources it is to judge", () => {
    for (const name of PACKAGES) expect(files.get(name)?.length, name).toBeGreaterThan(5);
    expect(codec.find((file) => file.path.endsWith("unpickler/unpickler.ts"))?.imports.length).toBeGreaterThan(3);
  });

  it("has no import cycles at run time", () => {
    for (const name of PACKAGES) expect(findCycles(files.get(name) ?? []), name).toEqual([]);
  });

  it("keeps the opcode table free of imports", () => {
    expect(codec.find((file) => file.path.endsWith("pickle/opcodes.ts"))?.imports).toEqual([]);
  });

  it("keeps bytes/ below the value model, and the value model below the pickle machine", () => {
    expect(
      violations(
        inFolder("bytes"),
        (to) => isIn(to, "python", "globals", "pickle/", "stdlib", "kombu") && !to.endsWith("/opcodes.ts"),
      ),
    ).toEqual([]);
    expect(
      violations(
        inFolder("python"),
        (to) => isIn(to, "globals", "pickle/", "stdlib", "kombu", "tools") && !to.endsWith("opcodes.ts"),
      ),
    ).toEqual([]);
  });

  it("lets only the default registry import the standard library's entries, which do not import each other", () => {
    const entries = /^packages\/codec\/src\/stdlib\//;
    const importers = codec.filter((file) => runtimeImports(file).some((to) => entries.test(to))).map((f) => f.path);
    expect(importers.filter((file) => !file.endsWith("globals/default-registry.ts"))).toEqual([]);
  });

  it("keeps tools/ unable to construct: it reads the wire format and text, never decoder, registry or containers", () => {
    const readers = [...READERS, "python/str-repr.ts", "python/numbers/numbers.ts"];
    const allowed = (to: string) =>
      isIn(to, "tools/", "options/", "bytes/", "errors.ts", "limits.ts") ||
      readers.some((file) => to.endsWith(`/${file}`));
    expect(violations(inFolder("tools"), (to) => !allowed(to))).toEqual([]);
    const checks = inFolder("options").filter((file) => !file.path.endsWith("/index.ts"));
    expect(checks.length).toBeGreaterThan(2);
    expect(violations(checks, (to) => !isIn(to, "options/", "errors.ts"))).toEqual([]);
  });

  it("keeps the machine unaware of the default registry: api files alone supply it", () => {
    const machine = codec.filter((file) => /pickle\/(unpickler|pickler|streams)\//.test(file.path));
    expect(machine.length).toBeGreaterThan(2);
    expect(violations(machine, (to) => to.endsWith("default-registry.ts") || isIn(to, "stdlib"))).toEqual([]);
  });

  it("is drawn as it is: each arrow of the picture is an import, and each import follows from the arrows", () => {
    const partOf = (file: string) =>
      file.endsWith("/pickle/opcodes.ts") ? "opcodes" : /^packages\/codec\/src\/(\w+)\//.exec(file)?.[1];
    const real = new Set<string>();
    // An entry of the package gathers names from where they are.
    for (const file of codec.filter(({ path: name }) => !name.endsWith("/options/index.ts"))) {
      const from = partOf(file.path);
      for (const target of runtimeImports(file)) {
        const to = READERS.some((reader) => target.endsWith(`/src/${reader}`)) ? "opcodes" : partOf(target);
        if (from !== undefined && to !== undefined && from !== to) real.add(`${from} -> ${to}`);
      }
    }
    const reachable = (from: string, seen = new Set<string>()): Set<string> => {
      for (const [source, target] of IMPORTS) {
        if (source !== from || seen.has(target)) continue;
        seen.add(target);
        reachable(target, seen);
      }
      return seen;
    };
    expect(IMPORTS.map(([from, to]) => `${from} -> ${to}`).filter((edge) => !real.has(edge))).toEqual([]);
    expect([...real].filter((edge) => !reachable(edge.split(" -> ")[0]!).has(edge.split(" -> ")[1]!))).toEqual([]);
  });

  it("keeps Node built-ins and dependencies out of the codec's main path", () => {
    const main = codec.filter((file) => !/src\/(kombu\/|cli)/.test(file.path));
    const offenders = main.flatMap((file) =>
      file.imports
        .filter((entry) => !entry.typeOnly && !entry.dynamic && !entry.specifier.startsWith("."))
        .map((entry) => `${file.path} -> ${entry.specifier}`),
    );
    expect(offenders).toEqual([]);
  });

  it("lets an adapter import the codec's public entries and its own driver, never the other adapter", () => {
    const drivers = { "amqp-adapter": /^amqplib(\/|$)/, "redis-adapter": /^ioredis(\/|$)/ };
    for (const name of ["amqp-adapter", "redis-adapter"] as const) {
      const common = [/^\./, /^node:/, /^@brine\/codec(\/(errors|kombu|tools|numpy|options))?$/, drivers[name]];
      const offenders = (files.get(name) ?? []).flatMap((file) => {
        const allowed = [...common, ...(FRAMEWORKS.get(folderOf(file)) ?? [])];
        return (
          file.imports
            // A package that an optional feature needs is imported on demand.
            .filter((entry) => !(entry.typeOnly || entry.dynamic) || entry.specifier.startsWith("@brine/"))
            .filter((entry) => !allowed.some((pattern) => pattern.test(entry.specifier)))
            .map((entry) => `${file.path} -> ${entry.specifier}`)
        );
      });
      expect(offenders, name).toEqual([]);
    }
  });

  it("keeps frameworks out of all but the plug-in for each, which nothing else of the adapter imports", () => {
    for (const name of ["amqp-adapter", "redis-adapter"] as const) {
      const others = (files.get(name) ?? []).filter((file) => !FRAMEWORKS.has(folderOf(file)));
      expect(
        violations(others, (to) => FRAMEWORKS.has(/\/src\/(\w+)\//.exec(to)?.[1] ?? "")),
        name,
      ).toEqual([]);
    }
  });

  it("keeps Celery on its own interfaces: no adapter, no driver", () => {
    const offenders = (files.get("celery") ?? []).flatMap((file) =>
      file.imports
        .filter((entry) => /^(@brine\/(amqp|redis)-adapter|amqplib|ioredis)/.test(entry.specifier))
        .map((entry) => `${file.path} -> ${entry.specifier}`),
    );
    expect(offenders).toEqual([]);
  });

  it("writes the contract between Celery and the adapters once, as types only", () => {
    const contract = codec.find((file) => file.path.endsWith("kombu/transport.ts"));
    expect(contract?.imports).toEqual([]);
    expect(
      readFileSync(path.join(ROOT, contract!.path), "utf8").match(/^(?!export interface).*\bexport\b/m),
    ).toBeNull();
    const copy = /^export (?:interface|type) (?:Transport|Delivery|Queue|Exchange|ResultStore|MessageProperties)\b/m;
    for (const file of [...files.values()].flat()) {
      if (file !== contract) expect(readFileSync(path.join(ROOT, file.path), "utf8"), file.path).not.toMatch(copy);
    }
  });

  it("keeps Celery's protocol pure: no I/O, no clock, no randomness", () => {
    const protocol = (files.get("celery") ?? []).filter((file) => file.path.includes("/src/protocol/"));
    expect(protocol.length).toBeGreaterThan(2);
    const impure = /\b(Date\.now|new Date\(\)|Math\.random|randomUUID|setTimeout|process\.)/;
    for (const file of protocol) {
      expect(readFileSync(path.join(ROOT, file.path), "utf8").match(impure)?.[0], file.path).toBeUndefined();
      expect(violations([file], (to) => to.startsWith("node:"))).toEqual([]);
    }
  });

  it("never imports another package's src, and has no drawer for odds and ends", () => {
    for (const name of PACKAGES) {
      for (const file of files.get(name) ?? []) {
        for (const entry of file.imports)
          expect(entry.specifier, file.path).not.toMatch(/packages\/|@brine\/[^/]+\/src/);
        expect(file.path).not.toMatch(/\/(utils?|common|helpers?|misc)(\.ts|\/)/);
      }
    }
  });
});
