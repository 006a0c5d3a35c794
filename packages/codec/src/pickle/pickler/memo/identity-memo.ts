/** Which objects have been written, by identity, and under which memo index. */

/** Up to here a loop finds an object soonest. */
const MAX_LOOP = 8;
/**
 * Up to here `indexOf`, which compares several at once, is cheaper than a Set; not if there are more, since those before are
 * then taken into the Set as well.
 */
const MAX_SCAN = 96;
/** A larger Set is an allocation of its own, mapped anew each time: 400 ns an object instead of 30 where page faults are dear. */
const MAX_SET = 4096;
/** So many Sets are asked one by one. For more objects a single large one is cheaper. */
const MAX_SETS = 4;
const FIRST_INDEXES = 512;
/** A table of indexes that grew beyond this is not kept for the next pickle. */
const MAX_KEPT_INDEXES = 64 * 1024;

const NONE: readonly object[] = Object.freeze([]);
const NO_SETS: readonly Set<object>[] = Object.freeze([]);
/** Fills places that no object has yet. */
const ABSENT: object = Object.freeze({});

/** The index of an object that has its place already, but is still being written. */
const UNSETTLED = -1;

/** The place of what is never looked up. */
export const NO_PLACE = -1;

/**
 * Most objects are met once. Beyond a few, a Set says with one lookup that an object is new and takes it in; beyond
 * thousands, a few Sets do. Their order is that of the places; where a known object stands is looked up in a Map that
 * follows only as far as it has to.
 */
export class IdentityMemo {
  /** By place, as long as they are few. */
  private objects: object[] = NONE as object[];
  /** Memo indexes by place, of which `count` are in use. */
  private indexes = new Int32Array(FIRST_INDEXES);
  private count = 0;
  /** So many are looked for one by one: fewer where the pickle before had more than that, since pickles tend to be alike. */
  private maxScan = MAX_SCAN;
  private seen: Set<object> | undefined;
  /** How many are in `seen`: an object that does not make it one more was there. */
  private seenSize = 0;
  /** Sets of {@link MAX_SET} objects each, which came before those in `seen`. */
  private full: readonly Set<object>[] = NO_SETS;
  /** Places of the first `mapped` objects; what `unmapped` hands out comes after them. */
  private map: Map<object, number> | undefined;
  private mapped = 0;
  private unmapped: Iterator<object> | undefined;
  /** How many of the Sets in `full` have been followed to their end. */
  private followed = 0;

  /** The index of `object`, or -1. */
  find(object: object): number {
    const { seen } = this;
    let place = -1;
    if (seen === undefined) place = this.scan(object);
    else if (seen.has(object) || this.isInFull(object)) place = this.placeOf(object);
    return place < 0 ? -1 : this.indexes[place]!;
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
    return place < 0 ? this.count - 1 : place;
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
    const { seen, count } = this;
    if (seen === undefined) {
      const place = this.scan(object);
      if (place >= 0) return place;
      this.addFew(object);
    } else {
      if (this.full !== NO_SETS && this.isInFull(object)) return this.placeOf(object);
      seen.add(object);
      const { size } = seen;
      if (size === this.seenSize) return this.placeOf(object);
      this.seenSize = size;
      if (size === MAX_SET) this.beginSet(seen);
    }
    if (count === this.indexes.length) this.growIndexes();
    this.indexes[count] = index;
    this.count = count + 1;
    return -1;
  }

  private scan(object: object): number {
    const { objects, count } = this;
    if (count > MAX_LOOP) return objects.indexOf(object);
    for (let i = 0; i < count; i++) if (objects[i] === object) return i;
    return -1;
  }

  private addFew(object: object): void {
    const { objects, count } = this;
    if (count === 0) {
      // With room for some more: most values have few.
      this.objects = [object, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT];
    } else if (count < this.maxScan) {
      objects[count] = object;
    } else {
      this.seen = new Set(objects);
      this.seen.add(object);
      this.seenSize = this.seen.size;
      this.objects = NONE as object[];
    }
  }

  private isInFull(object: object): boolean {
    const { full } = this;
    for (let i = 0; i < full.length; i++) if (full[i]!.has(object)) return true;
    return false;
  }

  /** Goes on in another Set than `seen`, which is full. */
  private beginSet(seen: Set<object>): void {
    const full = [...this.full, seen];
    const next = new Set<object>();
    this.seenSize = 0;
    this.seen = next;
    this.full = full;
    if (full.length < MAX_SETS) return;
    for (const set of full) for (const object of set) next.add(object);
    this.seenSize = next.size;
    this.full = NO_SETS;
    this.forgetPlaces();
  }

  private growIndexes(): void {
    const indexes = new Int32Array(this.indexes.length * 2);
    indexes.set(this.indexes);
    this.indexes = indexes;
  }

  /** Of an object that is there. */
  private placeOf(object: object): number {
    this.map ??= new Map();
    // What is referred to again and again, such as a time zone, must not cost an entry for all that came in between.
    const known = this.map.get(object);
    if (known !== undefined) return known;
    this.unmapped ??= this.setAt(0).values();
    for (; this.mapped < this.count; this.mapped++) {
      let next = this.unmapped.next();
      if (next.done === true) {
        this.unmapped = this.setAt(++this.followed).values();
        next = this.unmapped.next();
      }
      this.map.set(next.value!, this.mapped);
    }
    return this.map.get(object)!;
  }

  private setAt(number: number): Set<object> {
    return this.full[number] ?? this.seen!;
  }

  private forgetPlaces(): void {
    this.map = undefined;
    this.unmapped = undefined;
    this.mapped = 0;
    this.followed = 0;
  }

  /** Forgets everything; holds on to nothing. */
  clear(): void {
    this.objects = NONE as object[];
    this.seen = undefined;
    this.full = NO_SETS;
    this.forgetPlaces();
    this.maxScan = this.count > MAX_SCAN ? MAX_LOOP : MAX_SCAN;
    this.count = 0;
    if (this.indexes.length > MAX_KEPT_INDEXES) this.indexes = new Int32Array(FIRST_INDEXES);
  }
}
