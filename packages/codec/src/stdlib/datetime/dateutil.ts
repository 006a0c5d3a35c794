/** `dateutil.tz` and `relativedelta`: their state, as dateutil keeps it. */
import { dataEntry } from "../../globals/entries/data-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { BareTzInfo } from "../../python/datetime/tzinfo.js";
import { DateutilZone } from "../../python/datetime/zones.js";
import type { PyInstanceClass } from "../../python/objects/instance.js";
import { PyGlobal } from "../../python/objects/objects.js";

const TZINFO = new PyGlobal("datetime", "tzinfo");

function zoneEntry(name: string): GlobalEntry {
  const made = {
    [name]: class extends DateutilZone {
      static override readonly pythonName = `dateutil.tz.tz.${name}`;
    },
  };
  return dataEntry("dateutil.tz.tz", name, {
    target: made[name] as unknown as PyInstanceClass<DateutilZone>,
    base: () => ({ global: TZINFO, value: new BareTzInfo() }),
  });
}

export function dateutilEntries(): readonly GlobalEntry[] {
  return [
    ...["tzutc", "tzoffset", "tzlocal", "tzfile", "tzrange", "tzstr"].map(zoneEntry),
    dataEntry("dateutil.relativedelta", "relativedelta"),
    dataEntry("dateutil.tz.tz", "_ttinfo"),
    dataEntry("dateutil._common", "weekday"),
  ];
}
