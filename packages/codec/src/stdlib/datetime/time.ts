/** `time.struct_time` and `os.stat_result`. */
import { structSequenceEntry } from "../../globals/entries/struct-sequence-entry.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { StatResult, StructTime } from "../../python/library/values.js";

export function timeEntries(): readonly GlobalEntry[] {
  // With `tm_zone` and `tm_gmtoff`.
  return [structSequenceEntry({ module: "time", name: "struct_time" }, StructTime, 11)];
}

export function osEntries(): readonly GlobalEntry[] {
  return [structSequenceEntry({ module: "os", name: "stat_result" }, StatResult)];
}
