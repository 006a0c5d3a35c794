/** werkzeug's header and form classes, as data. */
import { dataEntry } from "../../globals/entries/data-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";

const NAMES = ["Headers", "ImmutableMultiDict", "MultiDict", "ImmutableDict", "ImmutableList"];

export function werkzeugEntries(): readonly GlobalEntry[] {
  return [
    ...NAMES.map((name) => dataEntry("werkzeug.datastructures", name)),
    dataEntry("werkzeug.datastructures.headers", "Headers"),
    dataEntry("werkzeug.datastructures.structures", "ImmutableMultiDict"),
    dataEntry("werkzeug.datastructures.structures", "MultiDict"),
  ];
}
