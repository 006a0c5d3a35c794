/** `http.cookies`. */
import { classEntry } from "../../globals/entries/class-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { Morsel, SimpleCookie } from "../../python/web/cookies.js";

export function httpEntries(): readonly GlobalEntry[] {
  return [
    classEntry({ module: "http.cookies", name: "SimpleCookie" }, SimpleCookie, undefined) as unknown as GlobalEntry,
    classEntry({ module: "http.cookies", name: "Morsel" }, Morsel, undefined) as unknown as GlobalEntry,
  ];
}
