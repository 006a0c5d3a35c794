/**
 * Places in the source where properties are stored. V8 remembers for each such place which key it stored there and into
 * objects of which shape: a place that only ever meets one key stores it in a third of the time of one that meets all. A
 * function made twice is still one place, so here are as many as there may be, all alike, to be given out one by one.
 *
 * Generated code would do the same, but there is none in a package that decodes what others send.
 */

/** Stores the keys `k[n]` to `k[n + 3]`, as far as there are any, of the values `v[i]`, `v[i + 2]`, ... in `o`. */
export type StoreSite = (
  o: Record<string, unknown>,
  k: readonly string[],
  n: number,
  v: readonly unknown[],
  i: number,
) => void;

/** So many keys one place stores. */
export const KEYS_OF_SITE = 4;

// biome-ignore format: one place a line
const SITES: readonly StoreSite[] = [
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
  (o, k, n, v, i) => { o[k[n]!] = v[i]; if (++n < k.length) { o[k[n]!] = v[i + 2]; if (++n < k.length) { o[k[n]!] = v[i + 4]; if (++n < k.length) o[k[n]!] = v[i + 6]; } } },
];

let taken = 0;

/** Places that nobody else has, for `count` keys in turn; `undefined` once there are no more. */
export function takeStoreSites(count: number): readonly StoreSite[] | undefined {
  const end = taken + Math.ceil(count / KEYS_OF_SITE);
  if (end > SITES.length) return undefined;
  const sites = SITES.slice(taken, end);
  taken = end;
  return sites;
}
