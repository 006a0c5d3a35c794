/** Which objects have been written, by identity, and under which memo index. */

/** Up to here a scan is cheaper than a Set. */
const MAX_SCAN = 48;

const NONE: readonly object[] = Object.freeze([]);

/** The index of an object that has its place already, but is still being written. */
const UNSETTLED = -1;

/** The place of what is never looked up. */
export const NO_PLACE = -1;

/**
 * Most objects are met once. Beyond a few, a Set says with one lookup that an object is new and takes it in. Its order is
 * that of the places; where a known object stands is looked up in a Map that follows only as far as it has to.
 */
export class IdentityMemo {
  /** By place, as long as they are few. */
  private objects: object[] = NONE as object[];
  /** Memo indexes by place. */
  private indexes: number[] = NONE as unknown as number[];
  private seen: Set<object> | undefined;
  /** Places of the first `mapped` objects; what `unmapped` hands out comes after them. */
  private map: Map<object, number> | undefined;
  private mapped = 0;
  private unmapped: Iterator<object> | undefined;

  /** The index of `object`, or -1. */
  find(object: object): number {
    const { seen, objects } = this;
    if (seen !== undefined) return seen.has(object) ? this.indexes[this.placeOf(object)]! : -1;
    for (let i = 0; i < objects.length; i++) if (objects[i] === object) return this.indexes[i]!;
    return -1;
  }

  /** The index of `object`, or -1, after which it has `index`. */
  findOrAdd(object: object, index: number): number {
    const place = this.placeOrAdd(object, index);
    if (place < 0) return -1;
    const known = this.indexes[place]!;
    if (known === UNSETTLED) this.indexes[place] = index;
    return known;
  }

  /**
   * Takes `object` in before it has an index, which spares looking for it again when it gets one.
   *
   * @returns its place, for {@link indexAt} and {@link settle}
   */
  reserve(object: object): number {
    const place = this.placeOrAdd(object, UNSETTLED);
    return place < 0 ? this.indexes.length - 1 : place;
  }

  /** The index of the object in that place, or -1. */
  indexAt(place: number): number {
    return place === NO_PLACE ? -1 : this.indexes[place]!;
  }

  settle(place: number, index: number): void {
    if (place !== NO_PLACE) this.indexes[place] = index;
  }

  /** The place of `object`, or -1, after which it is in the last place with `index`. */
  private placeOrAdd(object: object, index: number): number {
    const { seen, objects, indexes } = this;
    if (seen !== undefined) {
      seen.add(object);
      if (seen.size === indexes.length) return this.placeOf(object);
      indexes.push(index);
      return -1;
    }
    for (let i = 0; i < objects.length; i++) if (objects[i] === object) return i;
    this.addFew(object, index);
    return -1;
  }

  private addFew(object: object, index: number): void {
    if (this.objects.length === 0) {
      this.objects = [object];
      this.indexes = [index];
      return;
    }
    this.objects.push(object);
    this.indexes.push(index);
    if (this.objects.length <= MAX_SCAN) return;
    this.seen = new Set(this.objects);
    this.objects = NONE as object[];
  }

  /** Of an object that is there. */
  private placeOf(object: object): number {
    this.map ??= new Map();
    // What is referred to again and again, such as a time zone, must not cost an entry for all that came in between.
    const known = this.map.get(object);
    if (known !== undefined) return known;
    this.unmapped ??= this.seen!.values();
    for (; this.mapped < this.indexes.length; this.mapped++) this.map.set(this.unmapped.next().value!, this.mapped);
    return this.map.get(object)!;
  }

  /** Forgets everything; holds on to nothing. */
  clear(): void {
    this.objects = NONE as object[];
    this.seen = undefined;
    this.map = undefined;
    this.unmapped = undefined;
    this.mapped = 0;
    this.indexes = NONE as unknown as number[];
  }
}
