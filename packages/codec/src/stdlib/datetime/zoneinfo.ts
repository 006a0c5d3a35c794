/** `zoneinfo`: `getattr(ZoneInfo, '_unpickle')(key, from_cache)`. PEP 615. */
import { globalOfEntry } from "../../globals/global-of.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { ZoneInfo } from "../../python/datetime/zoneinfo.js";
import { BoundMethod } from "../../python/objects/objects.js";

const module = "zoneinfo";

const zoneInfo: GlobalEntry<ZoneInfo> = {
  module,
  name: "ZoneInfo",
  nameStrings: "fresh",
  target: ZoneInfo,
  call(args, context) {
    const [key] = args;
    if (args.length !== 1 || typeof key !== "string" || key === "")
      throw context.fail("Cannot make a ZoneInfo: needs a key");
    return new ZoneInfo(key);
  },
  getAttribute: (attribute) => (attribute === "_unpickle" ? globalOfEntry(unpickle) : undefined),
  // The class keeps each zone that it was asked for.
  singletonKey: (object) => (object.noCache ? undefined : object.key),
  reduce: (object) => ({
    kind: "reduce",
    callable: new BoundMethod(globalOfEntry(zoneInfo), "_unpickle"),
    // CPython writes the flag as an int.
    args: [object.key, object.noCache ? 0 : 1],
  }),
};

const unpickle: GlobalEntry = {
  module,
  name: "ZoneInfo._unpickle",
  call(args, context) {
    const [key, fromCache] = args;
    if (args.length !== 2 || typeof key !== "string" || key === "") {
      throw context.fail("Cannot make a ZoneInfo: needs a key and whether to cache it");
    }
    return new ZoneInfo(key, { noCache: !fromCache });
  },
};

export function zoneinfoEntries(): readonly GlobalEntry[] {
  return [zoneInfo, unpickle] as readonly GlobalEntry[];
}
