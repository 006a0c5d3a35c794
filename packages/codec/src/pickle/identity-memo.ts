/** Which objects have been written, by identity, and under which memo index. */

/** Up to here a scan is cheaper than a Set. */
const MAX_SCAN = 48;

const NONE: readonly object[] = Object.freeze([]);

/**
 * Most objects are met once. Beyond a few, a Set says with one lookup that an object is new and takes it in; where a known
 * one stands is looked up in a Map that follows only when it is needed.
 */
export class IdentityMemo {
  private objects: object[] = NONE as object[];
  private indexes: number[] = NONE as unknown as number[];
  private seen: Set<object> | undefined;
  /** Of the first `mapped` objects. */
  private map: Map<object, number> | undefined;
  private mapped = 0;

  /** The index of `object`, or -1. */
  find(object: object): number {
    const { seen } = this;
    if (seen !== undefined) return seen.has(object) ? this.indexOf(object) : -1;
    const objects = this.objects;
    for (let i = 0; i < objects.length; i++) if (objects[i] === object) return this.indexes[i]!;
    return -1;
  }

  /** The index of `object`, or -1, after which it has `index`. */
  findOrAdd(object: object, index: number): number {
    const { seen, objects } = this;
    if (seen !== undefined) {
      seen.add(object);
      if (seen.size === objects.length) return this.indexOf(object);
      objects.push(object);
      this.indexes.push(index);
      return -1;
    }
    for (let i = 0; i < objects.length; i++) if (objects[i] === object) return this.indexes[i]!;
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
    if (this.objects.length > MAX_SCAN) this.seen = new Set(this.objects);
  }

  private indexOf(object: object): number {
    const { objects, indexes } = this;
    this.map ??= new Map();
    for (; this.mapped < objects.length; this.mapped++) this.map.set(objects[this.mapped]!, indexes[this.mapped]!);
    return this.map.get(object)!;
  }

  /** Forgets everything; holds on to nothing. */
  clear(): void {
    this.objects = NONE as object[];
    this.indexes = NONE as unknown as number[];
    this.seen = undefined;
    this.map = undefined;
    this.mapped = 0;
  }
}
