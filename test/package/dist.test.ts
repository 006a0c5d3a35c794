/** What is published: the files of each tarball, the names of each entry, and that the build did what speed depends on. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { OPCODES } from "@brine/codec/tools";
import { describe, expect, it } from "vitest";
import { ROOT } from "./sources.js";

const PACKAGES = ["codec", "amqp-adapter", "redis-adapter", "celery"] as const;

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

/** What is shared by entries is cut into chunks by the bundler, as it likes. */
const withoutChunk = (file: string) => file.replace(/\/[\w-]+-[\w-]{8}(\.d\.ts|\.js|\.js\.map)$/, "/(chunks)$1");

async function packedFiles(name: string): Promise<string[]> {
  const folder = path.join(ROOT, "packages", name);
  const { stdout } = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: folder,
  });
  const [packed] = JSON.parse(stdout) as readonly { readonly files: readonly { readonly path: string }[] }[];
  return [...new Set(packed!.files.map((file) => withoutChunk(file.path)))].sort();
}

/** The names that a declaration file exports, types marked. */
function exportedNames(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap((match) => match[1]!.split(","))
    .map((name) => name.trim().replace(/\w+ as (\w+)$/, "$1"))
    .filter((name) => name !== "")
    .sort((a, b) => (a.replace("type ", "") < b.replace("type ", "") ? -1 : 1));
}

describe.each(PACKAGES)("%s", (name) => {
  it("ships these files", async () => {
    const files = await packedFiles(name);
    await expect(`${files.join("\n")}\n`).toMatchFileSnapshot(`snapshots/${name}.files.txt`);
  });

  it("exports these names", async () => {
    const folder = path.join(ROOT, "packages", name);
    const { exports } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
    const entries = Object.entries(exports).flatMap(([entry, target]) =>
      typeof target === "string" ? [] : [`[${entry}]`, ...exportedNames(path.join(folder, target.types)), ""],
    );
    await expect(entries.join("\n")).toMatchFileSnapshot(`snapshots/${name}.names.txt`);
  });
});

describe("the codec's classes", () => {
  it("keep their names in the build: repr() and errors show them", async () => {
    const entries = await Promise.all([
      import("@brine/codec"),
      import("@brine/codec/kombu"),
      import("@brine/codec/numpy"),
    ]);
    for (const [name, value] of entries.flatMap((entry) => Object.entries(entry as Record<string, unknown>)))
      if (typeof value === "function") expect(value.name).toBe(name);
  });
});

/** The package's own files that importing `file` loads. */
function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/^(?:import|export) .*from "(\.[^"]+)";$/gm))
    loadedBy(path.join(path.dirname(file), specifier!), loaded);
  return loaded;
}

describe("the codec's tools", () => {
  it("load no file that can decode: not the registry, not the machine", () => {
    const folder = path.join(ROOT, "packages/codec/dist");
    const loaded = loadedBy(path.join(folder, "tools/index.js"));
    expect(loaded.size).toBeGreaterThan(1);
    // Whatever decodes or encodes asks a registry.
    const asksRegistry = (file: string) => readFileSync(file, "utf8").includes(".findByTarget(");
    expect([...loaded].filter(asksRegistry)).toEqual([]);
    const all = readdirSync(folder).filter((name) => name.endsWith(".js"));
    expect(all.some((name) => asksRegistry(path.join(folder, name)))).toBe(true);
  });
});

describe("what an import loads", () => {
  // V8 reads all of it before the first call. A limit that is reached: is the new code needed by those who import the entry?
  it.each([
    { entry: "codec/dist/index.js", files: 3, bytes: 533_000 },
    { entry: "codec/dist/tools/index.js", files: 3, bytes: 140_000 },
    { entry: "codec/dist/coded-error.js", files: 2, bytes: 87_000 },
    { entry: "amqp-adapter/dist/index.js", files: 2, bytes: 110_000 },
    { entry: "redis-adapter/dist/index.js", files: 2, bytes: 200_000 },
    { entry: "celery/dist/index.js", files: 1, bytes: 270_000 },
  ])("is at most $files files of $bytes bytes: $entry", ({ entry, files, bytes }) => {
    const loaded = [...loadedBy(path.join(ROOT, "packages", entry))];
    expect(loaded.length).toBeLessThanOrEqual(files);
    expect(loaded.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThanOrEqual(bytes);
  });

  it.each(PACKAGES)("is the package's own code only, and no prose: %s", (name) => {
    const folder = path.join(ROOT, "packages", name);
    const { exports } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
    const loaded = new Set<string>();
    for (const entry of Object.values(exports))
      if (typeof entry !== "string") loadedBy(path.join(folder, entry.default), loaded);
    // One of nothing but what others export has no map.
    const mapped = [...loaded].filter((file) => existsSync(`${file}.map`));
    expect(mapped.length).toBeGreaterThan(0);
    for (const file of mapped) {
      const { sources } = JSON.parse(readFileSync(`${file}.map`, "utf8")) as { readonly sources: string[] };
      expect(sources.filter((source) => source.includes("node_modules"))).toEqual([]);
      // The declarations have it.
      expect(readFileSync(file, "utf8")).not.toMatch(/^\s*\/\*\*/m);
    }
  });
});

describe("the codec's code", () => {
  it("is ASCII: V8 keeps and scans any other at two bytes a character", () => {
    const folder = path.join(ROOT, "packages/codec/dist");
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".js")))
      expect(/[^\0-\x7f]/.exec(readFileSync(path.join(folder, file), "latin1"))?.index, file).toBeUndefined();
  });
});

describe("the codec's switches over opcodes", () => {
  const dist = path.join(ROOT, "packages/codec/dist");
  const code = readdirSync(dist)
    .filter((file) => file.endsWith(".js"))
    .map((file) => readFileSync(path.join(dist, file), "utf8"));

  it("have numbers for labels, which is twice as fast as names", () => {
    const names = new Set<string>(OPCODES.map((info) => info.name));
    const labels = code.flatMap((text) => [...text.matchAll(/\bcase (?:\w+\.)?([A-Z][A-Z0-9_]+):/g)]);
    expect(labels.map((label) => label[1]!).filter((label) => names.has(label))).toEqual([]);
    const counts = code.map((text) => text.match(/\bcase \d+:/g)?.length ?? 0);
    expect(Math.max(...counts)).toBeGreaterThan(60);
  });
});
