/** Flask: werkzeug's header and form classes and what views answer, as data, and Jinja's text. */
import { dataEntry } from "../../globals/entries/data-entry.js";
import { markupEntry } from "../../globals/entries/markup-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { itemsOfDict } from "../../python/coerce.js";
import type { PyInstance } from "../../python/objects/instance.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { Markup } from "../../python/web/markup.js";

const DICT = new PyGlobal("builtins", "dict");
const NAMES = ["ImmutableMultiDict", "CombinedMultiDict", "ImmutableDict", "ImmutableList"];

/** The first value of each key, which is all that Python's `items()` gives; the state has the lists. */
function firstValues({ state }: PyInstance): [unknown, unknown][] {
  return [...(itemsOfDict(state) ?? [])].map(([key, values]) => [key, Array.isArray(values) ? values[0] : values]);
}

/** What is in `werkzeug.datastructures`, and since werkzeug 2.3 in a module below it. */
function structures(module: string): readonly GlobalEntry[] {
  return [
    ...NAMES.map((name) => dataEntry(module, name)),
    dataEntry(module, "MultiDict", {
      dictItems: firstValues,
      base: (object) => ({ global: DICT, value: new Map(firstValues(object)) }),
    }),
  ];
}

export function werkzeugEntries(): readonly GlobalEntry[] {
  return [
    ...structures("werkzeug.datastructures"),
    ...structures("werkzeug.datastructures.structures"),
    dataEntry("werkzeug.datastructures", "Headers"),
    dataEntry("werkzeug.datastructures.headers", "Headers"),
    dataEntry("werkzeug.wrappers.response", "Response"),
    dataEntry("flask.wrappers", "Response"),
    markupEntry("markupsafe", "Markup", Markup),
  ];
}
