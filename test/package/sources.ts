/** Reads the packages' sources as a graph of import statements, for the architecture test. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));

export interface Import {
  readonly specifier: string;
  /** Erased by the compiler: `import type`, `export type`. */
  readonly typeOnly: boolean;
  /** `import()`, run only when asked for. */
  readonly dynamic: boolean;
}

export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
}

const STATEMENT =
  /^\s*(?:import|export)\s+(?<type>type\s)?(?:[^"';]*?\sfrom\s+)?["'](?<from>[^"']+)["']|\bimport\(\s*(?:\/\*.*?\*\/\s*)?["'](?<dynamic>[^"']+)["']\s*\)(?<member>\.\w)?/gm;

/** Every TypeScript source of a package, tests left out. */
export function sourcesOf(packageName: string): SourceFile[] {
  const folder = path.join(ROOT, "packages", packageName, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
    .map((name) => {
      const file = path.join(folder, name);
      return { path: path.relative(ROOT, file).replaceAll("\\", "/"), imports: importsOf(readFileSync(file, "utf8")) };
    });
}

function importsOf(text: string): Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
  const found: Import[] = [];
  for (const match of code.matchAll(STATEMENT)) {
    const groups = match.groups ?? {};
    // `import("./x.js").Name` in a type position is erased.
    const inType = groups.dynamic !== undefined && groups.member !== undefined;
    found.push({
      specifier: groups.from ?? groups.dynamic ?? "",
      typeOnly: groups.type !== undefined || inType,
      dynamic: groups.dynamic !== undefined,
    });
  }
  return found;
}

/** The file a relative import of `from` names, relative to the repository. */
export function resolveImport(from: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(from), specifier.replace(/\.js$/, ".ts"));
}

/** Cycles among imports that exist at run time, each as the list of its files. */
export function findCycles(files: readonly SourceFile[]): string[][] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter((entry) => !entry.typeOnly && !entry.dynamic && entry.specifier.startsWith("."))
        .map((entry) => resolveImport(file.path, entry.specifier)),
    ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) {
      cycles.push([...trail.slice(at), node]);
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}
