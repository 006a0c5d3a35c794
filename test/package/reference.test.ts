/** The reference has every public name, and no other. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { entries, REFERENCE } from "./reference.js";

/** What a declaration file exports, of the build. */
function exportedNames(source: string): string[] {
  const file = source.replace("/src/", "/dist/").replace(/\.ts$/, ".d.ts");
  return [...readFileSync(file, "utf8").matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(([, list]) => list!.split(","))
    .map((name) =>
      name
        .trim()
        .replace(/^type /, "")
        .replace(/^\w+ as /, ""),
    )
    .filter((name) => name !== "")
    .sort();
}

it.each(entries())("$specifier (otherwise: npx tsx test/package/reference.ts)", ({ specifier, source }) => {
  const section =
    readFileSync(REFERENCE, "utf8")
      .split(/^## /m)
      .find((text) => text.startsWith(`${specifier}\n`)) ?? "";
  const names = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name).sort();
  expect(names).toEqual(exportedNames(source));
});
