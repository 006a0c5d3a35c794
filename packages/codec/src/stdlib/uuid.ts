/** `uuid`: an object whose state is its number, or a call with its text. CPython 3.12 `uuid.py` UUID.__getstate__. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { bigintOf, intOf, plainInt } from "../python/coerce.js";
import { MAX_UUID, UUID } from "../python/library/uuid.js";
import { EnumMember } from "../python/objects/enum.js";

const module = "uuid";

/** An item of a state dict, whichever form the dict options gave it. */
function member(state: unknown, name: string): unknown {
  if (state instanceof Map) return state.get(name);
  if (typeof state !== "object" || state === null || !Object.hasOwn(state, name)) return undefined;
  return (state as Record<string, unknown>)[name];
}

const uuid: GlobalEntry<UUID> = {
  module,
  name: "UUID",
  copiesArguments: true,
  target: UUID,
  create: () => new UUID(0n),
  call(args, context) {
    const [text] = args;
    if (args.length !== 1 || typeof text !== "string") throw context.fail("Cannot make a UUID: needs its text");
    try {
      return UUID.from(text);
    } catch (error) {
      throw context.fail((error as Error).message, error);
    }
  },
  setState(object, state, context) {
    const int = bigintOf(member(state, "int"));
    if (int === undefined || int < 0n || int > MAX_UUID)
      throw context.fail("Cannot set the state of a UUID: no 128-bit int");
    const writable = object as { int: bigint; isSafe: 0 | -1 | null };
    writable.int = int;
    const safe = member(state, "is_safe");
    // Python 3.7 writes the enum member, later ones its value.
    const value = safe instanceof EnumMember ? safe.value : safe;
    if (value === undefined || value === null) return;
    const number = intOf(value);
    if (number !== 0 && number !== -1) throw context.fail("Cannot set the state of a UUID: is_safe is no SafeUUID");
    writable.isSafe = number;
  },
  reduce(object) {
    const int = plainInt(object.int);
    return {
      kind: "newobj",
      callable: globalOfEntry(uuid),
      args: [],
      state: object.isSafe === null ? { int } : { int, is_safe: object.isSafe },
      ownsState: true,
    };
  },
};

export function uuidEntries(): readonly GlobalEntry[] {
  return [uuid as unknown as GlobalEntry];
}
