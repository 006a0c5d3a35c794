/**
 * The reference has every public name and every option, and no other; the tables of options in the guide have none that there
 * is not. Of every public name and member an editor has something to say. The page on troubles has every error's code.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { documentationPages } from "./documentation.js";
import { optionsOf } from "./options.js";
import { entries, errorCodes, publicNames, REFERENCE } from "./reference.js";
import { ROOT, sourcesOf } from "./sources.js";

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

const reference = readFileSync(REFERENCE, "utf8");
const PACKAGES = ["codec", "celery", "amqp-adapter", "redis-adapter"] as const;

it.each(PACKAGES)("@brine/%s: every option is in its row (otherwise: npx tsx test/package/reference.ts)", (name) => {
  const sections = reference.split(/^## /m).filter((text) => text.startsWith(`@brine/${name}`));
  const text = sections.join("\n");
  const rows = new Map([...text.matchAll(/^\| `(\w+)` \| type \| (.*) \|$/gm)].map(([, row, cell]) => [row, cell]));
  const options = sourcesOf(name)
    .flatMap(({ path }) => optionsOf(path))
    .filter(({ owner }) => rows.has(owner));
  expect(options.length).toBeGreaterThan(15);
  const missing = options.filter(({ owner, name: option }) => !rows.get(owner)!.includes(`\`${option}\``));
  expect(missing.map(({ owner, name: option }) => `${owner}.${option}`)).toEqual([]);
});

it("every public name, and every member of a public class or interface, has a doc string, of its own or inherited", () => {
  const names = publicNames();
  expect(names.length).toBeGreaterThan(2000);
  expect(names.filter(({ documentation }) => documentation === "").map(({ place }) => place)).toEqual([]);
});

it("the guide's tables of options have what there is", () => {
  const known = new Set(
    PACKAGES.flatMap((name) => sourcesOf(name)).flatMap(({ path }) => optionsOf(path).map(({ name }) => name)),
  );
  const named = documentationPages().flatMap((page) =>
    [...readFileSync(path.join(ROOT, page), "utf8").matchAll(/^\| option \|.*\n\|.*\n((?:\|.*\n)+)/gm)].flatMap(
      ([, rows]) =>
        [...rows!.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
          [...cell!.matchAll(/`(\w+)[^`]*`/g)].map(([, option]) => ({ page, option: option! })),
        ),
    ),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter(({ option }) => !known.has(option))).toEqual([]);
});

it("the page on troubles says what each code means, and knows no other", () => {
  const page = readFileSync(path.join(ROOT, "docs/guide/troubleshooting.md"), "utf8");
  const section = page.slice(page.indexOf("\n## What a code means"), page.indexOf("\n## More"));
  // One table for each package, in the order of their introductions.
  const tables = section.split(/^\| code \|.*\n\|.*\n/m).slice(1);
  const explained = tables.map((table) =>
    [...table.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, code]) => code),
    ),
  );
  const types = ["PickleErrorCode", "KombuErrorCode", "CeleryErrorCode", "AmqpErrorCode", "RedisAdapterErrorCode"];
  const codes = errorCodes();
  expect([...codes.keys()].sort()).toEqual([...types].sort());
  expect(explained.map((each) => each.sort())).toEqual(types.map((type) => [...codes.get(type)!].sort()));
});
