/** A `Map` for more than the 16 million keys that one holds: what is counted here comes from a file, which may have more. */
const MAX_KEYS = 2 ** 23;

export class LargeMap<K, V> {
  /** All but the last are full, and few: a file of a GiB has some ten of them. */
  readonly #maps: Map<K, V>[] = [new Map()];
  readonly #maxKeys: number;

  /** @param maxKeys - of each `Map` */
  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    let size = 0;
    for (const map of this.#maps) size += map.size;
    return size;
  }

  has(key: K): boolean {
    return this.#maps.some((map) => map.has(key));
  }

  get(key: K): V | undefined {
    return this.#holding(key)?.get(key);
  }

  set(key: K, value: V): void {
    const last = this.#maps.at(-1)!;
    const map = this.#holding(key) ?? (last.size < this.#maxKeys ? last : this.#append());
    map.set(key, value);
  }

  delete(key: K): boolean {
    return this.#holding(key)?.delete(key) ?? false;
  }

  *values(): Generator<V, void, undefined> {
    for (const map of this.#maps) yield* map.values();
  }

  #holding(key: K): Map<K, V> | undefined {
    for (const map of this.#maps) if (map.has(key)) return map;
    return undefined;
  }

  #append(): Map<K, V> {
    const map = new Map<K, V>();
    this.#maps.push(map);
    return map;
  }
}
