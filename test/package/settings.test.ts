/** The settings table of the Celery guide says what the code does. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { Celery } from "@brine/celery";
import { expect, it } from "vitest";
import { settingsTable } from "./settings-table.js";
import { ROOT } from "./sources.js";

const rows = settingsTable();

it("lists every setting once, in the order of the code", () => {
  const source = readFileSync(path.join(ROOT, "packages/celery/src/client/settings.ts"), "utf8");
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
  const others = rows.filter(
    ({ name, celery }) => celery !== undefined && celery !== name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
  );
  expect(others.map(({ name }) => name)).toEqual(["broker", "backend"]);
});
