/** `urllib.parse`, known as `urlparse` at protocols 0 to 2: named tuples. */
import { namedTupleEntry } from "../../globals/entries/named-tuple-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { namedTuple } from "../../python/containers/namedtuple.js";

const module = "urllib.parse";
const PARSE = ["scheme", "netloc", "path", "params", "query", "fragment"] as const;
const SPLIT = ["scheme", "netloc", "path", "query", "fragment"] as const;

export function urllibEntries(): readonly GlobalEntry[] {
  return [
    ...["ParseResult", "ParseResultBytes"].map((name) => namedTupleEntry({ module, name }, namedTuple(name, PARSE))),
    ...["SplitResult", "SplitResultBytes"].map((name) => namedTupleEntry({ module, name }, namedTuple(name, SPLIT))),
    ...["DefragResult", "DefragResultBytes"].map((name) =>
      namedTupleEntry({ module, name }, namedTuple(name, ["url", "fragment"])),
    ),
  ];
}
