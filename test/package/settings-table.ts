/** Reads the settings table of the Celery guide. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./sources.js";

export interface SettingRow {
  readonly name: string;
  /** Celery's own name; absent for a setting of ours alone. */
  readonly celery: string | undefined;
  /** What the code cell of the third column says. */
  readonly byDefault: unknown;
}

const NOT_SUPPORTED = "\n### Not supported\n";

export function settingsTable(): SettingRow[] {
  const page = readFileSync(path.join(ROOT, "docs/guide/celery.md"), "utf8");
  const section = page.slice(page.indexOf("\n## Settings\n"), page.indexOf(NOT_SUPPORTED));
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const [name, celery, byDefault] = line
        .slice(1)
        .split("|")
        .map((cell) => /^`(.*)`$/.exec(cell.trim())?.[1]);
      return { name: name ?? "", celery, byDefault: byDefault === undefined ? undefined : JSON.parse(byDefault) };
    });
}

/** Names of Celery's settings that are refused (`*`: all that begin so), with what the page says to do instead. */
export function unsupportedTable(): { readonly celery: string; readonly instead: string }[] {
  const page = readFileSync(path.join(ROOT, "docs/guide/celery.md"), "utf8");
  const rows = page
    .slice(page.indexOf(NOT_SUPPORTED))
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.flatMap((line) => {
    const [names = "", instead = ""] = line.slice(1).split("|");
    return [...names.matchAll(/`([^`]+)`/g)].map(([, celery]) => ({
      celery: celery!,
      instead: instead.trim().replaceAll("`", ""),
    }));
  });
}
