/** The settings table of the Celery guide says what the code does. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Celery } from "@brine/celery";
import { expect, it } from "vitest";
import { settingsTable, unsupportedTable } from "./settings-table.js";
import { ROOT } from "./sources.js";

const rows = settingsTable();

it("lists every setting once, in the order of the code", () => {
  const source = readFileSync(path.join(ROOT, "packages/celery/src/client/settings/settings.ts"), "utf8");
  const body = /export interface CelerySettings \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? "";
  const names = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(40);
  expect(rows.map(({ name }) => name)).toEqual(names);
});

it("gives the defaults that an app has", () => {
  const settings = new Celery({ broker: "memory://" }).settings as Readonly<Record<string, unknown>>;
  for (const { name, byDefault } of rows) {
    if (byDefault !== undefined) expect([name, settings[name]]).toEqual([name, byDefault]);
  }
});

it("names Celery's setting after ours, but for the two whose value is a connection", () => {
  const others = rows.filter(({ name, celery }) => celery !== undefined && celery !== snakeCase(name));
  expect(others.map(({ name }) => name)).toEqual(["broker", "backend"]);
});

it("lists every setting that is refused, with what the error says", () => {
  const source = readFileSync(path.join(ROOT, "packages/celery/src/client/settings/known-settings.ts"), "utf8");
  const names = [...source.matchAll(/^ {2}\["(\w+\*?)", /gm)].map(([, name]) => snakeCase(name!));
  const table = unsupportedTable();
  expect(table.map(({ celery }) => celery)).toEqual(names);
  for (const { celery, instead } of table) {
    const settings = { broker: "memory://", [celery.replace("*", "_of_any_name")]: undefined };
    expect(() => new Celery(settings), celery).toThrow(`is not supported: ${instead}`);
  }
});

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
