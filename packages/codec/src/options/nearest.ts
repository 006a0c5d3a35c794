/**
 * Which name was probably meant. The distance is written out here, since the codec's main path has no dependency and a library
 * would be longer to name than the ten lines are.
 */

/** Letters that a name may be off by and still be meant. */
const MAX_TYPOS = 3;
/** `ttlSeconds` for `ttl`, `timeout` for `timeoutMs`. */
const UNIT = /(?:ms|millis|seconds|secs)$/;

/** The one of `known` that differs from `name` in case, in the unit or in a few letters, if there is one. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestTypos = Math.min(MAX_TYPOS, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    if (lower.replace(UNIT, "") === wanted.replace(UNIT, "")) return candidate;
    const typos = typosBetween(wanted, lower, bestTypos);
    if (typos < bestTypos) [best, bestTypos] = [candidate, typos];
  }
  return best;
}

/** Levenshtein's distance; some number not below `limit` when it is not below that. */
function typosBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
