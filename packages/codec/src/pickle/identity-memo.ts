/** Which objects have been written, by identity, and under which memo index. */

/** Up to here a scan is cheaper than a Map. */
const MAX_SCAN = 48;

const NONE: readonly object[] = Object.freeze([]);

export class IdentityMemo {
  private objects: object[] = NONE as object[];
  private indexes: number[] = NONE as unknown as number[];
  private map: Map<object, number> | undefined;

  /** The index of `object`, or -1. */
  find(object: object): number {
    if (this.map !== undefined) {
      const index = this.map.get(object);
      return index === undefined ? -1 : index;
    }
    const objects = this.objects;
    for (let i = 0; i < objects.length; i++) if (objects[i] === object) return this.indexes[i]!;
    return -1;
  }

  add(object: object, index: number): void {
    if (this.map !== undefined) {
      this.map.set(object, index);
      return;
    }
    if (this.objects.length === 0) {
      this.objects = [object];
      this.indexes = [index];
      return;
    }
    this.objects.push(object);
    this.indexes.push(index);
    if (this.objects.length > MAX_SCAN) {
      const map = new Map<object, number>();
      for (let i = 0; i < this.objects.length; i++) map.set(this.objects[i]!, this.indexes[i]!);
      this.map = map;
    }
  }

  /** Forgets everything; holds on to nothing. */
  clear(): void {
    this.objects = NONE as object[];
    this.indexes = NONE as unknown as number[];
    this.map = undefined;
  }
}
