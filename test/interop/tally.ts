/** How often each number was seen. */
export class Tally {
  readonly counts = new Map<number, number>();

  add(number: number): void {
    this.counts.set(number, (this.counts.get(number) ?? 0) + 1);
  }

  get twice(): number {
    return [...this.counts.values()].filter((count) => count > 1).length;
  }

  get firstMissing(): number {
    for (let index = 0; ; index++) if (!this.counts.has(index)) return index;
  }
}
