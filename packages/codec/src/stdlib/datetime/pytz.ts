/** pytz: `pytz._UTC()`, `pytz._p(zone, offset, dst, name)`, `pytz.FixedOffset(minutes)`. */
import { globalOfEntry } from "../../globals/global-of.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { intOf } from "../../python/coerce.js";
import { PytzFixedOffset, PytzUtc, PytzZone } from "../../python/datetime/zones.js";

const module = "pytz";

const utc: GlobalEntry<PytzUtc> = {
  module,
  name: "_UTC",
  target: PytzUtc,
  call: () => PytzUtc.utc,
  reduce: () => ({ kind: "reduce", callable: globalOfEntry(utc), args: [] }),
};

const zone: GlobalEntry<PytzZone> = {
  module,
  name: "_p",
  target: PytzZone,
  call(args, context) {
    const [name, offset, dst, abbreviation] = args;
    if (typeof name === "string" && args.length === 1) return new PytzZone(name);
    const [seconds, saving] = [intOf(offset), intOf(dst)];
    if (
      typeof name !== "string" ||
      args.length !== 4 ||
      seconds === undefined ||
      saving === undefined ||
      typeof abbreviation !== "string"
    ) {
      throw context.fail("Cannot make a pytz zone: needs name, offset, dst and abbreviation");
    }
    return new PytzZone(name, { utcOffset: seconds, dst: saving, name: abbreviation });
  },
  reduce: ({ zone: name, offset }) => ({
    kind: "reduce",
    callable: globalOfEntry(zone),
    args: offset === null ? [name] : [name, offset.utcOffset, offset.dst, offset.name],
  }),
};

const fixedOffset: GlobalEntry<PytzFixedOffset> = {
  module,
  name: "FixedOffset",
  target: PytzFixedOffset,
  call(args, context) {
    const minutes = intOf(args[0]);
    if (minutes === undefined || Math.abs(minutes) >= 1440)
      throw context.fail("Cannot make a FixedOffset: needs minutes");
    return new PytzFixedOffset(minutes);
  },
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(fixedOffset), args: [object.minutes] }),
};

export function pytzEntries(): readonly GlobalEntry[] {
  return [utc, zone, fixedOffset] as readonly GlobalEntry[];
}
