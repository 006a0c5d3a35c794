/** The pages whose code is run. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Program, programsOf } from "./markdown.js";
import { ROOT } from "./sources.js";

/** Paths from the root of the repository. */
export function documentationPages(): string[] {
  return [
    "README.md",
    ...readdirSync(path.join(ROOT, "packages")).map((name) => `packages/${name}/README.md`),
    ...readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
    ...readdirSync(path.join(ROOT, "examples")).map((name) => `examples/${name}/README.md`),
  ].filter((page) => existsSync(path.join(ROOT, page)));
}

/** The programs of a page; see {@link programsOf}. */
export function programsOfPage(page: string, ...attributes: string[]): Program[] {
  return programsOf(readFileSync(path.join(ROOT, page), "utf8"), ...attributes);
}
