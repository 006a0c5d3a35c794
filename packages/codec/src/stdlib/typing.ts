/** `typing`: names only. */
import type { GlobalEntry } from "../globals/registry.js";

const NAMES =
  "Any AnyStr Callable ChainMap ClassVar Counter DefaultDict Deque Dict Final FrozenSet Generic Iterable Iterator List Literal LiteralString Mapping MutableMapping NamedTuple Never NoReturn Optional OrderedDict Protocol Self Sequence Set Text Tuple Type TypeVar TypedDict Union";

export const typingEntries: readonly GlobalEntry[] = NAMES.split(" ").map((name) => ({ module: "typing", name }));
