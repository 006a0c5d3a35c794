/** `typing`: names only. */
import type { GlobalEntry, NameStrings } from "../globals/registry.js";

const NAMES =
  "Any AnyStr Callable ChainMap ClassVar Counter DefaultDict Deque Dict Final FrozenSet Generic Iterable Iterator List Literal LiteralString Mapping MutableMapping NamedTuple Never NoReturn Optional OrderedDict Protocol Self Sequence Set Tuple Type TypeVar TypedDict Union";

/** Those that are not made in Python from their name. */
const NAME_STRINGS: ReadonlyMap<string, NameStrings> = new Map([
  ["Generic", "fresh"],
  ["TypeVar", "fresh"],
  ["OrderedDict", "static-name"],
]);

export function typingEntries(): readonly GlobalEntry[] {
  return [
    ...NAMES.split(" ").map((name): GlobalEntry => ({ module: "typing", name, nameStrings: NAME_STRINGS.get(name) })),
  ];
}
