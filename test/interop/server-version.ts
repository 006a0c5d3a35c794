import type { ServiceSet } from "../services/index.js";

/** Whether the set's Redis is of that version, `"6.2"`, or newer. Valkey, whatever its own version, has the commands of Redis 7.2. */
export function isServerSince(set: ServiceSet, version: string): boolean {
  const [major = 0, minor = 0] = (set.versions.redis ?? "").split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = version.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
